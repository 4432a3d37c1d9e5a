//! The provider's own batch engine: items → batches, and what becomes of those.

mod custom_id;
mod engine;
mod fetch;
mod lines;
mod parts;
mod raw;
mod status;
mod submit;
mod wait;

pub use engine::is_id;
pub use fetch::fetch;
pub use parts::{Part, parts};
pub use raw::{RawLines, raw_lines};
pub use status::{cancel, status};
pub use submit::{Submission, submit};
pub use wait::wait;
