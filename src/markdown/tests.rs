use super::*;

/// The output for a text. It must be the same if the text arrives in single characters.
fn shown_on(options: Options, text: &str) -> String {
    let mut renderer = Renderer::new(options);
    let mut all = renderer.push(text);
    all += &renderer.finish();
    let mut pieces = String::new();
    for c in text.chars() {
        pieces += &renderer.push(c.encode_utf8(&mut [0; 4]));
    }
    pieces += &renderer.finish();
    assert_eq!(pieces, all, "in single characters");
    all
}

fn options(styling: Styling, width: Option<usize>) -> Options {
    Options {
        width,
        styling,
        hyperlinks: false,
    }
}

#[track_caller]
fn is(text: &str, expected: &str) {
    let shown = shown_on(options(Styling::Plain, None), text);
    assert_eq!(shown, expected, "{text:?}");
}

#[track_caller]
fn wrapped(width: usize, text: &str, expected: &str) {
    let shown = shown_on(options(Styling::Plain, Some(width)), text);
    assert_eq!(shown, expected, "{text:?}");
}

/// Checks the styled output, in which `{1;4}` replaces an escape sequence.
#[track_caller]
fn styled(styling: Styling, text: &str, expected: &str) {
    let shown = shown_on(options(styling, None), text);
    let mut parts = shown.split("\u{1b}[");
    let mut marked = parts.next().unwrap().to_owned();
    for part in parts {
        let (codes, text) = part.split_once('m').unwrap();
        marked += &["{", codes, "}", text].concat();
    }
    assert_eq!(marked, expected);
}

/// Checks what is shown before the text ends.
#[track_caller]
fn so_far(text: &str, expected: &str) {
    let mut renderer = Renderer::new(options(Styling::Plain, None));
    assert_eq!(renderer.push(text), expected, "{text:?}");
}

#[test]
fn headings_are_bold_and_say_their_level() {
    let coloured = Styling::Coloured;
    styled(coloured, "# A *b* #\ntext", "{1;4;35}A {3}b{0}\ntext");
    styled(
        coloured,
        "## A\n### B\n#### C",
        "{1;35}A{0}\n{1}B{0}\n{1;3}C{0}",
    );
    styled(coloured, "#tag\n####### x", "#tag\n####### x");
    is("# A\n## C #\n## F#", "# A\n## C\n## F#");
    is(
        "# 中文#\n# a \\#\n# a # b ## \n#  *c *d #",
        "# 中文#\n# a #\n# a # b\n# *c *d",
    );
}

#[test]
fn headings_and_code_are_distinct_without_colour() {
    styled(
        Styling::Shaped,
        "# A\n## B\n### C\n**d** `e`",
        "{1;4}A{0}\n{2}##{0} {1}B{0}\n{2}###{0} {1}C{0}\n{1}d{0} `e`",
    );
    styled(Styling::Coloured, "a `e f`", "a {36}e f{0}");
}

#[test]
fn items_get_bullets_and_hang_under_their_text() {
    is("+++\n+ + a\n+1", "+++\n• ◦ a\n    +1");
    is(
        "- a\n  * b\n    + c\n- d\n\n1. x\n   - y\n10) z\n- [ ] t\n- [X] u\n- [link](a.b)",
        "• a\n  ◦ b\n    ▪ c\n• d\n\n1. x\n   ◦ y\n10) z\n☐ t\n☑ u\n• link (a.b)",
    );
    is(
        "-\n- - a\n-x\n\n3.14 is\n2024. ",
        "• \n• ◦ a\n    -x\n\n3.14 is\n2024.",
    );
    is("a\n20. b\n1. c", "a\n20. b\n1. c");
    is("- a\n    - b\n\n      c\n\nd", "• a\n  ◦ b\n\n    c\n\nd");
}

#[test]
fn a_rule_is_a_line() {
    let rule = "─".repeat(40);
    is(
        "a\n\n---\n* * *\n___\n***\n--\n**a** b",
        &format!("a\n\n{rule}\n{rule}\n{rule}\n{rule}\n--\na b"),
    );
    wrapped(10, "---", "──────────");
}

