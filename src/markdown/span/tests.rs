use std::fmt::Write;

use super::*;

fn shown(text: &str) -> String {
    let (mut rest, mut before, mut out) = (text, Before::LINE, String::new());
    while !rest.is_empty() {
        let step = step(rest, before, true);
        let length = step.length().unwrap();
        match step {
            Step::Plain(_) | Step::More => out.push_str(&rest[..length]),
            Step::Instead(_, c) => out.push(c),
            Step::Code(_, code) => drop(write!(out, "<code {code}>")),
            Step::Span(_, kind, inner) => drop(write!(out, "<{kind:?} {}>", shown(inner))),
            Step::Link(_, text, to) => drop(write!(out, "<{to} {text}>")),
            Step::Formula(_, tex, display) => drop(write!(out, "<tex {tex} {display}>")),
        }
        before.pass(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

#[track_caller]
fn is(text: &str, expected: &str) {
    assert_eq!(shown(text), expected);
}

/// Nothing of it is a marker.
#[track_caller]
fn stays(text: &str) {
    is(text, text);
}

#[test]
fn markers_around_words_are_emphasis() {
    is("a *b c* d", "a <Emphasis b c> d");
    is(
        "**a**, __b c__, ~~d~~",
        "<Strong a>, <Strong b c>, <Strike d>",
    );
    is(
        "***both*** and **a *b***",
        "<Strong <Emphasis both>> and <Strong a <Emphasis b>>",
    );
    is("*a **b** c*", "<Emphasis a <Strong b> c>");
    is("**a `**` b**", "<Strong a <code **> b>");
    is("**a $x**y$ b**", "<Strong a <tex x**y false> b>");
    // Beside Chinese words and marks there is no space.
    is("这是**“重点”**的", "这是<Strong “重点”>的");
    is("**注意：**请看", "<Strong 注意：>请看");
}

#[test]
fn what_only_looks_like_a_marker_stays() {
    stays("2*3*4 and 2**n**m, a * b * c");
    stays("snake_case_name and _private and __init__ of a class");
    stays("pass **kwargs and *args on");
    stays("~5 and ~~~ and **** and * and");
    stays("**a\u{a0}");
    stays("[1] and f[i](x) and [text][ref] and [a](b");
    stays("Wow! & so on; AT&T &copy &bogus; &#27; &#xd800; &#10;");
    stays("a ` b `` c");
    stays("see https://a.b/_c_/~~d~~?e=_f_");
    is(
        "https://a.b _c_, *http://a.b/_c_*",
        "https://a.b <Emphasis c>, <Emphasis http://a.b/_c_>",
    );
    stays("\\alpha and C:\\new");
}

#[test]
fn a_marker_pairs_with_the_nearest_that_is_open() {
    is(
        "Call f(*args) and then *do it*.",
        "Call f(*args) and then <Emphasis do it>.",
    );
    is(
        "g(**kwargs) is **important**.",
        "g(**kwargs) is <Strong important>.",
    );
    is(
        "match *.py or *.rs, *really*.",
        "match *.py or *.rs, <Emphasis really>.",
    );
    is("**a *b* c**", "<Strong a <Emphasis b> c>");
    is("**a *b c** d", "<Strong a *b c> d");
    is("*a **b c* d", "<Emphasis a **b c> d");
    is("***a** b*", "<Emphasis <Strong a> b>");
    is("***a* b**", "<Strong <Emphasis a> b>");
    is("***a b**", "*<Strong a b>");
    is("**a****b**", "<Strong a><Strong b>");
    is("~~a ~~b~~", "~~a <Strike b>");
    is("**粗体**：是**重点**的", "<Strong 粗体>：是<Strong 重点>的");
    is(
        "**.env** and **src/**: *a*.",
        "<Strong .env> and <Strong src/>: <Emphasis a>.",
    );
}

#[test]
fn globs_and_names_of_programs_stay() {
    stays("cp src/*.js dist/*.js");
    stays("https://*.example.com and https://*.example.org");
    stays("COUNT(*), SUM(*) or [*] and {*}");
    stays("/api/*/users/*/ and */5 * * * * and /* a */ or /** b */");
    stays("src/**/a.js, lib/**/b.js and **/c/**");
    stays("[a-z]*, [0-9]* and ls *bar*.js");
    stays(".* and .*? and ^.*$, [a-z]*[0-9]*, x = '*' or '*'");
    stays("src/__tests__/a.js and __tests__/");
    stays("from __future__ import x");
    stays("__FILE__:__LINE__, __attribute__((x))");
    stays("grep \"\\[x\\]\" f and '\\(a\\)'");
    is("_see __init__ here_", "<Emphasis see __init__ here>");
}

#[test]
fn dollars_of_shells_and_of_menus_stay() {
    stays("rated $$ to $$$ here");
    stays("$$ to $$$ here");
    stays("Price: $$-$$$ or $$/$$");
    stays("Cafe ($$) and Bar ($$$), Inn ($$) and Pub ($$)");
    stays("Cafe ($) and Bar ($), US$5/US$6, 100$/200$, ^foo$|^bar$");
    stays("Use $$ for the pid; kill -9 $$ ends it.");
    stays("$$ and $$ are two");
    stays("/tmp/x.$$.log and /tmp/y.$$.log, pid=$$, id=$$");
    stays("PHP: $$name and $$value here");
    stays("cp \"$src\" \"$dst\"");
    stays("ls $foo/$bar.txt, ls $foo/$s.txt");
    stays("sed \"s/$a/$b/g\" f");
    stays("$this->a($b), \"$@\" \"$@\" and $? or $?");
    stays("echo '$a' '$b' \"${a}\" \"${b}\"");
}

#[test]
fn formulas_in_sentences_are_formulas() {
    is("so $$x^2$$ is", "so <tex x^2 true> is");
    is("即$$x^2$$。", "即<tex x^2 true>。");
    is("$$x^2$$, $$ y $$", "<tex x^2 true>, $$ y $$");
    is("$$ x = \\$1 $$", "<tex  x = \\$1  true>");
    is(
        "the $n$th, $i$-th of $G$'s, $x$的",
        "the <tex n false>th, <tex i false>-th of <tex G false>'s, <tex x false>的",
    );
    is(
        "($x$), $y$: $z$?",
        "(<tex x false>), <tex y false>: <tex z false>?",
    );
}

#[test]
fn dollars_around_a_formula_are_no_money() {
    is("$x$ and $a_b$th", "<tex x false> and <tex a_b false>th");
    is("$$x$$ and $5$", "<tex x true> and <tex 5 false>");
    is("$2 \\times 3$", "<tex 2 \\times 3 false>");
    is("\\(a\\) and \\[b\\]", "<tex a false> and <tex b true>");
    stays("$5 and $6 or $1,000 or $2.50 and $$ and $ 5 $");
    stays("$5-$10, $HOME:$PATH, $5美元和10$");
    stays("$100 到 $200，约 100$");
    is("\\$5$", "$5$");
}

#[test]
fn code_links_escapes_and_entities() {
    is("`a` ``b`c`` ` d ` ``", "<code a> <code b`c> <code d> ``");
    is(
        "[a](http://b_c_d) ![i](x.png)",
        "<http://b_c_d a> <x.png i>",
    );
    is("[a [b]](<u/r l> \"t\")", "<<u/r l> \"t\" a [b]>");
    is("\\*a\\* &lt;&amp;&#20013;&#x4e2d;&quot;", "*a* <&中中\"");
}

#[test]
fn more_is_needed_where_the_end_has_not_come() {
    for text in [
        "**a", "*", "`a", "`a`", "$x", "$x$", "$", "[a", "[a]", "[a](b.c", "!", "&am", "\\",
        "\\(x", "~~a~", "*a*", "$$x$", "$$", "$$$", "$n$t", "*.", "*a*.", "$$ x $$", "***",
    ] {
        assert_eq!(step(text, Before::LINE, false), Step::More, "{text}");
    }
}
