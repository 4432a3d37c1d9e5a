//! Writes each exchange to a file of the folder when it has ended, with secrets masked.

use std::fs::{DirBuilder, hard_link};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::file_format::{
    self, End, Recording, RequestView, Response, StreamPieces, Text, VERSION, Written,
};
use super::redact;
use crate::error::Failure;
use crate::exit::Class;
use crate::http::{self, BODY_LIMIT, Head, Next};
use crate::secret::Scrubber;

/// The headers that airx uses or explains. Others may reveal details of the server and
/// the caller that do not belong in a repository.
const HEADERS: [&str; 4] = [
    "content-type",
    "content-encoding",
    "location",
    "retry-after",
];

/// The prefix of the names of temporary files.
pub(super) const TEMPORARY: &str = ".airx-";

/// Records exchanges in a folder.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    folder: PathBuf,
    scrubber: Scrubber,
    open: Option<OpenRecording>,
}

/// An exchange that has been written to a file.
#[derive(Debug)]
pub struct Recorded {
    /// The file's path.
    pub file: String,
    /// Whether the answer contained a secret. The file contains a mask in its place.
    pub masked: bool,
}

impl Recorder {
    pub(crate) fn new(folder: PathBuf, scrubber: Scrubber) -> Self {
        Self {
            folder,
            scrubber,
            open: None,
        }
    }

    /// Starts an exchange. Makes the folder before anything is sent.
    pub(crate) fn start(&mut self, body: &[u8]) -> Result<&mut OpenRecording, Failure> {
        let place = self.folder.display();
        prepare(&self.folder)
            .map_err(|error| Failure::usage(format!("--record {place}: {error}")))?;
        Ok(self.open.insert(OpenRecording::of(body)))
    }

    /// Writes the exchange to a file when it has ended, unless there was no response.
    pub(crate) fn finish(&mut self) -> Result<Option<Recorded>, Failure> {
        let Some(mut open) = self.open.take().filter(|open| !open.lost) else {
            return Ok(None);
        };
        let failed = |why: String| Failure::new(Class::Internal, format!("--record{why}"));
        if open.size > BODY_LIMIT {
            let mib = BODY_LIMIT >> 20;
            return Err(failed(format!(": the answer is longer than {mib} MiB")));
        }
        let name = open.request.name();
        let (masked, _) = open.mask(&self.scrubber);
        let Some(written) = open.save(|recording| write(&self.folder, &name, recording)) else {
            return Ok(None);
        };
        let path =
            written.map_err(|error| failed(format!(" {}: {error}", self.folder.display())))?;
        let file = path.display().to_string();
        Ok(Some(Recorded { file, masked }))
    }
}

/// An exchange that has not ended yet.
#[derive(Debug, Clone)]
pub(crate) struct OpenRecording {
    pub(super) request: RequestView,
    head: Option<Head>,
    bytes: Vec<u8>,
    /// The offset of the end of each piece of a stream.
    ends: Vec<usize>,
    size: usize,
    streamed: bool,
    end: End,
    /// Whether airx gave up, so that there is no answer of the server to record.
    lost: bool,
}

impl OpenRecording {
    /// Starts an exchange whose request has this body.
    pub(super) fn of(body: &[u8]) -> Self {
        Self {
            request: RequestView::of(body),
            head: None,
            bytes: Vec::new(),
            ends: Vec::new(),
            size: 0,
            streamed: false,
            end: End::Unread,
            lost: false,
        }
    }

    /// Records the head of a streamed response.
    pub(crate) fn head(&mut self, head: &Head) {
        self.streamed = true;
        self.head = Some(head.clone());
    }

    /// Records a response, or the part of it that arrived.
    pub(crate) fn response(&mut self, response: &http::Response) {
        self.head = Some(response.head.clone());
        self.size = response.body.len();
        self.bytes.clone_from(&response.body);
        self.end = End::Complete;
        if let Some(broken) = &response.broken {
            self.broke(broken);
        }
    }