#[test]
fn quotes_have_bars() {
    is(
        "> a\n>> b\n>\n> - c\n> # d\nx > y",
        "│ a\n│ │ b\n│\n│ • c\n│ # d\nx > y",
    );
    is("1. x\n   > a\n   >\n   > b", "1. x\n   │ a\n   │\n   │ b");
    is("- > a\n> - > b", "• │ a\n│ • │ b");
}

#[test]
fn an_entity_after_a_fence_sends_nothing_to_the_terminal() {
    is(
        "```&#x1b;]0;x&#7;&#10;rust\na\n```\n",
        "──── ]0;xrust\na\n────\n",
    );
    is("~~~&#x202e;\na\n", "────\na\n");
}

#[test]
fn code_is_as_it_was() {
    is(
        "```py x\n# *a*\n  | b |\n``\n```\n- a\n  ~~~\n  `c`\n  ~~~\n",
        "──── py x\n# *a*\n  | b |\n``\n────\n• a\n  ────\n  `c`\n  ────\n",
    );
    is(
        "a\n\n    *b*\n\n    # c\nd\n    *e*",
        "a\n\n    *b*\n\n    # c\nd\ne",
    );
    is(
        "> ```\n> *a*\n> ```\n> ```\n> b\nc *d*",
        "│ ────\n│ *a*\n│ ────\n│ ────\n│ b\nc d",
    );
    is("```not a fence``` *x*", "```not a fence``` x");
    is(
        "- a\n\n  para\n\n      code *x*",
        "• a\n\n  para\n\n      code *x*",
    );
    is(
        "```make\nall:\n\techo\n```",
        "──── make\nall:\n\techo\n────",
    );
}

#[test]
fn words_wrap_at_the_width_and_are_never_broken() {
    wrapped(12, "one two three four", "one two\nthree four");
    wrapped(12, "a correlation b", "a\ncorrelation\nb");
    wrapped(8, "incomprehensibilities are", "incomprehensibilities\nare");
    wrapped(10, "中文字符，很好的。", "中文字符，\n很好的。");
    wrapped(11, "- one two three\n  four", "• one two\n  three\n  four");
    wrapped(11, "12. one two three", "12. one two\n    three");
    wrapped(
        10,
        "> one two three\n> > four five",
        "│ one two\n│ three\n│ │ four\n│ │ five",
    );
    wrapped(12, "a **bold and more** b", "a bold and\nmore b");
    wrapped(12, "a\tb [c\td\te", "a\tb [c\nd\te");
}

#[test]
fn a_style_ends_with_the_line_and_goes_on_in_the_next() {
    let text = shown_on(options(Styling::Coloured, Some(10)), "a **bold word**");
    assert_eq!(text, "a \u{1b}[1mbold\u{1b}[0m\n\u{1b}[1mword\u{1b}[0m");
}

#[test]
fn links_are_marked_where_the_terminal_shows_them() {
    let mut options = options(Styling::Plain, None);
    options.hyperlinks = true;
    assert_eq!(
        shown_on(options, "see [the *page*](http://a.b/c) now"),
        "see \u{1b}]8;;http://a.b/c\u{1b}\\the page\u{1b}]8;;\u{1b}\\ now"
    );
    let link = |address: &str| format!("\u{1b}]8;;{address}\u{1b}\\{address}\u{1b}]8;;\u{1b}\\");
    let [one, two] = ["http://a.b/_c_(d)", "https://e.f"].map(link);
    for (text, expected) in [
        (
            "see http://a.b/_c_(d), or *https://e.f*.",
            format!("see {one}, or {two}."),
        ),
        ("- <https://e.f>!\n", format!("• {two}!\n")),
        ("中文https://e.f。", format!("中文{two}。")),
        (
            "|a|\n|-|\n|https://e.f|\n",
            format!("a\n───────────\n{two}\n"),
        ),
        ("`curl http://a.b`", "`curl http://a.b`".to_owned()),
        ("    http://a.b\n", "    http://a.b\n".to_owned()),
    ] {
        assert_eq!(shown_on(options, text), expected, "{text}");
    }
    // An address that is too long to be held does not become a link.
    let long = format!("http://a.b/{}", "x".repeat(2000));
    assert_eq!(shown_on(options, &long), long);
    is(
        "see http://a.b, <https://c.d>",
        "see http://a.b, https://c.d",
    );
    is(
        "[the *page*](<http://a.b/c> \"t\") ![i](x.png)",
        "the page (http://a.b/c) i (x.png)",
    );
    is(
        "[http://a.b](http://a.b), <https://c.d>",
        "http://a.b, https://c.d",
    );
    is(
        "[] f[i](x) [text][ref] [a]: b",
        "[] f[i](x) [text][ref] [a]: b",
    );
}

