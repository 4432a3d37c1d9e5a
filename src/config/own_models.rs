//! Reads the tables `[models.NAME]`, which extend the table of models.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::value::{integer, number};
use crate::models::{self, Extra};
use crate::suggest::nearest;

/// The keys of such a table.
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

/// Reads a table.
pub(super) fn read(
    name: &Spanned<Cow<'_, str>>,
    table: &DeTable<'_>,
) -> Result<Extra, Vec<(usize, String)>> {
    let mut extra = Extra {
        name: name.get_ref().clone().into_owned(),
        ..Extra::default()
    };
    let mut problems = Vec::new();
    for (key, value) in table {
        problems.extend(read_key(&mut extra, key, value).err());
    }
    let known = models::built_in(&extra.name).and_then(|model| model.price);
    let prices = (extra.input.is_some(), extra.output.is_some());
    if known.is_none() && (prices.0 != prices.1 || prices.0 != extra.currency.is_some()) {
        let message = "a price is price-input, price-output and currency together";
        problems.push((name.span().start, message.to_owned()));
    }
    if problems.is_empty() {
        Ok(extra)
    } else {
        Err(problems)
    }
}

fn read_key(
    extra: &mut Extra,
    key: &Spanned<Cow<'_, str>>,
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
