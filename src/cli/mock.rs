//! `airx mock`.

use clap::{Args, ValueEnum};

/// Run a loopback server that speaks the API, for trying and testing scripts offline
#[derive(Debug, Args)]
pub struct MockArgs {
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub port: u16,
}

/// An account's tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    /// 5 requests in flight
    V0,
}
