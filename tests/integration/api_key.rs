//! The key: where it comes from, and which servers get it.

use std::path::Path;

use crate::harness::{Airx, Server, airx, file, folder, reply};

/// `airx chat hi` with these variables and arguments.
fn chat(variables: &[(&str, &str)], args: &[&str]) -> Airx {
    airx(["chat", "hi"]).args(args).envs(variables)
}

/// Returns the `Authorization` header that the server receives when `variable` contains its
/// base URL.
#[track_caller]
fn sent_key(variable: &str, variables: &[(&str, &str)], args: &[&str]) -> Option<String> {
    let server = Server::once(reply("Hi"));
    chat(variables, args)
        .env(variable, server.base())
        .run()
        .is(0, "Hi\n", "");
    server.requests()[0]
        .header("authorization")
        .map(str::to_owned)
}

const KEY: &str = "general-key-0001";
const BIGMODEL: &str = "bigmodel-id-0001.bigmodel-secret";
const ZAI: &str = "zai-id-0000001.zai-secret-0001";

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
fn the_place_of_the_provider_gets_its_key_by_any_of_its_names() {
    let server = Server::once(reply("Hi"));
    let base = server.base();
    let run = chat(
        &[("ZAI_API_KEY", ZAI), ("ZAI_BASE_URL", &base)],
        &["--base-url", &base],
    );
    run.run().is(0, "Hi\n", "");
    let sent = server.requests()[0]
        .header("authorization")
        .map(str::to_owned);
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
    let sent = server.requests()[0]
        .header("authorization")
        .map(str::to_owned);
    assert_eq!(sent, bearer(KEY));
    let empty = [("AIRX_API_KEY", ""), ("ZHIPUAI_API_KEY", BIGMODEL)];
    assert_eq!(sent_key("ZHIPUAI_BASE_URL", &empty, &[]), bearer(BIGMODEL));
}

#[test]
fn a_provider_without_a_key_exits_3_and_nothing_is_sent() {
    let hint = |variable: &str, page: &str| {
        format!(
            "hint: set {variable} or AIRX_API_KEY, or use --key-file; get a key at {page}; to try without one: airx mock -- airx chat hello\n"
        )
    };
    // If airx sent a request, it would go to a proxy that does not exist, and exit 6.
    let proxy = [
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ("ZHIPUAI_API_KEY", ""),
    ];
    let report = format!(
        "airx: account: no key for open.bigmodel.cn\n{}",
        hint(
            "ZHIPUAI_API_KEY",
            "https://open.bigmodel.cn/usercenter/apikeys"
        )
    );
    chat(&proxy, &[]).run().is(3, "", &report);
    let args = ["--base-url", "https://api.z.ai/api/paas/v4"];
    let report = format!(
        "airx: account: no key for api.z.ai\n{}",
        hint("ZAI_API_KEY", "https://z.ai/manage-apikey/apikey-list")
    );
    chat(&proxy, &args).run().is(3, "", &report);
}

#[test]
fn a_key_that_no_header_can_carry_exits_3_unseen() {
    for key in ["two words-secret", "line\nbreak-secret", "kéy-secret"] {
        chat(&[("AIRX_API_KEY", key)], &["--base-url", "http://127.0.0.1:9"]).run().is(
            3,
            "",
            "airx: account: AIRX_API_KEY contains a space, a line break or another character that no key has
hint: write one key on one line, and nothing else\n",
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
    let wrong = "contains a space, a line break or another character that no key has\nhint: write one key on one line, and nothing else\n";
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

fn private(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

#[test]
fn a_key_of_the_other_provider_is_named_with_what_to_do() {
    // If airx sent a request, it would go to a proxy that does not exist, and exit 6.
    let proxy = ("HTTPS_PROXY", "http://127.0.0.1:9");
    for (variable, set, base, host) in [
        (
            "ZAI_API_KEY",
            "ZHIPUAI_API_KEY",
            "https://api.z.ai/api/paas/v4",
            "api.z.ai",
        ),
        (
            "ZHIPUAI_API_KEY",
            "ZAI_API_KEY",
            "https://open.bigmodel.cn/api/paas/v4",
            "open.bigmodel.cn",
        ),
    ] {
        let ran = chat(&[proxy, (set, BIGMODEL)], &["--base-url", base]).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
        let report = format!("airx: account: no key for {host}\nhint: {set} is set, but ");
        assert!(ran.stderr.starts_with(&report), "{}", ran.stderr);
        assert!(
            ran.stderr
                .contains(&format!("set {variable} or AIRX_API_KEY")),
            "{}",
            ran.stderr
        );
        assert!(
            ran.stderr.contains("; get a key at https://"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn white_space_around_a_variable_is_dropped() {
    let server = Server::once(reply("Hi"));
    let base = format!(" {}\r\n", server.base());
    airx(["chat", "hi"])
        .env("AIRX_BASE_URL", base)
        .env("AIRX_MODEL", "glm-4-airx\r")
        .env("AIRX_API_KEY", format!("{KEY}\r\n"))
        .env("AIRX_NO_STDIN", "1 ")
        .run()
        .is(0, "Hi\n", "");
    let asked = &server.requests()[0];
    assert_eq!(asked.json()["model"], "glm-4-airx");
    assert_eq!(
        asked.header("authorization").map(str::to_owned),
        Some(format!("Bearer {KEY}"))
    );
    let folder = crate::harness::folder();
    let server = Server::once(reply("Hi"));
    airx(["chat", "hi"])
        .at(&server)
        .within(folder.path())
        .env("AIRX_RECORD", "tapes\r")
        .env("AIRX_CONFIG", "/dev/null\r\n")
        .env("AIRX_MODEL", " \r\n")
        .run()
        .is(0, "Hi\n", "");
    assert!(folder.path().join("tapes").is_dir());
    assert_eq!(server.requests()[0].json()["model"], "glm-4-airx");
}

#[test]
fn z_ai_is_asked_for_a_model_that_it_lists_without_thinking() {
    let body = |args: &[&str]| {
        let server = Server::once(reply("Hi"));
        let ran = airx(["chat", "hi"])
            .args(args)
            .env("ZAI_API_KEY", ZAI)
            .env("ZAI_BASE_URL", server.base())
            .run();
        ran.is(0, "Hi\n", "");
        let sent = server.requests()[0].json();
        (sent["model"].clone(), sent["thinking"]["type"].clone())
    };
    let null = || serde_json::Value::Null;
    assert_eq!(body(&[]), ("glm-4.5-airx".into(), "disabled".into()));
    let on = ["--thinking", "on"];
    assert_eq!(body(&on), ("glm-4.5-airx".into(), "enabled".into()));
    assert_eq!(body(&["-m", "glm-4.6"]), ("glm-4.6".into(), null()));
}
