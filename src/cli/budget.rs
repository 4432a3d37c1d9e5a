//! `airx budget`.

use clap::Args;

use super::{FileArgs, ModelsFormat};

/// Show what --budget has counted: spent, reserved, free
///
/// Each line is a currency and a calendar period in UTC. It shows what the runs with --budget
/// have spent since the period began, the most that their requests in flight may still cost, and
/// when the sum starts at zero. If --budget, AIRX_BUDGET or the configuration gives an amount, the
/// line of its period shows it and what is free. Runs without a budget are not counted.
///
/// The ledgers are in $XDG_STATE_HOME/airx, else ~/.local/state/airx: budget-CNY.json and so on.
/// Remove one to count from zero. Runs against airx mock count, too: to try a budget, set
/// XDG_STATE_HOME to another folder.
#[derive(Debug, Args)]
#[group(skip)]
pub struct BudgetArgs {
    /// The budget to compare with, like 20/day [AIRX_BUDGET]
    #[arg(long, value_name = "AMOUNT/PERIOD")]
    pub budget: Option<String>,

    /// How to print the sums
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ModelsFormat,

    #[command(flatten)]
    pub file: FileArgs,
}
