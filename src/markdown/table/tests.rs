use super::super::Styling;
use super::*;

fn table(text: &str, room: Option<usize>) -> Option<Table> {
    let options = Options {
        width: room,
        styling: Styling::Plain,
        hyperlinks: false,
    };
    let mut lines = text.lines();
    let mut table = Table::new(lines.next()?, lines.next()?, room, options)?;
    lines.for_each(|line| table.push(line));
    Some(table)
}

#[track_caller]
fn check(text: &str, room: Option<usize>, expected: &str) {
    let lines = table(text, room).unwrap().lines();
    let text = |line: &Vec<Span>| line.iter().map(|(text, _)| &**text).collect::<String>();
    let lines: Vec<String> = lines.iter().map(text).collect();
    assert_eq!(lines.join("\n"), expected);
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    check(
        "| 名称 | n |\n|:--|--:|\n| a | 10 |\n| 中文字 | 5 |",
        None,
        "名称   │  n\n───────┼───\na      │ 10\n中文字 │  5",
    );
}

#[test]
fn cells_hold_markup_and_bars_and_may_be_missing_or_too_many() {
    check(
        "| a | b |\n|---|:-:|\n| **x** \\| y |\n| 1 | 2 | 3 |",
        None,
        "a     │ b │\n──────┼───┼──\nx | y │   │\n1     │ 2 │ 3",
    );
    check(
        "| a | b |\n|---|---|\n| `x | y` | $|z|$ |\n| ` | c |",
        None,
        "a       │ b\n────────┼────\n`x | y` │ |z|\n`       │ c",
    );
}

#[test]
fn columns_shrink_to_the_width_and_their_cells_wrap_at_words() {
    check(
        "| name | what it is for |\n|--|--|\n| alpha | the first of all letters |\n| b | 第二个字母在这里 |",
        Some(22),
        "name  │ what it is for\n\
         ──────┼───────────────\n\
         alpha │ the first of\n      │ all letters\n\
         ┄┄┄┄┄┄┼┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄\n\
         b     │ 第二个字母在这\n      │ 里",
    );
}

#[test]
fn columns_that_do_not_fit_side_by_side_become_records() {
    check(
        "| animal | continent |\n|--|--|\n| hippopotamus | Africa |\n| kangaroo | Australia |",
        Some(20),
        "animal:\n  hippopotamus\ncontinent: Africa\n┄┄┄┄\nanimal: kangaroo\ncontinent:\n  Australia",
    );
}

#[test]
fn a_break_tag_begins_a_new_line_in_its_cell() {
    check(
        "| a | b |\n|--|--|\n| x<br>y | z |",
        None,
        "a │ b\n──┼──\nx │ z\ny │",
    );
}

#[test]
fn a_line_that_is_no_delimiter_row_makes_no_table() {
    for below in ["| a | b |", "| - | x |", "|   |", "| : |"] {
        assert!(
            table(&["| a | b |\n", below].concat(), None).is_none(),
            "{below}"
        );
    }
}
