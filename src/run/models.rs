//! `airx models`: the table of known models, as text or as JSON.

use crate::cli::ModelsFormat;
use crate::models::{self, MODELS, Model, Price};
use crate::table::{Align, Medium, table};

/// The table of known models.
pub fn print(format: ModelsFormat, medium: Medium) -> String {
    match format {
        ModelsFormat::Text => models_table(medium),
        ModelsFormat::Json => serde_json::json!(models::all()).to_string() + "\n",
        ModelsFormat::Ndjson => models::all()
            .into_iter()
            .map(|model| serde_json::json!(model).to_string() + "\n")
            .collect(),
    }
}

fn models_table(medium: Medium) -> String {
    const COLUMNS: [(&str, Align); 8] = [
        ("model", Align::Left),
        ("window", Align::Right),
        ("output", Align::Right),
        ("in", Align::Right),
        ("out", Align::Right),
        ("", Align::Left),
        ("extra", Align::Left),
        ("V0/V1/V2/V3", Align::Right),
    ];
    let mut rows = vec![COLUMNS.map(|(head, _)| head.to_owned())];
    rows.extend(models::all().into_iter().map(models_row));
    let text = table(&rows, COLUMNS.map(|(_, align)| align), medium);
    text + "\n" + &prices_of() + "\n"
}

fn models_row(model: &Model) -> [String; 8] {
    let absent = || "-".to_owned();
    let price = |pick: fn(&Price) -> u64| {
        let price = model.price.as_ref();
        price.map_or_else(absent, |price| models::amount(pick(price)))
    };
    let extra = match (model.vision, model.thinking) {
        (Some(true), Some(true)) => "both",
        (Some(true), _) => "images",
        (_, Some(true)) => "thinks",
        _ => "-",
    };
    let tiers = |tiers: [u16; 4]| tiers.map(|limit| limit.to_string()).join("/");
    [
        model.name.to_owned(),
        model.context.map_or_else(absent, tokens),
        model.max_output.map_or_else(absent, tokens),
        price(|price| price.input),
        price(|price| price.output),
        model
            .price
            .map_or_else(absent, |price| price.currency.to_owned()),
        extra.to_owned(),
        model.concurrency.map_or_else(absent, tiers),
    ]
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

fn prices_of() -> String {
    let dates = || MODELS.iter().filter_map(|model| model.price?.date);
    let (first, last) = (dates().min().unwrap_or("-"), dates().max().unwrap_or("-"));
    let span = if first == last {
        first.to_owned()
    } else {
        format!("{first} to {last}")
    };
    format!("Prices are per million tokens, listed on {span}. Providers change them.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_a_line_of_a_table_that_fits_80_columns() {
        let text = print(ModelsFormat::Text, Medium::Pipe);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), MODELS.len() + 3);
        assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
        assert_eq!(print(ModelsFormat::Text, Medium::Terminal(80)), text);
        assert!(lines[lines.len() - 1].contains("2025-07-23"), "{text}");
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
