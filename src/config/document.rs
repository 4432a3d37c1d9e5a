//! Parses the configuration file into tables, checks the type of each value, and collects
//! all problems with line and column.

use std::borrow::Cow;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, KEY_COMMAND, KEY_FILE, KEYS, Key};
use super::value::{Kind, integer, number};
use crate::models::{self, Extra};
use crate::suggest::nearest;

/// The keys of a table `[models.NAME]`.
pub const MODEL_KEYS: &[(&str, &str)] = &[
    ("context", "tokens of prompt and answer together"),
    ("max-output", "tokens of the answer at most"),
    ("price-input", "price of a million tokens of the prompt"),
    ("price-output", "price of a million tokens of the answer"),
    ("currency", "the price's currency, an ISO 4217 code"),
    (
        "concurrency",
        "requests in flight that the account allows, or an array of four: tiers V0 to V3",
    ),
];

/// A key, or the name of a table, with its position.
type Name<'i> = Spanned<Cow<'i, str>>;

/// A place in the file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the line.
    pub line: usize,
    /// The number of the character in the line.
    pub column: usize,
}

/// An error in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where the error is.
    pub place: Place,
    /// What is wrong.
    pub message: String,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: &'static Key,
    /// Its values, as the option takes them.
    pub values: Vec<String>,
    /// The position of the key.
    pub place: Place,
}

/// The top level, or a profile.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) profile: Option<String>,
    pub(super) entries: Vec<Entry>,
}

impl Table {
    pub(super) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.name == name)
    }
}

/// The parsed file.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) top: Table,
    pub(super) profiles: Vec<Table>,
    pub(super) models: Vec<(Extra, Place)>,
    /// Sorted by their places.
    pub(super) problems: Vec<Problem>,
}

/// Parses `text`. Paths in it are relative to `folder`.
pub(super) fn read(text: &str, folder: &Path) -> Document {
    let mut reader = Reader {
        text,
        folder,
        problems: Vec::new(),
    };
    let (root, errors) = DeTable::parse_recoverable(text);
    // After a syntax error, the rest may be misread.
    let mut document = if errors.is_empty() {
        reader.root(root.get_ref())
    } else {
        for error in &errors {
            let at = error.span().map_or(0, |span| span.start);
            // Only the message: the error's own text also shows the line.
            reader.complain(at, format!("not TOML: {}", error.message().trim()));
        }
        Document::default()
    };
    document.problems = reader.problems;
    document.problems.sort();
    document.problems.dedup();
    document
}

/// Reads the tables and collects the problems.
struct Reader<'a> {
    text: &'a str,
    folder: &'a Path,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Place {
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line..].chars().count(),
        }
    }

    fn complain(&mut self, at: usize, message: impl Into<String>) {
        let place = self.place(at);
        self.problems.push(Problem {
            place,
            message: message.into(),
        });
    }

    fn root(&mut self, root: &DeTable<'_>) -> Document {
        let mut document = Document::default();
        for (key, value) in root {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("profile", DeValue::Table(profiles)) => {
                    for (name, table) in self.tables("profile", profiles) {
                        document.profiles.push(self.profile(name.get_ref(), table));
                    }
                }
                ("models", DeValue::Table(models)) => {
                    for (name, table) in self.tables("models", models) {
                        document.models.extend(self.model(name, table));
                    }
                }
                (group @ ("profile" | "models"), _) => {
                    let message = format!("{group} is a group of tables: [{group}.NAME]");
                    self.complain(key.span().start, message);
                }
                _ => self.entry(key, value, &mut document.top),
            }
        }
        self.exclusive(&document.top);
        document
    }

    /// The tables of a group, by their names.
    fn tables<'t, 'i>(
        &mut self,
        group: &str,
        tables: &'t DeTable<'i>,
    ) -> Vec<(&'t Name<'i>, &'t DeTable<'i>)> {
        let mut found = Vec::new();
        for (name, value) in tables {
            if let DeValue::Table(table) = value.get_ref() {
                found.push((name, table));
            } else {
                let own = name.get_ref();
                let message = format!("{group}.{own} is a table: [{group}.{own}]");
                self.complain(name.span().start, message);
            }
        }
        found
    }

    fn profile(&mut self, name: &str, table: &DeTable<'_>) -> Table {
        let mut profile = Table {
            profile: Some(name.to_owned()),
            entries: Vec::new(),
        };
        for (name, value) in table {
            if ["profile", "models"].contains(&name.get_ref().as_ref()) {
                let what = name.get_ref();
                self.complain(
                    name.span().start,
                    format!("{what} belongs to the top level, not to a profile"),
                );
            } else {
                self.entry(name, value, &mut profile);
            }
        }
        self.exclusive(&profile);
        profile
    }

    fn entry(&mut self, name: &Name<'_>, given: &Spanned<DeValue<'_>>, table: &mut Table) {
        let (at, name) = (name.span().start, name.get_ref().as_ref());
        let Some(key) = keys::find(name) else {
            return self.complain(at, unknown(name));
        };
        match key.kind.read(given.get_ref(), self.folder) {
            Ok(values) => {
                let place = self.place(at);
                table.entries.push(Entry { key, values, place });
            }
            Err(why) => self.complain(given.span().start, format!("{name}: {why}")),
        }
    }

    /// Reads a table `[models.NAME]`, which extends the table of models.
    fn model(&mut self, name: &Name<'_>, table: &DeTable<'_>) -> Option<(Extra, Place)> {
        let earlier_problems = self.problems.len();
        let mut extra = Extra {
            name: name.get_ref().clone().into_owned(),
            ..Extra::default()
        };
        for (key, value) in table {
            if let Err((at, message)) = read_model_key(&mut extra, key, value) {
                self.complain(at, message);
            }
        }
        let known = models::built_in(&extra.name).and_then(|model| model.price);
        let prices = (extra.input.is_some(), extra.output.is_some());
        if known.is_none() && (prices.0 != prices.1 || prices.0 != extra.currency.is_some()) {
            let message = "a price is price-input, price-output and currency together";
            self.complain(name.span().start, message);
        }
        (self.problems.len() == earlier_problems).then(|| (extra, self.place(name.span().start)))
    }

    /// Reports keys that contradict each other within one table.
    fn exclusive(&mut self, table: &Table) {
        let is_off = |entry: &&Entry| entry.key.kind == Kind::Switch && entry.values == ["false"];
        let on = |name| table.find(name).filter(|entry| !is_off(entry));
        for (one, other) in [("quiet", "verbose"), (KEY_FILE, KEY_COMMAND)] {
            if let (Some(first), Some(second)) = (on(one), on(other)) {
                self.problems.push(Problem {
                    place: first.place.max(second.place),
                    message: format!("{one} and {other} exclude each other"),
                });
            }
        }
    }
}

