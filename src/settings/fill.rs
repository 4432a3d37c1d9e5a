//! Which options each command merges, in the order of their help.

use crate::cli::{
    BatchAction, Command, Common, ConnectionArgs, EachArgs, EngineArgs, InputArgs, JsonAnswer,
    OfferArgs, OutputArgs, PoolArgs, RequestArgs, RunArgs, SubmitArgs,
};
use crate::config::Config;
use crate::error::Failure;

use super::ignored::Run;
use super::merge::{Merge, Merged};

/// The options of every command that can have a value in the configuration.
#[derive(Debug, Default)]
pub struct AllOptions {
    /// Those that the commands share.
    pub common: Common,
    /// Those of `--each`.
    pub each: EachArgs,
    /// Those of `--each` and `--split`.
    pub pool: PoolArgs,
    /// Those of `json`.
    pub json: JsonAnswer,
    /// The tools of `tools`.
    pub offer: OfferArgs,
    /// How `tools` runs them.
    pub tools: RunArgs,
}

/// Reads the configuration file of a command that makes requests, if there is one, and
/// fills the options that the command line left open.
///
/// # Errors
/// A configuration or a variable that cannot be used: exit 2.
pub fn merge(command: &mut Command) -> Result<Merged, Failure> {
    let Some(file) = command.file() else {
        return Ok(Merged::default());
    };
    let config = Config::load(file)?;
    let mut merge = Merge::new(config.as_ref(), Run::of(command));
    match command {
        Command::Chat(args) => {
            merge.common(&mut args.common)?;
            merge.each(&mut args.many.each, &mut args.many.pool)?;
        }
        Command::Stream(args) => {
            merge.common(&mut args.common)?;
            merge.pool(&mut args.pool)?;
        }
        Command::Tools(args) => {
            merge.common(&mut args.common)?;
            merge.each(&mut args.each, &mut args.pool)?;
            merge.offer(&mut args.offer)?;
            merge.tool_runs(&mut args.run)?;
        }
        Command::Json(args) => {
            merge.common(&mut args.common)?;
            merge.each(&mut args.many.each, &mut args.many.pool)?;
            merge.json(&mut args.answer)?;
        }
        Command::Batch(args) => merge.batch(&mut args.action)?,
        Command::Budget(args) => merge.value("budget", &mut args.budget)?,
        _ => {}
    }
    let settings = merge.settings;
    Ok(Merged { config, settings })
}

/// Fills the options of all commands: what `config show` prints.
///
/// # Errors
/// As [`merge`].
pub fn merge_all(options: &mut AllOptions, config: Option<Config>) -> Result<Merged, Failure> {
    let mut merge = Merge::new(config.as_ref(), Run::default());
    merge.common(&mut options.common)?;
    merge.each(&mut options.each, &mut options.pool)?;
    merge.value("poll", &mut None::<std::time::Duration>)?;
    merge.json(&mut options.json)?;
    merge.offer(&mut options.offer)?;
    merge.tool_runs(&mut options.tools)?;
    let settings = merge.settings;
    Ok(Merged { config, settings })
}

