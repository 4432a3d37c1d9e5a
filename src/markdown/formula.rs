//! TeX's formulas → characters as people read them: fractions on one line, scripts
//! raised and lowered where Unicode can. What is not known stays as it was.

use super::matrix::{Shape, environment};
use super::tex::Tex;

/// Groups within groups that are read; deeper ones stay as they are.
const DEPTH_MAX: usize = 24;

/// A formula within a line; none where its braces do not pair.
pub(super) fn line(tex: &str) -> Option<String> {
    paired(tex).then(|| flat(tex, 0))
}

/// A formula on lines of its own.
pub(super) fn rows(tex: &str) -> Option<Vec<String>> {
    if !paired(tex) {
        return None;
    }
    let mut tex = Tex::new(tex.trim(), 0);
    let (mut rows, mut row, mut text) = (Vec::new(), Shape::default(), String::new());
    while !tex.rest.is_empty() {
        if let Some((name, body)) = tex.environment() {
            row = row.beside(Shape::of(&std::mem::take(&mut text)));
            row = row.beside(environment(name, body, 0));
            tex.beside = true;
            if tex.rest.starts_with(char::is_whitespace) {
                text.push(' ');
            }
        } else if tex.row_ends() {
            row = row.beside(Shape::of(text.trim_end()));
            rows.append(&mut std::mem::take(&mut row).lines);
            text.clear();
        } else {
            tex.atom(&mut text);
        }
    }
    rows.append(&mut row.beside(Shape::of(text.trim_end())).lines);
    while rows.last().is_some_and(|row| row.trim().is_empty()) {
        rows.pop();
    }
    Some(rows)
}

/// TeX on one line.
pub(super) fn flat(tex: &str, depth: usize) -> String {
    if depth > DEPTH_MAX {
        return tex.to_owned();
    }
    let (mut tex, mut out) = (Tex::new(tex.trim(), depth), String::new());
    while !tex.rest.is_empty() {
        if let Some((name, body)) = tex.environment() {
            out.push_str(&environment(name, body, depth + 1).flat());
        } else if tex.row_ends() {
            out.truncate(out.trim_end().len());
            out.push_str("; ");
        } else {
            tex.atom(&mut out);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn paired(tex: &str) -> bool {
    let (mut depth, mut escaped) = (0_usize, false);
    for c in tex.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 0 => return false,
            '}' => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}

#[cfg(test)]
mod tests;
