//! The expected answer of `airx json`: JSON that matches a JSON Schema or the shorthand of
//! `--fields`, and how it is shown.

mod array_splitter;
mod document;
mod expected;
mod fields;
mod json;
mod prompts;
mod validator;

pub use array_splitter::ArraySplitter;
pub use expected::{
    Accepted, Constrain, DEFAULT_TRIES, ExpectedJson, JsonFormat, JsonOptions, Rejected,
};
pub use json::{DEPTH_MAX, compact, join_arrays, parse, parse_raw, parse_strict};
pub use prompts::{correction, instruction};
pub use validator::Schema;
