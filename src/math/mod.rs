//! Draws LaTeX formulas as Unicode text. Does not depend on the rest of the crate.
//!
//! A formula keeps its meaning: fractions and scripts get parentheses where one line
//! of text needs them, and delimiters are drawn over all rows that they enclose.
//! Each function returns `None` for what cannot be drawn; the caller then shows the
//! formula as it was written.

mod canvas;
mod grid;
mod layout;
mod parse;
mod symbols;
mod tree;

use layout::draw;
use tree::{Grid, Kind, List, Node};

pub use grid::is_environment;

/// Columns by which further lines of a broken formula are indented.
const INDENT: usize = 4;

/// A formula in one line, as part of a sentence.
pub fn inline(source: &str) -> Option<String> {
    let rows = parse::rows(source)?;
    let rows: Vec<String> = rows.iter().map(|row| layout::flat(row)).collect();
    Some(rows.join("; "))
}

/// A formula on lines of its own, none wider than `width` columns.
pub fn block(source: &str, width: Option<usize>) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for row in parse::rows(source)? {
        lines.append(&mut fit(&row, width.unwrap_or(usize::MAX))?);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Some(lines)
}

/// The lines of a formula; `None` if it does not fit the width.
fn fit(row: &[Node], width: usize) -> Option<Vec<String>> {
    let drawn = draw(row, true);
    if drawn.width() <= width {
        return Some(drawn.lines);
    }
    match row {
        [Node::Grid(grid)] if matches!(grid.kind, Kind::Aligned | Kind::Lines) => rows(grid, width),
        row => broken(row, width),
    }
}

/// The rows of aligned equations, each broken on its own.
fn rows(grid: &Grid, width: usize) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for row in &grid.rows {
        let row: List = row.join(&Node::Space(" "));
        lines.append(&mut fit(&row, width)?);
    }
    Some(lines)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// A wide gap between two formulas.
    Gap,
    Relation,
    /// In front of a sign within a sum or a product.
    Sum,
}

fn broken(row: &[Node], width: usize) -> Option<Vec<String>> {
    let breaks = breaks(row);
    let (mut lines, mut start, mut indent) = (Vec::new(), 0, 0);
    while start < row.len() {
        let drawn = |end: usize| draw(&row[start..end], true);
        let fits = |end: usize| drawn(end).width() + indent <= width;
        let (end, kind) = if fits(row.len()) {
            (row.len(), Break::Sum)
        } else {
            let fitting: Vec<_> = breaks
                .iter()
                .filter(|(at, _)| *at > start)
                .take_while(|(at, _)| fits(*at))
                .collect();
            let last = |kind| fitting.iter().rev().find(|(_, known)| *known == kind);
            let long = |at: usize| 2 * (drawn(at).width() + indent) >= width;
            let best = last(Break::Gap)
                .or_else(|| last(Break::Relation).filter(|(at, _)| long(*at)))
                .or(fitting.last());
            **best?
        };
        lines.extend(
            drawn(end)
                .lines
                .iter()
                .map(|line| " ".repeat(indent) + line),
        );
        indent = if kind == Break::Gap { 0 } else { INDENT };
        start = end;
    }
    Some(lines)
}

/// Where a line may break.
fn breaks(row: &[Node]) -> Vec<(usize, Break)> {
    let mut depth = 0;
    let mut found = Vec::new();
    for (at, node) in row.iter().enumerate() {
        let joins = row[..at].iter().rev().find(|node| !node.is_space());
        let joins = joins.is_some_and(|before| !before.is_operator());
        depth += node.bracket();
        match node {
            _ if depth != 0 => {}
            Node::Space(gap) if gap.len() > 1 => found.push((at + 1, Break::Gap)),
            node if node.is_relation() && joins => found.push((at, Break::Relation)),
            Node::Char('+' | '-' | '−') | Node::Operator("±" | "∓" | "×" | "·") if joins => {
                found.push((at, Break::Sum));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;
