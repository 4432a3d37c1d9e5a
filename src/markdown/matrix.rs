//! The environments of TeX whose cells stand in rows: matrices, cases, aligned
//! equations; and shapes of several lines beside each other.

use super::formula::flat;
use super::style::width;
use super::tex::without_gap;

/// Lines of text, one of which the others stand beside.
#[derive(Debug, Default, Clone)]
pub(super) struct Shape {
    pub(super) lines: Vec<String>,
    base: usize,
    /// What it is on one line.
    single: String,
}

impl Shape {
    /// A text of one line.
    pub(super) fn of(text: &str) -> Self {
        Self {
            lines: vec![text.to_owned()],
            base: 0,
            single: text.to_owned(),
        }
    }

    /// On one line.
    pub(super) fn flat(self) -> String {
        self.single
    }

    /// This and `other` to the right of it.
    pub(super) fn beside(self, other: Self) -> Self {
        if self.lines.is_empty() {
            return other;
        }
        let above = self.base.max(other.base);
        let below = (self.lines.len() - self.base).max(other.lines.len() - other.base);
        let wide = self.lines.iter().map(|line| width(line)).max().unwrap_or(0);
        let row = |at: usize| {
            let of = |shape: &Self| {
                let line = (at + shape.base).checked_sub(above);
                line.and_then(|line| shape.lines.get(line))
                    .cloned()
                    .unwrap_or_default()
            };
            let left = of(&self);
            let gap = " ".repeat(wide - width(&left));
            format!("{left}{gap}{}", of(&other)).trim_end().to_owned()
        };
        // A space that the next shape stands behind is kept.
        let mut lines: Vec<String> = (0..above + below).map(row).collect();
        if lines.len() == 1 {
            lines = vec![format!("{}{}", self.lines[0], other.lines[0])];
        }
        Self {
            lines,
            base: above,
            single: self.single + &other.single,
        }
    }
}

/// The brackets of an environment, of one row and by pieces: top, middle, bottom,
/// and the one that fills.
type Brackets = Option<(&'static str, [&'static str; 4])>;

const CURLY: (Brackets, Brackets) = (
    Some(("{", ["⎧", "⎨", "⎩", "⎪"])),
    Some(("}", ["⎫", "⎬", "⎭", "⎪"])),
);

/// What stands left and right of an environment's rows.
fn brackets(name: &str) -> (Brackets, Brackets) {
    match name {
        "cases" | "dcases" => (CURLY.0, None),
        "rcases" => (None, CURLY.1),
        "Bmatrix" => CURLY,
        "pmatrix" => (
            Some(("(", ["⎛", "⎜", "⎝", "⎜"])),
            Some((")", ["⎞", "⎟", "⎠", "⎟"])),
        ),
        "bmatrix" => (
            Some(("[", ["⎡", "⎢", "⎣", "⎢"])),
            Some(("]", ["⎤", "⎥", "⎦", "⎥"])),
        ),
        "vmatrix" => (Some(("|", ["│"; 4])), Some(("|", ["│"; 4]))),
        "Vmatrix" => (Some(("‖", ["║"; 4])), Some(("‖", ["║"; 4]))),
        _ => (None, None),
    }
}

