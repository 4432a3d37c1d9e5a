//! Where tools and their commands come from.

use serde_json::json;

use crate::config::{with, write};
use crate::harness::toolbench::{CITY, TOOLS, bench, calls, results, script};
use crate::harness::{self, Ran, Server, airx, file, folder, reply};

#[track_caller]
fn refused(ran: &Ran, why: &str) {
    ran.is(2, "", &format!("airx: usage: {why}\n"));
}

/// `airx tools -n ARGS… hi` in a folder with the file `t`, without a server.
fn unsent(args: &[&str]) -> Ran {
    let folder = bench();
    let all = ["tools", "-n", "-t", "t"].iter().chain(args).chain(&["hi"]);
    airx(all).nowhere().within(folder.path()).run()
}

#[test]
fn the_command_of_a_tool_runs_and_is_not_sent() {
    let folder = folder();
    let tool = json!({"name": "f", "command": ["printf", "%s!", "a b"]});
    file(&folder, "t", tool.to_string());
    let server = Server::play([calls("", &[("f", "{}")]), reply("ok")]);
    airx(["tools", "-n", "-t", "t", "--run", "--yes", "hi"])
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(results(&server.requests()), ["a b!"]);
    assert_eq!(
        server.requests()[0].json()["tools"],
        json!([{"type": "function", "function": {"name": "f"}}])
    );
    // The flag takes precedence over it.
    let server = Server::play([calls("", &[("f", "{}")]), reply("ok")]);
    let args = [
        "tools",
        "-n",
        "-t",
        "t",
        "--exec",
        "f=echo flag",
        "--run",
        "--yes",
        "hi",
    ];
    airx(args)
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "ok\n", "");
    assert_eq!(results(&server.requests()), ["flag"]);
}

#[test]
fn nothing_runs_without_run() {
    let folder = bench();
    script(&folder, "mark", "touch ran");
    let server = Server::once(calls("", &[("f", CITY)]));
    let ran = airx(["tools", "-n", "-t", "t", "--exec", "f=./mark", "hi"])
        .within(folder.path())
        .at(&server)
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn run_needs_a_command_for_every_tool() {
    refused(
        &unsent(&["--exec", "f=true", "--run", "--yes"]),
        "--run: the tool g has no command\nhint: give it one: --exec g='COMMAND', or \"command\" in its file",
    );
    let none = airx(["tools", "-n", "--run", "--yes", "hi"])
        .nowhere()
        .run();
    refused(
        &none,
        "--run: there is no tool to run\nhint: give some with --tools, --tools-dir or --mcp",
    );
}

#[test]
fn an_exec_that_names_no_tool_or_no_command_is_refused() {
    let report = "--exec h: there is no tool h\nhint: offer it to the model with --tools";
    refused(&unsent(&["--exec", "h=true"]), report);
    refused(&unsent(&["--exec", "f"]), "--exec f: write NAME=COMMAND");
    refused(&unsent(&["--exec", "f="]), "--exec f: the command is empty");
    refused(
        &unsent(&["--exec", "f=a 'b"]),
        "--exec f: a quote is not closed, or a backslash is at the end",
    );
    refused(
        &unsent(&["--exec", "f=a", "--exec", "f=b"]),
        "--exec f: it is given twice",
    );
}

/// A calculator that describes itself.
const CALCULATOR: &str = r#"if [ "$1" = --tool-schema ]; then
  echo '{"name":"calc","description":"Adds","parameters":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]}}'
  exit
fi
input=$(cat)
a=${input#*\"a\":} b=${input#*\"b\":}
echo $(( ${a%%[,\}]*} + ${b%%[,\}]*} ))"#;

