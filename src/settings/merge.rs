//! The one merge of the layers: command line, environment, profile, configuration file,
//! default. It fills the options that the command line left open, one by one, and keeps
//! where each value came from.

use crate::cli::SettingValue;
use crate::config::{Config, Value, find, variable};
use crate::error::{Failure, Origin};

use super::defaults;
use super::ignored::Run;

/// A setting after the merge.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name: that of the long option.
    pub name: &'static str,
    /// The values in their written form; empty if nothing sets the option.
    pub values: Option<Vec<String>>,
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

    /// A failure that is about an option, with the place that the option's value came from.
    #[must_use]
    pub fn place(&self, failure: Failure) -> Failure {
        match failure.origin {
            Some(Origin::Option(name)) => failure.from_origin(self.origin(name).clone()),
            _ => failure,
        }
    }
}

/// A merge that is under way.
#[derive(Debug)]
pub(super) struct Merge<'a> {
    config: Option<&'a Config>,
    /// The options on the command line that make some settings inapplicable.
    pub(super) run: Run,
    /// Whether variables count; `config check` reads only the file.
    variables: bool,
    /// Settings of the file that do not count: `config check` found them wrong.
    without: &'a [&'static str],
    pub(super) settings: Vec<Setting>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(config: Option<&'a Config>, run: Run) -> Self {
        Self {
            config,
            run,
            variables: true,
            without: &[],
            settings: Vec::with_capacity(64),
        }
    }

    /// Merges the file alone, without these settings.
    pub(super) fn of_file(config: &'a Config, run: Run, without: &'a [&'static str]) -> Self {
        Self {
            variables: false,
            without,
            ..Self::new(Some(config), run)
        }
    }

    /// Fills an option that takes one value.
    pub(super) fn value<T: SettingValue>(
        &mut self,
        name: &'static str,
        option: &mut Option<T>,
    ) -> Result<(), Failure> {
        if let Some(value) = option {
            let values = vec![value.text()];
            self.keep(name, Some(values), Origin::Option(name));
            return Ok(());
        }
        let Some((values, origin)) = self.lower(name)? else {
            return Ok(());
        };
        if let [text] = values.as_slice() {
            *option = Some(parsed(text, &origin)?);
        }
        self.keep(name, Some(values), origin);
        Ok(())
    }

    /// Fills an option with an optional value; `alone` is the value if it is omitted.
    pub(super) fn optional(
        &mut self,
        name: &'static str,
        option: &mut Option<String>,
        alone: &str,
    ) -> Result<(), Failure> {
        self.value(name, option)?;
        match option.as_deref() {
            Some("") => *option = Some(alone.to_owned()),
            Some("false") if matches!(self.origin(name), Some(Origin::File(_))) => *option = None,
            _ => {}
        }
        Ok(())
    }

    /// Fills a switch. A lower layer can switch off what a still lower one switches on.
    pub(super) fn switch(&mut self, name: &'static str, option: &mut bool) -> Result<(), Failure> {
        let mut value = option.then_some(true);
        self.value(name, &mut value)?;
        *option = value.unwrap_or(false);
        Ok(())
    }

    /// Fills an option that can be repeated. The highest layer that has it gives all values.
    pub(super) fn list<T: SettingValue>(
        &mut self,
        name: &'static str,
        option: &mut Vec<T>,
    ) -> Result<(), Failure> {
        if !option.is_empty() {
            let values = option.iter().map(SettingValue::text).collect();
            self.keep(name, Some(values), Origin::Option(name));
            return Ok(());
        }
        let Some((values, origin)) = self.lower(name)? else {
            return Ok(());
        };
        *option = values
            .iter()
            .map(|text| parsed(text, &origin))
            .collect::<Result<_, _>>()?;
        self.keep(name, Some(values), origin);
        Ok(())
    }

    /// Fills an option whose variables the HTTP client reads for itself: they come before
    /// the file, and leave the option open.
    pub(super) fn client_value<T: SettingValue>(
        &mut self,
        name: &'static str,
        option: &mut Option<T>,
    ) -> Result<(), Failure> {
        if option.is_none()
            && let Some((text, origin)) = self.variable(name)?
        {
            self.keep(name, Some(vec![text]), origin);
            return Ok(());
        }
        self.value(name, option)
    }

    /// Fills an option that has a variable but no key in the file.
    pub(super) fn variable_value<T: SettingValue>(
        &mut self,
        name: &'static str,
        variable_name: &'static str,
        option: &mut Option<T>,
    ) -> Result<(), Failure> {
        if let Some(value) = option {
            let values = vec![value.text()];
            self.keep(name, Some(values), Origin::Option(name));
        } else if self.variables
            && let Some(text) = variable(variable_name)?
        {
            let origin = Origin::Variable(variable_name);
            if !self.run.ignores(name, &text) {
                *option = Some(parsed(&text, &origin)?);
            }
            self.keep(name, Some(vec![text]), origin);
        }
        Ok(())
    }

    /// The value from the layers below the command line. A default is only recorded.
    fn lower(&mut self, name: &'static str) -> Result<Option<(Vec<String>, Origin)>, Failure> {
        if let Some((text, origin)) = self.variable(name)? {
            if self.run.ignores(name, &text) {
                return Ok(None);
            }
            return Ok(Some((vec![text], origin)));
        }
        if let Some(found) = self.file(name) {
            return Ok(Some(found));
        }
        let values = defaults::text(name).map(|text| vec![text]);
        self.keep(name, values, Origin::Default);
        Ok(None)
    }

    fn variable(&self, name: &str) -> Result<Option<(String, Origin)>, Failure> {
        let names = find(name).map_or(&[][..], |key| key.variables);
        for name in names.iter().filter(|_| self.variables) {
            if let Some(text) = variable(name)? {
                return Ok(Some((text, Origin::Variable(name))));
            }
        }
        Ok(None)
    }

    fn file(&self, name: &'static str) -> Option<(Vec<String>, Origin)> {
        let config = self.config.filter(|_| !self.without.contains(&name))?;
        let (entry, profile) = config.entry(name)?;
        let values = match &entry.value {
            Value::Text(text) => vec![text.clone()],
            Value::Texts(texts) => texts.clone(),
            Value::Switch(on) => vec![on.to_string()],
        };
        let first = values.first().map_or("", String::as_str);
        if self.run.ignores(name, first) {
            return None;
        }
        let place = config.origin(entry.place, profile);
        Some((values, Origin::File(Box::new(place))))
    }

    pub(super) fn is_in_profile(&self, name: &str) -> bool {
        let entry = self.config.and_then(|config| config.entry(name));
        entry.is_some_and(|(_, profile)| profile.is_some())
    }

    fn origin(&self, name: &str) -> Option<&Origin> {
        let setting = self.settings.iter().rfind(|setting| setting.name == name);
        setting.map(|setting| &setting.origin)
    }

    fn keep(&mut self, name: &'static str, values: Option<Vec<String>>, origin: Origin) {
        self.settings.push(Setting {
            name,
            values,
            origin,
        });
    }
}

/// Reads a value of a layer below the command line. The file's were checked when it was
/// read, so an unreadable value comes from a variable.
fn parsed<T: SettingValue>(text: &str, origin: &Origin) -> Result<T, Failure> {
    T::parse(text).map_err(|why| match origin {
        Origin::Variable(name) => {
            Failure::usage(format!("{name}={text:?}: {why}")).from_origin(origin.clone())
        }
        _ => Failure::usage(format!("{text:?}: {why}")).from_origin(origin.clone()),
    })
}
