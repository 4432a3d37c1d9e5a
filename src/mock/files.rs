//! `/files`: the files that the mock keeps, in memory and within limits, and the forms that
//! upload them. api.md §8.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::path::Path;

use futures_util::stream;
use hyper::body::Bytes;
use multer::Multipart;
use serde_json::{Value, json};

use super::reply::{Reply, bad_member, refused};
use super::rng::{DAY, Rng};

/// The most bytes of a file; the API says 100 MB. api.md §8.
const FILE_MAX: usize = 100_000_000;
/// The most bytes of an upload: a file and the form around it.
pub(super) const UPLOAD_MAX: usize = FILE_MAX + 64 * 1024;
const FIELDS_MAX: usize = 16;

/// The most files. api.md §8.
const FILES_MAX: usize = 1000;
/// The most bytes of all files, including those that batches will write.
pub(super) const BYTES_MAX: usize = 256 * 1024 * 1024;
/// Milliseconds between one event and the next.
const TICK: u64 = 60_013;

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// `None` for a field that is not a file.
    pub(super) filename: Option<String>,
    pub(super) content: Bytes,
}

/// A `multipart/form-data` body.
#[derive(Debug)]
pub(super) struct Form(Vec<Field>);

impl Form {
    /// Reads a body of this `Content-Type`. `None` is a body longer than [`UPLOAD_MAX`].
    pub(super) async fn read(
        content_type: Option<&str>,
        body: Option<Bytes>,
    ) -> Result<Self, Reply> {
        let unreadable = |error| {
            let wrong = match error {
                multer::Error::NoMultipart | multer::Error::DecodeContentType(_) => {
                    "Content-Type must be multipart/form-data".to_owned()
                }
                multer::Error::NoBoundary => "Content-Type names no boundary".to_owned(),
                other => format!("the form cannot be read: {other}"),
            };
            wrong_form(&wrong)
        };
        let body = stream::iter([Ok::<_, Infallible>(body.ok_or_else(too_long)?)]);
        let boundary =
            multer::parse_boundary(content_type.unwrap_or_default()).map_err(unreadable)?;
        let mut form = Multipart::new(body, boundary);
        let mut fields = Vec::new();
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            if fields.len() == FIELDS_MAX {
                return Err(wrong_form("the form has too many parts"));
            }
            let no_name = || wrong_form("a part of the form has no name");
            fields.push(Field {
                name: field.name().ok_or_else(no_name)?.into(),
                filename: field.file_name().map(str::to_owned),
                content: field.bytes().await.map_err(unreadable)?,
            });
        }
        Ok(Self(fields))
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.0
    }

    /// The field of this name.
    fn field(&self, name: &str) -> Result<&Field, Reply> {
        let field = self.0.iter().find(|field| field.name == name);
        field.ok_or_else(|| refused(&format!("{name}: no such part in the form")))
    }
}

fn wrong_form(message: &str) -> Reply {
    Reply::error(400, "1210", message)
}

fn too_long() -> Reply {
    refused(&format!("file: longer than {FILE_MAX} bytes"))
}

/// All files, and the ids and times of files and batches, which depend on the seed and
/// not on the clock.
#[derive(Debug)]
pub(super) struct FileStore {
    files: Vec<File>,
    /// Bytes that are used or reserved.
    used: usize,
    /// Milliseconds since 1970.
    now: u64,
    rng: Rng,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) id: String,
    /// Seconds since 1970; its id begins with them.
    created_at: u64,
    filename: String,
    purpose: &'static str,
    pub(super) content: Bytes,
}

impl File {
    /// The file as the API describes it.
    pub(super) fn object(&self) -> Value {
        json!({
            "id": self.id,
            "object": "file",
            "bytes": self.content.len(),
            "created_at": self.created_at,
            "filename": self.filename,
            "purpose": self.purpose,
        })
    }
}

