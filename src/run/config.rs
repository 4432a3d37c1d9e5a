//! `airx config`: `show` prints the merged settings, `path` the path of the configuration file.
//! It shows where secrets come from, but not the secrets.

mod check;

use std::path::Path;

use serde_json::{Value as Json, json};

use super::listing;
use crate::cli::{ConfigAction, ConfigArgs, FileArgs};
use crate::config::{
    Config, KeyFrom, Kind, chosen_path, default_path, find, path_variable, variable,
};
use crate::error::{Failure, Origin};
use crate::secret::{MASK, Scrubber};
use crate::settings::{self, AllOptions, KeyOrigin, Merged, ResolvedEndpoint, Setting};
use crate::table::{Align, Medium, table};

/// Returns the output, and the failure to report after it.
pub fn run(args: ConfigArgs, medium: Medium) -> (String, Result<(), Failure>) {
    let failed = |failure| (String::new(), Err(failure));
    let takes_no_file = |action| {
        let what = format!("config {action} takes no FILE");
        Err(Failure::usage(what).hint("name it with --config"))
    };
    let text = match (args.action, &args.path) {
        (ConfigAction::Check, _) => return check::check(args).unwrap_or_else(failed),
        (ConfigAction::Show, Some(_)) => takes_no_file("show"),
        (ConfigAction::Path, Some(_)) => takes_no_file("path"),
        (ConfigAction::Show, None) => show(args, medium),
        (ConfigAction::Path, None) => path(&args),
    };
    text.map_or_else(failed, |text| (text, Ok(())))
}

/// The path of the file that a run would read. The file may be missing.
fn path(args: &ConfigArgs) -> Result<String, Failure> {
    match chosen_path(&args.file).or_else(default_path) {
        Some(path) => Ok(format!("{}\n", path.display())),
        None => Err(Failure::usage("there is no place for a configuration file")
            .hint("set HOME or XDG_CONFIG_HOME, or name a file with --config")),
    }
}

/// A line of the output.
struct Row {
    name: String,
    value: Json,
    origin: Origin,
}

impl Row {
    fn new(name: impl Into<String>, value: impl Into<Json>, origin: Origin) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            origin,
        }
    }
}

/// The settings that a run with these options would use.
///
/// # Errors
/// A configuration or a URL that cannot be used: exit 2.
fn show(args: ConfigArgs, medium: Medium) -> Result<String, Failure> {
    let config = Config::load(&args.file)?;
    let mut options = AllOptions::default();
    options.common.request = args.request;
    options.common.connection = args.connection;
    let merged = settings::merge_all(&mut options, config)?;
    let connection = &options.common.connection;
    let scrubber = &mut Scrubber::default();
    let resolved = settings::resolve_endpoint(connection, &merged, scrubber)
        .map_err(|failure| merged.place(failure))?;
    let (default_model, _) = settings::defaults::model(resolved.endpoint.provider);
    let mut rows = vec![
        file(&args.file, &merged),
        profile(&args.file, &merged)?,
        url(&resolved),
        key(&resolved, &connection.header, &merged),
    ];
    let settings = merged.settings.iter();
    // An option that is not a key of the file has no default.
    let is_key = |it: &&Setting| find(it.name).is_some();
    let listed = settings.filter(|it| it.origin != Origin::Default || args.all && is_key(it));
    rows.extend(listed.map(|setting| {
        let mut row = row(setting, scrubber);
        // The default depends on the server.
        if setting.name == "model" && setting.origin == Origin::Default {
            row.value = default_model.into();
        }
        row
    }));
    rows.extend(merged.config.iter().flat_map(models));
    let objects: Vec<Json> = rows.iter().map(Row::json).collect();
    Ok(listing(args.format, &objects, || text(&rows, medium)))
}

fn file(args: &FileArgs, merged: &Merged) -> Row {
    let path = merged.config.as_ref().map(Config::path);
    let origin = match &args.config {
        Some(_) => Origin::Option("config"),
        None if path_variable("AIRX_CONFIG").is_some() => Origin::Variable("AIRX_CONFIG"),
        None => Origin::Default,
    };
    Row::new("config", path.map(Path::to_string_lossy), origin)
}

fn profile(args: &FileArgs, merged: &Merged) -> Result<Row, Failure> {
    let origin = match (&args.profile, variable("AIRX_PROFILE")?) {
        (Some(_), _) => Origin::Option("profile"),
        (None, Some(_)) => Origin::Variable("AIRX_PROFILE"),
        (None, None) => Origin::Default,
    };
    let name = merged.config.as_ref().and_then(Config::profile);
    Ok(Row::new("profile", name, origin))
}

fn url(resolved: &ResolvedEndpoint<'_>) -> Row {
    Row::new(
        "url",
        resolved.endpoint.url.as_str(),
        resolved.origin.clone(),
    )
}

fn key(resolved: &ResolvedEndpoint<'_>, headers: &[String], merged: &Merged) -> Row {
    if headers.iter().any(|header| is_authorization(header)) {
        return Row::new("key", MASK, merged.origin("header").clone());
    }
    match &resolved.key {
        None => Row::new("key", Json::Null, Origin::Default),
        Some(KeyOrigin::File(_)) => Row::new("key", MASK, Origin::Option("key-file")),
        Some(KeyOrigin::Variable(name)) => Row::new("key", MASK, Origin::Variable(name)),
        Some(KeyOrigin::Config(source)) => {
            let value = match &source.from {
                KeyFrom::File(path) => format!("key-file {}", path.display()),
                KeyFrom::Command(words) => format!("would run {}", words[0]),
            };
            Row::new("key", value, Origin::File(Box::new(source.place.clone())))
        }
    }
}

