//! Tables for people: columns aligned by display width, wrapped to fit a terminal.

use std::borrow::Cow;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::terminal::one_line;

/// What a table is printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A terminal of this many columns: cells wrap, and control characters are shown.
    Terminal(u16),
    /// A pipe or a file: each row is one line, however long.
    Pipe,
}

/// How the cells of a column are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A [`table`] of these rows, below the headings of the columns.
pub fn headed_table<const N: usize>(
    columns: [(&str, Align); N],
    rows: impl IntoIterator<Item = [String; N]>,
    medium: Medium,
) -> String {
    let mut lines = vec![columns.map(|(head, _)| head.to_owned())];
    lines.extend(rows);
    table(&lines, columns.map(|(_, align)| align), medium)
}

/// Rows of cells as lines of text, each ended by a newline, without trailing spaces.
pub fn table<const N: usize>(rows: &[[String; N]], columns: [Align; N], medium: Medium) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    match medium {
        Medium::Terminal(width) => table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width),
        Medium::Pipe => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    for row in rows {
        table.add_row(row.iter().map(|cell| match medium {
            Medium::Terminal(_) => one_line(cell),
            Medium::Pipe => Cow::from(cell),
        }));
    }
    for (at, (column, align)) in table.column_iter_mut().zip(columns).enumerate() {
        column.set_padding((0, if at + 1 == N { 0 } else { 2 }));
        column.set_cell_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[[&str; 2]]) -> Vec<[String; 2]> {
        cells.iter().map(|row| row.map(str::to_owned)).collect()
    }

    #[test]
    fn columns_align_by_the_columns_of_a_terminal() {
        let rows = rows(&[["中文", "1"], ["ab", "22"]]);
        let text = table(&rows, [Align::Left, Align::Right], Medium::Pipe);
        assert_eq!(text, "中文   1\nab    22\n");
    }

    #[test]
    fn a_terminal_gets_no_line_over_its_width_and_a_pipe_one_line_a_row() {
        let long = "a long sentence that does not fit into thirty columns";
        let rows = rows(&[
            ["name", long],
            ["other", "/a/path/without/any/blank/in/it/at/all"],
        ]);
        let columns = [Align::Left, Align::Left];
        let narrow = table(&rows, columns, Medium::Terminal(30));
        assert!(
            narrow.lines().all(|line| line.chars().count() <= 30),
            "{narrow}"
        );
        assert!(
            narrow.starts_with("name   a long sentence that\n"),
            "{narrow}"
        );
        assert_eq!(table(&rows, columns, Medium::Pipe).lines().count(), 2);
    }

    #[test]
    fn control_characters_are_shown_on_a_terminal_only() {
        let rows = rows(&[["\u{1b}[2J", "\u{202e}x"]]);
        let columns = [Align::Left, Align::Left];
        let shown = table(&rows, columns, Medium::Terminal(80));
        assert_eq!(shown, "␛[2J  <U+202E>x\n");
        assert_eq!(
            table(&rows, columns, Medium::Pipe),
            "\u{1b}[2J  \u{202e}x\n"
        );
    }
}
