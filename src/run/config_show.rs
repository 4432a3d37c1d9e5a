//! `airx config show`: options, environment and configuration → each setting, its
//! value and where it comes from. A secret is told of and not shown.

use serde_json::{Value as Json, json};

use crate::cli::{Cli, ConfigArgs, ModelsFormat};
use crate::config::{Config, KEYS, Key, KeyFrom, Kind, Value, variable};
use crate::error::Failure;
use crate::secret::{MASK, Scrubber};
use crate::settings::{self, WayKey};
use crate::table::Medium;

use super::config_rows::{From, Row, text};

/// The settings of a run with these options.
///
/// # Errors
/// A configuration or a URL that cannot be used: exit 2.
pub(super) fn show(args: &ConfigArgs, medium: Medium) -> Result<String, Failure> {
    let config = Config::load(&args.file)?;
    let config = config.as_ref();
    let given =
        Cli::given().map_err(|error| crate::cli::parse_error(&error, &crate::cli::arguments()))?;
    // That is how to show them, and no setting of a run.
    let given: Vec<_> = given
        .into_iter()
        .filter(|(name, _)| name != "format")
        .collect();
    let mut scrubber = Scrubber::default();
    let way = settings::way(&args.connection, config, &mut scrubber)?;
    let mut rows = vec![
        file(args, config)?,
        profile(args, config)?,
        Row {
            name: "url".into(),
            value: way.url.into(),
            from: base_from(args, config)?,
        },
        key(way.key, args, config),
    ];
    let keys = KEYS.iter().filter(|key| !key.name.starts_with("key-"));
    for key in keys {
        let own = given.iter().find(|(name, _)| name == key.name);
        let own = own.map(|(_, values)| values.as_slice());
        rows.push(setting(key, own, config, &scrubber)?);
    }
    rows.extend(config.into_iter().flat_map(models));
    Ok(match args.format {
        ModelsFormat::Text => text(&rows, medium),
        ModelsFormat::Json => {
            let rows: Vec<Json> = rows.iter().map(Row::json).collect();
            format!("{}\n", Json::from(rows))
        }
        ModelsFormat::Ndjson => rows
            .iter()
            .map(|row| row.json().to_string() + "\n")
            .collect(),
    })
}

fn file(args: &ConfigArgs, config: Option<&Config>) -> Result<Row, Failure> {
    let from = match (&args.file.config, variable("AIRX_CONFIG")?) {
        (Some(_), _) => From::Flag("--config".into()),
        (None, Some(_)) => From::Variable("AIRX_CONFIG"),
        (None, None) => From::BuiltIn,
    };
    Ok(Row {
        name: "config".into(),
        value: config.map_or(Json::Null, |config| config.path().to_string_lossy().into()),
        from,
    })
}

fn profile(args: &ConfigArgs, config: Option<&Config>) -> Result<Row, Failure> {
    let from = match (&args.file.profile, variable("AIRX_PROFILE")?) {
        (Some(_), _) => From::Flag("--profile".into()),
        (None, Some(_)) => From::Variable("AIRX_PROFILE"),
        (None, None) => From::BuiltIn,
    };
    Ok(Row {
        name: "profile".into(),
        value: config.and_then(Config::profile).into(),
        from,
    })
}

/// Where the base of the URL comes from; a provider's, where it is built in.
fn base_from(args: &ConfigArgs, config: Option<&Config>) -> Result<From, Failure> {
    if args.connection.base_url.is_some() {
        return Ok(From::Flag("--base-url".into()));
    }
    if variable("AIRX_BASE_URL")?.is_some() {
        return Ok(From::Variable("AIRX_BASE_URL"));
    }
    let entry = config.and_then(|config| Some((config, config.entry("base-url")?)));
    if let Some((config, (entry, profile))) = entry {
        return Ok(From::of(config, entry, profile));
    }
    settings::family_base(config).map(|name| name.map_or(From::BuiltIn, From::Variable))
}

