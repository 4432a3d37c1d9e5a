//! `\begin{…}…\end{…}`: matrices, cases and aligned equations.

use super::parse::{Parser, Stop, group_length};
use super::tree::{Grid, Kind, List, Node, Side};

/// Whether `\begin{name}` starts a formula.
pub fn is_environment(name: &str) -> bool {
    describe(name).is_some()
}

/// What is drawn for an environment: its kind and its delimiters.
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

/// Reads an environment after `\begin`.
pub(super) fn read(parser: &mut Parser<'_>) -> Option<Node> {
    let name = braced(parser)?;
    let (kind, left, right) = describe(name)?;
    if parser.rest.starts_with('[') {
        let end = parser.rest.find(']')?;
        parser.advance(end + 1);
    }
    let spec = match name.strip_suffix('*').unwrap_or(name) {
        "array" | "alignat" | "alignedat" | "subarray" => braced(parser)?,
        _ => "",
    };
    let rows = rows(parser, name)?;
    let (columns, bars) = columns(kind, name, spec);
    Some(Node::Grid(grid((kind, left, right), columns, bars, rows)))
}

/// The rows of `\substack`, one below the other.
pub(super) fn substack(source: &str) -> Option<Grid> {
    let rows: Vec<_> = super::parse::rows(source)?
        .into_iter()
        .map(|row| vec![row])
        .collect();
    let kind = (Kind::Lines, "", "");
    Some(grid(kind, Vec::new(), Vec::new(), rows))
}

fn grid(
    (kind, left, right): (Kind, &'static str, &'static str),
    columns: Vec<Side>,
    bars: Vec<usize>,
    mut rows: Vec<Vec<List>>,
) -> Grid {
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
    Grid {
        kind,
        left,
        right,
        columns,
        bars,
        rules,
        rows,
    }
}

fn braced<'a>(parser: &mut Parser<'a>) -> Option<&'a str> {
    let length = group_length(parser.rest)?;
    let inside = &parser.rest[1..length - 1];
    parser.advance(length);
    Some(inside)
}

/// Reads the cells up to `\end{name}`.
fn rows(parser: &mut Parser<'_>, name: &str) -> Option<Vec<Vec<List>>> {
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    loop {
        let mut cell = parser.list()?;
        while cell.first().is_some_and(Node::is_space) {
            cell.remove(0);
        }
        row.push(cell);
        match parser.stop()? {
            Stop::Cell => parser.advance(1),
            Stop::Row => {
                parser.end_row();
                rows.push(std::mem::take(&mut row));
            }
            Stop::Environment => {
                parser.advance("\\end".len());
                let matches = braced(parser)? == name;
                rows.push(row);
                return matches.then_some(rows);
            }
            _ => return None,
        }
    }
}

/// The alignment of columns, and the columns with a vertical line on their left.
fn columns(kind: Kind, name: &str, spec: &str) -> (Vec<Side>, Vec<usize>) {
    let (mut columns, mut bars) = (Vec::new(), Vec::new());
    match kind {
        Kind::Cases => columns = vec![Side::Left; 2],
        Kind::Aligned if name.starts_with("eqnarray") => {
            columns = vec![Side::Right, Side::Centre, Side::Left];
        }
        Kind::Matrix if name == "array" => {
            for c in spec.chars() {
                match c {
                    'l' => columns.push(Side::Left),
                    'c' => columns.push(Side::Centre),
                    'r' => columns.push(Side::Right),
                    '|' => bars.push(columns.len()),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    (columns, bars)
}