#[test]
fn executables_of_a_folder_report_themselves_and_are_run() {
    let folder = folder();
    script(&folder, "calc", CALCULATOR);
    file(&folder, "README", "not a tool");
    script(&folder, ".hidden", "exit 1");
    let server = Server::play([calls("", &[("calc", "{\"a\":2,\"b\":40}")]), reply("42")]);
    let args = ["tools", "-n", "--tools-dir", ".", "--run", "--yes", "2+40?"];
    airx(args)
        .within(folder.path())
        .at(&server)
        .run()
        .is(0, "42\n", "");
    assert_eq!(results(&server.requests()), ["42"]);
    assert_eq!(
        server.requests()[0].json()["tools"][0]["function"]["name"],
        "calc"
    );
}

#[test]
fn a_broken_executable_of_a_folder_is_named() {
    let report = |text: &str| {
        let folder = folder();
        script(&folder, "broken", text);
        let ran = airx(["tools", "-n", "--tools-dir", ".", "hi"])
            .nowhere()
            .within(folder.path())
            .run();
        ran.code_is(2);
        let report = ran
            .stderr
            .strip_prefix("airx: usage: --tools-dir: ./broken: ")
            .unwrap();
        report.to_owned()
    };
    assert_eq!(
        report("echo 'what?' >&2; exit 2"),
        "--tool-schema ended with status 2: what?\n"
    );
    assert!(report("echo hello").starts_with("what --tool-schema prints is not JSON: "));
    assert!(report("echo '{\"name\":\"a b\"}'").starts_with("the name \"a b\""));
    let empty = folder();
    let ran = airx(["tools", "-n", "--tools-dir", "."])
        .args(["hi"])
        .nowhere()
        .within(empty.path())
        .run();
    refused(&ran, "--tools-dir .: it contains no executable");
}

/// A folder of this mode with an executable `theirs` of another user, which creates a file
/// when it runs. `None` if only root could make it.
#[allow(
    clippy::print_stderr,
    reason = "the reader of the tests' output sees it"
)]
fn folder_with_a_tool_of_another_user(mode: u32) -> Option<tempfile::TempDir> {
    use std::os::unix::fs::{PermissionsExt, lchown};
    let folder = folder();
    let mark = folder.path().join("ran");
    let text = format!("touch {}\necho '{{\"name\":\"f\"}}'", mark.display());
    let tool = script(&folder, "theirs", &text);
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
    if lchown(&tool, Some(12_345), None).is_err() {
        eprintln!("skipped: only the superuser can give files to another user");
        return None;
    }
    Some(folder)
}

#[test]
fn another_user_s_executable_in_a_folder_that_all_can_write_to_is_not_run() {
    let report = |name: &str| {
        format!(
            "--tools-dir: {name}: another user put it into a folder that all can write to\nhint: nothing was run; use a folder that only you can write to"
        )
    };
    for mode in [0o1777, 0o777, 0o1773] {
        let Some(open) = folder_with_a_tool_of_another_user(mode) else {
            return;
        };
        let path = open.path().to_str().unwrap();
        let named = airx(["tools", "-n", "--tools-dir", path, "hi"])
            .nowhere()
            .run();
        refused(&named, &report(&format!("{path}/theirs")));
        // The same through a link of the user's own.
        let own = folder();
        std::os::unix::fs::symlink(open.path().join("theirs"), own.path().join("link")).unwrap();
        let linked = airx(["tools", "-n", "--tools-dir", ".", "hi"])
            .nowhere()
            .within(own.path())
            .run();
        refused(&linked, &report("./link"));
        assert!(!open.path().join("ran").exists());
    }
}

#[test]
fn nothing_is_run_where_one_of_several_executables_is_another_user_s() {
    let Some(open) = folder_with_a_tool_of_another_user(0o1777) else {
        return;
    };
    let own = folder();
    let text = "touch ran; echo '{\"name\":\"g\"}'";
    for folder in [&own, &open] {
        script(folder, "mine", text);
    }
    for folders in [&["."][..], &[own.path().to_str().unwrap(), "."]] {
        let folders = folders.iter().flat_map(|folder| ["--tools-dir", *folder]);
        let ran = airx(["tools", "-n", "hi"])
            .args(folders)
            .nowhere()
            .within(open.path())
            .run();
        refused(
            &ran,
            "--tools-dir: ./theirs: another user put it into a folder that all can write to\nhint: nothing was run; use a folder that only you can write to",
        );
        assert!(!open.path().join("ran").exists());
    }
}

