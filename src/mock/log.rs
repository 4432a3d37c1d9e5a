//! `--log`: requests in, one JSON object a line out, the key hidden.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::batch::multipart;

use crate::error::Failure;

/// The log's file.
#[derive(Debug)]
pub(super) struct Log(Mutex<File>);

impl Log {
    /// Makes the file new, with mode 0600: requests are conversations.
    ///
    /// # Errors
    /// Of class usage, where it cannot be written.
    pub(super) fn create(file: &Path) -> Result<Self, Failure> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(file)
            .map(|file| Self(Mutex::new(file)))
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))
    }

    /// Writes one request, in one write.
    ///
    /// # Errors
    /// The file's.
    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> std::io::Result<()> {
        let text = line(method, path, headers, body);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(text.as_bytes())
    }
}

fn line(method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> String {
    let mut shown = Map::new();
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes());
        let text = if name == AUTHORIZATION {
            let (scheme, _) = text.split_once(' ').unwrap_or_default();
            format!("{scheme} ***")
        } else {
            text.into_owned()
        };
        shown.insert(name.as_str().to_owned(), text.into());
    }
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::to_str);
    let body = form(kind.and_then(Result::ok), body).unwrap_or_else(|| {
        serde_json::from_slice::<Value>(body)
            .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
    });
    let request = json!({ "method": method, "path": path, "headers": shown, "body": body });
    format!("{request}\n")
}

/// A form's fields; of a file its name and length, as the server can be asked
/// for what it holds.
fn form(content_type: Option<&str>, body: &[u8]) -> Option<Value> {
    let parts = multipart::read(content_type, body).ok()?;
    let field = |part: multipart::Part<'_>| {
        let value = match part.filename {
            Some(name) => json!({ "filename": name, "bytes": part.content.len() }),
            None => String::from_utf8_lossy(part.content).into(),
        };
        (part.name, value)
    };
    Some(parts.into_iter().map(field).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_log_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        Log::create(&path).unwrap();
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_request_is_one_line_without_its_key() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, "Bearer abc.secret".parse().unwrap());
        let text = line("POST", "/x", &headers, b"{\n\"a\": 1.50}");
        assert_eq!(
            text,
            "{\"method\":\"POST\",\"path\":\"/x\",\"headers\":{\"authorization\":\"Bearer ***\"},\
             \"body\":{\"a\":1.50}}\n"
        );
        assert!(line("POST", "/x", &headers, b"not json").contains(r#""body":"not json""#));
    }
}
