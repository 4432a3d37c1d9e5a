//! Wire types of `POST {base}/chat/completions`, files and batches: strict when sending,
//! tolerant when reading. No I/O, no policy.

pub mod batch;
pub mod error_body;
pub mod error_codes;
pub mod limits;
pub mod reply;
pub mod request;
pub mod text;
pub mod usage;
pub mod whole_number;