#[test]
fn a_table_stands_in_columns() {
    is(
        "a\n| x | 中 |\n|---|---|\n| `yy` | 1 |\nb\n| no table |\nc\n> | q |\n> |--|\n",
        "a\nx    │ 中\n─────┼───\n`yy` │ 1\nb\n| no table |\nc\n│ q\n│ ─\n",
    );
    is("| a |\n| b |\n|---|\n| c", "| a |\nb\n─\nc");
    is("| **a** |\n", "| a |\n");
    is(
        "- a\n  | x |\n  |---|\n  | y |\n- b",
        "• a\n  x\n  ─\n  y\n• b",
    );
}

#[test]
fn a_table_too_long_to_hold_goes_on_in_the_columns_it_has() {
    let row = format!("> | {} | b |\n", "a".repeat(1000));
    let text = format!(
        "> | x | y |\n> |---|---|\n{}> | c | d |\nend",
        row.repeat(100)
    );
    let shown = shown_on(options(Styling::Plain, None), &text);
    assert_eq!(shown.lines().count(), 104);
    assert!(shown.ends_with(&format!("│ c{} │ d\nend", " ".repeat(999))));
}

#[test]
fn formulas_over_several_lines_are_set_apart() {
    is(
        "So:\n\\[\nx = \\frac{1}{2}\n\\]\nand\n$$\na \\\\\nb\n$$.\n",
        "So:\n  x = 1/2\nand\n  a\n  b.\n",
    );
    is(
        "So: \\[\nx\n\\]\n- a\n  $$x$$\n> $$\n> y\n> $$",
        "So:\n  x\n• a\n    x\n│   y",
    );
    is("a\n\\[ x\n\nb *c*", "a\n\\[ x\n\nb c");
    is("$$\n{x\n$$ *a*\n", "$$\n{x\n$$ a\n");
    is(
        "where \\[ \\begin{pmatrix} a \\\\ b \\end{pmatrix} \\] is *it*.",
        "where\n  ⎛ a ⎞\n  ⎝ b ⎠\nis it.",
    );
    is(
        "\\begin{align}\na &= b \\\\\n  &= c\n\\end{align}\nend",
        "  a = b\n    = c\nend",
    );
    is(
        "So $$\\begin{pmatrix} a \\\\ b \\end{pmatrix}$$ is",
        "So\n  ⎛ a ⎞\n  ⎝ b ⎠\nis",
    );
    is("\\begin{verbatim} *a*", "\\begin{verbatim} a");
    is("\\begin{equation} E = mc^2 \\end{equation}", "  E = mc²");
}

#[test]
fn a_formula_too_wide_is_broken_or_shown_as_it_was_written() {
    wrapped(
        24,
        "$$\na = bbbbbbbbbb + cccccccccc + dddddd\n$$",
        "  a = bbbbbbbbbb\n      + cccccccccc\n      + dddddd",
    );
    wrapped(
        24,
        "\\[ \\begin{pmatrix} 10000000 & 20000000 & 30000000 \\end{pmatrix} \\]",
        "\\[ \\begin{pmatrix}\n10000000 & 20000000 &\n30000000 \\end{pmatrix}\n\\]",
    );
}

#[test]
fn a_formula_fills_its_line_or_opens_on_it() {
    is("$$x^2$$", "  x²");
    is("a\n$$ x^2 $$ \n- $$ y $$\nb", "a\n  x²\n•   y\n  b");
    is("$$ \\alpha\n+ 1 $$\n", "  α + 1\n");
    is("so $$x^2$$ is\n", "so x² is\n");
    is("$$x^2$$ is\n", "x² is\n");
    for text in [
        "$$name = 1;\n$$other = 2;\n",
        "My pid is $$\nand yours $$ too.\n",
        "kill $$\n$$$\n*.rs and *.js\n",
    ] {
        is(text, text);
    }
    is("- $$\n- $$\n", "• $$\n  - $$\n");
}

