//! Lines that may be a table's: held until it is known, and until the table ends.

use super::Render;
use super::inline::write;
use super::start::indent;
use super::style::Style;
use super::table::Table;

/// A line that begins with `|`.
#[derive(Debug)]
pub(super) struct Row {
    quotes: usize,
    line: String,
}

impl Render {
    /// A line that begins with `|` is whole.
    pub(super) fn end_row(&mut self, newline: bool) {
        let row = Row {
            quotes: self.quotes,
            line: std::mem::take(&mut self.head),
        };
        self.open = false;
        self.next_line();
        let same = |known: &Row| known.quotes == row.quotes;
        match (&mut self.table, &self.header) {
            (Some((known, table)), _) if same(known) => {
                table.push(&row.line, &self.pen);
                if table.is_long() {
                    let lines = table.lines();
                    self.table_lines(row.quotes, &row.line, &lines, newline);
                }
                return;
            }
            (None, Some(header)) if same(header) => {
                if let Some(table) = Table::new(&header.line, &row.line, &self.pen) {
                    self.table = self.header.take().map(|header| (header, table));
                    return;
                }
            }
            _ => {}
        }
        self.end_table(true);
        self.header = Some(row);
        if !newline {
            self.end_table(false);
        }
    }

    /// No further row belongs to what is held; `newline` ends it.
    pub(super) fn end_table(&mut self, newline: bool) {
        if let Some((row, mut table)) = self.table.take() {
            let lines = table.lines();
            self.table_lines(row.quotes, &row.line, &lines, newline);
        }
        if let Some(row) = self.header.take() {
            let quotes = std::mem::replace(&mut self.quotes, row.quotes);
            let begun = std::mem::replace(&mut self.begun, false);
            self.bars();
            write(&row.line, Style::NONE, &mut self.pen);
            if newline {
                self.pen.newline();
            }
            (self.quotes, self.begun) = (quotes, begun);
        }
    }

    /// Puts lines of a table whose source began as `line` does.
    pub(super) fn table_lines(
        &mut self,
        quotes: usize,
        line: &str,
        lines: &[String],
        newline: bool,
    ) {
        let (columns, _) = indent(line);
        let outer = (self.quotes, self.begun, self.margin);
        (self.quotes, self.margin) = (quotes, columns);
        for (at, line) in lines.iter().enumerate() {
            self.margin();
            self.pen.put(line, Style::NONE);
            if newline || at + 1 < lines.len() {
                self.pen.newline();
            }
        }
        (self.quotes, self.begun, self.margin) = outer;
    }
}