impl FileStore {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 0, 0);
        let now = (DAY + rng.next_u64() % 86_400) * 1000;
        Self {
            files: Vec::new(),
            used: 0,
            now,
            rng,
        }
    }

    /// The time of one more event, in milliseconds since 1970.
    pub(super) fn tick(&mut self) -> u64 {
        self.now += TICK;
        self.now
    }

    /// The id of a batch, or of a line of its output.
    pub(super) fn batch_id(&mut self) -> String {
        let nineteen_digits =
            1_000_000_000_000_000_000 + self.rng.next_u64() % 8_000_000_000_000_000_000;
        format!("batch_{nineteen_digits}")
    }

    /// For other random choices.
    pub(super) fn rng(&mut self) -> Rng {
        Rng::new(self.rng.next_u64(), 0, 0)
    }

    /// Reserves room for `bytes` more bytes. Returns false if there is no room.
    pub(super) fn reserve(&mut self, bytes: usize) -> bool {
        let fits = bytes <= BYTES_MAX - self.used;
        if fits {
            self.used += bytes;
        }
        fits
    }

    /// Releases reserved room.
    pub(super) fn release(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
    }

    /// Uploads the `file` of a form. The form's `purpose` must be `batch`.
    pub(super) fn upload(&mut self, form: &Form) -> Result<Reply, Reply> {
        if &*form.field("purpose")?.content != b"batch" {
            return Err(refused("purpose: the mock accepts only batch"));
        }
        let file = form.field("file")?;
        let name = file.filename.as_deref().unwrap_or_default();
        if Path::new(name).extension() != Some(OsStr::new("jsonl")) {
            return Err(refused("file: its name must end in .jsonl"));
        }
        if file.content.len() > FILE_MAX {
            return Err(too_long());
        }
        if self.files.len() >= FILES_MAX || !self.reserve(file.content.len()) {
            let message = "the mock has no room for one more file: delete some";
            return Err(refused(message));
        }
        let file = self.keep(name.to_owned(), "batch", file.content.clone());
        Ok(Reply::ok(&file.object()))
    }

    /// Keeps a file for which room was reserved.
    pub(super) fn keep(
        &mut self,
        filename: String,
        purpose: &'static str,
        content: Bytes,
    ) -> &File {
        let created_at = self.tick() / 1000;
        let (first, second) = (self.rng.next_u64(), self.rng.next_u64());
        self.files.push(File {
            id: format!("{created_at}_{first:016x}{second:016x}"),
            created_at,
            filename,
            purpose,
            content,
        });
        &self.files[self.files.len() - 1]
    }

    pub(super) fn page(&self, query: &str) -> Result<Reply, Reply> {
        page(&self.files, query, |file| &file.id, File::object)
    }

    pub(super) fn get(&self, id: &str) -> Result<&File, Reply> {
        let file = self.files.iter().find(|file| file.id == id);
        file.ok_or_else(|| unknown("file", id))
    }

    pub(super) fn delete(&mut self, id: &str) -> Result<Reply, Reply> {
        let position = self.files.iter().position(|file| file.id == id);
        let file = self
            .files
            .remove(position.ok_or_else(|| unknown("file", id))?);
        self.release(file.content.len());
        Ok(Reply::ok(
            &json!({ "id": id, "object": "file", "deleted": true }),
        ))
    }
}

pub(super) fn unknown(kind: &str, id: &str) -> Reply {
    Reply::error(404, "1214", &format!("there is no {kind} {id}"))
}

/// A page of a list, the newest first, by `after` and `limit` of the query.
pub(super) fn page<T>(
    all: &[T],
    query: &str,
    id: fn(&T) -> &str,
    object: fn(&T) -> Value,
) -> Result<Reply, Reply> {
    let parameter = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let limit = parameter("limit").map_or(Ok(20), |limit| limit.parse());
    let limit = limit.ok().filter(|limit| (1..=100).contains(limit));
    let limit = limit.ok_or_else(|| bad_member("limit"))?;
    let mut rest = all.iter().rev();
    if let Some(after) = parameter("after")
        && !rest.any(|item| id(item) == after)
    {
        return Err(bad_member("after"));
    }
    let shown: Vec<&T> = rest.by_ref().take(limit).collect();
    Ok(Reply::ok(&json!({
        "object": "list",
        "data": shown.iter().copied().map(object).collect::<Vec<_>>(),
        "first_id": shown.first().copied().map(id),
        "last_id": shown.last().copied().map(id),
        "has_more": rest.next().is_some(),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_again_once_a_file_is_gone() {
        let mut store = FileStore::new(0);
        assert!(store.reserve(5));
        let id = store
            .keep("a".into(), "batch", Bytes::from_static(b"12345"))
            .id
            .clone();
        assert!(!store.reserve(BYTES_MAX - 4));
        assert!(store.delete(&id).is_ok());
        assert!(store.delete(&id).is_err());
        assert!(store.reserve(BYTES_MAX));
        assert!(!store.reserve(1));
    }

    #[test]
    fn the_thousandth_file_is_the_last_that_is_accepted() {
        let field = |name: &str, filename: Option<&str>, content: &'static [u8]| Field {
            name: name.into(),
            filename: filename.map(str::to_owned),
            content: Bytes::from_static(content),
        };
        let form = Form(vec![
            field("purpose", None, b"batch"),
            field("file", Some("in.jsonl"), b"{}"),
        ]);
        let mut store = FileStore::new(0);
        for _ in 0..FILES_MAX {
            assert!(store.upload(&form).is_ok());
        }
        let full = refused("the mock has no room for one more file: delete some");
        assert_eq!(store.upload(&form), Err(full));
    }

    #[test]
    fn ids_have_the_form_of_the_samples_and_are_the_same_for_the_same_seed() {
        let ids = |seed| {
            let mut store = FileStore::new(seed);
            let file = store.keep(String::new(), "batch", Bytes::new()).id.clone();
            (file, store.batch_id())
        };
        let (file, batch) = ids(0);
        assert_eq!(
            file.len(),
            "1716468180_59c7ca593a0b4384bfda9d85cc640000".len()
        );
        assert_eq!(batch.len(), "batch_1793623747600001234".len());
        assert_eq!(ids(0), (file.clone(), batch));
        assert_ne!(ids(1).0, file);
    }
}