#[test]
fn what_shells_and_menus_hold_stays_in_any_place() {
    for text in [
        "Restaurants are rated $$ to $$$ here.",
        "Price: $$-$$$",
        "Cafe ($$) and Bar ($$$)",
        "Use $$ for the pid; kill -9 $$ ends it.",
        "PHP: $$name and $$value here",
        "cp \"$src\" \"$dst\"",
        "ls $foo/$bar.txt",
        "sed \"s/$a/$b/g\" f",
        "$this->a($b)",
        "cp src/*.js dist/*.js",
        "Allow https://*.example.com and https://*.example.org",
        "SELECT COUNT(*), SUM(*) FROM t",
        "/api/*/users/*/",
        "src/__tests__/a.js, from __future__ import x, __FILE__:__LINE__",
        "__attribute__((x))",
        "grep \"\\[x\\]\" f",
    ] {
        is(text, text);
        is(&format!("- {text}\n"), &format!("• {text}\n"));
        is(&format!("a **b** {text} *c*"), &format!("a b {text} c"));
        is(&format!("**so {text}** d"), &format!("so {text} d"));
    }
    is(
        "Call f(*args) and then *do it*.",
        "Call f(*args) and then do it.",
    );
    is("g(**kwargs) is **important**.", "g(**kwargs) is important.");
    is(
        "match *.py or *.rs, *really*.",
        "match *.py or *.rs, really.",
    );
}

#[test]
fn a_marker_pairs_with_the_nearest_that_is_open() {
    for (text, expected) in [
        ("a *b c* d", "a {3}b c{0} d"),
        ("**a**, __b c__, ~~d~~", "{1}a{0}, {1}b c{0}, {9}d{0}"),
        ("***a*** **b *c***", "{1;3}a{0} {1}b {3}c{0}"),
        ("*a **b** c*", "{3}a {1}b{0;3} c{0}"),
        ("**a `**` b**", "{1}a {36}**{0;1} b{0}"),
        ("**a $x**y$ b**", "{1}a x**y b{0}"),
        ("**a *b c** d", "{1}a *b c{0} d"),
        ("*a **b c* d", "{3}a **b c{0} d"),
        ("***a** b*", "{1;3}a{0;3} b{0}"),
        ("***a* b**", "{1;3}a{0;1} b{0}"),
        ("***a b**", "*{1}a b{0}"),
        ("**a****b**", "{1}ab{0}"),
        ("~~a ~~b~~", "~~a {9}b{0}"),
        // Chinese words have no spaces around them.
        ("这是**“重点”**的", "这是{1}“重点”{0}的"),
        ("**注意：**请看**\"a\"**的", "{1}注意：{0}请看{1}\"a\"{0}的"),
        (
            "**.env** and **src/**: *a*.",
            "{1}.env{0} and {1}src/{0}: {3}a{0}.",
        ),
        ("_see __init__ here_", "{3}see __init__ here{0}"),
        ("*http://a.b/_c_*", "{3}http://a.b/_c_{0}"),
        ("[a [b]](<u/r l> \"t\")", "{4}a [b]{0} (u/r l)"),
    ] {
        styled(Styling::Coloured, text, expected);
    }
}

#[test]
fn code_and_emphasis_stay_complete_where_a_mark_follows_at_once() {
    for (text, expected) in [
        ("`a b`**c d** e", "{36}a b{0;1}c d{0} e"),
        ("*a b*`c d` e", "{3}a b{0;36}c d{0} e"),
        ("a [ *b c*$x y", "a [ {3}b c{0}$x y"),
        ("[a b](c.d)[e f", "{4}a b{0} (c.d)[e f"),
    ] {
        styled(Styling::Coloured, text, expected);
    }
}

