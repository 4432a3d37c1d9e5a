//! `--fallback` and what a run keeps: sessions, recordings, the cache.

use crate::fallback::{answer, chained, error, models, overloaded, unknown};
use crate::fallback_each::answered;
use crate::harness::{Server, airx, event, folder, stream_of};

#[test]
fn a_session_keeps_the_turns_of_the_model_that_answered() {
    let folder = folder();
    let session = folder.path().join("session");
    let server = Server::play([overloaded(), answer("two", "Hi")]);
    let ran = chained(&["chat", "--session", session.to_str().unwrap()]);
    ran.at(&server).run().is(0, "Hi\n", "");
    let kept = std::fs::read_to_string(&session).unwrap();
    let turns =
        "{\"role\":\"user\",\"content\":\"hi\"}\n{\"role\":\"assistant\",\"content\":\"Hi\"}\n";
    assert_eq!(kept, turns);
}

#[test]
fn a_recording_replays_the_chain_without_a_network() {
    let tapes = folder();
    let tapes = tapes.path().to_str().unwrap();
    for (command, last) in [("chat", answer("two", "Hi")), ("stream", stream_of(["Hi"]))] {
        let server = Server::play([error(500, "1200"), error(500, "1200"), last]);
        let args = [command, "--format", "ndjson", "--retries", "1"];
        let recorded = chained(&args).args(["--record", tapes]).at(&server).run();
        let replayed = chained(&args).args(["--replay", tapes]).nowhere().run();
        assert_eq!((recorded.code, replayed.code), (0, 0));
        assert_eq!(recorded.types(), replayed.types());
        let last = replayed.events().pop().unwrap();
        assert_eq!(last["requests"], 3);
    }
}

#[test]
fn a_recording_of_items_holds_what_each_item_asked() {
    let tapes = folder();
    let tapes = tapes.path().to_str().unwrap();
    let plays = (0..3).flat_map(|_| [unknown(), answer("two", "Hi")]);
    let server = Server::play(plays);
    let args = ["chat", "--each", "-m", "one", "--fallback", "two"];
    let recorded = airx(args)
        .args(["-c", "1", "--record", tapes])
        .stdin("a\nb\nc\n")
        .at(&server)
        .run();
    let replayed = airx(args)
        .args(["-c", "3", "--replay", tapes])
        .stdin("a\nb\nc\n")
        .nowhere()
        .run();
    assert_eq!(
        (recorded.code, replayed.code),
        (0, 0),
        "{}",
        replayed.stderr
    );
    assert_eq!(answered(&recorded.stdout), ["two"; 3]);
    assert_eq!(answered(&replayed.stdout), ["two"; 3]);
}

#[test]
fn the_cache_keeps_an_answer_under_the_model_that_gave_it() {
    let cache = folder();
    let meta = cache.path().join("meta");
    let args = |command| {
        chained(&[command, "--meta", meta.to_str().unwrap()])
            .env("AIRX_CACHE", cache.path().join("answers"))
    };
    let server = Server::play([
        overloaded(),
        answer("two", "Hi"),
        overloaded(),
        overloaded(),
        stream_of(["Hi"]),
        overloaded(),
        answer("one", "Hello"),
    ]);
    for command in ["chat", "stream"] {
        args(command).at(&server).run().is(0, "Hi\n", "");
        // The first model is asked first, although the cache has an answer of the second.
        args(command).at(&server).run().is(0, "Hi\n", "");
        let meta = event(std::fs::read_to_string(&meta).unwrap().trim_end());
        let used = (&meta["requests"], &meta["usage"]["total_tokens"]);
        assert_eq!(used, (&1.into(), &0.into()));
    }
    args("chat").at(&server).run().is(0, "Hello\n", "");
    args("chat").at(&server).run().is(0, "Hello\n", "");
    let asked = ["one", "two", "one", "one", "two", "one", "one"];
    assert_eq!(models(&server), asked);
}
