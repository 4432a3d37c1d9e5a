//! Tests of the rules for standard input, with pipes, sockets and files.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::system::Input;
use super::{Failure, Stdin};

/// Standard input from `descriptor`. It prints its notice without delay.
pub(in crate::prompt) fn over(descriptor: BorrowedFd<'_>, wait: Duration) -> Stdin<'_> {
    Stdin {
        input: Input { descriptor },
        wait,
        notice_after: Duration::ZERO,
    }
}

const NO_LIMIT: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(20);

fn after_a_prompt(input: impl AsFd, wait: Duration) -> Result<String, Failure> {
    let mut into = Vec::new();
    over(input.as_fd(), wait).if_given(&mut into, &mut |_| {})?;
    Ok(String::from_utf8(into).unwrap())
}

#[test]
fn a_pipe_with_a_prompt_is_read_to_its_end() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let writing = std::thread::spawn(move || writer.write_all(&vec![b'x'; 300_000]));
    assert_eq!(after_a_prompt(reader, SHORT * 500).unwrap().len(), 300_000);
    writing.join().unwrap().unwrap();
}

#[test]
fn a_pipe_that_is_closed_at_once_adds_nothing() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(writer);
    assert_eq!(after_a_prompt(reader, SHORT).unwrap(), "");
}

#[test]
fn a_socket_that_is_closed_adds_what_it_sent() {
    let (here, mut there) = UnixStream::pair().unwrap();
    there.write_all(b"sent").unwrap();
    drop(there);
    assert_eq!(after_a_prompt(here, SHORT).unwrap(), "sent");
}

#[test]
fn dev_null_adds_nothing() {
    let null = File::open("/dev/null").unwrap();
    assert_eq!(after_a_prompt(null, SHORT).unwrap(), "");
}

#[test]
fn a_silent_pipe_gets_a_notice_and_is_then_refused_with_a_hint() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let mut notices = Vec::new();
    let failure = over(reader.as_fd(), SHORT)
        .if_given(&mut Vec::new(), &mut |line| notices.push(line.to_owned()))
        .unwrap_err();
    assert_eq!(notices.len(), 1);
    assert_eq!(failure.exit(), 2);
    assert!(failure.message.contains("20ms"));
    assert!(failure.message.contains("`-`") && failure.message.contains("-n"));
}

#[test]
fn silence_after_some_bytes_is_refused_too() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"half").unwrap();
    assert_eq!(after_a_prompt(reader, SHORT).unwrap_err().exit(), 2);
}

#[test]
fn a_pipe_somebody_made_non_blocking_is_waited_for() {
    let (here, mut there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    // The notice is called after the first read, which has found no data.
    let mut into = Vec::new();
    over(here.as_fd(), NO_LIMIT)
        .if_given(&mut into, &mut |_| {
            there.write_all(b"late").unwrap();
            there.shutdown(std::net::Shutdown::Write).unwrap();
        })
        .unwrap();
    assert_eq!(into, b"late");

    let (here, mut there) = UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let writing = std::thread::spawn(move || there.write_all(b"to the end"));
    let mut into = Vec::new();
    over(here.as_fd(), NO_LIMIT)
        .to_the_end(&mut into, &mut |_| {})
        .unwrap();
    writing.join().unwrap().unwrap();
    assert_eq!(into, b"to the end");
}

#[test]
fn a_file_is_added_from_its_start_and_refused_from_its_midst() {
    let mut file = tempfile::tempfile().unwrap();
    assert_eq!(after_a_prompt(&file, SHORT).unwrap(), "");
    file.write_all(b"one\ntwo\n").unwrap();
    file.seek(SeekFrom::Start(4)).unwrap();
    let failure = after_a_prompt(&file, SHORT).unwrap_err();
    assert!(failure.message.contains("offset 4"));
    assert!(failure.message.contains("`-`") && failure.message.contains("-n"));

    let mut rest = Vec::new();
    over(file.as_fd(), SHORT)
        .to_the_end(&mut rest, &mut |_| {})
        .unwrap();
    assert_eq!(rest, b"two\n");
    file.rewind().unwrap();
    assert_eq!(after_a_prompt(&file, SHORT).unwrap(), "one\ntwo\n");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_where_it_was_asked_for() {
    let folder = File::open("/").unwrap();
    assert_eq!(after_a_prompt(&folder, SHORT).unwrap(), "");
    let failure = over(folder.as_fd(), SHORT)
        .to_the_end(&mut Vec::new(), &mut |_| {})
        .unwrap_err();
    assert!(failure.message.starts_with("standard input cannot be read"));
}

#[test]
fn an_endless_input_is_not_read_past_what_a_message_may_hold() {
    let zero = File::open("/dev/zero").unwrap();
    let mut into = Vec::new();
    over(zero.as_fd(), SHORT)
        .to_the_end(&mut into, &mut |_| {})
        .unwrap();
    assert!(into.len() > super::LIMIT && into.len() <= 3 * super::LIMIT);
}
