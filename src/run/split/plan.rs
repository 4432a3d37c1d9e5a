//! What a run of `--split` asks for, and what it may cost: `--dry-run` prints it, and
//! `--max-cost` is compared with it.

use serde::Serialize;

use crate::error::Failure;
use crate::material::{Material, Part};
use crate::models::Cost;
use crate::prompt::LongInput;
use crate::request::SplitRequests;
use crate::table::{Align, Medium, table};

/// The parts, the requests that merge the answers, and the sums.
pub(super) struct Plan(Vec<Line>);

/// A line of the table, or of JSON. Tokens are those of the prompts; the cost is that with
/// the longest answers, if the price is known.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Part {
        index: usize,
        count: usize,
        offset: usize,
        bytes: usize,
        tokens: u64,
        cost: Option<Cost>,
    },
    Merge {
        requests: u64,
        tokens: u64,
        cost: Option<Cost>,
    },
    Total {
        requests: u64,
        bytes: usize,
        tokens: u64,
        cost: Option<Cost>,
    },
}

impl Plan {
    /// One request with everything.
    pub(super) fn of_one(requests: &SplitRequests, input: &LongInput) -> Self {
        let (tokens, cost) = requests.estimate(&requests.complete(input));
        let bytes = input.material.text().len();
        Self(vec![
            Line::Part {
                index: 0,
                count: 1,
                offset: 0,
                bytes,
                tokens,
                cost,
            },
            Line::Total {
                requests: 1,
                bytes,
                tokens,
                cost,
            },
        ])
    }

    /// A request for each part, and those that merge the answers.
    ///
    /// # Errors
    /// The answers cannot be merged: exit 2.
    pub(super) fn of_parts(
        requests: &SplitRequests,
        material: &Material,
        parts: &[Part],
        merges: bool,
    ) -> Result<Self, Failure> {
        let count = parts.len();
        let (mut sum, mut sum_cost, mut asked) = (0, None, count as u64);
        let mut add = |tokens: u64, cost: Option<Cost>| {
            sum += tokens;
            sum_cost = cost.map(|cost| cost.plus(sum_cost));
        };
        let mut lines = Vec::with_capacity(count + 2);
        for (index, part) in parts.iter().enumerate() {
            let request = requests.part(&material.part(part), index, count);
            let (tokens, cost) = requests.estimate(&request);
            add(tokens, cost);
            lines.push(Line::Part {
                index,
                count,
                offset: part.offset(),
                bytes: part.bytes(),
                tokens,
                cost,
            });
        }
        if merges {
            let (requests, tokens, cost) = requests.estimate_merge(count as u64)?;
            add(tokens, cost);
            asked += requests;
            lines.push(Line::Merge {
                requests,
                tokens,
                cost,
            });
        }
        lines.push(Line::Total {
            requests: asked,
            bytes: material.text().len(),
            tokens: sum,
            cost: sum_cost,
        });
        Ok(Self(lines))
    }

    /// What all requests may cost, if the price is known.
    pub(super) fn cost(&self) -> Option<Cost> {
        match self.0.last() {
            Some(Line::Total { cost, .. }) => *cost,
            _ => None,
        }
    }

    /// The plan for people.
    pub(super) fn table(&self) -> String {
        let head = ["part", "offset", "bytes", "tokens", "cost"].map(str::to_owned);
        let rows = self.0.iter().map(Line::row);
        let rows: Vec<_> = [head].into_iter().chain(rows).collect();
        let right = Align::Right;
        table(
            &rows,
            [Align::Left, right, right, right, right],
            Medium::Pipe,
        )
    }

    /// The plan for programs: one object a line.
    pub(super) fn json(&self) -> Result<String, Failure> {
        let mut text = String::new();
        for line in &self.0 {
            text += &serde_json::to_string(line).map_err(std::io::Error::from)?;
            text.push('\n');
        }
        Ok(text)
    }
}

impl Line {
    fn row(&self) -> [String; 5] {
        let dash = || "-".to_owned();
        let (name, offset, bytes, tokens, cost) = match self {
            Self::Part {
                index,
                offset,
                bytes,
                tokens,
                cost,
                ..
            } => (
                (index + 1).to_string(),
                offset.to_string(),
                bytes.to_string(),
                tokens,
                cost,
            ),
            Self::Merge {
                requests,
                tokens,
                cost,
            } => (format!("merge ({requests})"), dash(), dash(), tokens, cost),
            Self::Total {
                bytes,
                tokens,
                cost,
                ..
            } => ("total".to_owned(), dash(), bytes.to_string(), tokens, cost),
        };
        [name, offset, bytes, tokens.to_string(), amount(*cost)]
    }
}

fn amount(cost: Option<Cost>) -> String {
    cost.map_or_else(
        || "-".to_owned(),
        |cost| format!("{} {}", cost.amount(), cost.currency()),
    )
}
