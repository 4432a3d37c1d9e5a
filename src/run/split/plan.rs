//! The requests of a run with `--split`, and their highest cost. `--dry-run` prints the plan;
//! `--max-cost` is compared with its cost.

use serde::Serialize;

use crate::error::Failure;
use crate::material::{Material, Part};
use crate::models::Cost;
use crate::prompt::LongInput;
use crate::request::SplitRequests;
use crate::table::{Align, Medium, headed_table};

/// The parts, the requests that merge the answers, and the sums.
pub(super) struct Plan(Vec<Line>);

/// A line of the table, or of JSON.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    what: What,
    /// Tokens of the prompts.
    tokens: u64,
    /// The cost with the longest answers, if the price is known.
    cost: Option<Cost>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What {
    Part {
        index: usize,
        count: usize,
        offset: usize,
        bytes: usize,
    },
    Merge {
        requests: u64,
    },
    Total {
        requests: u64,
        bytes: usize,
    },
}

impl Plan {
    /// One request with everything.
    pub(super) fn of_one(requests: &SplitRequests, input: &LongInput) -> Self {
        let (tokens, cost) = requests.estimate(&requests.complete(input));
        let bytes = input.material.text().len();
        let part = What::Part {
            index: 0,
            count: 1,
            offset: 0,
            bytes,
        };
        let requests = 1;
        let lines = [part, What::Total { requests, bytes }];
        Self(lines.map(|what| Line { what, tokens, cost }).into())
    }

    /// A request for each part, and the requests that merge the answers.
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
        let mut asked = count as u64;
        let mut lines = Vec::with_capacity(count + 2);
        for (index, part) in parts.iter().enumerate() {
            let request = requests.part(&material.part(part), index, count);
            let (tokens, cost) = requests.estimate(&request);
            let what = What::Part {
                index,
                count,
                offset: part.offset(),
                bytes: part.bytes(),
            };
            lines.push(Line { what, tokens, cost });
        }
        if merges {
            let (requests, tokens, cost) = requests.estimate_merge(asked)?;
            let what = What::Merge { requests };
            lines.push(Line { what, tokens, cost });
            asked += requests;
        }
        let total = Line {
            what: What::Total {
                requests: asked,
                bytes: material.text().len(),
            },
            tokens: lines.iter().map(|line| line.tokens).sum(),
            cost: lines
                .iter()
                .fold(None, |sum, line| line.cost.map(|cost| cost.plus(sum))),
        };
        lines.push(total);
        Ok(Self(lines))
    }

    /// The highest cost of all requests, if the price is known.
    pub(super) fn cost(&self) -> Option<Cost> {
        self.0.last().and_then(|total| total.cost)
    }

    /// The plan as a table, for people.
    pub(super) fn table(&self) -> String {
        const COLUMNS: [(&str, Align); 5] = [
            ("part", Align::Left),
            ("offset", Align::Right),
            ("bytes", Align::Right),
            ("tokens", Align::Right),
            ("cost", Align::Right),
        ];
        headed_table(COLUMNS, self.0.iter().map(Line::row), Medium::Pipe)
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
        let (name, offset, bytes) = match self.what {
            What::Part {
                index,
                offset,
                bytes,
                ..
            } => ((index + 1).to_string(), Some(offset), Some(bytes)),
            What::Merge { requests } => (format!("merge ({requests})"), None, None),
            What::Total { bytes, .. } => ("total".to_owned(), None, Some(bytes)),
        };
        let dash = || "-".to_owned();
        let number = |number: Option<usize>| number.map_or_else(dash, |number| number.to_string());
        let amount = |cost: Cost| format!("{} {}", cost.amount(), cost.currency());
        let cost = self.cost.map_or_else(dash, amount);
        let tokens = self.tokens.to_string();
        [name, number(offset), number(bytes), tokens, cost]
    }
}
