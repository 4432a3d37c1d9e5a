//! `airx models`: the table of known models, as text or as JSON.

use super::listing;
use crate::cli::ModelsFormat;
use crate::models::{self, MODELS, Model, Price};
use crate::table::{Align, Medium, headed_table};

/// The table of known models.
pub fn print(format: ModelsFormat, medium: Medium) -> String {
    listing(format, &models::all(), || models_table(medium))
}

fn models_table(medium: Medium) -> String {
    const COLUMNS: [(&str, Align); 7] = [
        ("model", Align::Left),
        ("window", Align::Right),
        ("out", Align::Right),
        ("BigModel", Align::Left),
        ("Z.ai", Align::Left),
        ("extra", Align::Left),
        ("V0/V1/V2/V3", Align::Right),
    ];
    let rows = models::all().into_iter().map(models_row);
    headed_table(COLUMNS, rows, medium) + "\n" + &notes()
}

fn models_row(model: &Model) -> [String; 7] {
    let absent = || "-".to_owned();
    let extra = match (model.vision, model.thinking) {
        (Some(true), Some(true)) => "both",
        (Some(true), _) => "image",
        (_, Some(true)) => "think",
        _ => "-",
    };
    let tiers = |tiers: [u16; 4]| tiers.map(|limit| limit.to_string()).join("/");
    [
        model.name.to_owned(),
        model.context.map_or_else(absent, tokens),
        model.max_output.map_or_else(absent, tokens),
        model.price.map_or_else(absent, price),
        model.zai_price.map_or_else(absent, |zai| match zai.date {
            Some(_) => price(zai),
            // The user's price applies at every provider.
            None => "same".to_owned(),
        }),
        extra.to_owned(),
        model.concurrency.map_or_else(absent, tiers),
    ]
}

/// The prices of prompt and answer, one number if they are equal. A price that the user sets may be
/// in any currency, so it is shown with it.
fn price(price: Price) -> String {
    let mut text = models::amount(price.input);
    if price.output != price.input {
        text = text + "/" + &models::amount(price.output);
    }
    match price.date {
        Some(_) => text,
        None => text + " " + price.currency,
    }
}

/// A limit as the provider's pages write it, if it is a round number.
fn tokens(number: u32) -> String {
    const K: u32 = 1024;
    match number {
        n if n % (K * K) == 0 => format!("{}M", n / (K * K)),
        n if n % K == 0 => format!("{}K", n / K),
        n => n.to_string(),
    }
}

/// What the columns mean, and the date of the prices in each.
fn notes() -> String {
    let listed = |pick: fn(&Model) -> Option<Price>| {
        let price = MODELS.iter().find_map(pick);
        price.map_or(("-", "-"), |price| {
            (price.currency, price.date.unwrap_or("-"))
        })
    };
    let (bigmodel, bigmodel_day) = listed(|model| model.price);
    let (zai, zai_day) = listed(|model| model.zai_price);
    format!(
        "Prices per million tokens (prompt/answer), - where unknown or not one number:\n\
         BigModel in {bigmodel}, listed on {bigmodel_day}; Z.ai in {zai}, listed on {zai_day}.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_a_line_of_a_table_that_fits_80_columns() {
        let text = print(ModelsFormat::Text, Medium::Pipe);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), MODELS.len() + 4);
        assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
        assert_eq!(print(ModelsFormat::Text, Medium::Terminal(80)), text);
        assert!(
            text.ends_with(
                "\nPrices per million tokens (prompt/answer), - where unknown or not one number:\n\
                 BigModel in CNY, listed on 2025-07-23; Z.ai in USD, listed on 2026-08-20.\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_price_stands_in_the_column_of_its_provider() {
        let text = print(ModelsFormat::Text, Medium::Pipe);
        let cells = |name: &str| -> Vec<&str> {
            let line = text.lines().find(|line| line.starts_with(name));
            line.unwrap().split_whitespace().collect()
        };
        assert_eq!(
            cells("glm-4-airx "),
            ["glm-4-airx", "8K", "4K", "10", "-", "-", "5/30/40/50"]
        );
        assert_eq!(
            cells("glm-4.5-airx "),
            ["glm-4.5-airx", "128K", "96K", "-", "1.1/4.5", "think", "-"]
        );
        assert_eq!(
            cells("glm-4.5-flash "),
            ["glm-4.5-flash", "128K", "96K", "0", "0", "think", "-"]
        );
        assert_eq!(
            cells("glm-4.5v ")[..5],
            ["glm-4.5v", "-", "-", "-", "0.6/1.8"]
        );
    }

    #[test]
    fn the_prices_of_a_column_are_of_one_list() {
        for pick in [|model: &Model| model.price, |model: &Model| model.zai_price] {
            let lists = MODELS.iter().filter_map(pick);
            let mut lists = lists.map(|price| (price.currency, price.date));
            let first = lists.next().unwrap();
            assert!(lists.all(|list| list == first));
        }
    }

    #[test]
    fn absent_numbers_are_null_in_json() {
        let lines = print(ModelsFormat::Ndjson, Medium::Pipe);
        let of = |name: &str| -> serde_json::Value {
            let line = lines.lines().find(|line| line.contains(name));
            serde_json::from_str(line.unwrap()).unwrap()
        };
        assert!(of("\"glm-4.6\"")["price"].is_null());
        assert!(of("\"glm-5\"")["concurrency"].is_null());
        assert_eq!(of("\"glm-4-plus\"")["price"]["cached"], "2.5");
        let array = print(ModelsFormat::Json, Medium::Pipe);
        let array: Vec<serde_json::Value> = serde_json::from_str(&array).unwrap();
        assert_eq!(array.len(), lines.lines().count());
    }
}
