//! `\begin{…}…\end{…}`: matrices, cases and aligned equations, in rows or in one line.

use unicode_width::UnicodeWidthStr;

use super::canvas::{Block, pad};
use super::tree::{Grid, Kind, List, Node, Side};

/// Whether `\begin{name}` starts a formula.
pub fn is_environment(name: &str) -> bool {
    describe(name).is_some()
}

/// The kind of an environment, and its left and right delimiter.
fn describe(name: &str) -> Option<(Kind, &'static str, &'static str)> {
    Some(match name.strip_suffix('*').unwrap_or(name) {
        "matrix" | "array" | "smallmatrix" | "subarray" => (Kind::Matrix, "", ""),
        "pmatrix" => (Kind::Matrix, "(", ")"),
        "bmatrix" => (Kind::Matrix, "[", "]"),
        "Bmatrix" => (Kind::Matrix, "{", "}"),
        "vmatrix" => (Kind::Matrix, "|", "|"),
        "Vmatrix" => (Kind::Matrix, "‖", "‖"),
        "cases" | "dcases" => (Kind::Cases, "{", ""),
        "rcases" => (Kind::Cases, "", "}"),
        "align" | "aligned" | "alignat" | "alignedat" | "flalign" | "split" | "eqnarray" => {
            (Kind::Aligned, "", "")
        }
        "gather" | "gathered" | "multline" | "equation" | "displaymath" | "math" => {
            (Kind::Lines, "", "")
        }
        _ => return None,
    })
}

/// Whether the columns of an environment are described in an argument.
pub(super) fn has_columns(name: &str) -> bool {
    let name = name.strip_suffix('*').unwrap_or(name);
    ["array", "alignat", "alignedat", "subarray"].contains(&name)
}

/// The grid of an environment. `columns` describes them, such as `l|cr`.
pub(super) fn new(name: &str, columns: &str, mut rows: Vec<Vec<List>>) -> Option<Grid> {
    let (kind, left, right) = describe(name)?;
    let columns = if name.starts_with("eqnarray") {
        "rcl"
    } else {
        columns
    };
    let mut rules = Vec::new();
    for (at, row) in rows.iter_mut().enumerate() {
        while let Some(first) = row.first_mut()
            && first.first() == Some(&Node::Rule)
        {
            first.remove(0);
            rules.push(at);
            while first.first().is_some_and(Node::is_space) {
                first.remove(0);
            }
        }
    }
    while rows.last().is_some_and(|row| row.iter().all(Vec::is_empty)) {
        rows.pop();
    }
    let (mut sides, mut bars) = (Vec::new(), Vec::new());
    for c in columns.chars() {
        match c {
            'l' => sides.push(Side::Left),
            'c' => sides.push(Side::Centre),
            'r' => sides.push(Side::Right),
            '|' => bars.push(sides.len()),
            _ => {}
        }
    }
    Some(Grid {
        kind,
        left,
        right,
        columns: sides,
        bars,
        rules,
        rows,
    })
}

/// Draws a grid with its rows below each other. `rows` contains the drawn cells.
pub(super) fn draw(grid: &Grid, rows: &[Vec<Block>]) -> Block {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(Block::width).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let drawn: Vec<Block> = rows
        .iter()
        .map(|row| draw_row(grid, row, &widths))
        .collect();
    let width = drawn.iter().map(Block::width).max().unwrap_or(0);
    let (mut lines, mut base) = (Vec::new(), 0);
    for at in 0..=drawn.len() {
        let rules = grid.rules.iter().filter(|rule| **rule == at);
        lines.extend(rules.map(|_| "─".repeat(width)));
        if let Some(row) = drawn.get(at) {
            if at == 0 {
                base = lines.len() + row.base;
            }
            lines.extend_from_slice(&row.lines);
        }
    }
    if drawn.is_empty() {
        return Block::line([grid.left, grid.right].concat());
    }
    // Equations hang from their first row, everything else is centred.
    if matches!(grid.kind, Kind::Matrix | Kind::Cases) && lines.len() > 2 {
        base = lines.len() / 2;
    }
    Block { lines, base }.fenced(grid.left, grid.right, " ")
}

/// Cells side by side, each as wide as its column.
fn draw_row(grid: &Grid, row: &[Block], widths: &[usize]) -> Block {
    let space = |columns: usize| Block::line(" ".repeat(columns));
    let like = row.iter().cloned().fold(space(0), Block::join);
    let bar = Block {
        lines: vec!["│".to_owned(); like.height()],
        base: like.base,
    };
    let mut drawn = Block::default();
    for (column, width) in widths.iter().enumerate() {
        let gap = match grid.kind {
            _ if column == 0 => 0,
            _ if grid.bars.contains(&column) => 1,
            Kind::Aligned if column % 2 == 1 => 1.min(*width),
            _ => 2,
        };
        drawn = drawn.join(space(gap));
        if grid.bars.contains(&column) {
            drawn = drawn.join(bar.clone()).join(space(1));
        }
        let mut cell = row.get(column).cloned().unwrap_or(space(0));
        for line in &mut cell.lines {
            *line = align(line, *width, side(grid, column));
        }
        drawn = drawn.join(cell);
    }
    if grid.bars.contains(&widths.len()) {
        drawn = drawn.join(space(1)).join(bar);
    }
    drawn
}

fn side(grid: &Grid, column: usize) -> Side {
    let default = match grid.kind {
        Kind::Matrix => Side::Centre,
        Kind::Aligned if column.is_multiple_of(2) => Side::Right,
        _ => Side::Left,
    };
    grid.columns.get(column).copied().unwrap_or(default)
}

fn align(line: &str, width: usize, side: Side) -> String {
    let free = width.saturating_sub(line.width());
    let left = match side {
        Side::Left => 0,
        Side::Centre => free / 2,
        Side::Right => free,
    };
    pad(&(" ".repeat(left) + line), width)
}

/// A grid in one line: rows are separated by `;`.
pub(super) fn flat(grid: &Grid, rows: &[Vec<Block>]) -> String {
    let (cells, lines) = match grid.kind {
        Kind::Matrix | Kind::Aligned => (" ", "; "),
        Kind::Cases => (", ", "; "),
        Kind::Lines => ("", ", "),
    };
    let line = |row: &Vec<Block>| {
        let flat: Vec<String> = row.iter().map(|cell| cell.lines.concat()).collect();
        flat.join(cells).trim().to_owned()
    };
    let rows: Vec<String> = rows.iter().map(line).collect();
    let (left, right) = match grid.kind {
        Kind::Cases => ("{", "}"),
        _ => (grid.left, grid.right),
    };
    [left, &rows.join(lines), right].concat()
}