#[test]
fn another_user_s_link_in_a_folder_that_all_can_write_to_is_not_run() {
    use std::os::unix::fs::{PermissionsExt, lchown, symlink};
    let open = folder();
    std::fs::set_permissions(open.path(), PermissionsExt::from_mode(0o1777)).unwrap();
    let home = folder();
    let tool = script(&home, "mine", "touch ran; echo '{\"name\":\"f\"}'");
    let link = open.path().join("link");
    symlink(tool, &link).unwrap();
    if lchown(&link, Some(12_345), None).is_err() {
        return;
    }
    let ran = airx(["tools", "-n", "--tools-dir", "."])
        .args(["hi"])
        .nowhere()
        .within(open.path())
        .run();
    ran.code_is(2);
    assert!(
        ran.stderr.contains("./link: another user put it"),
        "{}",
        ran.stderr
    );
    assert!(!open.path().join("ran").exists());
}

#[test]
fn another_user_s_executable_in_a_folder_of_their_own_and_one_s_own_in_any_are_run() {
    use std::os::unix::fs::PermissionsExt;
    let Some(theirs) = folder_with_a_tool_of_another_user(0o755) else {
        return;
    };
    let own = folder();
    script(&own, "mine", "echo '{\"name\":\"f\"}'");
    std::fs::set_permissions(own.path(), PermissionsExt::from_mode(0o1777)).unwrap();
    for folder in [theirs.path(), own.path()] {
        let args = ["tools", "-n", "--dry-run", "--tools-dir", "."];
        let ran = airx(args).args(["hi"]).within(folder).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    }
}

#[test]
fn two_tools_of_one_name_are_refused_from_any_two_sources() {
    let folder = folder();
    script(&folder, "calc", CALCULATOR);
    file(&folder, "t", "{\"name\":\"calc\"}");
    let ran = airx(["tools", "-n", "-t", "t", "--tools-dir", ".", "hi"])
        .nowhere()
        .within(folder.path())
        .run();
    refused(&ran, "--tools-dir: ./calc: there is a tool calc already");
}

#[test]
fn retrieval_is_a_tool_of_the_provider() {
    let body = |args: &[&str]| {
        let all = ["tools", "-n", "--dry-run", "--retrieval", "kb-1"]
            .iter()
            .chain(args)
            .chain(&["hi"]);
        let ran = airx(all).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap()["tools"].clone()
    };
    assert_eq!(
        body(&[]),
        json!([{"type": "retrieval", "retrieval": {"knowledge_id": "kb-1"}}])
    );
    assert_eq!(
        body(&["--retrieval-prompt", "{{knowledge}} {{question}}"])[0]["retrieval"]["prompt_template"],
        "{{knowledge}} {{question}}"
    );
}

#[test]
fn function_retrieval_and_web_search_exclude_each_other_at_the_providers() {
    let folder = folder();
    file(&folder, "t", TOOLS);
    file(
        &folder,
        "s",
        r#"{"type":"web_search","web_search":{"search_engine":"search_std"}}"#,
    );
    let excluded = |args: &[&str], what: &str, tool: &str| {
        let all = ["tools", "-n", "--dry-run"]
            .iter()
            .chain(args)
            .chain(&["hi"]);
        let report = format!(
            "{what} exclude each other at BigModel and Z.ai\nhint: ask for the {tool} in a separate request"
        );
        refused(&airx(all.clone()).within(folder.path()).run(), &report);
        assert_eq!(airx(all).nowhere().within(folder.path()).run().code, 0);
    };
    excluded(
        &["-t", "t", "--retrieval", "k"],
        "--tools and --retrieval",
        "retrieval",
    );
    excluded(
        &["--retrieval", "k", "--web-search"],
        "--retrieval and --web-search",
        "search",
    );
    excluded(
        &["-t", "t", "-t", "s"],
        "--tools and --web-search",
        "search",
    );
}

