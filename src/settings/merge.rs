//! The one merge of the layers: command line, environment, profile, configuration file,
//! default. It fills the options that the command line left open, one by one, and keeps
//! where each value came from.

use std::time::Duration;

use crate::cli::{
    BatchAction, Command, Common, ConnectionArgs, EachArgs, EngineArgs, InputArgs, JsonAnswer,
    ManyArgs, OfferArgs, OutputArgs, PoolArgs, RequestArgs, RunArgs, SettingValue,
};
use crate::config::{Config, find, variable};
use crate::error::{Failure, Origin};

use super::ignored::Run;

/// A setting after the merge.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The name of its long option.
    pub name: &'static str,
    /// The values in their written form; empty for a default.
    pub values: Vec<String>,
    /// Where they come from.
    pub origin: Origin,
}

/// The result of the merge: the origin of each setting, and the file.
#[derive(Debug, Default)]
pub struct Merged {
    /// The configuration file, if there is one.
    pub config: Option<Config>,
    /// Every setting of the command, in the order of the options' help.
    pub settings: Vec<Setting>,
}

impl Merged {
    /// Where a setting comes from.
    pub fn origin(&self, name: &str) -> &Origin {
        let mut settings = self.settings.iter();
        let setting = settings.find(|setting| setting.name == name);
        setting.map_or(&Origin::Default, |setting| &setting.origin)
    }

    /// Adds to a failure about an option the place that the option's value came from.
    #[must_use]
    pub fn place(&self, failure: Failure) -> Failure {
        match failure.origin {
            Some(Origin::Option(name)) => failure.from_origin(self.origin(name).clone()),
            _ => failure,
        }
    }
}

/// The options of every command that can have a value in the configuration.
#[derive(Debug, Default)]
pub struct AllOptions {
    /// Those that the commands share.
    pub common: Common,
    /// Those of `--each` and `--split`.
    pub many: ManyArgs,
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
            merge.many(&mut args.many)?;
        }
        Command::Stream(args) => {
            merge.common(&mut args.common)?;
            merge.pool(&mut args.pool)?;
        }
        Command::Tools(args) => {
            merge.common(&mut args.common)?;
            merge.pool(&mut args.pool)?;
            merge.each(&mut args.each)?;
            merge.tools(&mut args.offer, &mut args.run)?;
        }
        Command::Json(args) => {
            merge.common(&mut args.common)?;
            merge.many(&mut args.many)?;
            merge.json(&mut args.answer)?;
        }
        Command::Batch(args) => merge.batch(&mut args.action)?,
        Command::Budget(args) => merge.fill("budget", &mut args.budget)?,
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
    merge.all(options)?;
    let settings = merge.settings;
    Ok(Merged { config, settings })
}

