//! Borders of a unified diff: commits, files, hunks, lines. A part that begins in the middle
//! of a file repeats the lines that name the file.

use super::borders::{BEST, LINE, Rank, Span, lines_at};

const COMMIT: Rank = BEST;
const FILE: Rank = BEST + 1;
const HUNK: Rank = BEST + 2;

/// Whether a text is a diff, or the log of a version control system with diffs.
pub(super) fn is_diff(text: &str) -> bool {
    let text = text.trim_start();
    let log = ["commit ", "From "]
        .iter()
        .any(|start| text.starts_with(start));
    let file = |line: &str| is_file(line) || line.starts_with("--- ");
    let mut lines = text.lines();
    let starts = lines.next().is_some_and(|line| log || file(line));
    starts && text.lines().any(|line| hunk(line).is_some())
}

/// Whether the line starts a file in the output of a usual tool.
fn is_file(line: &str) -> bool {
    ["diff ", "Index: ", "Only in "]
        .iter()
        .any(|start| line.starts_with(start))
}

/// Passes each border to `found`, in order.
pub(super) fn borders(text: &str, found: &mut impl FnMut(usize, Rank, Span)) {
    let mut header = Span::default();
    // Whether the lines since the last file belong to its header.
    let mut in_header = false;
    // The numbers of remaining lines of the current hunk, in the old and in the new file.
    let (mut old, mut new) = (0_u64, 0_u64);
    for (at, line) in lines_at(text) {
        if old > 0 || new > 0 {
            let first = line.bytes().next();
            old -= u64::from(old > 0 && !matches!(first, Some(b'+' | b'\\')));
            new -= u64::from(new > 0 && !matches!(first, Some(b'-' | b'\\')));
            found(at, LINE, header);
        } else if let Some(lines) = hunk(line) {
            (old, new) = lines;
            if in_header {
                header.end = at;
            }
            found(at, if in_header { LINE } else { HUNK }, header);
            in_header = false;
        } else if is_file(line) || (!in_header && line.starts_with("--- ")) {
            header = Span::new(at, at);
            in_header = true;
            found(at, FILE, Span::default());
        } else if !in_header {
            let rank = if line.starts_with("commit ") {
                COMMIT
            } else {
                LINE
            };
            found(at, rank, header);
        }
    }
}

/// The numbers of old and new lines of a hunk, from its first line `@@ -1,2 +3,4 @@`.
fn hunk(line: &str) -> Option<(u64, u64)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let count = |range: &str| {
        range
            .split_once(',')
            .map_or(Ok(1), |(_, count)| count.parse())
    };
    Some((count(old).ok()?, count(new).ok()?))
}