/// Whether a header is the key itself.
fn is_authorization(header: &str) -> bool {
    let name = header.split_once(':').map(|(name, _)| name.trim());
    name.is_some_and(|name| name.eq_ignore_ascii_case("authorization"))
}

fn row(setting: &Setting, scrubber: &Scrubber) -> Row {
    let name = setting.name;
    let shown = |value: &String| without_secrets(name, value, scrubber);
    let values = match setting.origin {
        Origin::Default => settings::defaults::text(name).map(|text| vec![text]),
        _ => Some(setting.values.iter().map(shown).collect()),
    };
    let value = values.map(|values| typed(name, values));
    Row::new(name, value, setting.origin.clone())
}

fn without_secrets(name: &str, value: &str, scrubber: &Scrubber) -> String {
    match name {
        "header" if !value.starts_with('@') => match value.split_once(':') {
            Some((name, _)) => format!("{}: {MASK}", name.trim()),
            None => MASK.to_owned(),
        },
        "proxy" | "base-url" => match value.rsplit_once('@') {
            Some((before, host)) => {
                let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
                let mark = if scheme.is_empty() { "" } else { "://" };
                format!("{scheme}{mark}{MASK}@{host}")
            }
            None => value.to_owned(),
        },
        _ => scrubber.scrub(value).into_owned(),
    }
}

/// A value as JSON of the setting's type.
fn typed(name: &str, mut values: Vec<String>) -> Json {
    match find(name).map(|key| key.kind) {
        Some(Kind::Texts | Kind::TextsOrFiles | Kind::Paths | Kind::Words) => values.into(),
        Some(Kind::Switch) => {
            let on = values.first().map_or("true", String::as_str);
            json!(["1", "true", "yes", "on"].contains(&on))
        }
        Some(Kind::Optional) if values == [""] => json!(true),
        Some(Kind::Optional) if values == ["false"] => json!(false),
        Some(Kind::Number | Kind::Count(..)) => {
            let text = values.pop().unwrap_or_default();
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        _ => values.pop().unwrap_or_default().into(),
    }
}

/// The facts about models that the file sets.
fn models(config: &Config) -> Vec<Row> {
    let mut rows = Vec::new();
    for (extra, place) in config.models() {
        let Some(model) = crate::models::find(&extra.name) else {
            continue;
        };
        let price = model.price.filter(|price| price.date.is_none());
        let amount = |amount| Json::from(crate::models::amount(amount));
        let facts = [
            ("context", extra.context.map(Json::from)),
            ("max-output", extra.max_output.map(Json::from)),
            ("price-input", price.map(|price| amount(price.input))),
            ("price-output", price.map(|price| amount(price.output))),
            ("currency", price.map(|price| price.currency.into())),
            ("concurrency", extra.concurrency.map(|tiers| json!(tiers))),
        ];
        for (name, value) in facts {
            let origin = Origin::File(Box::new(config.origin(*place, None)));
            let name = format!("models.{}.{name}", extra.name);
            rows.extend(value.map(|value| Row::new(name, value, origin)));
        }
    }
    rows
}

/// The longest value that a line shows, in characters.
const VALUE_MAX: usize = 60;

fn text(rows: &[Row], medium: Medium) -> String {
    let rows: Vec<[String; 3]> = rows
        .iter()
        .map(|row| [row.name.clone(), cell(&row.value), from(&row.origin)])
        .collect();
    table(&rows, [Align::Left; 3], medium)
}

/// A value on one line.
fn cell(value: &Json) -> String {
    let text = match value {
        Json::Null => return "-".into(),
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let text = |item: &Json| item.as_str().map_or(item.to_string(), str::to_owned);
            items.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    // As JSON, if it has control characters or outer white space.
    let text = match text {
        text if text.trim() != text || text.contains(char::is_control) => {
            Json::String(text).to_string()
        }
        text => text,
    };
    match text.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn from(origin: &Origin) -> String {
    match origin {
        Origin::Option(name) => format!("flag --{name}"),
        Origin::Variable(name) => (*name).to_owned(),
        Origin::File(place) => {
            let line = format!("{}:{}", place.path.display(), place.line);
            match &place.profile {
                Some(profile) => format!("profile {profile}, {line}"),
                None => line,
            }
        }
        Origin::Default => "built-in".to_owned(),
    }
}

impl Row {
    fn json(&self) -> Json {
        let (from, place, profile) = match &self.origin {
            Origin::Option(name) => ("flag", Some(format!("--{name}")), None),
            Origin::Variable(name) => ("environment", Some((*name).to_owned()), None),
            Origin::File(place) => {
                let line = format!("{}:{}", place.path.display(), place.line);
                let from = place.profile.as_ref().map_or("file", |_| "profile");
                (from, Some(line), place.profile.as_deref())
            }
            Origin::Default => ("built-in", None, None),
        };
        let Self { name, value, .. } = self;
        json!({ "name": name, "value": value, "from": from, "place": place, "profile": profile })
    }
}
