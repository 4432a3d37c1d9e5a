//! `--extract`: the code in fenced blocks, from text that arrives in pieces. The fences
//! are those of CommonMark (three or more backticks or tildes), but at any indentation,
//! since answers put them into lists.

/// Which blocks are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The first one.
    First,
    /// Every one.
    All,
    /// The last one.
    Last,
    /// Every one of this language, in any case.
    Language(String),
}

impl Which {
    /// Reads the option's value.
    pub fn parse(text: &str) -> Self {
        match text {
            "first" => Self::First,
            "all" => Self::All,
            "last" => Self::Last,
            language => Self::Language(language.to_lowercase()),
        }
    }
}

/// The extraction's state between pieces.
#[derive(Debug)]
pub(super) struct Extract {
    which: Which,
    /// A line whose end has not arrived.
    line: String,
    /// How much of it was printed.
    printed: usize,
    fence: Option<Fence>,
    /// The number of wanted blocks found.
    found: usize,
    /// The current block, if only the last is wanted.
    last: String,
    /// All text until a block is found. Without a block it is shown on standard error.
    all: String,
}

#[derive(Debug)]
struct Fence {
    mark: char,
    length: usize,
    indent: usize,
    wanted: bool,
}

impl Extract {
    /// Looks for these blocks.
    pub(super) fn new(which: Which) -> Self {
        Self {
            which,
            line: String::new(),
            printed: 0,
            fence: None,
            found: 0,
            last: String::new(),
            all: String::new(),
        }
    }

    /// Takes the next piece of the text and adds the content of wanted blocks to `out`.
    pub(super) fn push(&mut self, piece: &str, out: &mut String) {
        if self.found == 0 {
            self.all.push_str(piece);
        }
        for part in piece.split_inclusive('\n') {
            self.line.push_str(part);
            if part.ends_with('\n') {
                let line = std::mem::take(&mut self.line);
                self.line(&line, out);
                self.printed = 0;
            }
        }
        self.push_unfinished(out);
    }

    /// The number of bytes held until more text arrives.
    pub(super) fn held(&self) -> usize {
        self.line.len() + self.last.len() + self.all.len()
    }

    /// Call this when the text is complete. Returns all of it if no block was found.
    pub(super) fn end(&mut self, out: &mut String) -> Option<String> {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.line(&line, out);
        }
        out.push_str(&std::mem::take(&mut self.last));
        (self.found == 0).then(|| std::mem::take(&mut self.all))
    }

    /// Takes a complete line; the last one may lack its newline.
    fn line(&mut self, line: &str, out: &mut String) {
        let Some(fence) = &self.fence else {
            self.open(line);
            return;
        };
        if fence.closes(line) {
            self.fence = None;
        } else if fence.wanted {
            let inside = fence.unindented(line);
            let out = match self.which {
                Which::Last => &mut self.last,
                _ => out,
            };
            out.push_str(&inside[self.printed.min(inside.len())..]);
        }
    }

    fn open(&mut self, line: &str) {
        let text = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - text.len();
        let Some(mark) = text.chars().next().filter(|mark| matches!(mark, '`' | '~')) else {
            return;
        };
        let length = text.chars().take_while(|c| *c == mark).count();
        let info = text[length..].trim();
        // Backticks in the info string make it inline code.
        if length < 3 || (mark == '`' && info.contains('`')) {
            return;
        }
        let language = info.split([' ', '\t', ',', '{']).next().unwrap_or_default();
        let wanted = match &self.which {
            Which::First => self.found == 0,
            Which::All | Which::Last => true,
            Which::Language(wanted) => language.to_lowercase() == *wanted,
        };
        if wanted {
            self.found += 1;
            self.last.clear();
            self.all = String::new();
        }
        self.fence = Some(Fence {
            mark,
            length,
            indent,
            wanted,
        });
    }

    /// Prints the part of an unfinished line that cannot be a fence.
    fn push_unfinished(&mut self, out: &mut String) {
        let Some(fence) = self.fence.as_ref().filter(|fence| fence.wanted) else {
            return;
        };
        if self.which == Which::Last || self.line.is_empty() || fence.may_close(&self.line) {
            return;
        }
        let inside = fence.unindented(&self.line);
        out.push_str(&inside[self.printed.min(inside.len())..]);
        self.printed = inside.len();
    }
}

impl Fence {
    fn closes(&self, line: &str) -> bool {
        let text = line.trim();
        text.len() >= self.length && text.chars().all(|c| c == self.mark)
    }

    /// Whether more characters could make the line a closing fence.
    fn may_close(&self, line: &str) -> bool {
        line.trim().chars().all(|c| c == self.mark)
    }

    /// The line without the indentation of the fence.
    fn unindented<'a>(&self, line: &'a str) -> &'a str {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        &line[blank.min(self.indent)..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The extracted and the returned text, which must not depend on how the text is cut.
    #[track_caller]
    fn check(which: &str, text: &str, expected: &str, back: bool) {
        for size in 1..=text.len() {
            let (mut extract, mut out) = (Extract::new(Which::parse(which)), String::new());
            let mut piece = String::new();
            for c in text.chars() {
                piece.push(c);
                if piece.len() >= size {
                    extract.push(&std::mem::take(&mut piece), &mut out);
                }
            }
            extract.push(&piece, &mut out);
            let given = extract.end(&mut out);
            assert_eq!(out, expected, "cut every {size} bytes");
            assert_eq!(given.as_deref(), back.then_some(text));
        }
    }

    const TWO: &str = "Hi\n```rust\nfn a() {}\n```\nand\n~~~sh\necho ```\n~~~\nbye";

    #[test]
    fn the_first_block_alone_unless_others_are_wanted() {
        check("first", TWO, "fn a() {}\n", false);
        check("all", TWO, "fn a() {}\necho ```\n", false);
        check("last", TWO, "echo ```\n", false);
        check("SH", TWO, "echo ```\n", false);
        let scripts = "```sh\nls\n```\n```c\n;\n```\n```sh\npwd\n```\n";
        check("sh", scripts, "ls\npwd\n", false);
    }

    #[test]
    fn without_a_block_the_text_comes_back() {
        check("first", "no code `here` ``x``\n", "", true);
        check("python", TWO, "", true);
    }

    #[test]
    fn a_longer_fence_holds_shorter_ones() {
        check(
            "first",
            "````md\n```sh\nls\n```\n````\n",
            "```sh\nls\n```\n",
            false,
        );
    }

    #[test]
    fn a_block_in_a_list_loses_the_list_s_indentation() {
        check(
            "first",
            "1. do\n   ```sh\n   if x\n     y\n   ```\n",
            "if x\n  y\n",
            false,
        );
    }

    #[test]
    fn a_block_that_is_never_closed_runs_to_the_end() {
        check("first", "```\na\nb", "a\nb", false);
    }

    #[test]
    fn backticks_on_one_line_are_no_fence() {
        check("first", "```not a fence``` x\n", "", true);
    }
}
