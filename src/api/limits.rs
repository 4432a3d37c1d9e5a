//! The API's limits for the members of a chat request. api.md §3. Where its documents differ,
//! both values are here: airx refuses what no document allows, and warns about what only some
//! allow. The limits of a model are in the table of models, those of a batch in `batch.rs`.

use std::ops::RangeInclusive;

/// Characters of `user_id`.
pub const USER_ID: RangeInclusive<usize> = 6..=128;
/// Characters of `request_id`, by the newer documents.
pub const REQUEST_ID: RangeInclusive<usize> = 6..=64;
/// `temperature`; by the older documents less than 1.
pub const TEMPERATURE: RangeInclusive<f64> = 0.0..=1.0;
/// `top_p`.
pub const TOP_P: RangeInclusive<f64> = 0.0..=1.0;
/// The smallest `top_p` of the newer documents.
pub const TOP_P_NEWER: f64 = 0.01;
/// Texts of `stop`, by the newest document; most allow one.
pub const STOP_MAX: usize = 4;
/// Tools of type `function`.
pub const TOOLS_MAX: usize = 128;