/// The body of `\begin{name}` as lines.
pub(super) fn environment(name: &str, body: &str, depth: usize) -> Shape {
    let name = name.trim_end_matches('*');
    let body = match (name, body.trim_start().strip_prefix('{')) {
        ("array" | "alignat" | "alignedat", Some(rest)) => {
            rest.split_once('}').map_or(rest, |(_, body)| body)
        }
        _ => body,
    };
    let aligned = name.contains("align") || ["split", "eqnarray"].contains(&name);
    let cell = |(column, cell): (usize, &&str)| match flat(cell, depth + 1) {
        // The sign that aligned equations meet at.
        sign if aligned && column % 2 == 1 && !sign.is_empty() => format!(" {sign}"),
        cell => cell,
    };
    let cells = |row: &str| split(row, "&").iter().enumerate().map(cell).collect();
    let lines = split(body, "\\\\").into_iter().enumerate();
    let lines = lines.map(|(at, line)| if at > 0 { without_gap(line) } else { line });
    let mut rows: Vec<Vec<String>> = lines.map(cells).collect();
    while rows
        .last()
        .is_some_and(|row| row.iter().all(|cell| cell.trim().is_empty()))
    {
        rows.pop();
    }
    let (left, right) = brackets(name);
    let gap = if aligned { "" } else { "  " };
    let cells = match name {
        "cases" | "dcases" | "rcases" => ", ",
        _ if aligned => "",
        _ => " ",
    };
    let single = single(&rows, left, right, cells);
    if rows.is_empty() {
        return Shape::of(&single);
    }
    let lines = laid_out(&rows, gap, aligned);
    let count = lines.len();
    let lines: Vec<String> = lines
        .into_iter()
        .enumerate()
        .map(|(at, line)| {
            let open = left.map_or("", |bracket| piece(bracket, at, count));
            let close = right.map_or("", |bracket| piece(bracket, at, count));
            let (before, after) = match (left, right) {
                (None, None) => ("", ""),
                (Some(_), None) => (" ", ""),
                (None, Some(_)) => ("", " "),
                (Some(_), Some(_)) => (" ", " "),
            };
            let line = if right.is_none() {
                line.trim_end()
            } else {
                &line
            };
            format!("{open}{before}{line}{after}{close}")
        })
        .collect();
    // Equations below each other hang from the first, brackets from their middle.
    let base = if left.or(right).is_some() {
        count / 2
    } else {
        0
    };
    let base = if count == 2 { 0 } else { base };
    Shape {
        lines,
        base,
        single,
    }
}

fn piece(bracket: (&'static str, [&'static str; 4]), at: usize, count: usize) -> &'static str {
    let (one, [top, middle, bottom, fill]) = bracket;
    match at {
        _ if count == 1 => one,
        0 => top,
        at if at + 1 == count => bottom,
        at if at == count / 2 => middle,
        _ => fill,
    }
}

/// The rows on one line; where they have a bracket, between two.
fn single(rows: &[Vec<String>], left: Brackets, right: Brackets, cells: &str) -> String {
    let rows: Vec<String> = rows.iter().map(|row| row.join(cells)).collect();
    let open = left.or(right.and(CURLY.0)).map_or("", |(one, _)| one);
    let close = right.or(left.and(CURLY.1)).map_or("", |(one, _)| one);
    format!("{open}{}{close}", rows.join("; "))
}

/// Cells in columns; those of aligned equations meet at their signs.
fn laid_out(rows: &[Vec<String>], gap: &str, aligned: bool) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(wide).collect();
    let line = |row: &Vec<String>| {
        let cells = widths.iter().enumerate().map(|(column, wide)| {
            let cell = row.get(column).map_or("", String::as_str);
            let fill = " ".repeat(wide - width(cell));
            if aligned && column % 2 == 0 {
                fill + cell
            } else {
                cell.to_owned() + &fill
            }
        });
        cells.collect::<Vec<_>>().join(gap)
    };
    rows.iter().map(line).collect()
}

/// The parts of `tex` between `separator`s that are in no group or environment.
fn split<'a>(tex: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut from, mut at, mut depth) = (Vec::new(), 0, 0, 0_usize);
    while let Some(c) = tex[at..].chars().next() {
        let rest = &tex[at..];
        let mut length = c.len_utf8();
        if depth == 0 && rest.starts_with(separator) {
            parts.push(&tex[from..at]);
            length = separator.len();
            from = at + length;
        } else if rest.starts_with("\\begin{") || c == '{' {
            depth += 1;
            length = if c == '{' { 1 } else { 7 };
        } else if rest.starts_with("\\end{") || c == '}' {
            depth = depth.saturating_sub(1);
            length = if c == '}' { 1 } else { 5 };
        } else if c == '\\' {
            length += rest[1..].chars().next().map_or(0, char::len_utf8);
        }
        if rest.starts_with("\\begin{") || rest.starts_with("\\end{") {
            // The braces of its name.
            length = rest.find('}').map_or(rest.len(), |end| end + 1);
        }
        at += length;
    }
    parts.push(&tex[from..]);
    parts
}
