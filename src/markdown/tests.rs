use super::*;

/// What is shown of a text, whole and in pieces of one character.
fn shown(paint: Paint, text: &str) -> String {
    let whole = {
        let (mut render, mut out) = (Render::new(paint), Vec::new());
        render.push(text, &mut out);
        render.end(&mut out);
        String::from_utf8(out).unwrap()
    };
    let (mut render, mut out) = (Render::new(paint), Vec::new());
    for c in text.chars() {
        render.push(c.encode_utf8(&mut [0; 4]), &mut out);
    }
    render.end(&mut out);
    assert_eq!(String::from_utf8(out).unwrap(), whole);
    whole
}

#[track_caller]
fn is(text: &str, expected: &str) {
    assert_eq!(shown(Paint::Plain, text), expected);
}

/// With `{1;4}` for an escape sequence.
#[track_caller]
fn styled(text: &str, expected: &str) {
    let shown = shown(Paint::Coloured, text);
    let mut parts = shown.split("\u{1b}[");
    let mut marked = parts.next().unwrap().to_owned();
    for part in parts {
        let (codes, text) = part.split_once('m').unwrap();
        marked += &["{", codes, "}", text].concat();
    }
    assert_eq!(marked, expected);
}

/// What has left before the end.
#[track_caller]
fn so_far(text: &str, expected: &str) {
    let (mut render, mut out) = (Render::new(Paint::Plain), Vec::new());
    render.push(text, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn headings_are_bold_and_say_their_level() {
    styled(
        "# A *b* #\ntext",
        "{1;4;35}A {3}b{0;1;4;35} {0}\ntext"
            .replace("} {0}", "}{0}")
            .as_str(),
    );
    styled("## A\n### B\n#### C", "{1;35}A{0}\n{1}B{0}\n{1;3}C{0}");
    styled("#tag\n####### x", "#tag\n####### x");
    is("# A\n## C #\n## F#", "# A\n## C\n## F#");
}

#[test]
fn items_keep_their_place_and_get_bullets() {
    is("+++\n+ + a\n+1", "+++\n• ◦ a\n+1");
    is(
        "- a\n  * b\n    + c\n- d\n\n1. x\n   - y\n10) z\n- [ ] t\n- [X] u\n- [link](a.b)",
        "• a\n  ◦ b\n    ▪ c\n• d\n\n1. x\n   ◦ y\n10) z\n☐ t\n☑ u\n• link (a.b)",
    );
    is(
        "-\n- - a\n-x\n3.14 is\n2024. ",
        "• \n• ◦ a\n-x\n3.14 is\n2024. ",
    );
}

#[test]
fn a_rule_is_a_line_and_emphasis_none() {
    let rule = "─".repeat(40);
    is(
        "a\n\n---\n* * *\n___\n***\n--\n**a** b",
        &format!("a\n\n{rule}\n{rule}\n{rule}\n{rule}\n--\na b"),
    );
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
fn code_is_as_it_was() {
    is(
        "```py x\n# *a*\n  | b |\n``\n```\n- a\n  ~~~\n  `c`\n  ~~~\n",
        "──── py x\n# *a*\n  | b |\n``\n────\n• a\n  ────\n  `c`\n  ────\n",
    );
    is(
        "a\n\n    *b*\n\n    # c\nd\n    *e*",
        "a\n\n    *b*\n\n    # c\nd\n    e",
    );
    is(
        "> ```\n> *a*\n> ```\n> ```\n> b\nc *d*",
        "│ ────\n│ *a*\n│ ────\n│ ────\n│ b\nc d",
    );
    is(
        "```not a fence``` *x*",
        "`not a fence` x".replace('`', "```").as_str(),
    );
    is(
        "- a\n\n  para\n\n      code *x*",
        "• a\n\n  para\n\n      code *x*",
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
}

#[test]
fn a_table_too_long_to_hold_goes_on_in_the_columns_it_has() {
    let row = format!("| {} | b |\n", "a".repeat(1000));
    let text = format!("| x | y |\n|---|---|\n{}| c | d |\n", row.repeat(100));
    let shown = shown(Paint::Plain, &text);
    assert_eq!(shown.lines().count(), 103);
    assert!(shown.ends_with(&format!("c{} │ d\n", " ".repeat(999))));
}

#[test]
fn formulas_over_several_lines_are_set_apart() {
    is(
        "So:\n\\[\nx = \\frac{1}{2}\n\\]\nand\n$$\na \\\\\nb\n$$.\n",
        "So:\n  x = 1/2\nand\n  a\n  b.\n",
    );
    is(
        "So: \\[\nx\n\\]\n- a\n  $$x$$\n> $$\n> y\n> $$",
        "So: \n  x\n• a\n    x\n│   y",
    );
    is("a\n\\[ x\n\nb *c*", "a\n\\[ x\n\nb c");
    is("$$\n{x\n$$ *a*\n", "$$\n{x\n$$ a\n");
}

#[test]
fn rows_that_there_are_none_of_hold_up_nothing() {
    is("$$\n\\begin{a}\\end{a} \\end{b}\n$$\nx", "   \\end{b}\nx");
    is("$$a \\begin{pmatrix}\\end{pmatrix} b$$", "  a () b");
}

#[test]
fn a_formula_fills_its_line_or_opens_on_it() {
    is("$$x^2$$", "  x²");
    is("a\n$$ x^2 $$ \n- $$ y $$\nb", "a\n  x²\n•   y\nb");
    is("$$ \\alpha\n+ 1 $$\n", "  α + 1\n");
    is("so $$x^2$$ is\n", "so x² is\n");
    for text in [
        "$$name = 1;\n$$other = 2;\n",
        "My pid is $$\nand yours $$ too.\n",
        "kill $$\n$$$\n*.rs and *.js\n",
    ] {
        is(text, text);
    }
    is("- $$\n- $$\n", "• $$\n- $$\n");
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
fn what_is_held_at_the_end_is_put_as_it_was() {
    for text in [
        "**a", "a `b", "$x", "[a](b", "$$\nx", "\\[x\ny", "| a |", "| a |\n", "``", "a\\", "&amp",
        "!", "    ", "\\(", "*a **b",
    ] {
        is(text, text);
    }
    is("```", "────");
    is("# a", "# a");
    is("-", "• ");
}

#[test]
fn what_needs_no_decision_leaves_at_once() {
    so_far("Hello wor", "Hello wor");
    so_far("Hello ", "Hello ");
    so_far("你好", "你好");
    so_far("# Hea", "# Hea");
    so_far("- it", "• it");
    so_far("12. it", "12. it");
    so_far("```sh\nls", "──── sh\nls");
    so_far("a **b", "a ");
    so_far("a **b** ", "a b ");
    so_far("a *.rs", "a *.rs");
    so_far("a *b*. ", "a b. ");
    so_far(
        "the $n_{aaaaaaaaaaaaaaaaaaaaaaaa}$th ",
        "the nₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐₐth ",
    );
    so_far("pid $$ ", "pid $$ ");
    so_far("a **b\n", "a **b\n");
    so_far("It is $5 and", "It is $5 and");
    so_far("| a |\n", "");
}

#[test]
fn what_is_held_has_a_bound() {
    let long = "a".repeat(2000);
    for open in ["**", "`", "$", "[", "\\(", "&", "\\[x\n", "$$\n"] {
        let text = format!("x {open}{}", long.repeat(10));
        let (mut render, mut out) = (Render::new(Paint::Plain), Vec::new());
        render.push(&text, &mut out);
        assert!(out.len() > 10_000, "{open}");
        render.end(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), text, "{open}");
    }
    let heads = [" ", "-", "#", "1", "=", ">", "| a", "``` a", "*", "_", "\t"]
        .map(|head| head.repeat(100_000));
    for text in heads {
        let (mut render, mut out) = (Render::new(Paint::Plain), Vec::new());
        render.push(&text, &mut out);
        assert!(
            out.len() > 10_000 || text.starts_with('>'),
            "{}",
            &text[..9]
        );
    }
}
