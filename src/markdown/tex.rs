//! TeX's text → its tokens, groups and arguments, one after the other.

use super::formula::flat;
use super::script::script;

/// What is left of a formula.
pub(super) struct Tex<'a> {
    pub(super) rest: &'a str,
    pub(super) depth: usize,
    /// It goes on beside rows of its own.
    pub(super) beside: bool,
}

impl<'a> Tex<'a> {
    pub(super) fn new(rest: &'a str, depth: usize) -> Self {
        Self {
            rest,
            depth,
            beside: false,
        }
    }

    pub(super) fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    pub(super) fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(super) fn next(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// `\begin{name}…\end{name}`: its name and body.
    pub(super) fn environment(&mut self) -> Option<(&'a str, &'a str)> {
        let (name, body) = self.rest.strip_prefix("\\begin{")?.split_once('}')?;
        let (mut depth, mut at) = (1, 0);
        while let Some(ahead) = body[at..].find('\\') {
            at += ahead;
            let here = &body[at..];
            if here.starts_with("\\begin{") {
                depth += 1;
            } else if here.starts_with("\\end{") {
                depth -= 1;
            }
            if depth == 0 {
                let end = at + here.find('}').map_or(here.len(), |end| end + 1);
                self.rest = &body[end..];
                return Some((name, &body[..at]));
            }
            at += 1 + here[1..].chars().next().map_or(0, char::len_utf8);
        }
        None
    }

    /// Takes `\\`, with the space that it may ask for.
    pub(super) fn row_ends(&mut self) -> bool {
        let Some(rest) = self.rest.strip_prefix("\\\\") else {
            return false;
        };
        self.rest = without_gap(rest);
        self.skip_space();
        true
    }

    /// Takes the next token and puts it behind `out`.
    pub(super) fn atom(&mut self, out: &mut String) {
        let Some(c) = self.next() else { return };
        match c {
            '\\' => self.command(out),
            '{' => out.push_str(&self.argument()),
            '^' | '_' => {
                self.take(1);
                let raised = self.argument();
                out.push_str(&script(c, &raised));
            }
            '\'' => {
                self.take(1);
                out.push('′');
            }
            '~' | '\n' | ' ' | '\t' => {
                self.take(1);
                space(out);
            }
            '&' => drop(self.take(1)),
            c => out.push_str(self.take(c.len_utf8())),
        }
    }

    /// The next argument: a group, a command or a character.
    pub(super) fn argument(&mut self) -> String {
        self.skip_space();
        let tex = self.raw();
        flat(tex, self.depth + 1)
    }

    /// The next argument as it is written, its braces aside.
    pub(super) fn raw(&mut self) -> &'a str {
        self.skip_space();
        match self.next() {
            Some('{') => {
                let length = group(self.rest).unwrap_or(self.rest.len());
                let taken = self.take(length);
                taken
                    .strip_prefix('{')
                    .and_then(|taken| taken.strip_suffix('}'))
                    .unwrap_or(taken)
            }
            Some('\\') => {
                let length = 1 + name(&self.rest[1..]).len();
                // An accent or an alphabet and its own argument.
                let argument = group(&self.rest[length..]).unwrap_or(0);
                self.take(length + argument)
            }
            Some(c) => self.take(c.len_utf8()),
            None => "",
        }
    }

    /// `[…]` behind a command.
    pub(super) fn option(&mut self) -> Option<&'a str> {
        let (inside, rest) = self.rest.strip_prefix('[')?.split_once(']')?;
        self.rest = rest;
        Some(inside)
    }
}

/// What follows the end of a row, less the space between rows that it asks for.
pub(super) fn without_gap(rest: &str) -> &str {
    let rest = rest.strip_prefix('*').unwrap_or(rest);
    let option = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match option {
        Some((gap, after))
            if gap.ends_with(|c: char| c.is_ascii_lowercase())
                && gap.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') =>
        {
            after
        }
        _ => rest,
    }
}

/// The name of the command that begins behind a backslash: letters, or one sign.
pub(super) fn name(text: &str) -> &str {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic());
    match letters.unwrap_or(text.len()) {
        0 => &text[..text.chars().next().map_or(0, char::len_utf8)],
        length => &text[..length],
    }
}

/// A gap, but at the beginning and behind another one.
pub(super) fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
}

/// How long the group is that `text` begins with, its braces with it.
pub(super) fn group(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 1 => return Some(at + 1),
            '}' => depth -= 1,
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    None
}
