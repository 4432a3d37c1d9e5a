//! `--render` and the environment → whether an answer is rendered, and with what.

use std::ffi::OsString;

use crate::cli::Render;
use crate::markdown::Paint;

/// What is to be rendered with, if it is. `terminal` says whether people read the
/// output as it comes, `standard` whether it is standard output. Nothing is read of
/// the environment but what decides.
pub(in crate::output) fn paint(
    wanted: Render,
    standard: bool,
    terminal: bool,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<Paint> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let forced = || set("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let on = match wanted {
        Render::Never => false,
        Render::Always => true,
        Render::Auto => standard && (terminal || forced()),
    };
    if !on {
        return None;
    }
    // A terminal that does not say what it can do can do nothing; a file needs not.
    let dumb = match set("TERM") {
        Some(term) => term == "dumb",
        None => terminal && cfg!(unix),
    };
    Some(if dumb && !forced() {
        Paint::Plain
    } else if set("NO_COLOR").is_some() {
        Paint::Shaped
    } else {
        Paint::Coloured
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(wanted: Render, terminal: bool, variables: &[(&str, &str)], expected: Option<Paint>) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        };
        assert_eq!(
            paint(wanted, true, terminal, variable),
            expected,
            "{variables:?}"
        );
    }

    #[test]
    fn auto_is_for_terminals_and_who_forces_it() {
        let xterm = ("TERM", "xterm");
        is(Render::Auto, true, &[xterm], Some(Paint::Coloured));
        is(Render::Auto, false, &[xterm], None);
        is(
            Render::Auto,
            false,
            &[("CLICOLOR_FORCE", "1")],
            Some(Paint::Coloured),
        );
        for no in ["", "0"] {
            is(Render::Auto, false, &[xterm, ("CLICOLOR_FORCE", no)], None);
        }
        is(Render::Never, true, &[xterm, ("CLICOLOR_FORCE", "1")], None);
        is(Render::Always, false, &[], Some(Paint::Coloured));
        assert_eq!(paint(Render::Auto, false, true, |_| None), None);
    }

    #[test]
    fn no_color_takes_the_colour_and_dumb_takes_all() {
        let (none, dumb) = (("NO_COLOR", "1"), ("TERM", "dumb"));
        is(
            Render::Auto,
            true,
            &[("TERM", "xterm"), none],
            Some(Paint::Shaped),
        );
        is(
            Render::Auto,
            true,
            &[("TERM", "xterm"), ("NO_COLOR", "")],
            Some(Paint::Coloured),
        );
        is(Render::Auto, true, &[dumb], Some(Paint::Plain));
        is(Render::Always, false, &[dumb, none], Some(Paint::Plain));
        is(
            Render::Auto,
            true,
            &[dumb, ("CLICOLOR_FORCE", "1")],
            Some(Paint::Coloured),
        );
        if cfg!(unix) {
            is(Render::Auto, true, &[], Some(Paint::Plain));
        }
    }
}
