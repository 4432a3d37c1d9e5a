//! `--dry-run` of `--split`: a table of the parts.

use crate::cli::DryRun;
use crate::error::Failure;
use crate::material::{Material, Part};
use crate::models::Cost;
use crate::request::SplitRequests;
use crate::table::{Align, Medium, table};

/// One line a part, the requests that merge the answers, and the sum.
///
/// # Errors
/// A curl command is asked for, or answers cannot be merged: exit 2.
pub(super) fn show(
    how: DryRun,
    requests: &SplitRequests,
    material: &Material,
    parts: &[Part],
    merges: bool,
) -> Result<String, Failure> {
    if how == DryRun::Curl {
        let count = parts.len();
        let what = format!("--dry-run=curl shows one request, and --split makes {count} parts");
        return Err(Failure::usage(what).hint("--dry-run lists the parts"));
    }
    let head = ["part", "offset", "bytes", "tokens", "cost"].map(str::to_owned);
    let (mut rows, mut sum, mut sum_cost) = (vec![head], 0, None);
    let mut add = |tokens: u64, cost: Option<Cost>| {
        sum += tokens;
        sum_cost = cost.map(|cost| cost.plus(sum_cost));
    };
    for (at, part) in parts.iter().enumerate() {
        let request = requests.part(&material.part(part), at, parts.len());
        let (tokens, cost) = requests.estimate(&request);
        add(tokens, cost);
        rows.push([
            (at + 1).to_string(),
            part.offset().to_string(),
            part.bytes().to_string(),
            tokens.to_string(),
            amount(cost),
        ]);
    }
    let dash = || "-".to_owned();
    if merges {
        let (count, tokens, cost) = requests.estimate_merge(parts.len() as u64)?;
        add(tokens, cost);
        let name = format!("merge ({count})");
        rows.push([name, dash(), dash(), tokens.to_string(), amount(cost)]);
    }
    let bytes = material.text().len().to_string();
    let total = [
        "total".to_owned(),
        dash(),
        bytes,
        sum.to_string(),
        amount(sum_cost),
    ];
    rows.push(total);
    let right = Align::Right;
    let columns = [Align::Left, right, right, right, right];
    Ok(table(&rows, columns, Medium::Pipe))
}

fn amount(cost: Option<Cost>) -> String {
    cost.map_or_else(
        || "-".to_owned(),
        |cost| format!("{} {}", cost.amount(), cost.currency()),
    )
}