#[test]
fn an_image_in_a_link_is_a_link() {
    is(
        "[![a](b.png)](c.d) [![](e.png)](f.g)",
        "a (b.png) (c.d) (e.png) (f.g)",
    );
}

#[test]
fn what_only_looks_like_a_marker_stays() {
    for text in [
        "2*3*4 and 2**n**m, a * b * c",
        "snake_case_name and _private and __init__ of a class",
        "pass **kwargs and *args on",
        "~5 and ~~~ and **** and * and",
        "src/**/a.js, lib/**/b.js and **/c/**",
        "*/5 * * * * and /* a */ or /** b */",
        "[a-z]*, [0-9]* and ls *bar*.js",
        ".* and .*? and ^.*$, [a-z]*[0-9]*, x = '*' or '*'",
        "see https://a.b/_c_/~~d~~?e=_f_",
        "grep \"\\[x\\]\" f and '\\(a\\)'",
        "/tmp/x.$$.log and /tmp/y.$$.log, pid=$$, id=$$",
        "Cafe ($) and Bar ($), US$5/US$6, 100$/200$, ^foo$|^bar$",
        "$5-$10, $HOME:$PATH, $5美元和10$, $100 到 $200",
        "echo '$a' '$b' \"${a}\" \"${b}\" \"$@\" $?",
        "Wow! & so on; AT&T &copy &bogus;",
        "\\alpha and C:\\new",
    ] {
        is(text, text);
    }
    is(
        "the $n$th, $i$-th of $G$'s, ($x$): $y$?",
        "the nth, i-th of G's, (x): y?",
    );
}

#[test]
fn what_is_held_at_the_end_is_put_as_it_was() {
    for text in [
        "**a", "a `b", "$x", "[a](b", "$$\nx", "\\[x\ny", "| a |", "| a |\n", "``", "a\\", "&amp",
        "!", "\\(", "*a **b",
    ] {
        is(text, text);
    }
    is("```", "────");
    is("# a", "# a");
    is("-", "• ");
}

#[test]
fn plain_words_leave_with_the_character_after_them() {
    so_far("Hello wor", "Hello");
    so_far("Hello ", "Hello");
    so_far("你好吗", "你好");
    so_far("# Hea d", "# Hea");
    so_far("- it is", "• it");
    so_far("12. it is", "12. it");
    so_far("```sh\nls", "──── sh\n");
    so_far("a **b", "a");
    so_far("a **b** ", "a b");
    so_far("a *b* c *d ", "a b c");
    so_far("$5 or `c` and [x ", "$5 or `c` and");
    so_far("a *.rs ", "a *.rs");
    so_far("a *b*. ", "a b.");
    so_far(
        "the $n_{aaaaaaaaaaaaaaaaaaaaaaaa}$th ",
        "the nₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐth",
    );
    so_far("pid $$ ", "pid $$");
    so_far("a **b\n", "a **b\n");
    so_far("It is $5 and ", "It is $5 and");
    so_far("**注意**：请看", "注意：请");
    so_far("| a |\n", "");
}

#[test]
fn what_is_held_has_a_bound() {
    let long = "a".repeat(2000);
    for open in ["**", "`", "$", "[", "\\(", "&", "\\[x\n", "$$\n"] {
        let text = format!("x {open}{}", long.repeat(20));
        let mut renderer = Renderer::new(options(Styling::Plain, None));
        let mut shown = renderer.push(&text);
        assert!(shown.len() > 10_000, "{open}");
        shown += &renderer.finish();
        assert_eq!(shown, text, "{open}");
    }
    let heads = [" ", "-", "#", "1", "=", ">", "| a", "``` a", "*", "_", "\t"]
        .map(|head| head.repeat(100_000));
    for text in heads {
        let mut renderer = Renderer::new(options(Styling::Plain, None));
        let shown = renderer.push(&text);
        assert!(
            shown.len() > 10_000 || text.starts_with('>'),
            "{} {}",
            &text[..9],
            shown.len(),
        );
    }
}

#[test]
fn characters_of_entities_do_not_act_on_a_terminal() {
    is(
        "&#27; &#10; &NewLine; &#xd800; &lt;&#20013;&amp;",
        "&#27; &#10; &NewLine; &#xd800; <中&",
    );
}
