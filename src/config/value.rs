//! A TOML value → what its key's option takes on a command line.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::keys::Kind;
use super::place::folder as folder_of;
use crate::cli::duration;
use crate::models::amount_of;

/// A value of its key's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The value as the option takes it.
    Text(String),
    /// The values of a repeated option, or the words of a command.
    Texts(Vec<String>),
    /// Whether the flag is given.
    Switch(bool),
}

/// Reads `value` as a `kind`. Paths are relative to `folder`.
pub(super) fn read(kind: Kind, value: &DeValue<'_>, folder: &Path) -> Result<Value, String> {
    let wrong = || {
        let found = match value {
            DeValue::String(_) => "this string",
            DeValue::Integer(_) | DeValue::Float(_) => "this number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "this array",
            DeValue::Table(_) => "a table",
        };
        format!("{} is wanted, not {found}", kind.wants())
    };
    let text = value.as_str();
    let read = match kind {
        Kind::Text | Kind::Budget => text.filter(|text| !text.is_empty()).map(str::to_owned),
        Kind::TextOrFile => text.map(|text| text_or_file(text, folder)).transpose()?,
        Kind::Folder if text == Some("") => Some(String::new()),
        Kind::Path | Kind::Folder => text.map(|text| path(text, folder)).transpose()?,
        Kind::Optional => match value {
            // An empty text stands for the option without a value.
            DeValue::Boolean(true) => Some(String::new()),
            DeValue::Boolean(false) => return Ok(Value::Switch(false)),
            _ => text.filter(|text| !text.is_empty()).map(str::to_owned),
        },
        Kind::Choice(words) => text.filter(|text| words.contains(text)).map(str::to_owned),
        Kind::Duration => match number(value) {
            Some(seconds) => Some(seconds),
            None => text.map(str::to_owned),
        }
        .filter(|text| duration(text).is_ok()),
        Kind::Number => number(value),
        Kind::Amount => amount(value),
        Kind::Count(least, most) => integer(value)
            .and_then(|count| u64::try_from(count).ok())
            .filter(|count| (least..=most).contains(count))
            .map(|count| count.to_string()),
        Kind::Switch => {
            let on = value.as_bool().ok_or_else(wrong)?;
            return Ok(Value::Switch(on));
        }
        Kind::Texts | Kind::TextsOrFiles | Kind::Paths | Kind::Words => {
            let found =
                texts(value).filter(|texts| kind != Kind::Words || is_command(value, texts));
            let each = found.ok_or_else(wrong)?.into_iter().map(|text| match kind {
                Kind::TextsOrFiles => text_or_file(text, folder),
                Kind::Paths => path(text, folder),
                _ => Ok(text.to_owned()),
            });
            return each.collect::<Result<_, _>>().map(Value::Texts);
        }
    };
    read.map(Value::Text).ok_or_else(wrong)
}

/// The strings of an array, or a single string.
fn texts<'a>(value: &'a DeValue<'_>) -> Option<Vec<&'a str>> {
    match value {
        DeValue::String(text) => Some(vec![text]),
        DeValue::Array(array) => array.iter().map(|item| item.get_ref().as_str()).collect(),
        _ => None,
    }
}

fn is_command(value: &DeValue<'_>, words: &[&str]) -> bool {
    value.is_array() && words.first().is_some_and(|program| !program.is_empty())
}

pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// An integer or a finite float, as a decimal number.
pub(super) fn number(value: &DeValue<'_>) -> Option<String> {
    if let Some(integer) = integer(value) {
        return Some(integer.to_string());
    }
    let float: f64 = value.as_float()?.as_str().parse().ok()?;
    float.is_finite().then(|| float.to_string())
}

/// An amount of money, in its original spelling: a float would lose digits.
fn amount(value: &DeValue<'_>) -> Option<String> {
    let text = match value {
        DeValue::Integer(_) => integer(value)?.to_string(),
        DeValue::Float(float) => float.as_str().trim_start_matches('+').to_owned(),
        _ => value.as_str()?.to_owned(),
    };
    amount_of(&text).map(|_| text)
}

/// Makes the path in `@FILE` absolute. Other texts stay unchanged.
fn text_or_file(text: &str, folder: &Path) -> Result<String, String> {
    match text.strip_prefix('@') {
        Some(file) if !file.starts_with('@') => Ok(format!("@{}", path(file, folder)?)),
        _ => Ok(text.to_owned()),
    }
}

/// Resolves a path against the configuration's folder; `~/` is the home folder.
fn path(text: &str, folder: &Path) -> Result<String, String> {
    if text.is_empty() {
        return Err("the path is empty".into());
    }
    if ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].contains(&text) {
        return Err("standard input is for the run itself, not for its configuration".into());
    }
    let path = match text.strip_prefix("~/") {
        Some(rest) => folder_of("HOME")
            .ok_or("~ stands for HOME, which is not set")?
            .join(rest),
        None => folder.join(PathBuf::from(text)),
    };
    let path = path.into_os_string().into_string();
    path.map_err(|_| "its folder's name is not UTF-8: give an absolute path".into())
}