/// Fills the options from the file alone, except the settings in `without`. `config check` checks
/// the file for `command` with it.
///
/// # Errors
/// As [`merge`].
pub fn merge_file(
    command: &'static str,
    options: &mut AllOptions,
    config: &Config,
    without: &[&'static str],
) -> Result<Merged, Failure> {
    let mut merge = Merge {
        variables: false,
        without,
        ..Merge::new(Some(config), Run::plain(command))
    };
    merge.all(options)?;
    Ok(Merged {
        config: None,
        settings: merge.settings,
    })
}

/// An option that a lower layer fills if the command line left it open.
trait Slot {
    /// The values on the command line, in their written form.
    fn given(&self) -> Option<Vec<String>>;

    /// Takes the values of a lower layer.
    fn fill(&mut self, values: &[String], origin: &Origin) -> Result<(), Failure>;
}

impl<T: SettingValue> Slot for Option<T> {
    fn given(&self) -> Option<Vec<String>> {
        self.as_ref().map(|value| vec![value.text()])
    }

    fn fill(&mut self, values: &[String], origin: &Origin) -> Result<(), Failure> {
        *self = values
            .first()
            .map(|text| parsed(text, origin))
            .transpose()?;
        Ok(())
    }
}

/// An option that can be repeated. All values come from the highest layer that has any.
impl<T: SettingValue> Slot for Vec<T> {
    fn given(&self) -> Option<Vec<String>> {
        (!self.is_empty()).then(|| self.iter().map(SettingValue::text).collect())
    }

    fn fill(&mut self, values: &[String], origin: &Origin) -> Result<(), Failure> {
        let values = values.iter().map(|text| parsed(text, origin));
        *self = values.collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// A switch. A layer can switch off what a lower layer switches on.
impl Slot for bool {
    fn given(&self) -> Option<Vec<String>> {
        self.then(|| vec![true.text()])
    }

    fn fill(&mut self, values: &[String], origin: &Origin) -> Result<(), Failure> {
        *self = values
            .first()
            .map_or(Ok(false), |text| parsed(text, origin))?;
        Ok(())
    }
}

/// Parses a value of a layer below the command line. The file's values were checked when it was
/// read, so an unreadable value comes from a variable.
fn parsed<T: SettingValue>(text: &str, origin: &Origin) -> Result<T, Failure> {
    T::parse(text).map_err(|why| {
        let name = match origin {
            Origin::Variable(name) => format!("{name}="),
            _ => String::new(),
        };
        Failure::usage(format!("{name}{text:?}: {why}")).from_origin(origin.clone())
    })
}

/// The state of a merge.
struct Merge<'a> {
    config: Option<&'a Config>,
    /// The options on the command line that make some settings inapplicable.
    run: Run,
    /// Whether variables are read; `config check` reads only the file.
    variables: bool,
    /// Settings of the file to ignore, because `config check` found them wrong.
    without: &'a [&'static str],
    settings: Vec<Setting>,
}

impl<'a> Merge<'a> {
    fn new(config: Option<&'a Config>, run: Run) -> Self {
        Self {
            config,
            run,
            variables: true,
            without: &[],
            settings: Vec::with_capacity(64),
        }
    }

    /// Fills an option, and records where its value comes from. A value that does not apply
    /// to the run is recorded, too, but the option stays open.
    fn fill(&mut self, name: &'static str, slot: &mut dyn Slot) -> Result<(), Failure> {
        let (values, origin) = if let Some(values) = slot.given() {
            (values, Origin::Option(name))
        } else if let Some((values, origin)) = self.lower(name)? {
            let first = values.first().map_or("", String::as_str);
            // The environment's proxy and certificates depend on the server.
            let is_read_later =
                matches!((name, &origin), ("proxy" | "cacert", Origin::Variable(_)));
            if !is_read_later && !self.run.ignores(name, first) {
                slot.fill(&values, &origin)?;
            }
            (values, origin)
        } else {
            (Vec::new(), Origin::Default)
        };
        self.settings.push(Setting {
            name,
            values,
            origin,
        });
        Ok(())
    }

    /// Fills an option with an optional value; `alone` is the value if it is omitted.
    fn fill_optional(
        &mut self,
        name: &'static str,
        option: &mut Option<String>,
        alone: &str,
    ) -> Result<(), Failure> {
        self.fill(name, option)?;
        let origin = self.settings.last().map(|setting| &setting.origin);
        match option.as_deref() {
            Some("") => *option = Some(alone.to_owned()),
            Some("false") if matches!(origin, Some(Origin::File(_))) => *option = None,
            _ => {}
        }
        Ok(())
    }

    /// The values from the layers below the command line.
    fn lower(&self, name: &str) -> Result<Option<(Vec<String>, Origin)>, Failure> {
        let variables = match name {
            // The file cannot set these.
            "record" => &["AIRX_RECORD"],
            "replay" => &["AIRX_REPLAY"],
            _ => find(name).map_or(&[][..], |key| key.variables),
        };
        for name in variables.iter().filter(|_| self.variables) {
            if let Some(text) = variable(name)? {
                return Ok(Some((vec![text], Origin::Variable(name))));
            }
        }
        let config = self.config.filter(|_| !self.without.contains(&name));
        Ok(config.and_then(|config| {
            let (entry, profile) = config.entry(name)?;
            let place = config.origin(entry.place, profile);
            Some((entry.values.clone(), Origin::File(Box::new(place))))
        }))
    }

    fn is_in_profile(&self, name: &str) -> bool {
        let entry = self.config.and_then(|config| config.entry(name));
        entry.is_some_and(|(_, profile)| profile.is_some())
    }

    fn all(&mut self, options: &mut AllOptions) -> Result<(), Failure> {
        self.common(&mut options.common)?;
        self.many(&mut options.many)?;
        self.fill("poll", &mut None::<Duration>)?;
        self.json(&mut options.json)?;
        self.tools(&mut options.offer, &mut options.tools)
    }

    fn common(&mut self, args: &mut Common) -> Result<(), Failure> {
        self.request(&mut args.request, &mut args.input)?;
        self.output(&mut args.output)?;
        self.connection(&mut args.connection)
    }

    fn request(&mut self, args: &mut RequestArgs, input: &mut InputArgs) -> Result<(), Failure> {
        self.fill("model", &mut args.model)?;
        self.fill("fallback", &mut args.fallback)?;
        self.fill("system", &mut input.system)?;
        self.fill("temperature", &mut args.temperature)?;
        self.fill("top-p", &mut args.top_p)?;
        self.fill("max-tokens", &mut args.max_tokens)?;
        self.fill("stop", &mut args.stop)?;
        self.fill("user-id", &mut args.user_id)?;
        self.fill("greedy", &mut args.greedy)?;
        self.fill("thinking", &mut args.thinking)?;
        self.fill("param", &mut args.param)?;
        self.fill_optional("web-search", &mut args.web_search, "search_std")?;
        self.fill("accept", &mut args.accept)?;
        self.fill("allow-empty", &mut args.allow_empty)?;
        self.fill("no-stdin", &mut input.no_stdin)?;
        self.fill("lossy", &mut input.lossy)
    }

    fn output(&mut self, args: &mut OutputArgs) -> Result<(), Failure> {
        // Only one of the two may be set, and a profile has priority over the top level.
        if self.is_in_profile("extract") && !self.is_in_profile("format") {
            self.run.extract = true;
        }
        self.fill("format", &mut args.format)?;
        self.run.format = args.format;
        self.fill_optional("extract", &mut args.extract, "first")?;
        self.run.extract |= args.extract.is_some();
        self.fill("render", &mut args.render)?;
        self.fill("usage", &mut args.usage)?;
        self.fill("reasoning", &mut args.reasoning)?;
        self.fill("quiet", &mut args.quiet)?;
        self.fill("verbose", &mut args.verbose)
    }

    fn many(&mut self, args: &mut ManyArgs) -> Result<(), Failure> {
        self.pool(&mut args.pool)?;
        self.each(&mut args.each)
    }

    fn each(&mut self, args: &mut EachArgs) -> Result<(), Failure> {
        self.fill("unordered", &mut args.unordered)?;
        self.fill("no-item", &mut args.no_item)
    }

    fn pool(&mut self, args: &mut PoolArgs) -> Result<(), Failure> {
        self.fill("concurrency", &mut args.concurrency)?;
        self.fill("tier", &mut args.tier)?;
        self.fill("max-cost", &mut args.max_cost)
    }

    fn connection(&mut self, args: &mut ConnectionArgs) -> Result<(), Failure> {
        self.fill("base-url", &mut args.base_url)?;
        self.fill("header", &mut args.header)?;
        self.fill("proxy", &mut args.proxy)?;
        self.fill("cacert", &mut args.cacert)?;
        self.fill("allow-http", &mut args.allow_http)?;
        self.fill("connect-timeout", &mut args.connect_timeout)?;
        self.fill("first-token-timeout", &mut args.first_token_timeout)?;
        self.fill("idle-timeout", &mut args.idle_timeout)?;
        self.fill("timeout", &mut args.timeout)?;
        self.fill("retries", &mut args.retries)?;
        self.fill("max-in-flight", &mut args.max_in_flight)?;
        self.fill("budget", &mut args.budget)?;
        self.fill("cache", &mut args.cache)?;
        self.fill("cache-ttl", &mut args.cache_ttl)?;
        self.fill("record", &mut args.record)?;
        self.fill("replay", &mut args.replay)
    }

    fn json(&mut self, args: &mut JsonAnswer) -> Result<(), Failure> {
        self.fill("constrain", &mut args.constrain)?;
        self.fill("tries", &mut args.tries)?;
        self.fill("pretty", &mut args.pretty)
    }

    fn tools(&mut self, offer: &mut OfferArgs, run: &mut RunArgs) -> Result<(), Failure> {
        self.fill("tools", &mut offer.tools)?;
        self.fill("tools-dir", &mut offer.tools_dir)?;
        self.fill("mcp", &mut offer.mcp)?;
        self.fill("only", &mut offer.only)?;
        self.fill("retrieval", &mut offer.retrieval)?;
        self.fill("retrieval-prompt", &mut offer.retrieval_prompt)?;
        self.fill("require-call", &mut offer.require_call)?;
        self.fill("rounds", &mut run.rounds)?;
        self.fill("tool-timeout", &mut run.tool_timeout)?;
        self.fill("tool-max-bytes", &mut run.tool_max_bytes)
    }

    fn batch(&mut self, action: &mut BatchAction) -> Result<(), Failure> {
        match action {
            BatchAction::Submit(args) => self.common(&mut args.common),
            BatchAction::Status(args) => self.engine(&mut args.engine),
            BatchAction::Wait(args) => {
                self.fill("poll", &mut args.poll)?;
                self.engine(&mut args.engine)
            }
            BatchAction::Fetch(args) => {
                self.fill("accept", &mut args.accept)?;
                self.fill("allow-empty", &mut args.allow_empty)?;
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
