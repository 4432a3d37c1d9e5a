//! Signals sent to a run that is under way.

use std::io::Read;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};

use super::{Server, Step, airx, chunk, delta, stream_head};

/// A stream that has printed its first delta and waits for more.
pub fn under_way(args: &[&str]) -> (Server, Child) {
    let play = vec![stream_head(), chunk(delta("Hello").as_bytes()), Step::Hold];
    let server = Server::once(play);
    let mut child = airx(["stream", "hi"])
        .args(args)
        .at(&server)
        .stdin_from(std::process::Stdio::null())
        .start();
    // Read exactly these bytes and leave the rest in the pipe.
    let mut first = [0; 5];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    (server, child)
}

/// Sends a signal to a run.
pub fn send(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}
