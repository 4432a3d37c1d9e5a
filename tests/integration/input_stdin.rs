//! Standard input never hangs a script and never loses data silently.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use crate::harness::watch::{Watch, terminal, terminal_pair};
use crate::harness::{Server, airx, bash, file, finish, folder, reply};

/// The text of the last message of the only request.
fn asked(server: &Server) -> String {
    let asked = server.requests();
    assert_eq!(asked.len(), 1);
    let body = asked[0].json();
    let last = body["messages"].as_array().unwrap().last().unwrap();
    last["content"].as_str().unwrap().to_owned()
}

const PARTLY_READ: &str = "airx: usage: standard input is a file that another command has started to read (offset 2): add `-` to the prompt to read it to its end, or -n (--no-stdin) to ignore it\nhint: inside a `while read` loop write -n\n";

#[test]
fn without_a_prompt_standard_input_is_the_prompt() {
    let server = Server::once(reply("ok"));
    airx(["chat"])
        .at(&server)
        .stdin("from a pipe\n")
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "from a pipe");
}

#[test]
fn without_a_prompt_a_terminal_is_refused_at_once() {
    let (_screen, side) = terminal_pair();
    airx(["chat"]).nowhere().stdin_from(side).run().is(
        2,
        "",
        "airx: usage: no prompt was given, and standard input is a terminal\nhint: write airx chat \"question\", or pipe the prompt in; usage: airx help chat\n",
    );
}

#[test]
fn next_to_a_prompt_a_pipe_is_added() {
    let server = Server::once(reply("ok"));
    airx(["chat", "Explain", "this"])
        .at(&server)
        .stdin("diff\n")
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "Explain this\n\ndiff");
}

#[test]
fn next_to_a_prompt_a_socket_is_added() {
    let server = Server::once(reply("ok"));
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    std::io::Write::write_all(&mut ours, b"by socket").unwrap();
    drop(ours);
    airx(["chat", "p"])
        .at(&server)
        .stdin_from(OwnedFd::from(theirs))
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "p\n\nby socket");
}

#[test]
fn next_to_a_prompt_a_regular_file_is_added() {
    let server = Server::once(reply("ok"));
    let folder = folder();
    let path = file(&folder, "in", "a file\r\n");
    airx(["chat", "p"])
        .at(&server)
        .stdin_from(File::open(path).unwrap())
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "p\n\na file");
}

#[test]
fn next_to_a_prompt_a_terminal_adds_nothing() {
    let server = Server::once(reply("ok"));
    let (_screen, side) = terminal();
    airx(["chat", "p"])
        .at(&server)
        .stdin_from(side)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "p");
}

#[test]
fn next_to_a_prompt_dev_null_adds_nothing() {
    let server = Server::once(reply("ok"));
    airx(["chat", "p"])
        .at(&server)
        .stdin_from(Stdio::null())
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "p");
}

#[test]
fn next_to_a_prompt_a_closed_descriptor_adds_nothing() {
    let server = Server::once(reply("ok"));
    bash("airx chat p <&-").at(&server).run().is(0, "ok\n", "");
    assert_eq!(asked(&server), "p");
}

#[test]
fn a_dash_on_dev_null_is_an_empty_part_where_that_is_allowed() {
    let server = Server::once(reply("ok"));
    airx(["chat", "p", "-f", "-", "--allow-empty-input"])
        .at(&server)
        .stdin_from(Stdio::null())
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "p");
}

#[test]
fn a_file_that_another_command_reads_is_refused_at_once() {
    let folder = folder();
    let mut open = File::open(file(&folder, "in", "a\nb\n")).unwrap();
    open.seek(SeekFrom::Start(2)).unwrap();
    airx(["chat", "p"])
        .nowhere()
        .stdin_from(open)
        .run()
        .is(2, "", PARTLY_READ);
}

#[test]
fn a_dash_reads_such_a_file_from_where_it_is() {
    let server = Server::once(reply("ok"));
    let folder = folder();
    let mut open = File::open(file(&folder, "in", "a\nb\n")).unwrap();
    open.seek(SeekFrom::Start(2)).unwrap();
    airx(["chat", "p", "-"])
        .at(&server)
        .stdin_from(open)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "p\n\nb");
}

#[test]
fn a_while_read_loop_over_a_file_ends_with_2_at_its_first_line() {
    let folder = folder();
    file(&folder, "in", "a\nb\n");
    let script = "while read -r line; do airx chat \"$line\" || exit; done <in";
    bash(script)
        .within(folder.path())
        .nowhere()
        .run()
        .is(2, "", PARTLY_READ);
}

#[test]
fn a_while_read_loop_with_n_asks_for_every_line() {
    for from in [
        "while read -r l; do airx chat -n \"$l\"; done <in",
        "cat in | while read -r l; do AIRX_NO_STDIN=1 airx chat \"$l\"; done",
    ] {
        let server = Server::play([reply("1"), reply("2")]);
        let folder = folder();
        file(&folder, "in", "a\nb\n");
        bash(from)
            .within(folder.path())
            .at(&server)
            .run()
            .is(0, "1\n2\n", "");
        let asked: Vec<_> = server
            .requests()
            .iter()
            .map(|asked| asked.json()["messages"][0]["content"].clone())
            .collect();
        assert_eq!(asked, ["a", "b"]);
    }
}

#[test]
fn no_stdin_leaves_every_byte_to_the_next_command() {
    let server = Server::once(reply("ok"));
    let script = "echo left | (airx chat -n p; cat)";
    bash(script).at(&server).run().is(0, "ok\nleft\n", "");
}

