//! `--log`: a file with one JSON object for each request, without the key.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use hyper::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Map, Value, json};

use super::files::{Field, Form};
use crate::error::Failure;

#[derive(Debug)]
pub(super) struct Log(Mutex<File>);

impl Log {
    /// Creates the file with mode 0600, because requests are private.
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

    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
        form: Option<&Form>,
    ) -> std::io::Result<()> {
        let text = line(method, path, headers, body, form);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(text.as_bytes())
    }
}

fn line(method: &str, path: &str, headers: &HeaderMap, body: &[u8], form: Option<&Form>) -> String {
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
    let body = match form {
        Some(form) => form.fields().iter().map(logged).collect(),
        None => serde_json::from_slice::<Value>(body)
            .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into()),
    };
    let request = json!({ "method": method, "path": path, "headers": shown, "body": body });
    format!("{request}\n")
}

/// A field of a form; of a file its name and length.
fn logged(field: &Field) -> (String, Value) {
    let value = match &field.filename {
        Some(name) => json!({ "filename": name, "bytes": field.content.len() }),
        None => String::from_utf8_lossy(&field.content).into(),
    };
    (field.name.clone(), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_log() {
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
        let text = line("POST", "/x", &headers, b"{\n\"a\": 1.50}", None);
        assert_eq!(
            text,
            "{\"method\":\"POST\",\"path\":\"/x\",\"headers\":{\"authorization\":\"Bearer ***\"},\
             \"body\":{\"a\":1.50}}\n"
        );
        assert!(line("POST", "/x", &headers, b"not json", None).contains(r#""body":"not json""#));
    }
}
