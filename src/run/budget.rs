//! `airx budget`: prints the sums in the ledgers of `--budget`, as text or as JSON.

use chrono::{SecondsFormat, Utc};
use serde_json::json;

use super::listing;
use crate::cli::BudgetArgs;
use crate::client::{self, Summary};
use crate::error::Failure;
use crate::models;
use crate::settings::{self, Budget, Merged};
use crate::table::{Align, Medium, headed_table};

/// The sums of each currency and period.
///
/// # Errors
/// The value of `--budget` or a ledger cannot be read: exit 2.
pub fn print(
    args: &BudgetArgs,
    merged: Result<Merged, Failure>,
    medium: Medium,
) -> Result<String, Failure> {
    let merged = merged?;
    let budget = settings::resolve_budget(args.budget.as_deref(), &merged)
        .map_err(|failure| merged.place(failure))?;
    let rows = client::summaries(Utc::now())?;
    let rows: Vec<Row> = rows.into_iter().map(|sum| Row::new(sum, budget)).collect();
    let objects: Vec<_> = rows.iter().map(Row::json).collect();
    Ok(listing(args.format, &objects, || text(&rows, medium)))
}

/// The sums of a period, and the budget for it.
struct Row {
    sum: Summary,
    budget: Option<u128>,
}

impl Row {
    fn new(sum: Summary, budget: Option<Budget>) -> Self {
        let budget = budget.filter(|budget| budget.period == sum.period);
        Self {
            sum,
            budget: budget.map(|budget| budget.units),
        }
    }

    /// The amount that is neither spent nor reserved, if there is a budget.
    fn free(&self) -> Option<u128> {
        let used = self.sum.spent.saturating_add(self.sum.reserved);
        self.budget.map(|budget| budget.saturating_sub(used))
    }

    fn json(&self) -> serde_json::Value {
        let sum = &self.sum;
        json!({
            "currency": sum.currency,
            "period": sum.period.name(),
            "since": sum.since.to_rfc3339_opts(SecondsFormat::Secs, true),
            "until": sum.until.to_rfc3339_opts(SecondsFormat::Secs, true),
            "spent": models::shown(sum.spent),
            "reserved": models::shown(sum.reserved),
            "budget": self.budget.map(models::shown),
            "free": self.free().map(models::shown),
        })
    }

    fn cells(&self) -> [String; 7] {
        let shown = |amount: Option<u128>| amount.map_or_else(|| "-".to_owned(), models::shown);
        let sum = &self.sum;
        [
            sum.currency.clone(),
            sum.period.name().to_owned(),
            models::shown(sum.spent),
            models::shown(sum.reserved),
            shown(self.budget),
            shown(self.free()),
            sum.until.format("%Y-%m-%d %H:%M").to_string(),
        ]
    }
}

fn text(rows: &[Row], medium: Medium) -> String {
    const COLUMNS: [(&str, Align); 7] = [
        ("", Align::Left),
        ("period", Align::Left),
        ("spent", Align::Right),
        ("reserved", Align::Right),
        ("budget", Align::Right),
        ("free", Align::Right),
        ("until (UTC)", Align::Left),
    ];
    if rows.is_empty() {
        return "Nothing is counted yet: no run with --budget has sent a request.\n".to_owned();
    }
    headed_table(COLUMNS, rows.iter().map(Row::cells), medium)
}
