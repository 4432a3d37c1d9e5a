//! The headers of a request: airx's own, and `--header`.

use crate::harness::{
    Airx, DONE, Server, airx, delta, file, finish_frame, folder, http, reply, reply_body,
};

/// `airx chat hi` with these variables and arguments.
fn chat(variables: &[(&str, &str)], args: &[&str]) -> Airx {
    airx(["chat", "hi"]).args(args).envs(variables)
}

const KEY: &str = "general-key-0001";
const BIGMODEL: &str = "bigmodel-id-0001.bigmodel-secret";

#[test]
fn the_headers_are_few_and_the_provider_s_members_stay_at_home() {
    let server = Server::play([reply("Hi"), reply("Hi")]);
    let base = server.base();
    let key = [("ZHIPUAI_API_KEY", BIGMODEL), ("ZHIPUAI_BASE_URL", &base)];
    chat(&key, &["--temperature", "0"]).run().is(0, "Hi\n", "");
    chat(&[("AIRX_BASE_URL", &base)], &["--temperature", "0"])
        .run()
        .is(0, "Hi\n", "");
    let asked = server.requests();
    let (home, away) = (&asked[0], &asked[1]);
    assert_eq!(home.header("accept-language"), Some("en-US,en"));
    assert_eq!(away.header("accept-language"), None);
    assert!(home.json()["request_id"].is_string());
    assert_eq!(home.json()["do_sample"], false);
    assert_eq!(
        (away.json().get("request_id"), away.json().get("do_sample")),
        (None, None)
    );
    let mut names: Vec<_> = away
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split(':').next())
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "accept",
            "content-length",
            "content-type",
            "host",
            "user-agent"
        ]
    );
    assert_eq!(away.header("accept"), Some("application/json"));
    let agent = concat!("airx/", env!("CARGO_PKG_VERSION"));
    assert_eq!(away.header("user-agent"), Some(agent));
}

#[test]
fn headers_of_the_user_are_sent_and_take_the_place_of_airx_s_own() {
    let folder = folder();
    file(&folder, "headers", "X-Three: 3\n\nX-Four: a: b\n");
    let server = Server::once(reply("Hi"));
    airx([
        "chat",
        "hi",
        "--header",
        "X-One: 1",
        "--header",
        "x-one: 2",
        "--header",
        "User-Agent: me",
    ])
    .args([
        "--header",
        "Authorization: Basic abcdefgh",
        "--header",
        "@headers",
    ])
    .env("AIRX_API_KEY", KEY)
    .within(folder.path())
    .at(&server)
    .run()
    .is(0, "Hi\n", "");
    let asked = &server.requests()[0];
    assert_eq!(asked.head.matches("x-one: ").count(), 2, "{}", asked.head);
    assert_eq!(asked.header("user-agent"), Some("me"));
    assert_eq!(asked.header("authorization"), Some("Basic abcdefgh"));
    assert_eq!(asked.header("x-three"), Some("3"));
    assert_eq!(asked.header("x-four"), Some("a: b"));
    assert!(!asked.head.contains(KEY));
}

#[test]
fn a_wrong_header_exits_2_and_its_value_is_not_shown() {
    for (header, why) in [
        ("no-colon-here", "there is no colon"),
        (
            "Bad Name: hidden",
            "the name is not one that a header can have",
        ),
        (": hidden", "the name is not one that a header can have"),
        (
            "X: hid\u{1}den",
            "the value of X contains a control character",
        ),
        (
            "X: hid\r\nY: den",
            "the value of X contains a control character",
        ),
        ("Content-Length: 9", "Content-Length is set by airx"),
        (
            "Transfer-Encoding: chunked",
            "Transfer-Encoding is set by airx",
        ),
    ] {
        let report = format!("airx: usage: --header: {why}\nhint: write 'NAME: VALUE'\n");
        chat(
            &[],
            &["--base-url", "http://127.0.0.1:9", "--header", header],
        )
        .run()
        .is(2, "", &report);
    }
}

#[test]
fn user_info_of_the_base_is_sent_as_basic_where_there_is_no_key() {
    for (key, sent) in [("", "Basic dXNlcjpwYXNz"), (KEY, "Bearer general-key-0001")] {
        let server = Server::once(reply("Hi"));
        let base = format!("http://user:pass@{}/v1", server.address());
        chat(&[("AIRX_API_KEY", key)], &["--base-url", &base])
            .run()
            .is(0, "Hi\n", "");
        assert_eq!(server.requests()[0].header("authorization"), Some(sent));
    }
}

#[test]
fn two_hundred_header_lines_are_read_and_more_exit_7() {
    // Content-Length is one more line.
    let lines = |count: usize| {
        (1..count).fold(String::new(), |lines, at| lines + &format!("X-{at}: a\r\n"))
    };
    let body = reply_body("Hi", "stop");
    let events = format!("{}{}{DONE}", delta("Hi"), finish_frame("stop"));
    for (command, body) in [("chat", &body), ("stream", &events)] {
        for count in [101, 200] {
            let server = Server::once(http(200, &lines(count), body));
            airx([command, "hi"]).at(&server).run().is(0, "Hi\n", "");
        }
        let server = Server::once(http(200, &lines(201), body));
        let report = format!(
            "airx: incomplete: the response of {} has more than 200 header lines\n",
            server.address()
        );
        airx([command, "hi", "--retries=0"])
            .at(&server)
            .run()
            .is(7, "", &report);
    }
}

#[test]
fn a_content_encoding_that_encodes_nothing_is_read() {
    let body = reply_body("Hi", "stop");
    for coding in ["none", "identity", "None", "", "identity, none", "\u{20}"] {
        let server = Server::once(http(200, &format!("Content-Encoding: {coding}\r\n"), &body));
        airx(["chat", "hi"]).at(&server).run().is(0, "Hi\n", "");
    }
    for headers in [
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: none\r\nContent-Encoding: br\r\n",
    ] {
        let server = Server::once(http(200, headers, &body));
        airx(["chat", "hi", "--retries=0"])
            .at(&server)
            .run()
            .code_is(7);
    }
}

#[test]
fn an_error_after_a_byte_order_mark_keeps_its_code() {
    let body = "\u{feff}{\"error\":{\"code\":\"1113\",\"message\":\"m\"}}";
    for command in ["chat", "stream"] {
        let server = Server::once(http(429, "", body));
        airx([command, "hi"]).at(&server).run().code_is(3);
    }
}
