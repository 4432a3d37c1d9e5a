//! `airx batch`: the provider's own batch engine.

mod command;
mod custom_id;
mod engine;
mod fetch;
mod lines;
mod raw;
mod status;
mod submit;
mod upload_files;
mod wait;

pub(crate) use command::batch;
