//! Standard input on systems without `poll`, read with the standard library. A wait has no
//! time limit there.

use std::io::{self, IsTerminal, Read};
use std::marker::PhantomData;

use super::{Ended, Kind, Patience, is_full};
use crate::prompt::bytes::LIMIT;

/// The process's standard input.
#[derive(Debug, Clone, Copy)]
pub(in crate::prompt) struct Input<'a>(PhantomData<&'a ()>);

impl Input<'_> {
    pub(super) fn process() -> Self {
        Self(PhantomData)
    }

    #[allow(clippy::unused_self, reason = "the Unix one looks at its descriptor")]
    pub(super) fn kind(self) -> Kind {
        if io::stdin().is_terminal() {
            Kind::Terminal
        } else {
            Kind::Stream
        }
    }

    #[allow(clippy::unused_self, reason = "the Unix one reads its descriptor")]
    pub(super) fn read_to_end(self, into: &mut Vec<u8>, _: Patience<'_>) -> io::Result<Ended> {
        let room = (LIMIT + 1).saturating_sub(into.len());
        if !is_full(into) {
            io::stdin().lock().take(room as u64).read_to_end(into)?;
        }
        Ok(Ended::Done)
    }
}
