//! Where the request goes, with which key and which headers.

use std::path::Path;

use crate::harness::{Airx, Server, airx, file, folder, http, reply};

/// `airx chat hi` with these variables and arguments.
fn chat(variables: &[(&str, &str)], args: &[&str]) -> Airx {
    let run = airx(["chat", "hi"]).args(args);
    variables
        .iter()
        .fold(run, |run, (name, value)| run.env(name, value))
}

/// The `Authorization` header that a server at `base` gets, the base given by
/// `variable`.
#[track_caller]
fn sent_key(variable: &str, variables: &[(&str, &str)], args: &[&str]) -> Option<String> {
    let server = Server::once(reply("Hi"));
    chat(variables, args)
        .env(variable, server.base())
        .run()
        .is(0, "Hi\n", "");
    server.asked()[0].header("authorization").map(str::to_owned)
}

const KEY: &str = "general-key-0001";
const BIGMODEL: &str = "bigmodel-id-0001.bigmodel-secret";
const ZAI: &str = "zai-id-0000001.zai-secret-0001";

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
        assert_eq!(server.asked()[0].head.lines().next(), Some(&*line));
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
fn a_provider_s_key_goes_to_that_provider_only() {
    let both = [("ZHIPUAI_API_KEY", BIGMODEL), ("ZAI_API_KEY", ZAI)];
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    assert_eq!(sent_key("AIRX_BASE_URL", &both, &[]), None);
    assert_eq!(sent_key("ZHIPUAI_BASE_URL", &both, &[]), bearer(BIGMODEL));
    assert_eq!(sent_key("ZAI_BASE_URL", &both[1..], &[]), bearer(ZAI));
    // Another port is another server.
    let elsewhere = [both[0], ("ZHIPUAI_BASE_URL", "http://127.0.0.1:9/v1")];
    assert_eq!(sent_key("AIRX_BASE_URL", &elsewhere, &[]), None);
}

#[test]
fn the_place_of_the_provider_gets_its_key_by_whatever_name_it_is_given() {
    let server = Server::once(reply("Hi"));
    let base = server.base();
    let run = chat(
        &[("ZAI_API_KEY", ZAI), ("ZAI_BASE_URL", &base)],
        &["--base-url", &base],
    );
    run.run().is(0, "Hi\n", "");
    let sent = server.asked()[0].header("authorization").map(str::to_owned);
    assert_eq!(sent, Some(format!("Bearer {ZAI}")));
}

#[test]
fn the_general_key_goes_anywhere_and_a_key_file_before_it() {
    let folder = folder();
    let path = file(&folder, "key", format!("{ZAI}\n"));
    private(&path, 0o600);
    let args = ["--key-file", path.to_str().unwrap()];
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    let general = [("AIRX_API_KEY", KEY)];
    assert_eq!(sent_key("AIRX_BASE_URL", &general, &[]), bearer(KEY));
    assert_eq!(sent_key("AIRX_BASE_URL", &general, &args), bearer(ZAI));
    let both = [("AIRX_API_KEY", KEY), ("ZHIPUAI_API_KEY", BIGMODEL)];
    let server = Server::once(reply("Hi"));
    let base = server.base();
    chat(&both, &["--base-url", &base])
        .env("ZHIPUAI_BASE_URL", &base)
        .run()
        .is(0, "Hi\n", "");
    let sent = server.asked()[0].header("authorization").map(str::to_owned);
    assert_eq!(sent, bearer(KEY));
    let empty = [("AIRX_API_KEY", ""), ("ZHIPUAI_API_KEY", BIGMODEL)];
    assert_eq!(sent_key("ZHIPUAI_BASE_URL", &empty, &[]), bearer(BIGMODEL));
}

#[test]
fn a_provider_without_a_key_exits_3_and_nothing_is_sent() {
    let hint = |variable: &str| {
        format!(
            "hint: set AIRX_API_KEY or {variable}, or give --key-file; try without a key: airx mock -- airx chat hello\n"
        )
    };
    // What is sent would go to a proxy that is not there, and exit 6.
    let proxy = [
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("ZHIPUAI_API_KEY", ""),
    ];
    let told = format!(
        "airx: account: no key for open.bigmodel.cn\n{}",
        hint("ZHIPUAI_API_KEY")
    );
    chat(&proxy, &[]).run().is(3, "", &told);
    let args = ["--base-url", "https://api.z.ai/api/paas/v4"];
    let told = format!(
        "airx: account: no key for api.z.ai\n{}",
        hint("ZAI_API_KEY")
    );
    chat(&[proxy[0], ("ZHIPUAI_API_KEY", BIGMODEL)], &args)
        .run()
        .is(3, "", &told);
}

#[test]
fn a_key_that_no_header_can_carry_exits_3_unseen() {
    for key in ["two words-secret", "line\nbreak-secret", "kéy-secret"] {
        chat(&[("AIRX_API_KEY", key)], &["--base-url", "http://127.0.0.1:9"]).run().is(
            3,
            "",
            "airx: account: AIRX_API_KEY holds a space, a line break or another character that no key has
hint: one key, on one line, nothing else\n",
        );
    }
}

