//! The command of a tool or of a server, and its environment.

use std::ffi::OsString;
use std::process::Command;

use serde_json::Value;

use crate::error::Failure;
use crate::secret::Scrubber;
use crate::settings::provider::key_variables;

/// A program and its arguments, which are run without a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToolCommand(Vec<OsString>);

/// The environment of child processes: the environment of airx without the keys.
#[derive(Debug, Default)]
pub(super) struct ChildEnvironment {
    removed: Vec<OsString>,
}

impl ChildEnvironment {
    /// Removes the variables of keys, and any other variable that contains a key.
    pub(super) fn without_keys(scrubber: &Scrubber) -> Self {
        let holders = std::env::vars_os()
            .filter(|(_, value)| scrubber.holds_key(&value.to_string_lossy()))
            .map(|(name, _)| name);
        Self {
            removed: key_variables().map(OsString::from).chain(holders).collect(),
        }
    }
}

impl ToolCommand {
    /// A program without arguments.
    pub(super) fn new(path: impl Into<OsString>) -> Self {
        Self(vec![path.into()])
    }

    /// Splits `line` as a shell would. `place` names it in messages.
    pub(super) fn split(line: &str, place: &str) -> Result<Self, Failure> {
        match shlex::split(line) {
            Some(words) if !words.is_empty() => {
                Ok(Self(words.into_iter().map(OsString::from).collect()))
            }
            Some(_) => Err(Failure::usage(format!("{place}: the command is empty"))),
            None => Err(Failure::usage(format!(
                "{place}: a quote is not closed, or a backslash is at the end"
            ))),
        }
    }

    /// The value of `command` in a tool file: a list of words.
    pub(super) fn from_json(words: &Value) -> Option<Self> {
        let words = words.as_array().filter(|words| !words.is_empty())?;
        let words = words
            .iter()
            .map(|word| Some(OsString::from(word.as_str()?)));
        words.collect::<Option<_>>().map(Self)
    }

    /// The process to start.
    pub(super) fn to_process(&self, environment: &ChildEnvironment) -> Command {
        // Every constructor ensures that there is a first word.
        let mut command = Command::new(self.0.first().cloned().unwrap_or_default());
        command.args(self.0.iter().skip(1));
        for name in &environment.removed {
            command.env_remove(name);
        }
        command
    }

    /// The words, quoted for people to read.
    pub(super) fn quoted(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|word| word.to_string_lossy()).collect();
        shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap_or_else(|_| words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would_and_nothing_is_expanded() {
        let words = |line| ToolCommand::split(line, "--exec f").map(|command| command.0);
        assert_eq!(
            words("a 'b c' \"d\" e\\ f $HOME `x` *").unwrap(),
            ["a", "b c", "d", "e f", "$HOME", "`x`", "*"]
        );
        for (line, what) in [
            ("", "is empty"),
            ("  ", "is empty"),
            ("a 'b", "a quote is not closed"),
        ] {
            let message = words(line).unwrap_err().message;
            assert!(
                message.starts_with("--exec f: ") && message.contains(what),
                "{message}"
            );
        }
    }

    #[test]
    fn a_command_of_a_tool_file_is_a_list_of_words() {
        let command = |text| ToolCommand::from_json(&serde_json::from_str(text).unwrap());
        assert_eq!(command(r#"["a","b c"]"#).unwrap().quoted(), "a 'b c'");
        for wrong in ["[]", "\"a\"", "[1]", "{}"] {
            assert_eq!(command(wrong), None, "{wrong}");
        }
    }
}
