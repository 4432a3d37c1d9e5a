//! Tables → columns that fit the terminal.
//!
//! comfy-table does not fit here: it breaks links in cells (OSC 8), carries a bold word
//! over the border when it wraps, and begins lines with CJK punctuation.

use textwrap::wrap_algorithms::wrap_first_fit;

use super::Options;
use super::inline::spans;
use super::lines::{Span, Word, split};
use super::style::Style;

/// A table with more bytes is shown in parts. All of them have the column widths of the
/// first part.
const HELD_MAX: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Middle,
    Right,
}

/// The paragraphs of a cell, which `<br>` separates.
type Cell = Vec<Vec<Word>>;

#[derive(Debug)]
pub(super) struct Table {
    options: Options,
    room: Option<usize>,
    sides: Vec<Side>,
    header: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
    held: usize,
    /// Known when some rows have been shown.
    widths: Option<Vec<usize>>,
}

impl Table {
    /// A table with this header, if the line below it is its delimiter row.
    pub(super) fn new(
        header: &str,
        below: &str,
        room: Option<usize>,
        options: Options,
    ) -> Option<Self> {
        let sides: Option<Vec<Side>> = cells(below, 0).iter().map(|cell| side(cell)).collect();
        let mut table = Self {
            options,
            room,
            sides: sides?,
            header: Vec::new(),
            rows: Vec::new(),
            held: 0,
            widths: None,
        };
        table.header = table.row(header, &Style::of(Style::BOLD));
        Some(table)
    }

    pub(super) fn push(&mut self, line: &str) {
        let row = self.row(line, &Style::none());
        self.held += line.len();
        self.rows.push(row);
    }

    fn row(&self, line: &str, style: &Style) -> Vec<Cell> {
        let paragraphs = |cell: String| -> Cell {
            let cell = cell.replace("<br/>", "<br>").replace("<br />", "<br>");
            let parts = cell.split("<br>").map(str::trim);
            parts
                .map(|part| split(&spans(part, style, self.options)))
                .collect()
        };
        let cells = cells(line, self.sides.len());
        cells.into_iter().map(paragraphs).collect()
    }

    /// Whether it is so long that its rows are shown before its end.
    pub(super) fn is_long(&self) -> bool {
        self.widths.is_some() || self.held > HELD_MAX
    }

    /// The lines of the rows that have not been shown.
    pub(super) fn lines(&mut self) -> Vec<Vec<Span>> {
        let rows = std::mem::take(&mut self.rows);
        self.held = 0;
        let is_first = self.widths.is_none();
        let widths = match self.widths.take() {
            Some(widths) => widths,
            None => match self.measure(&rows) {
                Some(widths) => widths,
                None => return self.records(&rows),
            },
        };
        let mut lines = Vec::new();
        if is_first {
            lines.append(&mut self.row_lines(&self.header, &widths));
            lines.push(rule("─┼─", "─", &widths));
        }
        let drawn: Vec<_> = rows
            .iter()
            .map(|row| self.row_lines(row, &widths))
            .collect();
        let tall = drawn.iter().any(|lines| lines.len() > 1);
        for (at, mut row) in drawn.into_iter().enumerate() {
            if tall && at > 0 {
                lines.push(rule("┄┼┄", "┄", &widths));
            }
            lines.append(&mut row);
        }
        self.widths = Some(widths);
        lines
    }

    /// The widths of the columns; `None` if words would have to be broken.
    fn measure(&self, rows: &[Vec<Cell>]) -> Option<Vec<usize>> {
        let rows: Vec<&Vec<Cell>> = std::iter::once(&self.header).chain(rows).collect();
        let columns = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let widest = |measure: fn(&Cell) -> usize| -> Vec<usize> {
            let cells = |column| rows.iter().filter_map(move |row| row.get(column));
            let width = |column| cells(column).map(measure).max().unwrap_or(0);
            (0..columns).map(width).collect()
        };
        let full = widest(cell_width);
        let Some(room) = self.room else {
            return Some(full);
        };
        let room = room.saturating_sub(3 * columns.saturating_sub(1));
        if full.iter().sum::<usize>() <= room {
            return Some(full);
        }
        let least = widest(word_width);
        (least.iter().sum::<usize>() <= room).then(|| shrink(&full, &least, room))
    }

    fn row_lines(&self, row: &[Cell], widths: &[usize]) -> Vec<Vec<Span>> {
        let columns = row.len().max(widths.len());
        let width = |column: usize| widths.get(column).copied().unwrap_or(1).max(1);
        let cell = |column: usize| {
            let cell = row.get(column).cloned().unwrap_or_default();
            wrap(cell, width(column))
        };
        let cells: Vec<_> = (0..columns).map(cell).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let line = |at: usize| {
            let mut line = Vec::new();
            for (column, cell) in cells.iter().enumerate() {
                if column > 0 {
                    line.push((" │ ".to_owned(), Style::none()));
                }
                let words = cell.get(at).map_or(&[][..], Vec::as_slice);
                let used = line_width(words);
                let free = width(column).saturating_sub(used);
                let left = match self.sides.get(column).unwrap_or(&Side::Left) {
                    Side::Left => 0,
                    Side::Middle => free / 2,
                    Side::Right => free,
                };
                line.push((" ".repeat(left), Style::none()));
                push_words(&mut line, words);
                line.push((" ".repeat(free - left), Style::none()));
            }
            trim(line)
        };
        (0..height).map(line).collect()
    }