/// Fills the options of `command` from the file alone, without the settings that are
/// named: what `config check` tries.
///
/// # Errors
/// As [`merge`].
pub fn merge_file(
    command: &'static str,
    options: &mut AllOptions,
    config: &Config,
    without: &[&'static str],
) -> Result<Merged, Failure> {
    let mut merge = Merge::of_file(config, Run::plain(command), without);
    merge.common(&mut options.common)?;
    match command {
        "json" => merge.json(&mut options.json)?,
        "tools" => {
            merge.offer(&mut options.offer)?;
            merge.tool_runs(&mut options.tools)?;
        }
        _ => {}
    }
    let settings = merge.settings;
    Ok(Merged {
        config: None,
        settings,
    })
}

impl Merge<'_> {
    fn common(&mut self, args: &mut Common) -> Result<(), Failure> {
        self.request(&mut args.request, &mut args.input)?;
        self.output(&mut args.output)?;
        self.connection(&mut args.connection)
    }

    fn request(&mut self, args: &mut RequestArgs, input: &mut InputArgs) -> Result<(), Failure> {
        self.value("model", &mut args.model)?;
        self.list("fallback", &mut args.fallback)?;
        self.value("system", &mut input.system)?;
        self.value("temperature", &mut args.temperature)?;
        self.value("top-p", &mut args.top_p)?;
        self.value("max-tokens", &mut args.max_tokens)?;
        self.list("stop", &mut args.stop)?;
        self.value("user-id", &mut args.user_id)?;
        self.switch("greedy", &mut args.greedy)?;
        self.value("thinking", &mut args.thinking)?;
        self.list("param", &mut args.param)?;
        self.optional("web-search", &mut args.web_search, "search_std")?;
        self.list("accept", &mut args.accept)?;
        self.switch("allow-empty", &mut args.allow_empty)?;
        self.switch("no-stdin", &mut input.no_stdin)?;
        self.switch("lossy", &mut input.lossy)
    }

    fn output(&mut self, args: &mut OutputArgs) -> Result<(), Failure> {
        // The two exclude each other, and a profile comes before the top level.
        if self.is_in_profile("extract") && !self.is_in_profile("format") {
            self.run.extracts(true);
        }
        self.value("format", &mut args.format)?;
        self.run.format = args.format;
        self.optional("extract", &mut args.extract, "first")?;
        self.run.extracts(args.extract.is_some());
        self.value("render", &mut args.render)?;
        self.switch("usage", &mut args.usage)?;
        self.switch("reasoning", &mut args.reasoning)?;
        self.switch("quiet", &mut args.quiet)?;
        self.switch("verbose", &mut args.verbose)
    }

    fn each(&mut self, args: &mut EachArgs, pool: &mut PoolArgs) -> Result<(), Failure> {
        self.pool(pool)?;
        self.switch("unordered", &mut args.unordered)?;
        self.switch("no-item", &mut args.no_item)
    }

    fn pool(&mut self, args: &mut PoolArgs) -> Result<(), Failure> {
        self.value("concurrency", &mut args.concurrency)?;
        self.value("tier", &mut args.tier)?;
        self.value("max-cost", &mut args.max_cost)
    }

    fn connection(&mut self, args: &mut ConnectionArgs) -> Result<(), Failure> {
        self.value("base-url", &mut args.base_url)?;
        self.list("header", &mut args.header)?;
        self.client_value("proxy", &mut args.proxy)?;
        self.client_value("cacert", &mut args.cacert)?;
        self.switch("allow-http", &mut args.allow_http)?;
        self.value("connect-timeout", &mut args.connect_timeout)?;
        self.value("first-token-timeout", &mut args.first_token_timeout)?;
        self.value("idle-timeout", &mut args.idle_timeout)?;
        self.value("timeout", &mut args.timeout)?;
        self.value("retries", &mut args.retries)?;
        self.value("max-in-flight", &mut args.max_in_flight)?;
        self.value("budget", &mut args.budget)?;
        self.value("cache", &mut args.cache)?;
        self.value("cache-ttl", &mut args.cache_ttl)?;
        self.variable_value("record", "AIRX_RECORD", &mut args.record)?;
        self.variable_value("replay", "AIRX_REPLAY", &mut args.replay)
    }

    fn json(&mut self, args: &mut JsonAnswer) -> Result<(), Failure> {
        self.value("constrain", &mut args.constrain)?;
        self.value("tries", &mut args.tries)?;
        self.switch("pretty", &mut args.pretty)
    }

    fn offer(&mut self, args: &mut OfferArgs) -> Result<(), Failure> {
        self.list("tools", &mut args.tools)?;
        self.list("tools-dir", &mut args.tools_dir)?;
        self.list("mcp", &mut args.mcp)?;
        self.list("only", &mut args.only)?;
        self.value("retrieval", &mut args.retrieval)?;
        self.value("retrieval-prompt", &mut args.retrieval_prompt)?;
        self.switch("require-call", &mut args.require_call)
    }

    fn tool_runs(&mut self, args: &mut RunArgs) -> Result<(), Failure> {
        self.value("rounds", &mut args.rounds)?;
        self.value("tool-timeout", &mut args.tool_timeout)?;
        self.value("tool-max-bytes", &mut args.tool_max_bytes)
    }

    fn batch(&mut self, action: &mut BatchAction) -> Result<(), Failure> {
        match action {
            BatchAction::Submit(args) => {
                let SubmitArgs { common, .. } = &mut **args;
                self.common(common)
            }
            BatchAction::Status(args) => self.engine(&mut args.engine),
            BatchAction::Wait(args) => {
                self.value("poll", &mut args.poll)?;
                self.engine(&mut args.engine)
            }
            BatchAction::Fetch(args) => {
                self.list("accept", &mut args.accept)?;
                self.switch("allow-empty", &mut args.allow_empty)?;
                self.engine(&mut args.engine)
            }
            BatchAction::Cancel(args) => self.engine(&mut args.engine),
        }
    }

    fn engine(&mut self, args: &mut EngineArgs) -> Result<(), Failure> {
        self.output(&mut args.output)?;
        self.connection(&mut args.connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::KEYS;

    #[test]
    fn every_key_of_the_configuration_sets_an_option() {
        let merged = merge_all(&mut AllOptions::default(), None).unwrap();
        for key in KEYS.iter().filter(|key| !key.name.starts_with("key-")) {
            let is_there = |setting: &crate::settings::Setting| setting.name == key.name;
            assert!(merged.settings.iter().any(is_there), "{}", key.name);
        }
    }
}
