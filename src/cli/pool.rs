//! The options of a run that has several requests in flight: `--each` and `--split`.

use clap::Args;

use super::{EachArgs, SplitArgs, Tier};

/// The options of every run that may make several requests; each command has some of them.
#[derive(Debug, Default)]
pub struct ManyArgs {
    pub each: EachArgs,
    pub split: SplitArgs,
    pub pool: PoolArgs,
}

impl ManyArgs {
    /// Takes the options of a command.
    pub fn new(each: EachArgs, split: SplitArgs, pool: PoolArgs) -> Self {
        Self { each, split, pool }
    }

    /// The options of `--each`, if it is given.
    pub fn each(&self) -> Option<&EachArgs> {
        Some(&self.each).filter(|each| each.each.is_some())
    }
}

/// Several requests in flight.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Many inputs")]
pub struct PoolArgs {
    /// Send N requests at once [default: by --tier, else 2]
    ///
    /// The default is the model's number for the account's tier (airx models). airx lowers it
    /// when the server says that it is too many (1302), and raises it again. Such an answer
    /// does not count against --retries while other requests are in flight.
    #[arg(short, long, value_name = "N", requires = "many", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: Option<u16>,

    /// Tier of the account, for --concurrency [default: v0]
    #[arg(
        long,
        value_name = "v0|v1|v2|v3",
        hide_possible_values = true,
        hide_short_help = true,
        requires = "many"
    )]
    pub tier: Option<Tier>,

    /// Start no request that could raise the total cost above AMOUNT
    ///
    /// The amount is in the currency of the model's price at the provider: CNY at BigModel,
    /// USD at Z.ai (airx models). Until its cost is known, a request counts as the longest answer that it may get; if the server does not
    /// report its tokens, it stays so. A run that is stopped by this limit exits 12.
    #[arg(long, value_name = "AMOUNT", requires = "many", hide_short_help = true)]
    pub max_cost: Option<String>,
}
