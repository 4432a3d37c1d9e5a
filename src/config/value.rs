//! The kinds of values that keys take, and how a TOML value becomes what the key's option
//! takes on a command line.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::file::folder as folder_of;
use crate::cli::duration;
use crate::models::amount_of;

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A string.
    Text,
    /// A string: an amount for a period.
    Budget,
    /// A string; `@FILE` names a file.
    TextOrFile,
    /// A path, relative to the configuration's folder.
    Path,
    /// A folder's path, relative to the configuration's folder; empty for none.
    Folder,
    /// A string, or `true` for the option without a value.
    Optional,
    /// One of these strings.
    Choice(&'static [&'static str]),
    /// A string as `--timeout` takes it, or a number of seconds.
    Duration,
    /// An integer or a float.
    Number,
    /// A decimal number, or a string that contains one: an amount of money, whose digits are kept
    /// as they are written.
    Amount,
    /// An integer within these bounds.
    Count(u64, u64),
    /// true or false.
    Switch,
    /// A string or an array of strings.
    Texts,
    /// A string or an array of strings; `@FILE` names a file.
    TextsOrFiles,
    /// A path or an array of paths.
    Paths,
    /// The words of a command, the program first.
    Words,
}

impl Kind {
    /// The expected type, for messages and help.
    pub fn wants(self) -> String {
        match self {
            Self::Text => "a string".into(),
            Self::Budget => "a string like \"20/day\", or \"none\"".into(),
            Self::TextOrFile => "a string, `@FILE` for a file's text".into(),
            Self::Path => "a string, the path of a file".into(),
            Self::Folder => "a string, the path of a folder; \"\" is none".into(),
            Self::Optional => "a string or true".into(),
            Self::Choice(words) => format!("one of \"{}\"", words.join("\", \"")),
            Self::Duration => "a string like \"90s\" or a number of seconds".into(),
            Self::Number => "a number".into(),
            Self::Amount => "an amount like 2.50 with at most 12 decimals".into(),
            Self::Count(0, _) => "a whole number of 0 or more".into(),
            Self::Count(least, most) if most >= u64::from(u32::MAX) => {
                format!("a whole number from {least}")
            }
            Self::Count(least, most) => format!("a whole number from {least} to {most}"),
            Self::Switch => "true or false".into(),
            Self::Texts => "a string or an array of strings".into(),
            Self::TextsOrFiles => {
                "a string or an array of strings, `@FILE` for a file's lines".into()
            }
            Self::Paths => "a path or an array of paths".into(),
            Self::Words => "an array of strings, the program first".into(),
        }
    }

    /// Converts a value to what its option takes: one text, or several for a repeated option or a
    /// command. Paths are relative to `folder`.
    pub(super) fn read(self, value: &DeValue<'_>, folder: &Path) -> Result<Vec<String>, String> {
        let text = value.as_str();
        let read = match self {
            Self::Text | Self::Budget => text.filter(|text| !text.is_empty()).map(str::to_owned),
            Self::TextOrFile => text.map(|text| text_or_file(text, folder)).transpose()?,
            Self::Folder if text == Some("") => Some(String::new()),
            Self::Path | Self::Folder => text.map(|text| path(text, folder)).transpose()?,
            Self::Optional => match value {
                // An empty text means the option without a value.
                DeValue::Boolean(true) => Some(String::new()),
                DeValue::Boolean(false) => Some(false.to_string()),
                _ => text.filter(|text| !text.is_empty()).map(str::to_owned),
            },
            Self::Choice(words) => text.filter(|text| words.contains(text)).map(str::to_owned),
            Self::Duration => number(value)
                .or_else(|| text.map(str::to_owned))
                .filter(|text| duration(text).is_ok()),
            Self::Number => number(value),
            Self::Amount => amount(value),
            Self::Count(least, most) => integer(value)
                .and_then(|count| u64::try_from(count).ok())
                .filter(|count| (least..=most).contains(count))
                .map(|count| count.to_string()),
            Self::Switch => value.as_bool().map(|on| on.to_string()),
            Self::Texts | Self::TextsOrFiles | Self::Paths | Self::Words => {
                let texts =
                    texts(value).filter(|texts| self != Self::Words || is_command(value, texts));
                let each = texts.ok_or_else(|| self.refused(value))?.into_iter();
                let each = each.map(|text| match self {
                    Self::TextsOrFiles => text_or_file(text, folder),
                    Self::Paths => path(text, folder),
                    _ => Ok(text.to_owned()),
                });
                return each.collect();
            }
        };
        read.map(|text| vec![text])
            .ok_or_else(|| self.refused(value))
    }

    /// Why a value is not of this kind.
    fn refused(self, value: &DeValue<'_>) -> String {
        let found = match value {
            DeValue::String(_) => "this string",
            DeValue::Integer(_) | DeValue::Float(_) => "this number",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "this array",
            DeValue::Table(_) => "a table",
        };
        format!("{} is wanted, not {found}", self.wants())
    }
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

/// Reads an amount of money in its original spelling: a float would lose digits.
fn amount(value: &DeValue<'_>) -> Option<String> {
    let text = match value {
        DeValue::Integer(_) => integer(value)?.to_string(),
        DeValue::Float(float) => float.as_str().trim_start_matches('+').to_owned(),
        _ => value.as_str()?.to_owned(),
    };
    amount_of(&text).map(|_| text)
}

/// Makes the path in `@FILE` absolute. Returns other texts unchanged.
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
