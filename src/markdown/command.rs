//! A command of TeX → the characters that it stands for, with its arguments.

use std::fmt::Write;

use super::formula::flat;
use super::fraction::{fraction, is_one};
use super::names::{self, Kind};
use super::script::{accent, alphabet, marked, script};
use super::tex::{Tex, group, name, space};

impl Tex<'_> {
    pub(super) fn command(&mut self, out: &mut String) {
        let name = name(&self.rest[1..]);
        self.take(1 + name.len());
        match names::find(name) {
            Some((Kind::Symbol, shown)) => {
                if "⟩⌋⌉".contains(shown) {
                    out.truncate(out.trim_end().len());
                }
                out.push_str(shown);
                // The space that ends its name, in front of a letter.
                let next = self.rest.trim_start();
                if next.starts_with(|c: char| c.is_alphanumeric() || c == '\\') {
                    self.rest = next;
                }
            }
            Some((Kind::Operator, shown)) => self.operator(shown, out),
            Some((Kind::Large, shown)) => self.large(shown, out),
            Some((Kind::Space, gap)) => {
                out.push_str(gap);
                self.skip_space();
                if matches!(name, "left" | "right" | "middle") && self.rest.starts_with('.') {
                    self.take(1);
                }
            }
            None => self.structure(name, out),
        }
    }

    /// A sign between two things, or in front of one.
    fn operator(&mut self, shown: &str, out: &mut String) {
        self.skip_space();
        let open = out.trim_end().chars().next_back();
        if open.is_none() && std::mem::take(&mut self.beside) {
            if out.is_empty() {
                out.push(' ');
            }
        } else if open.is_none_or(|open| "([{=,⟨".contains(open)) {
            out.push_str(shown);
            return;
        }
        space(out);
        out.push_str(shown);
        if !self.rest.starts_with(['_', '^']) {
            out.push(' ');
        }
    }

    /// A function's or a large operator's name with its scripts, and a gap.
    fn large(&mut self, shown: &str, out: &mut String) {
        if out.ends_with(|c: char| c.is_alphanumeric()) {
            out.push(' ');
        }
        out.push_str(shown);
        self.skip_space();
        while let Some(rest) = self.rest.strip_prefix("\\limits") {
            self.rest = rest.trim_start();
        }
        while let Some(sign @ ('^' | '_')) = self.next() {
            self.take(1);
            let text = self.argument();
            out.push_str(&script(sign, &text));
            self.skip_space();
        }
        let open = ["(", "[", "\\{", "\\left"];
        let open = open.iter().any(|open| self.rest.starts_with(open));
        let ends =
            self.rest.is_empty() || self.rest.starts_with([')', ']', '}', '|', ',', '.', '&']);
        // max(a, b), and not the limits' own parentheses beside those.
        if !ends && (!open || out.ends_with(')')) {
            space(out);
        }
    }

    /// A command that takes arguments, or one that nobody knows.
    fn structure(&mut self, name: &str, out: &mut String) {
        match name {
            "frac" | "dfrac" | "tfrac" | "cfrac" => {
                let (above, below) = (self.argument(), self.argument());
                // A letter beside it would read as a part of it.
                if out.ends_with(|c: char| c.is_alphanumeric() || ")]".contains(c)) {
                    space(out);
                }
                out.push_str(&fraction(&above, &below));
                let next = self.rest.strip_prefix('\\').unwrap_or(self.rest);
                if next.starts_with(char::is_alphanumeric) && !next.starts_with("right") {
                    space(out);
                }
            }
            "sqrt" => self.root(out),
            "binom" | "dbinom" | "tbinom" => {
                let (above, below) = (self.argument(), self.argument());
                let _ = write!(out, "C({above}, {below})");
            }
            "text" | "textrm" | "textbf" | "textit" | "texttt" | "mbox" | "textnormal" => {
                let text = self.raw().replace("\\ ", " ").replace('\\', "");
                let gap = out.is_empty() || out.ends_with(' ');
                out.push_str(if gap { text.trim_start() } else { &text });
            }
            "operatorname" => {
                self.rest = self.rest.strip_prefix('*').unwrap_or(self.rest);
                let name = self.argument();
                self.large(&name, out);
            }
            "mathrm" | "mathbf" | "mathit" | "mathsf" | "mathtt" | "boldsymbol" | "bm" | "pmb"
            | "underbrace" | "overbrace" | "substack" | "cancel" => {
                out.push_str(&self.argument());
            }
            "boxed" | "fbox" => {
                let inside = self.argument();
                let _ = write!(out, "[{inside}]");
            }
            "overset" | "stackrel" | "underset" => {
                let (small, sign) = (self.argument(), self.argument());
                space(out);
                out.push_str(&sign);
                let side = if name == "underset" { '_' } else { '^' };
                out.push_str(&script(side, &small));
                out.push(' ');
            }
            "xrightarrow" => self.arrow('→', out),
            "xleftarrow" => self.arrow('←', out),
            "pmod" | "tag" => {
                let inside = self.argument();
                let lead = if name == "pmod" { "mod " } else { "" };
                space(out);
                let _ = write!(out, "({lead}{inside})");
            }
            "not" => self.negation(out),
            "phantom" | "label" | "hspace" | "vspace" => drop(self.raw()),
            name => self.rare(name, out),
        }
    }

    /// An arrow with something above it.
    fn arrow(&mut self, arrow: char, out: &mut String) {
        let above = self.argument();
        space(out);
        out.push(arrow);
        out.push_str(&script('^', &above));
        out.push(' ');
    }

    fn root(&mut self, out: &mut String) {
        match self
            .option()
            .map(|root| flat(root, self.depth + 1))
            .as_deref()
        {
            None => out.push('√'),
            Some("3") => out.push('∛'),
            Some("4") => out.push('∜'),
            Some(root) => {
                out.push_str(&script('^', root));
                out.push('√');
            }
        }
        let inside = self.argument();
        if is_one(&inside) {
            out.push_str(&inside);
        } else {
            let _ = write!(out, "({inside})");
        }
    }

    /// The next sign with a stroke through it.
    fn negation(&mut self, out: &mut String) {
        let mut sign = String::new();
        self.skip_space();
        self.atom(&mut sign);
        self.skip_space();
        space(out);
        let _ = write!(out, "{}\u{338} ", sign.trim());
    }

    /// Accents, alphabets, gaps and signs; what is nothing of these stays as it is.
    fn rare(&mut self, name: &str, out: &mut String) {
        if let Some(mark) = accent(name) {
            let inside = self.argument();
            let shown = marked(mark, &inside);
            out.push_str(&shown.unwrap_or_else(|| format!("{name}({inside})")));
        } else if let Some(letter) = alphabet(name) {
            out.extend(self.argument().chars().map(letter));
        } else if matches!(name, "," | ";" | ":" | " " | ">" | "\n") {
            space(out);
        } else if matches!(name, "{" | "}" | "$" | "%" | "#" | "&" | "_") {
            out.push_str(name);
        } else if name == "|" {
            out.push('‖');
        } else if !matches!(name, "!" | "(" | ")" | "[" | "]" | "/") {
            out.push('\\');
            out.push_str(name);
            while let Some(length) = group(self.rest) {
                out.push_str(self.take(length));
            }
        }
    }
}
