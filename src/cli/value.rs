//! The values that options take: read from text, and written as text again, for options,
//! environment variables and the configuration file alike.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use super::{Constrain, Format, OnOff, Render, Tier};

/// A value that an option, a variable or the configuration file may give.
pub trait SettingValue: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What to write instead.
    fn parse(text: &str) -> Result<Self, String>;

    /// Writes it so that [`SettingValue::parse`] reads the same value.
    fn text(&self) -> String;
}

macro_rules! text {
    ($($text:ty),*) => {$(
        impl SettingValue for $text {
            fn parse(text: &str) -> Result<Self, String> {
                Ok(Self::from(text))
            }

            fn text(&self) -> String {
                let text: &OsStr = self.as_ref();
                text.to_string_lossy().into_owned()
            }
        }
    )*};
}

text!(String, OsString, PathBuf);

impl SettingValue for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "1" | "true" | "yes" | "on" => Ok(true),
            "0" | "false" | "no" | "off" => Ok(false),
            _ => Err("write 1 or 0".to_owned()),
        }
    }

    fn text(&self) -> String {
        self.to_string()
    }
}

impl SettingValue for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        duration(text)
    }

    fn text(&self) -> String {
        match self.as_secs_f64() {
            0.0 => "0".to_owned(),
            seconds if seconds < 1.0 => format!("{}ms", seconds * 1000.0),
            seconds => format!("{seconds}s"),
        }
    }
}

macro_rules! number {
    ($what:literal: $($number:ty),*) => {$(
        impl SettingValue for $number {
            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| concat!("write ", $what).to_owned())
            }

            fn text(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

number!("a number": f64);
number!("a whole number": u16, u32, u64);

macro_rules! choice {
    ($($choice:ty),*) => {$(
        impl SettingValue for $choice {
            fn parse(text: &str) -> Result<Self, String> {
                Self::from_str(text, false).map_err(|_| {
                    let values = Self::value_variants().iter().map(SettingValue::text);
                    format!("write one of {}", values.collect::<Vec<_>>().join(", "))
                })
            }

            fn text(&self) -> String {
                let value = self.to_possible_value();
                value.map(|value| value.get_name().to_owned()).unwrap_or_default()
            }
        }
    )*};
}

choice!(Constrain, Format, OnOff, Render, Tier);

/// What to write as a duration.
const DURATION: &str = "write 500ms, 90s, 5m, 24h, 30d or a number of seconds";

/// Reads `90s`, `5m`, `500ms`, `1h`, `30d` or a number of seconds. Zero is no limit.
///
/// # Errors
/// What to write instead.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(DURATION.into()),
    };
    let seconds = number.parse::<f64>().map_err(|_| DURATION)?;
    Duration::try_from_secs_f64(seconds * scale).map_err(|_| "the duration is too long".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_take_units_and_bare_seconds() {
        let millis = |text| duration(text).map(|duration| duration.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("90s"), Ok(90_000));
        assert_eq!(millis("5m"), Ok(300_000));
        assert_eq!(millis("2h"), Ok(7_200_000));
        assert_eq!(millis("1d"), Ok(86_400_000));
        assert_eq!(millis("1.5"), Ok(1500));
        assert_eq!(millis("0"), Ok(0));
        for wrong in ["", "s", "-1", "1w", "1 s", "."] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_that_is_written_is_read_again() {
        for (text, written) in [
            ("5m", "300s"),
            ("250ms", "250ms"),
            ("1.5", "1.5s"),
            ("0", "0"),
        ] {
            let value = Duration::parse(text).unwrap();
            assert_eq!(value.text(), written);
            assert_eq!(Duration::parse(written), Ok(value));
        }
        assert_eq!(Render::parse("always").unwrap().text(), "always");
        assert_eq!(
            Format::parse("xml").unwrap_err(),
            "write one of text, json, ndjson"
        );
    }
}
