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
        "\\(x", "~~a~", "*a*", "$$x$",
    ] {
        assert_eq!(step(text, Before::LINE, false), Step::More, "{text}");
    }
}