#[test]
fn a_key_file_that_cannot_be_used_exits_3() {
    let folder = folder();
    let run = |name: &str| {
        let args = [
            "chat",
            "hi",
            "--base-url",
            "http://127.0.0.1:9",
            "--key-file",
            name,
        ];
        airx(args).within(folder.path()).run()
    };
    run("none").is(
        3,
        "",
        "airx: account: --key-file none: No such file or directory (os error 2)\n",
    );
    let wrong = "holds a space, a line break or another character that no key has\nhint: one key, on one line, nothing else\n";
    for (name, text) in [
        ("empty", ""),
        ("blank", "\n"),
        ("two", "first-key-1\nsecond-key-2\n"),
    ] {
        private(&file(&folder, name, text), 0o600);
        run(name).is(3, "", &format!("airx: account: --key-file {name} {wrong}"));
    }
    private(&file(&folder, "long", "x".repeat(65 * 1024)), 0o600);
    run("long").is(
        3,
        "",
        "airx: account: --key-file long: it is too long to be a key\n",
    );
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_write_is_refused_and_one_they_can_read_warned_of() {
    let folder = folder();
    let path = file(&folder, "key", KEY);
    for mode in [0o620, 0o602, 0o666] {
        private(&path, mode);
        let args = [
            "chat",
            "hi",
            "--base-url",
            "http://127.0.0.1:9",
            "--key-file",
            "key",
        ];
        airx(args).within(folder.path()).run().is(
            3,
            "",
            "airx: account: --key-file key: others can write it\nhint: chmod 600 it\n",
        );
    }
    for mode in [0o640, 0o604] {
        private(&path, mode);
        let server = Server::once(reply("Hi"));
        let run = airx(["chat", "hi", "--key-file", "key"]).within(folder.path());
        run.at(&server).run().is(
            0,
            "Hi\n",
            "airx: warning: --key-file key: others can read it: chmod 600 it\n",
        );
    }
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
        let told = format!(
            "airx: usage: --base-url: plain http to {host} would show the key and the prompt to the network
hint: use https, or allow it with --allow-http (AIRX_ALLOW_HTTP=1)\n"
        );
        chat(&[], &["--base-url", base]).run().is(2, "", &told);
        chat(&[("AIRX_ALLOW_HTTP", "0")], &["--base-url", base])
            .run()
            .is(2, "", &told);
    }
}

#[test]
fn a_base_that_is_no_url_exits_2() {
    let hint = "\nhint: write it whole, like https://open.bigmodel.cn/api/paas/v4\n";
    for (base, why) in [
        (
            "open.bigmodel.cn",
            format!("relative URL without a base{hint}"),
        ),
        ("ftp://h/v1", "its scheme is none of http, https\n".into()),
        ("https://user:hidden word@:x", format!("empty host{hint}")),
    ] {
        let told = format!("airx: usage: --base-url is not a usable URL: {why}");
        chat(&[], &["--base-url", base]).run().is(2, "", &told);
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
hint: redirects are not followed: set --base-url to the place named\n"
                ),
            );
        }
    }
    assert!(other.asked().is_empty());
}

#[test]
fn the_headers_are_few_and_the_provider_s_members_stay_at_home() {
    let server = Server::play([reply("Hi"), reply("Hi")]);
    let base = server.base();
    let key = [("ZHIPUAI_API_KEY", BIGMODEL), ("ZHIPUAI_BASE_URL", &base)];
    chat(&key, &["--temperature", "0"]).run().is(0, "Hi\n", "");
    chat(&[("AIRX_BASE_URL", &base)], &["--temperature", "0"])
        .run()
        .is(0, "Hi\n", "");
    let asked = server.asked();
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
    let asked = &server.asked()[0];
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
        ("X: hid\u{1}den", "the value of X holds a control character"),
        (
            "X: hid\r\nY: den",
            "the value of X holds a control character",
        ),
        ("Content-Length: 9", "Content-Length is set by airx"),
        (
            "Transfer-Encoding: chunked",
            "Transfer-Encoding is set by airx",
        ),
    ] {
        let told = format!("airx: usage: --header: {why}\nhint: write 'NAME: VALUE'\n");
        chat(
            &[],
            &["--base-url", "http://127.0.0.1:9", "--header", header],
        )
        .run()
        .is(2, "", &told);
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
        assert_eq!(server.asked()[0].header("authorization"), Some(sent));
    }
}

#[test]
fn the_model_comes_from_the_flag_then_the_environment() {
    let server = Server::play([reply("Hi"), reply("Hi")]);
    let variables = [("AIRX_MODEL", "m-env"), ("AIRX_BASE_URL", &*server.base())];
    chat(&variables, &[]).run().is(0, "Hi\n", "");
    chat(&variables, &["-m", "m-flag"]).run().is(0, "Hi\n", "");
    let models: Vec<_> = server
        .asked()
        .iter()
        .map(|asked| asked.json()["model"].clone())
        .collect();
    assert_eq!(models, ["m-env", "m-flag"]);
}

fn private(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}