    /// Records the next step of a stream and returns it.
    pub(crate) fn listen<'n>(
        &mut self,
        next: Result<Next<'n>, Failure>,
    ) -> Result<Next<'n>, Failure> {
        match &next {
            Ok(Next::Bytes(bytes)) => {
                self.size += bytes.len();
                if self.size <= BODY_LIMIT {
                    self.bytes.extend_from_slice(bytes);
                    self.ends.push(self.bytes.len());
                }
            }
            Ok(Next::End { complete: true }) => self.end = End::Complete,
            Ok(Next::End { complete: false }) => self.end = End::Open,
            Ok(Next::TimedOut) => self.lost = true,
            Err(broken) => self.broke(broken),
        }
        next
    }

    fn broke(&mut self, failure: &Failure) {
        if failure.class == Class::Incomplete {
            self.end = End::Broken(failure.message.clone());
        } else {
            // A time-out is not an answer of the server.
            self.lost = true;
        }
    }

    /// Whether there is a response of the server, not longer than [`BODY_LIMIT`].
    pub(super) fn is_complete(&self) -> bool {
        !self.lost && self.head.is_some() && self.size <= BODY_LIMIT
    }

    /// Masks the secrets. Returns whether the answer contained one, and whether the request did.
    pub(super) fn mask(&mut self, scrubber: &Scrubber) -> (bool, bool) {
        let clean = redact::body(scrubber, &self.bytes);
        let answer = clean.is_some();
        if let Some(clean) = clean {
            // The offsets have changed, so each frame becomes a piece.
            self.ends.clear();
            let frames = file_format::frames(&clean).into_iter();
            self.ends.extend(frames.scan(0, |end, frame| {
                *end += frame.len();
                Some(*end)
            }));
            self.bytes = clean.into_bytes();
        }
        let headers = self.head.iter_mut().flat_map(|head| &mut head.headers);
        for (_, value) in headers.filter(|(name, _)| HEADERS.contains(&name.as_str())) {
            *value = scrubber.scrub(value).into_owned();
        }
        if let End::Broken(why) = &mut self.end {
            *why = scrubber.scrub(why).into_owned();
        }
        (answer, redact::value(scrubber, &mut self.request.body))
    }

    /// Passes the recording to `save`. Returns `None` if there was no response.
    pub(super) fn save<T>(self, save: impl FnOnce(&Recording<Written<'_>>) -> T) -> Option<T> {
        let head = self.head?;
        let header = |name: &str| Some((name.to_owned(), head.header(name)?.into()));
        let headers: Map<String, Value> = HEADERS.into_iter().filter_map(header).collect();
        let body = if self.streamed {
            Written::Stream(StreamPieces {
                bytes: &self.bytes,
                ends: &self.ends,
            })
        } else {
            Written::Body(Text::of(&self.bytes))
        };
        let response = Response {
            version: head.version.to_owned(),
            status: head.status,
            headers,
            body,
            end: self.end,
        };
        let recording = Recording {
            airx: VERSION,
            request: self.request,
            response,
        };
        Some(save(&recording))
    }
}

/// Makes the folder, and checks that files can be made in it.
pub(super) fn prepare(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    builder.create(folder)?;
    #[cfg(unix)]
    {
        use rustix::fs::Access;
        rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?;
    }
    Ok(())
}

/// Writes a temporary file and then renames it, with the first free number. Replaces no file and
/// follows no link.
fn write(folder: &Path, name: &str, recording: &impl Serialize) -> std::io::Result<PathBuf> {
    let mut file = write_unnamed(folder, recording)?;
    for number in 1_u32.. {
        let path = folder.join(format!("{name}-{number}.json"));
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => file = failed.file,
            // On macOS, not every file system can rename without replacing.
            Err(failed) if failed.error.kind() == ErrorKind::Unsupported => {
                return hard_link(failed.file.path(), &path).map(|()| path);
            }
            Err(failed) => return Err(failed.error),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// Writes a temporary file, mode 0600.
pub(super) fn write_unnamed(
    folder: &Path,
    recording: &impl Serialize,
) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder)?;
    let mut out = BufWriter::new(&mut file);
    serde_json::to_writer_pretty(&mut out, recording)?;
    out.write_all(b"\n")?;
    out.flush()?;
    drop(out);
    Ok(file)
}
