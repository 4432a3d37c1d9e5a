//! Draws LaTeX formulas as Unicode text. Does not depend on the rest of the crate.
//!
//! A formula keeps its meaning: fractions and scripts get parentheses where one line
//! of text needs them, and delimiters are drawn over all rows that they enclose.
//! Each function returns `None` for what cannot be drawn; the caller then shows the
//! formula as it was written.

mod canvas;
mod environment;
mod fraction;
mod grid;
mod layout;
mod letters;
mod names;
mod parse;
mod tree;
mod wide;

pub use environment::is_environment;

/// A formula in one line, as it stands in a sentence.
pub fn inline(source: &str) -> Option<String> {
    let rows = parse::rows(source)?;
    let rows: Vec<String> = rows.iter().map(|row| layout::flat(row)).collect();
    Some(rows.join("; "))
}

/// A formula on lines of its own, none wider than `width` columns.
pub fn block(source: &str, width: Option<usize>) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for row in parse::rows(source)? {
        lines.append(&mut wide::fit(&row, width.unwrap_or(usize::MAX))?);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Some(lines)
}

#[cfg(test)]
mod tests;
