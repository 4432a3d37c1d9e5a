//! The temporary files that a killed run leaves for `-o FILE`, and which of them the next
//! run removes.

use std::fs;

use rustix::process::Signal;

use crate::each_file::names;
use crate::harness::signals::send;
use crate::harness::{Server, airx, file, finish, folder, gated, reply};
use crate::named_pipes::pipe;

#[test]
fn the_next_run_removes_what_a_killed_one_left_of_its_file() {
    let (server, folder) = (
        Server::play([gated(reply("a")), gated(reply("b")), reply("c"), reply("d")]),
        folder(),
    );
    let chat = |name: &str| {
        airx(["chat", "-n", "-o", name, "hi"])
            .at(&server)
            .within(folder.path())
    };
    let dead = chat("out").start();
    server.await_requests(1);
    send(&dead, Signal::KILL);
    finish(dead);
    let alive = chat("out").start();
    server.await_requests(2);
    // The temporary file of the killed run is gone; that of the live run is there.
    assert_eq!(names(&folder).len(), 1, "{:?}", names(&folder));
    chat("other").run().is(0, "", "");
    chat("out-b").run().is(0, "", "");
    assert_eq!(names(&folder).len(), 3, "{:?}", names(&folder));
    server.open_gate();
    server.open_gate();
    finish(alive).is(0, "", "");
    assert_eq!(names(&folder), ["other", "out", "out-b"]);
}

#[test]
fn what_only_looks_like_a_leftover_stays() {
    let folder = folder();
    let others = [
        ".airx-out-",
        ".airx-out-abcde",
        ".airx-out-abcdefg",
        ".airx-out-abc.ef",
        ".airx-out-b-abcdef",
        ".airx-abcdef",
        "out-abcdef",
    ];
    for name in others {
        file(&folder, name, "x");
    }
    pipe(&folder, ".airx-out-fifo00");
    fs::create_dir(folder.path().join(".airx-out-folder")).unwrap();
    file(&folder, ".airx-out-abcdef", "left");
    let server = Server::once(reply("a"));
    let ran = airx(["chat", "-o", "out", "hi"])
        .at(&server)
        .within(folder.path())
        .run();
    ran.is(0, "", "");
    let mut expected: Vec<&str> = others.to_vec();
    expected.extend([".airx-out-fifo00", ".airx-out-folder", "out"]);
    expected.sort_unstable();
    assert_eq!(names(&folder), expected);
}
