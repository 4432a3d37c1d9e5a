//! Where the request goes, with which key and which headers.

use crate::harness::{Airx, Server, airx, http, reply};

/// `airx chat hi` with these variables and arguments.
fn chat(variables: &[(&str, &str)], args: &[&str]) -> Airx {
    airx(["chat", "hi"]).args(args).envs(variables)
}

const BIGMODEL: &str = "bigmodel-id-0001.bigmodel-secret";

#[test]
fn the_path_is_extended_unless_it_ends_so_and_a_query_is_kept() {
    for (path, asked) in [
        ("", "/chat/completions"),
        ("/", "/chat/completions"),
        ("/api/paas/v4/", "/api/paas/v4/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/chat/completions/", "/v1/chat/completions"),
        ("/v1?version=2&a=b", "/v1/chat/completions?version=2&a=b"),
        ("/v1#part", "/v1/chat/completions"),
    ] {
        let server = Server::once(reply("Hi"));
        let base = format!("http://{}{path}", server.address());
        chat(&[], &["--base-url", &base]).run().is(0, "Hi\n", "");
        let line = format!("POST {asked} HTTP/1.1");
        assert_eq!(server.requests()[0].head.lines().next(), Some(&*line));
    }
}

#[test]
fn the_flag_goes_before_the_environment_and_that_before_the_key_s_family() {
    let server = Server::play([reply("Hi"), reply("Hi"), reply("Hi")]);
    let (base, nowhere) = (server.base(), "http://127.0.0.1:9");
    let family = [("ZHIPUAI_API_KEY", BIGMODEL), ("ZHIPUAI_BASE_URL", nowhere)];
    chat(&family, &["--base-url", &base])
        .env("AIRX_BASE_URL", nowhere)
        .run()
        .is(0, "Hi\n", "");
    chat(&family, &[])
        .env("AIRX_BASE_URL", &base)
        .run()
        .is(0, "Hi\n", "");
    let family = [("ZHIPUAI_API_KEY", BIGMODEL), ("AIRX_BASE_URL", "")];
    chat(&family, &[])
        .env("ZHIPUAI_BASE_URL", &base)
        .run()
        .is(0, "Hi\n", "");
}

#[test]
fn plain_http_to_another_machine_is_refused() {
    for base in [
        "http://192.0.2.1/v1",
        "http://model.test",
        "http://localhost.test:8080",
    ] {
        let host = base
            .trim_start_matches("http://")
            .split(['/', ':'])
            .next()
            .unwrap();
        let report = format!(
            "airx: usage: --base-url: plain http to {host} would show the key and the prompt to the network
hint: use https, or allow it with --allow-http (AIRX_ALLOW_HTTP=1)\n"
        );
        chat(&[], &["--base-url", base]).run().is(2, "", &report);
        chat(&[("AIRX_ALLOW_HTTP", "0")], &["--base-url", base])
            .run()
            .is(2, "", &report);
    }
}

#[test]
fn a_base_that_is_no_url_exits_2() {
    let hint = "\nhint: write it like https://open.bigmodel.cn/api/paas/v4\n";
    let bare = "it does not begin with http:// or https://\nhint: write";
    for (base, why) in [
        (
            "open.bigmodel.cn",
            format!("{bare} https://open.bigmodel.cn\n"),
        ),
        ("localhost:8080", format!("{bare} http://localhost:8080\n")),
        (
            "127.0.0.1:8080/v1",
            format!("{bare} http://127.0.0.1:8080/v1\n"),
        ),
        ("[::1]:8080/v1/", format!("{bare} http://[::1]:8080/v1\n")),
        (
            "example.com:8080/v1?a=b",
            format!("{bare} https://example.com:8080/v1?a=b\n"),
        ),
        (
            "me:hidden@example.com",
            format!("{bare} https://example.com\n"),
        ),
        (
            "/v1",
            format!("{bare} it like https://open.bigmodel.cn/api/paas/v4\n"),
        ),
        ("ftp://h/v1", "its scheme is none of http, https\n".into()),
        ("https://user:hidden word@:x", format!("empty host{hint}")),
    ] {
        let report = format!("airx: usage: --base-url is not a usable URL: {why}");
        chat(&[], &["--base-url", base]).run().is(2, "", &report);
    }
}

#[test]
fn a_redirect_is_an_error_that_names_the_place_and_is_not_followed() {
    let other = Server::play([]);
    for status in [301, 302, 303, 307, 308] {
        for command in ["chat", "stream"] {
            let place = format!("{}/x", other.base());
            let server = Server::once(http(status, &format!("Location: {place}\r\n"), ""));
            airx([command, "hi"]).at(&server).run().is(
                4,
                "",
                &format!(
                    "airx: rejected: the server answered HTTP {status} and points to {place}
hint: airx follows no redirects: set --base-url to that address\n"
                ),
            );
        }
    }
    assert!(other.requests().is_empty());
}

#[test]
fn the_model_comes_from_the_flag_then_the_environment() {
    let server = Server::play([reply("Hi"), reply("Hi")]);
    let variables = [("AIRX_MODEL", "m-env"), ("AIRX_BASE_URL", &*server.base())];
    chat(&variables, &[]).run().is(0, "Hi\n", "");
    chat(&variables, &["-m", "m-flag"]).run().is(0, "Hi\n", "");
    let models: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["model"].clone())
        .collect();
    assert_eq!(models, ["m-env", "m-flag"]);
}
