//! A file of lines → the form that uploads it for a batch, RFC 7578, read from the
//! disk while it is sent.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// Behind a CRLF, which no line of JSON holds: nothing in the file can pass for it.
macro_rules! boundary {
    () => {
        "airx-lines-of-a-batch"
    };
}

/// What a form is announced as.
pub(super) const CONTENT_TYPE: &str = concat!("multipart/form-data; boundary=", boundary!());

/// What is read at a time.
const CHUNK: usize = 64 << 10;

/// The form.
#[derive(Debug)]
pub(super) struct Multipart {
    before: Option<Bytes>,
    file: File,
    /// Bytes of the file that have not been read.
    left: u64,
    after: Option<Bytes>,
}

impl Multipart {
    /// Of a file that is called `name` there, from its start.
    pub(super) fn new(name: &str, file: &File) -> io::Result<Self> {
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        let before = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/jsonl\r\n\r\n",
            boundary = boundary!()
        );
        Ok(Self {
            before: Some(before.into()),
            left: file.metadata()?.len(),
            file,
            after: Some(concat!("\r\n--", boundary!(), "--\r\n").into()),
        })
    }

    /// Bytes that are to come.
    pub(super) fn length(&self) -> u64 {
        let ends = self.before.iter().chain(&self.after);
        ends.map(|bytes| bytes.len() as u64).sum::<u64>() + self.left
    }

    fn read(&mut self) -> io::Result<Bytes> {
        let most = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        let mut bytes = vec![0; most];
        let read = loop {
            match self.file.read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes.truncate(read);
        self.left -= read as u64;
        Ok(bytes.into())
    }
}

impl Body for Multipart {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let form = self.get_mut();
        let next = match form.before.take() {
            Some(before) => Some(Ok(before)),
            None if form.left > 0 => Some(form.read()),
            None => form.after.take().map(Ok),
        };
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}