fn unknown(name: &str) -> String {
    if let Some(why) = keys::refusal(name) {
        return format!("{name} has no place in the configuration: {why}");
    }
    let all = KEYS.iter().map(|key| key.name).chain(["profile", "models"]);
    match nearest(name, all) {
        Some(near) => format!("unknown key '{name}'; did you mean '{near}'?"),
        None => format!("unknown key '{name}'; airx help config lists the keys"),
    }
}

/// Reads a key of a table `[models.NAME]`. Returns a problem with its position.
fn read_model_key(
    extra: &mut Extra,
    key: &Name<'_>,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), (usize, String)> {
    let (name, given) = (key.get_ref().as_ref(), value.get_ref());
    let wrong = |wants: &str| (value.span().start, format!("{name}: {wants} is wanted"));
    let tokens = || {
        let count = integer(given).and_then(|count| u32::try_from(count).ok());
        let count = count.filter(|count| *count > 0);
        count.ok_or_else(|| wrong("a whole number of tokens"))
    };
    let price = || price(given).ok_or_else(|| wrong("a price of six decimals at most"));
    match name {
        "context" => extra.context = Some(tokens()?),
        "max-output" => extra.max_output = Some(tokens()?),
        "price-input" => extra.input = Some(price()?),
        "price-output" => extra.output = Some(price()?),
        "currency" => {
            let code = given.as_str().filter(|code| is_currency(code));
            let code = code.ok_or_else(|| wrong("a code of three capitals, like \"USD\","))?;
            extra.currency = Some(code.to_owned());
        }
        "concurrency" => {
            let limits = concurrency(given);
            let wants = "a whole number from 1, or an array of four,";
            extra.concurrency = Some(limits.ok_or_else(|| wrong(wants))?);
        }
        _ => {
            let near = nearest(name, MODEL_KEYS.iter().map(|(name, _)| *name));
            let near = near.map_or_else(
                || "airx help config lists the keys".to_owned(),
                |near| format!("did you mean '{near}'?"),
            );
            let message = format!("unknown key '{name}' of a model; {near}");
            return Err((key.span().start, message));
        }
    }
    Ok(())
}

fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn concurrency(value: &DeValue<'_>) -> Option<[u16; 4]> {
    let limit = |value: &DeValue<'_>| {
        let limit = integer(value).and_then(|limit| u16::try_from(limit).ok());
        limit.filter(|limit| *limit > 0)
    };
    let Some(tiers) = value.as_array() else {
        return Some([limit(value)?; 4]);
    };
    let tiers = tiers.iter().map(|tier| limit(tier.get_ref()));
    tiers.collect::<Option<Vec<u16>>>()?.try_into().ok()
}

/// Reads a decimal number, or a string with one, as millionths.
fn price(value: &DeValue<'_>) -> Option<u64> {
    let text = number(value).or_else(|| value.as_str().map(str::to_owned))?;
    let (integer, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if integer.is_empty() || !digits(integer) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let integer: u64 = integer.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    integer.checked_mul(1_000_000)?.checked_add(fraction)
}
