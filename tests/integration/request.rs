//! The options that become members of the body, and what a dry run prints.

use crate::harness::{DONE, Server, airx, bash, delta, file, finish_frame, folder, reply, stream};

const MESSAGES: &str = r#""messages":[{"role":"user","content":"hi"}]"#;

/// Checks the body of `airx ARGS… hi`: it has these members between messages and stream.
#[track_caller]
fn sends(args: &[&str], members: &str) {
    let server = Server::once(reply("ok"));
    airx(args.iter().chain(&["hi"]))
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    let body = &server.requests()[0].body;
    let expected = format!("{{\"model\":\"glm-4-airx\",{MESSAGES}{members},\"stream\":false}}");
    assert_eq!(body, &expected);
}

#[track_caller]
fn refused(args: &[&str], why: &str) {
    let line = format!("airx: usage: {why}\n");
    airx(["chat", "hi"].iter().chain(args))
        .nowhere()
        .run()
        .is(2, "", &line);
}

#[test]
fn each_option_is_the_member_of_its_name() {
    sends(&["chat"], "");
    sends(&["chat", "--temperature", "0.7"], r#","temperature":0.7"#);
    sends(&["chat", "--top-p", "0.8"], r#","top_p":0.8"#);
    sends(&["chat", "--max-tokens", "100"], r#","max_tokens":100"#);
    sends(&["chat", "--stop", "\n\n"], r#","stop":["\n\n"]"#);
    sends(&["chat", "--user-id", "user-1"], r#","user_id":"user-1""#);
    sends(
        &["chat", "--request-id", "request-1"],
        r#","request_id":"request-1""#,
    );
    sends(&["chat", "--greedy"], r#","do_sample":false"#);
}

#[test]
fn all_options_together_are_in_one_order() {
    let args = [
        "chat",
        "--request-id",
        "request-1",
        "--user-id",
        "user-1",
        "--greedy",
        "--stop",
        "x",
        "--max-tokens",
        "9",
        "--top-p",
        "0.5",
        "--temperature",
        "0.25",
    ];
    sends(
        &args,
        r#","temperature":0.25,"top_p":0.5,"max_tokens":9,"stop":["x"],"do_sample":false,"user_id":"user-1","request_id":"request-1""#,
    );
}

#[test]
fn thinking_is_switched_on_and_off() {
    for (switch, kind) in [("on", "enabled"), ("off", "disabled")] {
        let args = [
            "chat",
            "--dry-run",
            "-m",
            "glm-4.5",
            "--thinking",
            switch,
            "hi",
        ];
        let body = format!(
            "{{\"model\":\"glm-4.5\",{MESSAGES},\"thinking\":{{\"type\":\"{kind}\"}},\"stream\":false}}\n"
        );
        airx(args).nowhere().run().is(0, &body, "");
    }
}

#[test]
fn web_search_adds_the_providers_tool() {
    let tool = |engine| {
        format!(
            r#","tools":[{{"type":"web_search","web_search":{{"enable":true,"search_engine":"{engine}","search_result":true}}}}],"tool_choice":"auto""#
        )
    };
    sends(&["chat", "--web-search"], &tool("search_std"));
    sends(&["chat", "--web-search=search_pro"], &tool("search_pro"));
    refused(
        &["--web-search=bing"],
        "--web-search=bing: no such engine\nhint: one of search_std, search_pro, search_pro_sogou, search_pro_quark, search_pro_jina, search_pro_bing",
    );
}

#[test]
fn json_asks_for_an_object_and_stream_for_a_stream() {
    let server = Server::play([
        reply("{}"),
        stream([delta("ok"), finish_frame("stop"), DONE.into()]),
    ]);
    airx(["json", "hi"]).at(&server).run().is(0, "{}\n", "");
    airx(["stream", "hi"]).at(&server).run().is(0, "ok\n", "");
    let asked = server.requests();
    assert_eq!(
        asked[0].body,
        format!(
            "{{\"model\":\"glm-4-airx\",{MESSAGES},\"response_format\":{{\"type\":\"json_object\"}},\"stream\":false}}"
        )
    );
    assert_eq!(
        asked[1].body,
        format!("{{\"model\":\"glm-4-airx\",{MESSAGES},\"stream\":true}}")
    );
}

#[test]
fn the_model_comes_from_the_flag_then_the_environment() {
    let server = Server::play([reply("ok"), reply("ok")]);
    airx(["chat", "hi"])
        .at(&server)
        .env("AIRX_MODEL", "llama3")
        .run()
        .is(0, "ok\n", "");
    airx(["chat", "hi", "-m", "qwen"])
        .at(&server)
        .env("AIRX_MODEL", "llama3")
        .run()
        .is(0, "ok\n", "");
    let models: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.json()["model"].clone())
        .collect();
    assert_eq!(models, ["llama3", "qwen"]);
}

#[test]
fn the_base_url_comes_from_the_flag_then_the_environment() {
    let server = Server::play([reply("ok"), reply("ok")]);
    let base = format!("http://127.0.0.1:{}/a/", server.port());
    airx(["chat", "--base-url", &base, "hi"])
        .nowhere()
        .run()
        .is(0, "ok\n", "");
    airx(["chat", "hi"]).at(&server).run().is(0, "ok\n", "");
    let lines: Vec<_> = server
        .requests()
        .iter()
        .map(|asked| asked.head.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "POST /a/chat/completions HTTP/1.1",
            "POST /v1/chat/completions HTTP/1.1"
        ]
    );
}

#[test]
fn a_param_is_any_member_and_wins_over_the_flag() {
    sends(
        &[
            "chat",
            "--param",
            "seed=7",
            "--param",
            r#"meta={"b":1.50,"a":[]}"#,
        ],
        r#","seed":7,"meta":{"b":1.50,"a":[]}"#,
    );
    sends(
        &[
            "chat",
            "--temperature",
            "0.1",
            "--param",
            "temperature=0.50",
        ],
        r#","temperature":0.50"#,
    );
    sends(
        &["chat", "--param", "seed=7", "--param", "seed=8"],
        r#","seed":8"#,
    );
    sends(&["chat", "--param", "a=\"b=c\""], r#","a":"b=c""#);
}

#[test]
fn a_param_that_is_airxs_own_or_no_json_is_refused() {
    refused(
        &["--param", "model=\"m\""],
        "--param model: airx sets this member itself\nhint: use -m",
    );
    refused(
        &["--param", "messages=[]"],
        "--param messages: airx sets this member itself\nhint: use --messages",
    );
    refused(
        &["--param", "stream=true"],
        "--param stream: airx sets this member itself\nhint: use airx stream, or airx chat for a complete reply",
    );
    refused(
        &["--param", "stop=now"],
        "--param stop: the value is not JSON: expected ident at line 1 column 2\nhint: quote a string twice: --param 'stop=\"text\"'",
    );
    refused(&["--param", "seed"], "--param seed: write KEY=JSON");
    refused(&["--param", "=1"], "--param =1: write KEY=JSON");
}

/// `airx chat --dry-run hi ARGS…` with a key of BigModel's.
fn dry(args: &[&str]) -> crate::harness::Ran {
    airx(["chat", "--dry-run", "hi"].iter().chain(args))
        .env("ZHIPUAI_API_KEY", "id.secret")
        .run()
}

#[test]
fn temperature_0_turns_sampling_off_at_the_providers_alone() {
    let body =
        |members| format!("{{\"model\":\"glm-4-airx\",{MESSAGES}{members},\"stream\":false}}\n");
    dry(&["--temperature", "0"]).is(0, &body(r#","temperature":0.0,"do_sample":false"#), "");
    sends(&["chat", "--temperature", "0"], r#","temperature":0.0"#);
}

#[test]
fn a_request_id_is_made_for_the_providers_alone() {
    // The bodies above show that other servers get none. A dry run shows no id, since it
    // would differ each time.
    dry(&[]).is(
        0,
        &format!("{{\"model\":\"glm-4-airx\",{MESSAGES},\"stream\":false}}\n"),
        "",
    );
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_key() {
    let server = Server::play([]);
    let body = format!("{{\"model\":\"glm-4-airx\",{MESSAGES},\"stream\":true}}\n");
    for format in ["text", "json", "ndjson"] {
        airx(["stream", "--dry-run", "--format", format, "hi"])
            .at(&server)
            .run()
            .is(0, &body, "");
    }
    let body = body.replace("true", "false");
    airx(["chat", "--dry-run", "hi"]).run().is(0, &body, "");
    assert!(server.requests().is_empty());
}

/// Everything that needs quoting in a shell, in JSON or in a here-document.
const NASTY: &str = "it's \"$HOME\" `id` $(id) \\n \\\nAIRX_BODY\n!! % 中 \u{1}";

#[test]
fn dry_run_curl_is_a_command_that_bash_runs_as_it_is() {
    let server = Server::play([
        reply("ok"),
        stream([delta("ok"), finish_frame("stop"), DONE.into()]),
    ]);
    let folder = folder();
    // A curlrc that would change the result if curl read it.
    file(&folder, ".curlrc", "head\n");
    for (command, last) in [("chat", "\"stop\""), ("stream", "data: [DONE]")] {
        let script = format!(
            "airx {command} -n \"$NASTY\" --header \"X-It: it's\" --dry-run=curl >command && bash command"
        );
        let ran = bash(&script)
            .at(&server)
            .within(folder.path())
            .env("HOME", folder.path())
            .env("NASTY", NASTY)
            .env("AIRX_API_KEY", "key-12345678")
            .run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        assert!(ran.stdout.contains(last), "{}", ran.stdout);
        let text = std::fs::read_to_string(folder.path().join("command")).unwrap();
        assert!(text.starts_with("curl -q "), "{text}");
        assert!(!text.contains("key-12345678"), "{text}");
    }
    for asked in server.requests() {
        assert_eq!(asked.json()["messages"][0]["content"], NASTY);
        assert_eq!(asked.header("authorization"), Some("Bearer key-12345678"));
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.header("x-it"), Some("it's"));
    }
}

#[test]
fn tools_are_sent_with_their_choice() {
    let folder = folder();
    let path = file(
        &folder,
        "t.json",
        r#"[{"name":"f","parameters":{"type":"object","properties":{"b":{},"a":{}}}}]"#,
    );
    sends(
        &["tools", "-t", path.to_str().unwrap()],
        r#","tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"b":{},"a":{}}}}}],"tool_choice":"auto""#,
    );
}

#[test]
fn dry_run_curl_of_a_url_with_user_info_wants_that_in_a_variable() {
    let server = Server::once(reply("ok"));
    let base = server.base().replace("//", "//ada:s3cr3t@");
    let script =
        "airx chat -n hi --dry-run=curl >command; bash command; AIRX_USER=ada:s3cr3t bash command";
    let folder = folder();
    let ran = bash(script)
        .within(folder.path())
        .env("AIRX_BASE_URL", base)
        .run();
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr
            .ends_with("AIRX_USER: is to be user:password of the URL\n"),
        "{}",
        ran.stderr
    );
    let [asked] = &server.requests()[..] else {
        panic!("asked once");
    };
    assert_eq!(
        asked.header("authorization"),
        Some("Basic YWRhOnMzY3IzdA==")
    );
    let text = std::fs::read_to_string(folder.path().join("command")).unwrap();
    assert!(!text.contains("s3cr3t"), "{text}");
}
