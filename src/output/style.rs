//! How airx's messages look on a terminal: the class coloured, lines wrapped at words.

use std::io::IsTerminal;

use terminal_size::{Height, Width, terminal_size_of};
use textwrap::{Options, WordSplitter};

const ERROR: &str = "\u{1b}[1;31m";
const WARNING: &str = "\u{1b}[1;33m";
const HINT: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

/// The narrowest terminal that lines are wrapped for.
const WIDTH_MIN: usize = 20;

/// The abilities of a terminal. The default, for a pipe or a file, has none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Style {
    colour: bool,
    width: Option<usize>,
}

impl Style {
    /// The style for standard error.
    pub(super) fn of_stderr() -> Self {
        let stderr = std::io::stderr();
        if !stderr.is_terminal() {
            return Self::default();
        }
        let size = terminal_size_of(&stderr);
        Self {
            colour: has_colour(),
            width: size.map(|(Width(columns), Height(_))| columns.into()),
        }
    }

    /// A message of airx. `kind` is a class, `warning`, or empty.
    pub(super) fn message(self, kind: &str, text: &str) -> String {
        match kind {
            "" => self.wrap("airx: ", "airx: ", text),
            "warning" => self.labelled("airx: ", kind, WARNING, text),
            _ => self.labelled("airx: ", kind, ERROR, text),
        }
    }

    pub(super) fn hint(self, text: &str) -> String {
        self.labelled("", "hint", HINT, text)
    }

    /// Dimmed text, for the model's reasoning.
    pub(super) fn dim(self, text: &str) -> String {
        if self.colour {
            format!("{DIM}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }

    fn labelled(self, before: &str, label: &str, colour: &str, text: &str) -> String {
        let plain = format!("{before}{label}: ");
        if self.colour {
            let coloured = format!("{before}{colour}{label}:{RESET} ");
            self.wrap(&plain, &coloured, text)
        } else {
            self.wrap(&plain, &plain, text)
        }
    }

    /// Wraps the text after its label at words. Words are never broken, so that a path
    /// or a URL can be copied.
    fn wrap(self, plain: &str, label: &str, text: &str) -> String {
        let Some(width) = self.width.filter(|width| *width >= WIDTH_MIN) else {
            return format!("{label}{text}\n");
        };
        let options = Options::new(width)
            .initial_indent(plain)
            .subsequent_indent("  ")
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        let wrapped = textwrap::fill(text, options);
        match wrapped.strip_prefix(plain.trim_end()) {
            Some(rest) => format!("{}{rest}\n", label.trim_end()),
            None => format!("{label}{text}\n"),
        }
    }
}

/// Whether the environment lets a terminal have colour.
pub(super) fn has_colour() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_some_and(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Style = Style {
        colour: true,
        width: Some(40),
    };

    #[test]
    fn a_pipe_gets_one_plain_line() {
        let style = Style::default();
        let text = "HTTP 500 ".repeat(20);
        assert_eq!(
            style.message("busy", &text),
            format!("airx: busy: {text}\n")
        );
        assert_eq!(style.hint("try later"), "hint: try later\n");
        assert_eq!(style.dim("so"), "so");
    }

    #[test]
    fn on_a_terminal_the_class_is_coloured_and_lines_wrap_at_words() {
        let text = "the server did not answer within the time that was given";
        assert_eq!(
            TERMINAL.message("busy", text),
            "airx: \u{1b}[1;31mbusy:\u{1b}[0m the server did not answer\n  within the time that was given\n"
        );
        assert_eq!(
            TERMINAL.message("warning", "short"),
            "airx: \u{1b}[1;33mwarning:\u{1b}[0m short\n"
        );
        assert_eq!(TERMINAL.message("", "2 done"), "airx: 2 done\n");
    }

    #[test]
    fn what_can_be_copied_is_not_broken() {
        let url = "https://open.bigmodel.cn/api/paas/v4/chat/completions";
        assert_eq!(
            TERMINAL.hint(&format!("see {url} for more")),
            format!("\u{1b}[1mhint:\u{1b}[0m see\n  {url}\n  for more\n")
        );
    }

    #[test]
    fn wide_characters_count_twice() {
        let style = Style {
            colour: false,
            width: Some(20),
        };
        assert_eq!(
            style.hint("模型 不存在 检查 代码"),
            "hint: 模型 不存在\n  检查 代码\n"
        );
    }
}
