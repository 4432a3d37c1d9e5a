//! Matrices, cases and aligned equations, drawn in rows or put in one line.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::canvas::{Block, pad};
use super::layout;
use super::tree::{Grid, Kind, Side};

/// An environment with its rows below each other.
pub(super) fn draw(grid: &Grid) -> Block {
    let rows: Vec<Vec<Block>> = grid.rows.iter().map(|row| cells(grid, row)).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(Block::width).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = Vec::new();
    let mut base = 0;
    for (at, row) in rows.iter().enumerate() {
        let drawn = draw_row(grid, row, &widths);
        for _ in grid.rules.iter().filter(|rule| **rule == at) {
            lines.push("─".repeat(drawn.width()));
        }
        if at == 0 {
            base = lines.len() + drawn.base;
        }
        lines.extend(drawn.lines);
    }
    if lines.is_empty() {
        return Block::line([grid.left, grid.right].concat());
    }
    let width = Block {
        lines: lines.clone(),
        base,
    }
    .width();
    for _ in grid.rules.iter().filter(|rule| **rule == rows.len()) {
        lines.push("─".repeat(width));
    }
    // Equations hang from their first row, everything else is centred.
    if matches!(grid.kind, Kind::Matrix | Kind::Cases) && lines.len() > 2 {
        base = lines.len() / 2;
    }
    Block { lines, base }.fenced(grid.left, grid.right, " ")
}

fn cells(grid: &Grid, row: &[Vec<super::tree::Node>]) -> Vec<Block> {
    let cell = |(column, cell): (usize, &Vec<_>)| {
        let drawn = layout::draw(cell, true);
        if grid.kind == Kind::Aligned && column % 2 == 1 && !cell.is_empty() {
            return Block::line(" ".to_owned()).join(drawn);
        }
        drawn
    };
    row.iter().enumerate().map(cell).collect()
}

/// Cells side by side, each as wide as its column.
fn draw_row(grid: &Grid, row: &[Block], widths: &[usize]) -> Block {
    let empty = Block::line(String::new());
    let mut drawn = Block::default();
    let mut bars = Vec::new();
    for (column, width) in widths.iter().enumerate() {
        let cell = row.get(column).unwrap_or(&empty);
        let bar = grid.bars.contains(&column);
        let gap = match grid.kind {
            _ if bar && column == 0 => "  ",
            _ if bar => "   ",
            _ if column == 0 => "",
            Kind::Aligned if column % 2 == 1 => "",
            _ => "  ",
        };
        if bar {
            bars.push(drawn.width() + usize::from(column > 0));
        }
        let lines = cell.lines.iter();
        let aligned = lines.map(|line| align(line, *width, side(grid, column)));
        let cell = Block {
            lines: aligned.collect(),
            base: cell.base,
        };
        drawn = drawn.join(Block::line(gap.to_owned())).join(cell);
    }
    if grid.bars.contains(&widths.len()) {
        bars.push(drawn.width() + 1);
        drawn = drawn.join(Block::line("  ".to_owned()));
    }
    // The bars go through all lines of the row.
    for at in bars {
        for line in &mut drawn.lines {
            *line = replace_column(line, at, '│');
        }
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

/// `line` with the space in this column replaced.
fn replace_column(line: &str, column: usize, with: char) -> String {
    let mut passed = 0;
    let replaced = line.chars().map(|c| {
        let at = passed;
        passed += c.width().unwrap_or(0);
        if at == column && c == ' ' { with } else { c }
    });
    replaced.collect()
}

/// An environment in one line: rows are separated by `;`.
pub(super) fn flat(grid: &Grid) -> String {
    let (cells, rows) = match grid.kind {
        Kind::Matrix | Kind::Aligned => (" ", "; "),
        Kind::Cases => (", ", "; "),
        Kind::Lines => ("", ", "),
    };
    let row = |row: &Vec<Vec<_>>| {
        let flat: Vec<String> = row.iter().map(|cell| layout::flat(cell)).collect();
        flat.join(cells).trim().to_owned()
    };
    let lines: Vec<String> = grid.rows.iter().map(row).collect();
    let (left, right) = match grid.kind {
        Kind::Cases => ("{", "}"),
        _ => (grid.left, grid.right),
    };
    [left, &lines.join(rows), right].concat()
}