#[test]
fn no_stdin_and_no_prompt_is_an_empty_message() {
    airx(["chat", "-n"]).nowhere().stdin("x").run().is(
        2,
        "",
        "airx: usage: the message is empty\nhint: give a prompt, -f FILE, or text on standard input\n",
    );
}

#[test]
fn a_pipe_that_stays_silent_is_given_up_and_nothing_is_sent() {
    let server = Server::play([]);
    let (_silent, open) = std::io::pipe().map(|(read, write)| (write, read)).unwrap();
    airx(["chat", "p"]).at(&server).env("AIRX_STDIN_WAIT", "50ms").stdin_from(open).run().is(
        2,
        "",
        "airx: usage: standard input has sent neither data nor its end for 50ms: add `-` to the prompt to read it to its end, or -n (--no-stdin) to ignore it\nhint: inside a `while read` loop write -n; AIRX_STDIN_WAIT sets how long to wait\n",
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_pipe_that_stays_silent_is_reported_after_two_seconds_and_still_read() {
    let server = Server::once(reply("ok"));
    let mut child = airx(["chat", "p"]).at(&server).start();
    let mut stdin = child.stdin.take().unwrap();
    let stderr = Watch::new(child.stderr.take().unwrap());
    let notice = "airx: warning: waiting for standard input; -n ignores it\n";
    stderr.until(notice);
    std::io::Write::write_all(&mut stdin, b"late").unwrap();
    drop(stdin);
    finish(child).is(0, "ok\n", "");
    assert_eq!(stderr.all(), notice);
    assert_eq!(asked(&server), "p\n\nlate");
}

#[test]
fn a_dash_waits_longer_than_the_limit() {
    let server = Server::once(reply("ok"));
    // The inner run gives up, which shows that the limit has passed.
    let script = "mkfifo fifo; (airx chat p <>fifo 2>/dev/null; echo late) | airx chat p -";
    let folder = folder();
    bash(script)
        .env("AIRX_STDIN_WAIT", "20ms")
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "p\n\nlate");
}

#[test]
fn a_dash_puts_standard_input_where_it_is() {
    let server = Server::once(reply("ok"));
    airx(["chat", "before", "-", "after", "it"])
        .at(&server)
        .stdin("in")
        .run()
        .is(0, "ok\n", "");
    assert_eq!(asked(&server), "before\n\nin\n\nafter it");
}

#[test]
#[cfg(target_os = "linux")]
fn standard_input_by_another_name_is_read_once() {
    for name in ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let server = Server::once(reply("ok"));
        let folder = folder();
        let open = File::open(file(&folder, "in", "once")).unwrap();
        airx(["chat", "p", "-f", name])
            .at(&server)
            .stdin_from(open)
            .run()
            .is(0, "ok\n", "");
        assert_eq!(asked(&server), "p\n\nonce");
    }
}

#[test]
fn a_dash_given_twice_is_refused() {
    airx(["chat", "-", "-f", "-"]).nowhere().stdin("x").run().is(
        2,
        "",
        "airx: usage: standard input can be read only once, and both `-` in the prompt and `-f -` read it\nhint: write one of them to a file first\n",
    );
}

#[test]
fn a_dash_and_no_stdin_exclude_each_other() {
    airx(["chat", "-n", "-"]).nowhere().run().is(
        2,
        "",
        "airx: usage: `-` in the prompt reads standard input, which -n (--no-stdin, AIRX_NO_STDIN) forbids\nhint: leave out one of the two\n",
    );
}

#[test]
fn an_empty_or_blank_message_is_refused_and_nothing_is_sent() {
    let server = Server::play([]);
    let hint = "hint: give a prompt, -f FILE, or text on standard input\n";
    let empty = format!("airx: usage: the message is empty\n{hint}");
    let blank = format!("airx: usage: the message is blank: it has only white space\n{hint}");
    airx(["chat"]).at(&server).run().is(2, "", &empty);
    airx(["chat", ""]).at(&server).run().is(2, "", &empty);
    airx(["chat"])
        .at(&server)
        .stdin(" \n\t\n")
        .run()
        .is(2, "", &blank);
    airx(["chat", " "]).at(&server).run().is(2, "", &blank);
    airx(["chat"])
        .at(&server)
        .stdin_from(Stdio::null())
        .run()
        .is(2, "", &empty);
    assert!(server.requests().is_empty());
}

#[test]
fn a_message_of_more_than_16_mib_is_refused() {
    let most = (16 << 20) + 1;
    airx(["chat", "--dry-run"]).stdin(vec![b'a'; most]).run().is(
        2,
        "",
        "airx: usage: standard input is larger than 16 MiB\nhint: send less: no model's context holds that much\n",
    );
}

#[test]
fn a_dash_reads_a_terminal_to_its_end_of_file() {
    let server = Server::once(reply("ok"));
    let (mut screen, side) = terminal_pair();
    let child = airx(["chat", "-"]).at(&server).stdin_from(side).start();
    // End of file on a terminal: ^D at the start of a line.
    std::io::Write::write_all(&mut screen, b"typed\n\x04").unwrap();
    let notice = "airx: warning: reading standard input from the terminal: end it with Ctrl-D\n";
    finish(child).is(0, "ok\n", notice);
    assert_eq!(asked(&server), "typed");
    let _ = screen.read(&mut [0; 64]);
}
