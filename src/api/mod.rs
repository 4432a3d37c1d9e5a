//! Wire types of `POST {base}/chat/completions`, files and batches: strict when sending,
//! tolerant when reading. No I/O, no policy.

pub mod batch;
pub mod error_body;
pub mod error_codes;
pub mod reply;
pub mod request;
pub mod scalar;
pub mod usage;
