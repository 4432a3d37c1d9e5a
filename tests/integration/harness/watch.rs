//! Output that is read while the program runs, from a pipe or a pseudo-terminal. A test
//! waits for the output that it expects, never for a fixed time.

use std::fs::{DirEntry, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// An output, read in the background.
pub struct Watch(Arc<(Mutex<Seen>, Condvar)>);

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    ended: bool,
}

impl Watch {
    /// Reads `from` to the end, in a thread.
    pub fn new(mut from: impl Read + Send + 'static) -> Self {
        let shared = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                // Reading a pseudo-terminal at its end returns EIO.
                let count = from.read(&mut piece).unwrap_or(0);
                let mut seen = theirs.0.lock().unwrap();
                seen.bytes.extend_from_slice(&piece[..count]);
                seen.ended = count == 0;
                theirs.1.notify_all();
                if seen.ended {
                    return;
                }
            }
        });
        Self(shared)
    }

    /// Waits until the output contains `text`.
    #[track_caller]
    pub fn until(&self, text: &str) {
        let came = self.wait(|seen| seen.ended || shown(&seen.bytes).contains(text));
        assert!(came.contains(text), "{text:?} did not come: {came:?}");
    }

    /// Waits until `is_enough` accepts the output. `what` describes it for the failure message.
    #[track_caller]
    pub fn until_it(&self, what: &str, is_enough: impl Fn(&str) -> bool) {
        let came = self.wait(|seen| seen.ended || is_enough(&shown(&seen.bytes)));
        assert!(is_enough(&came), "{what:?} did not come: {came:?}");
    }

    /// The output so far.
    pub fn so_far(&self) -> String {
        shown(&self.0.0.lock().unwrap().bytes)
    }

    /// Waits for the end and returns all output.
    #[track_caller]
    pub fn all(&self) -> String {
        self.wait(|seen| seen.ended)
    }

    #[track_caller]
    fn wait(&self, enough: impl Fn(&Seen) -> bool) -> String {
        let seen = self.0.0.lock().unwrap();
        let wait = |seen: &mut Seen| !enough(seen);
        let (seen, late) = self.0.1.wait_timeout_while(seen, PATIENCE, wait).unwrap();
        assert!(
            !late.timed_out(),
            "nothing more than {:?}",
            shown(&seen.bytes)
        );
        shown(&seen.bytes)
    }
}

/// Bytes as text, without the CR that a terminal's driver adds before each LF.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// A pseudo-terminal: its screen, and the side that the program gets.
pub fn terminal() -> (Watch, File) {
    let (screen, side) = terminal_pair();
    (Watch::new(screen), side)
}

/// A pseudo-terminal: the side of the screen, and the side that the program gets.
pub fn terminal_pair() -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let side = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed())
        .open(name.to_str().unwrap())
        .unwrap();
    (screen.into(), side)
}

/// Waits until the content of a file in `folder` is `text`, and returns its path.
#[track_caller]
pub fn await_text_in(folder: &Path, text: &str) -> PathBuf {
    let holds = |entry: std::io::Result<DirEntry>| {
        let path = entry.unwrap().path();
        // The file may have been renamed since its name was read.
        let found = std::fs::read_to_string(&path);
        found.is_ok_and(|found| found == text).then_some(path)
    };
    let started = Instant::now();
    loop {
        if let Some(path) = folder.read_dir().unwrap().find_map(holds) {
            return path;
        }
        assert!(started.elapsed() < PATIENCE, "{text:?} was never written");
        std::thread::sleep(Duration::from_millis(1));
    }
}
