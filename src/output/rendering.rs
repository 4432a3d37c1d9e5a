//! Decides from `--render` and the terminal whether and how an answer is rendered.

use std::ffi::OsString;

use crate::cli::Render;
use crate::markdown::{Options, Styling};

/// Where the answer goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    /// It is standard output.
    pub(super) is_stdout: bool,
    pub(super) is_terminal: bool,
    /// The columns of the terminal, if they are known.
    pub(super) width: Option<usize>,
}

/// How to render, or `None` to print the answer as it is. Reads only the environment
/// variables that matter for this.
pub(super) fn options(
    wanted: Render,
    target: Target,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<Options> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let forced = || set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let on = match wanted {
        Render::Never => false,
        Render::Always => true,
        Render::Auto => target.is_stdout && (target.is_terminal || forced()),
    };
    if !on {
        return None;
    }
    // A terminal without TERM supports no styles; a file needs no TERM.
    let dumb = match set("TERM") {
        Some(term) => term == "dumb",
        None => target.is_terminal && cfg!(unix),
    };
    let styling = if dumb && !forced() {
        Styling::Plain
    } else if set("NO_COLOR").is_some() {
        Styling::Shaped
    } else {
        Styling::Coloured
    };
    let text = |name: &str| set(name)?.into_string().ok();
    Some(Options {
        width: width(target, text),
        styling,
        hyperlinks: target.is_terminal && styling != Styling::Plain && hyperlinks(text),
    })
}

/// The terminal's width. For other outputs, the width that COLUMNS sets, if any.
fn width(target: Target, variable: impl Fn(&str) -> Option<String>) -> Option<usize> {
    if target.is_terminal {
        return target.width;
    }
    variable("COLUMNS")?.parse().ok().filter(|width| *width > 0)
}

/// Whether the terminal is known to show links (OSC 8).
fn hyperlinks(variable: impl Fn(&str) -> Option<String>) -> bool {
    if let Some(forced) = variable("FORCE_HYPERLINK") {
        return forced != "0";
    }
    let term = variable("TERM").unwrap_or_default();
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    if term.starts_with("tmux") || term.starts_with("screen") {
        // Inside tmux the other variables describe the outer terminal.
        let version = variable("TERM_PROGRAM_VERSION").unwrap_or_default();
        return program == "tmux" && number(&version) >= Some(3.4);
    }
    let terms = [
        "xterm-kitty",
        "xterm-ghostty",
        "alacritty",
        "foot",
        "wezterm",
        "contour",
    ];
    let programs = [
        "iTerm.app",
        "WezTerm",
        "vscode",
        "ghostty",
        "Hyper",
        "rio",
        "zed",
    ];
    terms.iter().any(|known| term.starts_with(known))
        || programs.contains(&&*program)
        || variable("VTE_VERSION").and_then(|version| number(&version)) >= Some(5000.0)
        || [
            "WT_SESSION",
            "KONSOLE_VERSION",
            "KITTY_WINDOW_ID",
            "DOMTERM",
        ]
        .iter()
        .any(|name| variable(name).is_some())
}

fn number(version: &str) -> Option<f64> {
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.');
    version[..end.unwrap_or(version.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const XTERM: (&str, &str) = ("TERM", "xterm");

    fn decide(wanted: Render, is_terminal: bool, variables: &[(&str, &str)]) -> Option<Options> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        };
        let target = Target {
            is_stdout: true,
            is_terminal,
            width: Some(80),
        };
        options(wanted, target, variable)
    }

    #[track_caller]
    fn is(
        wanted: Render,
        is_terminal: bool,
        variables: &[(&str, &str)],
        expected: Option<Styling>,
    ) {
        let decided = decide(wanted, is_terminal, variables);
        assert_eq!(
            decided.map(|options| options.styling),
            expected,
            "{variables:?}"
        );
    }

    #[test]
    fn auto_is_for_terminals_and_who_forces_it() {
        is(Render::Auto, true, &[XTERM], Some(Styling::Coloured));
        is(Render::Auto, false, &[XTERM], None);
        let forced = ("CLICOLOR_FORCE", "1");
        is(Render::Auto, false, &[forced], Some(Styling::Coloured));
        for no in ["", "0"] {
            is(Render::Auto, false, &[XTERM, ("CLICOLOR_FORCE", no)], None);
        }
        is(Render::Never, true, &[XTERM, forced], None);
        is(Render::Always, false, &[], Some(Styling::Coloured));
        let file = Target {
            is_stdout: false,
            is_terminal: true,
            width: None,
        };
        assert_eq!(options(Render::Auto, file, |_| None), None);
    }

    #[test]
    fn no_color_takes_the_colour_and_dumb_takes_all() {
        let (none, dumb) = (("NO_COLOR", "1"), ("TERM", "dumb"));
        is(Render::Auto, true, &[XTERM, none], Some(Styling::Shaped));
        let empty = ("NO_COLOR", "");
        is(Render::Auto, true, &[XTERM, empty], Some(Styling::Coloured));
        is(Render::Auto, true, &[dumb], Some(Styling::Plain));
        is(Render::Always, false, &[dumb, none], Some(Styling::Plain));
        let forced = ("CLICOLOR_FORCE", "1");
        is(Render::Auto, true, &[dumb, forced], Some(Styling::Coloured));
        if cfg!(unix) {
            is(Render::Auto, true, &[], Some(Styling::Plain));
        }
    }

    #[test]
    fn the_width_is_the_terminals_or_what_columns_says() {
        let width = |is_terminal, variables| {
            decide(Render::Always, is_terminal, variables)
                .unwrap()
                .width
        };
        assert_eq!(width(true, &[("COLUMNS", "30")]), Some(80));
        assert_eq!(width(false, &[("COLUMNS", "30")]), Some(30));
        assert_eq!(width(false, &[("COLUMNS", "0")]), None);
        assert_eq!(width(false, &[]), None);
    }

    #[test]
    fn links_are_for_terminals_that_are_known_to_show_them() {
        let links =
            |variables: &[(&str, &str)]| decide(Render::Auto, true, variables).unwrap().hyperlinks;
        assert!(!links(&[XTERM]));
        assert!(links(&[XTERM, ("VTE_VERSION", "7600")]));
        assert!(!links(&[XTERM, ("VTE_VERSION", "4800")]));
        assert!(links(&[XTERM, ("TERM_PROGRAM", "WezTerm")]));
        assert!(links(&[("TERM", "xterm-kitty")]));
        assert!(!links(&[("TERM", "dumb"), ("FORCE_HYPERLINK", "1")]));
        assert!(!links(&[("TERM", "xterm-kitty"), ("FORCE_HYPERLINK", "0")]));
        let tmux = |version| {
            let program = ("TERM_PROGRAM", "tmux");
            let variables = [
                ("TERM", "tmux-256color"),
                program,
                ("TERM_PROGRAM_VERSION", version),
            ];
            links(&variables)
        };
        assert!(tmux("3.4"));
        assert!(!tmux("3.3a"));
        assert!(!links(&[("TERM", "screen"), ("VTE_VERSION", "7600")]));
        let piped = decide(Render::Always, false, &[("TERM", "xterm-kitty")]);
        assert!(!piped.unwrap().hyperlinks);
    }
}
