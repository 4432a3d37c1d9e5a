//! What counts as a complete answer.

use crate::harness::{DONE, Server, airx, delta, finish_frame, reply, stream};

#[test]
fn chat_prints_the_answer_and_one_newline() {
    let server = Server::once(reply("Hello"));
    airx(["chat", "hi"]).at(&server).run().is(0, "Hello\n", "");
    assert_eq!(
        server.asked()[0].body,
        r#"{"model":"glm-4-airx","messages":[{"role":"user","content":"hi"}],"stream":false}"#
    );
}

#[test]
fn stream_prints_the_deltas() {
    let server = Server::once(stream([
        delta("Hel"),
        delta("lo"),
        finish_frame("stop"),
        DONE.into(),
    ]));
    airx(["stream", "hi"])
        .at(&server)
        .run()
        .is(0, "Hello\n", "");
}
