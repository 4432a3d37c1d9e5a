use super::*;

fn item(opening: &str) -> Container {
    Container::Item {
        opening: opening.to_owned(),
        done: None,
    }
}

/// Reads the lines. Returns the state before the last one, and the last one.
fn last(lines: &[&str]) -> (Structure, Line) {
    let mut structure = Structure::default();
    let (last, before) = lines.split_last().unwrap();
    for line in before {
        let read = structure.read(line);
        structure.accept(&read);
    }
    let line = structure.read(last);
    (structure, line)
}

#[track_caller]
fn is(lines: &[&str], kept: usize, opened: &[Container], leaf: Leaf, text: &str) {
    let (_, line) = last(lines);
    assert_eq!(
        (line.kept, &*line.opened, line.leaf, &*line.text),
        (kept, opened, leaf, text),
        "{lines:?}"
    );
}

#[test]
fn items_and_quotes_open_within_each_other() {
    is(&["- a"], 0, &[item("- ")], Leaf::Text, "a");
    is(&["- a", "  b"], 1, &[], Leaf::Text, "b");
    is(&["- a", "", "  b"], 1, &[], Leaf::Text, "b");
    is(&["- a", "", "b"], 0, &[], Leaf::Text, "b");
    is(&["- a", "- b"], 0, &[item("- ")], Leaf::Text, "b");
    is(&["- a", "  * b"], 1, &[item("* ")], Leaf::Text, "b");
    is(&["- a", "    + b"], 1, &[item("  + ")], Leaf::Text, "b");
    is(
        &["- a", "  * b", "    + c", "- d"],
        0,
        &[item("- ")],
        Leaf::Text,
        "d",
    );
    is(&["10. x", "", "    y"], 1, &[], Leaf::Text, "y");
    is(&["> a", "> b"], 1, &[], Leaf::Text, "b");
    is(&["> a", ">> b"], 1, &[Container::Quote], Leaf::Text, "b");
    is(
        &["- > a"],
        0,
        &[item("- "), Container::Quote],
        Leaf::Text,
        "a",
    );
    is(&["> - a", "> - b"], 1, &[item("- ")], Leaf::Text, "b");
    is(&["- - a"], 0, &[item("- "), item("- ")], Leaf::Text, "a");
}

#[test]
fn lines_of_each_kind_are_recognised() {
    is(&["## a"], 0, &[], Leaf::Heading(2), "a");
    is(&["---"], 0, &[], Leaf::Rule, "---");
    is(&["a", "---"], 0, &[], Leaf::Rule, "---");
    is(&["a", "==="], 0, &[], Leaf::Text, "===");
    is(&["- a", "***"], 0, &[], Leaf::Rule, "***");
    is(&["    code"], 0, &[], Leaf::Code, "code");
    is(&["a", "    b"], 0, &[], Leaf::Text, "b");
    is(&["2. a"], 0, &[item("2. ")], Leaf::Text, "a");
    is(&["a", "2. b"], 0, &[], Leaf::Text, "2. b");
    is(&["", ""], 0, &[], Leaf::Blank, "");
    is(&["-"], 0, &[item("- ")], Leaf::Blank, "");
}

#[test]
fn code_goes_on_to_its_fence_or_to_the_end_of_its_block() {
    let fence = |info: &str| Leaf::Fence(info.to_owned());
    is(&["```py x"], 0, &[], fence("py x"), "```py x");
    is(&["```", "# a"], 0, &[], Leaf::FenceLine, "# a");
    is(&["```", ""], 0, &[], Leaf::FenceLine, "");
    is(&["```", "``"], 0, &[], Leaf::FenceLine, "``");
    assert_eq!(last(&["```", "\ta", "```"]).1.leaf, Leaf::FenceEnd);
    is(&["```", "a", "```", "b"], 0, &[], Leaf::Text, "b");
    is(&["- a", "  ~~~", "    c"], 1, &[], Leaf::FenceLine, "  c");
    is(&["> ```", "> *a*"], 1, &[], Leaf::FenceLine, "*a*");
    is(&["> ```", "> a", "b"], 0, &[], Leaf::Text, "b");
    is(&["> ```", "> a", "> ```", "> b"], 1, &[], Leaf::Text, "b");
}

#[test]
fn a_blank_line_closes_quotes_but_not_items() {
    is(&["> a", ""], 0, &[], Leaf::Blank, "");
    is(&["> - a", ">"], 2, &[], Leaf::Blank, "");
    is(&["1. a", "   > b", "   >"], 2, &[], Leaf::Blank, "");
    is(&["- a", ""], 1, &[], Leaf::Blank, "");
    is(&[">"], 0, &[Container::Quote], Leaf::Blank, "");
}

#[test]
fn tasks_have_a_box() {
    let task = |done| Container::Item {
        opening: "- ".to_owned(),
        done: Some(done),
    };
    is(&["- [ ] a"], 0, &[task(false)], Leaf::Text, "a");
    is(&["- [x] a"], 0, &[task(true)], Leaf::Text, "a");
}

#[test]
fn text_is_certain_as_soon_as_nothing_can_change_it() {
    let start = |head: &str| Structure::default().read_start(head).map(|line| line.text);
    for (head, text) in [
        ("H", "H"),
        ("  é", "é"),
        ("- a", "a"),
        ("- * a", "a"),
        ("10. a", "a"),
        ("3.1 a", "3.1 a"),
        ("xy", "xy"),
        ("# a", "a"),
        ("> a", "a"),
        ("**a", "**a"),
        ("`a", "`a"),
        ("- [ ] a", "a"),
        ("- [l", "[l"),
        ("#a", "#a"),
        ("-a", "-a"),
        ("\\", "\\"),
    ] {
        assert_eq!(start(head).as_deref(), Some(text), "{head}");
    }
    for head in [
        "", "  ", "-", "- ", "- -", "---", "* * *", "1", "1.", "1. ", "#", "##", "```", "```x",
        "| a", "**", "__", "==", "`", "- [", "- [ ]", "- [x", "> ",
    ] {
        assert_eq!(start(head), None, "{head}");
    }
}

#[test]
fn an_item_without_text_stays_in_its_quote() {
    is(&["> a", ">", "> -"], 1, &[item("- ")], Leaf::Blank, "");
}
