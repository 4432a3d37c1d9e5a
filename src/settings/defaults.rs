//! The defaults of settings that no option, variable or configuration sets.

use std::time::Duration;

use crate::cli::SettingValue;
use crate::models;

use super::provider::Provider;

/// `--connect-timeout`.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);
/// `--first-token-timeout`.
pub const FIRST_TOKEN_TIMEOUT: Duration = Duration::from_secs(60);
/// `--idle-timeout`.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// `--timeout`.
pub const TIMEOUT: Duration = Duration::from_secs(300);
/// `--retries`.
pub const RETRIES: u32 = 5;
/// `--max-in-flight`; 0 is no limit.
pub const MAX_IN_FLIGHT: u32 = 0;
/// `--poll`.
pub const POLL: Duration = Duration::from_secs(30);
/// `--tries`.
pub const TRIES: u32 = 3;
/// `--rounds`.
pub const ROUNDS: u32 = 8;
/// `--tool-timeout`.
pub const TOOL_TIMEOUT: Duration = Duration::from_secs(60);
/// `--tool-max-bytes`.
pub const TOOL_MAX_BYTES: u64 = 64 * 1024;
/// `AIRX_STDIN_WAIT`.
pub const STDIN_WAIT: Duration = Duration::from_secs(60);

/// The default model of a provider, and its default for thinking. Z.ai does not list
/// glm-4-airx; its closest model thinks unless `thinking` is off. api.md §9.
pub fn model(provider: Option<Provider>) -> (&'static str, Option<bool>) {
    match provider {
        Some(Provider::Zai) => ("glm-4.5-airx", Some(false)),
        _ => (models::DEFAULT, None),
    }
}

/// The default of the setting `name`, in its written form.
pub fn text(name: &str) -> Option<String> {
    Some(match name {
        "model" => models::DEFAULT.to_owned(),
        "connect-timeout" => CONNECT_TIMEOUT.text(),
        "first-token-timeout" => FIRST_TOKEN_TIMEOUT.text(),
        "idle-timeout" => IDLE_TIMEOUT.text(),
        "timeout" => TIMEOUT.text(),
        "retries" => RETRIES.text(),
        "max-in-flight" => MAX_IN_FLIGHT.text(),
        "poll" => POLL.text(),
        "tries" => TRIES.text(),
        "rounds" => ROUNDS.text(),
        "tool-timeout" => TOOL_TIMEOUT.text(),
        "tool-max-bytes" => TOOL_MAX_BYTES.text(),
        "format" => "text".to_owned(),
        "constrain" | "render" => "auto".to_owned(),
        "tier" => "v0".to_owned(),
        "greedy" | "allow-empty" | "no-stdin" | "lossy" | "usage" | "reasoning" | "quiet"
        | "verbose" | "unordered" | "no-item" | "allow-http" | "pretty" | "require-call" => {
            "false".to_owned()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn help_names_the_defaults_that_hold() {
        let mut program = crate::cli::Cli::command();
        program.build();
        for command in ["chat", "stream", "tools", "json"] {
            let command = program.find_subcommand(command).unwrap();
            for option in command.get_arguments().filter(|it| !it.is_hide_set()) {
                let Some(default) = option.get_long().and_then(text) else {
                    continue;
                };
                let help = option
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let switch = !option.get_action().takes_values();
                let named = help.contains(&format!("[default: {default}"));
                assert!(switch || named, "{option}: {help}, not {default}");
            }
        }
    }
}
