//! A table's lines → columns that stand below each other, by the width that a
//! terminal gives them.

use super::inline::write;
use super::style::{Pen, Style, width};

/// Most of a table that is held for its columns' widths, in bytes.
const HELD_MAX: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Left,
    Middle,
    Right,
}

/// A table that is under way.
#[derive(Debug)]
pub(super) struct Table {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
    /// Bytes of the rows.
    held: usize,
    /// Known where rows have been shown.
    widths: Option<Vec<usize>>,
    /// How many rows have been.
    shown: usize,
}

impl Table {
    /// A table of this header, if the line below it, `rule`, says that it is one.
    pub(super) fn new(header: &str, rule: &str, pen: &Pen) -> Option<Self> {
        let sides: Option<Vec<Side>> = cells(rule, false).iter().map(|cell| side(cell)).collect();
        let mut table = Self {
            sides: sides?,
            rows: Vec::new(),
            held: 0,
            widths: None,
            shown: 0,
        };
        table.push(header, pen);
        Some(table)
    }

    /// Takes a row.
    pub(super) fn push(&mut self, line: &str, pen: &Pen) {
        let style = if self.rows.is_empty() && self.shown == 0 {
            Style::BOLD
        } else {
            Style::NONE
        };
        let shown = |cell: &String| {
            let mut pen = Pen::new(pen.paint);
            write(cell, style, &mut pen);
            pen.turn(Style::NONE);
            pen.take()
        };
        let mut row = cells(line, false);
        if row.len() > self.sides.len() {
            // Too many: a `|` in code is meant as a character of it.
            row = cells(line, true);
        }
        let row: Vec<String> = row.iter().map(shown).collect();
        self.held += row.iter().map(String::len).sum::<usize>() + row.len();
        self.rows.push(row);
    }

    /// Whether it is too long to be held for what follows.
    pub(super) fn is_long(&self) -> bool {
        self.widths.is_some() || self.held > HELD_MAX
    }

    /// The lines of the rows that have not been shown.
    pub(super) fn lines(&mut self) -> Vec<String> {
        let widths = self.widths.take().unwrap_or_else(|| self.measured());
        let mut lines = Vec::new();
        for row in std::mem::take(&mut self.rows) {
            lines.push(self.line(&row, &widths));
            if self.shown == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                lines.push(rule.join("─┼─"));
            }
            self.shown += 1;
        }
        self.held = 0;
        self.widths = Some(widths);
        lines
    }

    fn measured(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let wide = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| width(cell)).max().unwrap_or(0)
        };
        (0..columns).map(wide).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let columns = row.len().max(widths.len());
        let cell = |column: usize| {
            let cell = row.get(column).map_or("", String::as_str);
            let wide = widths.get(column).copied().unwrap_or(0);
            let fill = wide.saturating_sub(width(cell));
            let left = match self.sides.get(column).unwrap_or(&Side::Left) {
                Side::Left => 0,
                Side::Middle => fill / 2,
                Side::Right => fill,
            };
            format!("{}{cell}{}", " ".repeat(left), " ".repeat(fill - left))
        };
        let line: Vec<String> = (0..columns).map(cell).collect();
        line.join(" │ ").trim_end().to_owned()
    }
}

/// The cells of a row. A `|` behind a backslash is a character of its cell, and
/// where `code` is whole one between backticks.
fn cells(line: &str, code: bool) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let last = line.rfind('`').filter(|_| code).unwrap_or(0);
    let (mut cells, mut cell, mut escaped) = (Vec::new(), String::new(), false);
    let mut within = false;
    for (at, c) in line.char_indices() {
        match c {
            '|' if escaped => {
                cell.pop();
                cell.push(c);
            }
            '|' if !(within && at < last) => {
                cells.push(std::mem::take(&mut cell));
                within = false;
            }
            c => cell.push(c),
        }
        within ^= c == '`';
        escaped = c == '\\' && !escaped;
    }
    // The last `|` ends the row; what stands behind it is a cell of its own.
    if !cell.trim().is_empty() || cells.is_empty() {
        cells.push(cell);
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// `---`, `:--`, `:-:`, `--:`.
fn side(cell: &str) -> Option<Side> {
    let dashes = cell.strip_prefix(':').unwrap_or(cell);
    let dashes = dashes.strip_suffix(':').unwrap_or(dashes);
    if dashes.is_empty() || dashes.contains(|c| c != '-') {
        return None;
    }
    Some(match (cell.starts_with(':'), cell.ends_with(':')) {
        (true, true) => Side::Middle,
        (false, true) => Side::Right,
        _ => Side::Left,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Paint;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let pen = Pen::new(Paint::Plain);
        let mut lines = text.lines();
        let (header, rule) = (lines.next().unwrap(), lines.next().unwrap());
        let mut table = Table::new(header, rule, &pen).unwrap();
        lines.for_each(|line| table.push(line, &pen));
        assert_eq!(table.lines().join("\n"), expected);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        check(
            "| 名称 | n |\n|:--|--:|\n| a | 10 |\n| 中文字 | 5 |",
            "名称   │  n\n───────┼───\na      │ 10\n中文字 │  5",
        );
    }

    #[test]
    fn cells_hold_markup_and_bars_and_may_be_missing_or_too_many() {
        check(
            "| a | b |\n|---|:-:|\n| **x** \\| y |\n| 1 | 2 | 3 |",
            "a     │ b │\n──────┼───┼──\nx | y │   │\n1     │ 2 │ 3",
        );
        check(
            "| a | b |\n|---|---|\n| `x | y` | z |\n| ` | c |",
            "a       │ b\n────────┼──\n`x | y` │ z\n`       │ c",
        );
    }

    #[test]
    fn a_line_that_is_no_rule_makes_no_table() {
        let pen = Pen::new(Paint::Plain);
        for rule in ["| a | b |", "| - | x |", "|   |", "| : |"] {
            assert!(Table::new("| a | b |", rule, &pen).is_none(), "{rule}");
        }
    }
}