/// The function objects in the request of `airx tools -t FILE --dry-run` for a file with
/// this tool.
#[track_caller]
fn offered(tool: &serde_json::Value, args: &[&str]) -> serde_json::Value {
    let folder = folder();
    file(&folder, "t", tool.to_string());
    let ran = airx(["tools", "-n", "-t", "t", "--dry-run", "hi"])
        .args(args)
        .within(folder.path())
        .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{tool}");
    let body: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let tools = body["tools"].as_array().unwrap();
    tools
        .iter()
        .map(|tool| {
            assert_eq!(tool["type"], "function");
            assert_eq!(tool.as_object().unwrap().len(), 2);
            tool["function"].clone()
        })
        .collect()
}

fn city() -> serde_json::Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

/// One tool in the form of each API that people take tools from.
fn forms(schema: &serde_json::Value) -> Vec<(&'static str, serde_json::Value)> {
    let bare = |member: &str| json!({"name": "f", "description": "Weather", member: schema});
    let with = |mut tool: serde_json::Value, more: serde_json::Value| {
        let more = more.as_object().unwrap().clone();
        tool.as_object_mut().unwrap().extend(more);
        tool
    };
    vec![
        ("bare", bare("parameters")),
        (
            "chat",
            json!({"type": "function", "function": bare("parameters")}),
        ),
        ("untyped", json!({"function": bare("parameters")})),
        (
            "responses",
            with(bare("parameters"), json!({"type": "function"})),
        ),
        ("anthropic", bare("input_schema")),
        (
            "anthropic typed",
            with(
                bare("input_schema"),
                json!({"type": "custom", "cache_control": {"type": "ephemeral"}}),
            ),
        ),
        (
            "mcp",
            with(
                bare("inputSchema"),
                json!({"title": "T", "annotations": {"readOnlyHint": true}, "outputSchema": {"type": "object"}}),
            ),
        ),
        (
            "mcp without a description",
            json!({"name": "f", "title": "Weather", "description": null, "inputSchema": schema}),
        ),
        (
            "wrapped anthropic",
            json!({"type": "function", "function": bare("input_schema")}),
        ),
    ]
}

#[test]
fn tools_in_the_form_of_other_apis_are_sent_with_their_parameters() {
    let expected = json!([{"name": "f", "description": "Weather", "parameters": city()}]);
    for (form, tool) in forms(&city()) {
        assert_eq!(offered(&tool, &[]), expected, "{form}");
    }
    let strict = json!({"type": "function", "name": "f", "parameters": city(), "strict": true});
    assert_eq!(
        offered(&strict, &[]),
        json!([{"name": "f", "parameters": city(), "strict": true}])
    );
}

#[test]
fn a_tool_of_any_form_has_its_schema_and_its_arguments_checked() {
    for (form, tool) in forms(&json!({"type": "nonsense"})) {
        let folder = folder();
        file(&folder, "t", tool.to_string());
        let ran = airx(["tools", "-n", "-t", "t", "hi"])
            .nowhere()
            .within(folder.path())
            .run();
        ran.code_is(2);
        let report = "/type is \"nonsense\"; arguments are an \"object\"";
        assert!(ran.stderr.contains(report), "{form}: {}", ran.stderr);
    }
    for (form, tool) in forms(&city()) {
        let folder = folder();
        file(&folder, "t", tool.to_string());
        script(&folder, "tool", &format!("echo '{tool}'"));
        for source in [["-t", "t"], ["--tools-dir", "."]] {
            let server = Server::once(calls("", &[("f", "{\"city\":7}")]));
            let ran = airx(["tools", "-n", source[0], source[1], "hi"])
                .within(folder.path())
                .at(&server)
                .run();
            assert_eq!(ran.code, 10, "{form}");
            assert!(ran.stderr.contains("/city: type"), "{form}: {}", ran.stderr);
        }
    }
}

