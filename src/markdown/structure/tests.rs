use super::*;

fn item(marker: &str, indent: usize, offset: usize) -> Container {
    Container::Item {
        marker: marker.to_owned(),
        indent,
        offset,
        done: None,
    }
}

/// What is known of the last of these lines.
fn last(lines: &[&str]) -> (Structure, Line) {
    let mut structure = Structure::default();
    let (last, before) = lines.split_last().unwrap();
    for line in before {
        let read = structure.read(line);
        structure.accept(&read, line);
    }
    let line = structure.read(&expanded(last));
    (structure, line)
}

#[track_caller]
fn is(lines: &[&str], kept: usize, opened: &[Container], leaf: Leaf, text: &str) {
    let (_, line) = last(lines);
    let source = expanded(lines[lines.len() - 1]).into_owned();
    assert_eq!(
        (line.kept, &*line.opened, line.leaf, &source[line.text..]),
        (kept, opened, leaf, text),
        "{lines:?}"
    );
}

#[test]
fn items_and_quotes_open_within_each_other() {
    is(&["- a"], 0, &[item("-", 0, 2)], Leaf::Text, "a");
    is(&["- a", "  b"], 1, &[], Leaf::Text, "b");
    is(&["- a", "", "  b"], 1, &[], Leaf::Text, "b");
    is(&["- a", "", "b"], 0, &[], Leaf::Text, "b");
    is(&["- a", "- b"], 0, &[item("-", 0, 2)], Leaf::Text, "b");
    is(&["- a", "  * b"], 1, &[item("*", 0, 2)], Leaf::Text, "b");
    is(&["- a", "    + b"], 1, &[item("+", 2, 4)], Leaf::Text, "b");
    is(
        &["- a", "  * b", "    + c", "- d"],
        0,
        &[item("-", 0, 2)],
        Leaf::Text,
        "d",
    );
    is(&["10. x", "", "    y"], 1, &[], Leaf::Text, "y");
    is(&["> a", "> b"], 1, &[], Leaf::Text, "b");
    is(&["> a", ">> b"], 1, &[Container::Quote], Leaf::Text, "b");
    is(
        &["- > a"],
        0,
        &[item("-", 0, 2), Container::Quote],
        Leaf::Text,
        "a",
    );
    is(&["> - a", "> - b"], 1, &[item("-", 0, 2)], Leaf::Text, "b");
    is(
        &["- - a"],
        0,
        &[item("-", 0, 2), item("-", 0, 2)],
        Leaf::Text,
        "a",
    );
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
    is(&["2. a"], 0, &[item("2.", 0, 3)], Leaf::Text, "a");
    is(&["a", "2. b"], 0, &[], Leaf::Text, "2. b");
    is(&["", ""], 0, &[], Leaf::Blank, "");
    is(&["-"], 0, &[item("-", 0, 2)], Leaf::Blank, "");
}

#[test]
fn code_goes_on_to_its_fence_or_to_the_end_of_its_block() {
    let fence = |info: &str| Leaf::Fence(info.to_owned());
    let line = |text: &str| Leaf::FenceLine(text.to_owned());
    is(&["```py x"], 0, &[], fence("py x"), "```py x");
    is(&["```", "# a"], 0, &[], line("# a"), "# a");
    is(&["```", ""], 0, &[], line(""), "");
    is(&["```", "``"], 0, &[], line("``"), "``");
    assert_eq!(last(&["```", "\ta", "```"]).1.leaf, Leaf::FenceEnd);
    is(&["```", "a", "```", "b"], 0, &[], Leaf::Text, "b");
    assert_eq!(last(&["- a", "  ~~~", "    c"]).1.leaf, line("  c"));
    assert_eq!(last(&["> ```", "> *a*"]).1.leaf, line("*a*"));
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
        marker: "-".to_owned(),
        indent: 0,
        offset: 2,
        done: Some(done),
    };
    is(&["- [ ] a"], 0, &[task(false)], Leaf::Text, "a");
    is(&["- [x] a"], 0, &[task(true)], Leaf::Text, "a");
}

#[test]
fn text_is_certain_as_soon_as_nothing_can_change_it() {
    for (head, at) in [
        ("H", 0),
        ("  é", 2),
        ("- a", 2),
        ("- * a", 4),
        ("10. a", 4),
        ("3.1", 0),
        ("# a", 2),
        ("> a", 2),
        ("**a", 0),
        ("`a", 0),
        ("- [ ] a", 6),
        ("- [l", 2),
        ("#a", 0),
        ("-x", 0),
    ] {
        assert_eq!(text_start(head), Some(at), "{head}");
    }
    for head in [
        "", "  ", "-", "- ", "- -", "---", "* * *", "1", "1.", "1. ", "#", "##", "```", "```x",
        "| a", "**", "__", "==", "`", "- [", "- [ ]", "> ",
    ] {
        assert_eq!(text_start(head), None, "{head}");
    }
}