    /// Each row as a list of `header: cell`, where the columns do not fit side by side.
    fn records(&self, rows: &[Vec<Cell>]) -> Vec<Vec<Span>> {
        let room = self.room.unwrap_or(usize::MAX);
        let mut lines = Vec::new();
        if rows.is_empty() {
            lines.append(&mut record(&self.header, &[], room));
        }
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                lines.push(vec![("┄┄┄┄".to_owned(), Style::none())]);
            }
            lines.append(&mut record(row, &self.header, room));
        }
        lines
    }
}

fn record(row: &[Cell], header: &[Cell], room: usize) -> Vec<Vec<Span>> {
    let mut lines = Vec::new();
    for (at, cell) in row.iter().enumerate() {
        let mut words = header.get(at).cloned().unwrap_or_default().concat();
        if let Some(last) = words.last_mut() {
            last.push(':', &Style::of(Style::BOLD));
            last.spaces = 1;
        }
        words.append(&mut cell.concat());
        let wrapped = wrap(vec![words], room.saturating_sub(2).max(1));
        for (at, line) in wrapped.iter().enumerate() {
            let mut shown = Vec::new();
            if at > 0 {
                shown.push(("  ".to_owned(), Style::none()));
            }
            push_words(&mut shown, line);
            lines.push(trim(shown));
        }
    }
    lines
}

fn cell_width(cell: &Cell) -> usize {
    let lines = cell.iter().map(|words| line_width(words));
    lines.max().unwrap_or(0)
}

fn word_width(cell: &Cell) -> usize {
    let words = cell.iter().flatten();
    words.map(Word::columns).max().unwrap_or(0)
}

fn line_width(words: &[Word]) -> usize {
    let width = words.iter().map(|word| word.columns() + word.spaces);
    width.sum::<usize>() - words.last().map_or(0, |last| last.spaces)
}

/// Narrows the widest columns until all fit the room, but none below its `least` width.
fn shrink(full: &[usize], least: &[usize], room: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = full
        .iter()
        .zip(least)
        .map(|(full, least)| *full.min(&room.max(*least)))
        .collect();
    while widths.iter().sum::<usize>() > room {
        let wide = (0..widths.len()).filter(|at| widths[*at] > least[*at]);
        let Some(widest) = wide.max_by_key(|at| widths[*at]) else {
            break;
        };
        widths[widest] -= 1;
    }
    widths
}

/// Wraps the words of a cell into lines no wider than `width`.
fn wrap(cell: Cell, width: usize) -> Vec<Vec<Word>> {
    #[expect(clippy::cast_precision_loss, reason = "a terminal is not that wide")]
    let limit = [width as f64];
    let wrapped = |words: Vec<Word>| {
        let words: Vec<Word> = words.into_iter().flat_map(|word| word.cut(width)).collect();
        let lines = wrap_first_fit(&words, &limit).into_iter();
        lines.map(<[Word]>::to_vec).collect::<Vec<_>>()
    };
    cell.into_iter().flat_map(wrapped).collect()
}

fn push_words(line: &mut Vec<Span>, words: &[Word]) {
    for (at, word) in words.iter().enumerate() {
        line.extend(word.spans.iter().cloned());
        if at + 1 < words.len() {
            line.push((" ".repeat(word.spaces), word.space_style.clone()));
        }
    }
}

/// The line without spaces at its end.
fn trim(mut line: Vec<Span>) -> Vec<Span> {
    while let Some((text, _)) = line.last_mut() {
        text.truncate(text.trim_end_matches(' ').len());
        if !text.is_empty() {
            break;
        }
        line.pop();
    }
    line
}

fn rule(cross: &str, dash: &str, widths: &[usize]) -> Vec<Span> {
    let dashes: Vec<String> = widths.iter().map(|width| dash.repeat(*width)).collect();
    vec![(dashes.join(cross), Style::none())]
}

/// The cells of a row. A `|` after a backslash does not end a cell. If there would be more
/// than `columns` cells, a `|` in code or in a formula does not end one either.
fn cells(line: &str, columns: usize) -> Vec<String> {
    let cells = split_cells(line, false);
    if columns > 0 && cells.len() > columns {
        let other = split_cells(line, true);
        if other.len() <= columns {
            return other;
        }
    }
    cells
}

fn split_cells(line: &str, keep_enclosed: bool) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut escaped, mut enclosed) = (false, None);
    for (at, c) in line.char_indices() {
        match c {
            '|' if escaped => {
                cell.pop();
                cell.push(c);
            }
            '|' if enclosed.is_none() => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
        if keep_enclosed && matches!(c, '`' | '$') && !escaped {
            let closes = || line[at + 1..].contains(c);
            enclosed = match enclosed {
                None if closes() => Some(c),
                Some(open) if open == c => None,
                other => other,
            };
        }
        escaped = c == '\\' && !escaped;
    }
    // The last `|` ends the row; text after it is a cell of its own.
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
mod tests;