#[test]
fn only_offers_the_tools_that_it_names_from_every_source() {
    let tools = json!([{"name": "f"}, {"name": "g", "parameters": {"type": "no"}}, {"type": "web_search", "web_search": {}}]);
    assert_eq!(offered(&tools, &["--only", "f"]), json!([{"name": "f"}]));
    let folder = bench();
    script(&folder, "calc", CALCULATOR);
    let args = [
        "tools",
        "-n",
        "-t",
        "t",
        "--tools-dir",
        ".",
        "--dry-run",
        "hi",
    ];
    let names = |only: &[&str]| -> Vec<String> {
        let ran = airx(args).args(only).within(folder.path()).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
        let body: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let tools = body["tools"].as_array().unwrap();
        tools
            .iter()
            .map(|tool| tool["function"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&[]), ["f", "g", "calc"]);
    assert_eq!(names(&["--only", "calc", "--only", "f"]), ["f", "calc"]);
    assert_eq!(names(&["--only", "g", "--exec", "f=true"]), ["g"]);
}

#[test]
fn only_with_a_name_that_no_tool_has_is_exit_2() {
    refused(
        &unsent(&["--only", "f", "--only", "h"]),
        "--only h: there is no tool h\nhint: the tools are f, g",
    );
    refused(
        &airx(["tools", "-n", "--only", "h", "hi"]).nowhere().run(),
        "--only h: there is no tool h\nhint: give tools with --tools, --tools-dir or --mcp",
    );
    // The configuration may name them, too.
    let folder = folder();
    let path = write(&folder, "only = \"h\"\n");
    let report = |names: &str| {
        format!(
            "{}:1:1: --only h: there is no tool h\nhint: {names}",
            path.display()
        )
    };
    let ran = with(&folder, ["tools", "-n", "hi"]).nowhere().run();
    refused(
        &ran,
        &report("give tools with --tools, --tools-dir or --mcp"),
    );
}

#[test]
fn a_dry_run_shows_the_tools_of_every_source_and_runs_none() {
    let folder = folder();
    script(&folder, "calc", CALCULATOR);
    file(&folder, "t", "{\"name\":\"f\",\"command\":[\"false\"]}");
    let ran = airx([
        "tools",
        "-n",
        "-t",
        "t",
        "--tools-dir",
        ".",
        "--run",
        "--dry-run",
        "hi",
    ])
    .within(folder.path())
    .run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let body: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(body["tools"].as_array().unwrap().len(), 2);
    assert!(!ran.stdout.contains("command"));
}

#[test]
fn no_program_is_started_where_the_key_is_missing() {
    let folder = folder();
    script(&folder, "mark", "touch ran");
    let ran = airx(["tools", "-n", "--tools-dir", ".", "hi"])
        .within(folder.path())
        .run();
    ran.code_is(3);
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn the_weather_by_exec_with_the_mock() {
    let folder = bench();
    script(&folder, "weather", "cat > asked; echo '21 degrees, clear'");
    let script = [
        json!({"tool_calls": [{"id": "c", "name": "f", "arguments": {"city": "Nanjing"}}]}),
        json!({"content": "It is 21 degrees and clear."}),
    ];
    file(&folder, "script", format!("{}\n{}\n", script[0], script[1]));
    let line = "airx mock --script script -- airx tools -t t --exec f=./weather --exec g=true --run --yes 'Weather in Nanjing?'";
    harness::bash(line)
        .within(folder.path())
        .run()
        .is(0, "It is 21 degrees and clear.\n", "");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("asked")).unwrap(),
        CITY
    );
}