fn key(key: Option<WayKey<'_>>, args: &ConfigArgs, config: Option<&Config>) -> Row {
    let row = |value: &str, from| Row {
        name: "key".into(),
        value: value.into(),
        from,
    };
    let headers = &args.connection.header;
    if is_authorized(headers) {
        return row(MASK, From::Flag("--header".into()));
    }
    let entry = config.and_then(|config| Some((config, config.entry("header")?)));
    if let Some((config, (entry, profile))) = entry.filter(|_| headers.is_empty())
        && let Value::Texts(headers) = &entry.value
        && is_authorized(headers)
    {
        return row(MASK, From::of(config, entry, profile));
    }
    match (key, config) {
        (Some(WayKey::Flag), _) => row(MASK, From::Flag("--key-file".into())),
        (Some(WayKey::Variable(name)), _) => row(MASK, From::Variable(name)),
        (Some(WayKey::Source(source)), Some(config)) => {
            let value = match &source.from {
                KeyFrom::File(path) => format!("key-file {}", path.display()),
                KeyFrom::Command(words) => format!("would run {}", words[0]),
            };
            let from = From::at(config.line(source.place), source.profile);
            row(&value, from)
        }
        _ => Row {
            name: "key".into(),
            value: Json::Null,
            from: From::BuiltIn,
        },
    }
}

/// Whether one of the headers is the key itself.
fn is_authorized(headers: &[String]) -> bool {
    headers.iter().any(|header| {
        let name = header.split_once(':').map(|(name, _)| name.trim());
        name.is_some_and(|name| name.eq_ignore_ascii_case("authorization"))
    })
}

/// One key: what was given, else its variable, the file, or what is built in.
fn setting(
    key: &'static Key,
    given: Option<&[String]>,
    config: Option<&Config>,
    scrubber: &Scrubber,
) -> Result<Row, Failure> {
    let entry = config.and_then(|config| Some((config, config.entry(key.name)?)));
    let (values, from) = if let Some(values) = given {
        let from = From::Flag(format!("--{}", key.name));
        (Some(values.to_vec()), from)
    } else if let Some(name) = key.variable()? {
        (
            variable(name)?.map(|value| vec![value]),
            From::Variable(name),
        )
    } else if let Some((config, (entry, profile))) = entry {
        let values = match &entry.value {
            Value::Text(text) => vec![text.clone()],
            Value::Texts(texts) => texts.clone(),
            Value::Switch(on) => vec![on.to_string()],
        };
        (Some(values), From::of(config, entry, profile))
    } else {
        let default = Some(key.default).filter(|default| !default.is_empty());
        (
            default.map(|default| vec![default.to_owned()]),
            From::BuiltIn,
        )
    };
    let hidden = values.map(|values| {
        let each = values.into_iter();
        each.map(|value| shown(key, &value, scrubber)).collect()
    });
    Ok(Row {
        name: key.name.into(),
        value: hidden.map_or(Json::Null, |values| typed(key.kind, values)),
        from,
    })
}

/// A value without what is secret in it.
fn shown(key: &Key, value: &str, scrubber: &Scrubber) -> String {
    match key.name {
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

fn typed(kind: Kind, mut values: Vec<String>) -> Json {
    match kind {
        Kind::Texts | Kind::ToldTexts | Kind::Paths | Kind::Words => values.into(),
        Kind::Switch => {
            let on = values.first().map_or("true", String::as_str);
            json!(["1", "true", "yes", "on"].contains(&on))
        }
        Kind::Optional if values == [""] => json!(true),
        Kind::Number | Kind::Count(..) => {
            let text = values.pop().unwrap_or_default();
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        _ => values.pop().unwrap_or_default().into(),
    }
}

/// What the file says of models.
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
            rows.extend(value.map(|value| Row {
                name: format!("models.{}.{name}", extra.name),
                value,
                from: From::File(format!("{}:{}", config.path().display(), place.line)),
            }));
        }
    }
    rows
}
