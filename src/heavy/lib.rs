//! What airx calls of two large libraries: a schema compiled and held against a
//! value, and a session with a server of the Model Context Protocol. Nothing here
//! knows of airx.

#[cfg(unix)]
pub mod mcp;
pub mod schema;
