//! The accepted and refused contents of tool files.

use super::*;

fn load(text: &str) -> Result<Vec<String>, Failure> {
    let setup = ToolSetup::load_files(
        one_file(),
        RunArgs::default(),
        |_| Ok(text.to_owned()),
        false,
    )?;
    Ok(setup
        .toolbox
        .offered()
        .map(|(_, wire)| wire.to_string())
        .collect())
}

fn one_file() -> OfferArgs {
    OfferArgs {
        tools: vec!["t.json".into()],
        ..OfferArgs::default()
    }
}

const BARE: &str = r#"{"name":"f","parameters":{"type":"object","properties":{}}}"#;

#[test]
fn bare_functions_arrays_and_lines_are_read() {
    let tool = format!(r#"{{"type":"function","function":{BARE}}}"#);
    assert_eq!(load(BARE).unwrap(), std::slice::from_ref(&tool));
    assert_eq!(
        load(&format!("[{BARE}]")).unwrap(),
        std::slice::from_ref(&tool)
    );
    let other = BARE.replace("\"f\"", "\"g\"");
    assert_eq!(load(&format!("{tool}\n{other}\n")).unwrap().len(), 2);
}

#[test]
fn an_invalid_tool_is_refused_with_its_place() {
    for (text, what) in [
        ("", "it contains no tool"),
        ("[1]", "not an object"),
        ("{", "not JSON"),
        (r#"{"name":"a b"}"#, "the name \"a b\""),
        (r#"{"type":"plugin"}"#, "its type \"plugin\""),
        (r#"{"type":"custom","name":"f"}"#, "its type \"custom\""),
        (r#"{"type":"bash_20250124","name":"bash"}"#, "its type"),
        (r#"{"type":"function","function":[]}"#, "its function"),
        (r#"[{"name":"f"},{"name":"f"}]"#, "a tool f already"),
        (
            r#"{"name":"f","parameters":{"type":"array"}}"#,
            "/parameters/type",
        ),
        (
            r#"{"name":"f","parameters":{"properties":[]}}"#,
            "/parameters/properties",
        ),
        (
            r#"{"name":"f","parameters":{"required":"a"}}"#,
            "/parameters/required",
        ),
    ] {
        let message = load(text).unwrap_err().message;
        assert!(
            message.contains(what) && message.contains("t.json"),
            "{text}: {message}"
        );
    }
}

#[test]
fn a_command_is_kept_and_never_sent() {
    let tool = format!(r#"{{"type":"function","function":{BARE}}}"#);
    let bare = BARE.replace("{\"name\"", "{\"command\":[\"a\",\"b\"],\"name\"");
    let outer = format!(r#"{{"command":["a"],"type":"function","function":{BARE}}}"#);
    let inner = format!(r#"{{"type":"function","function":{bare}}}"#);
    for text in [&bare, &outer, &inner] {
        assert_eq!(load(text).unwrap(), std::slice::from_ref(&tool), "{text}");
    }
    let wrong = load(r#"{"name":"f","command":"a b"}"#).unwrap_err();
    assert!(wrong.message.contains("not a list of words"));
}

#[test]
fn exec_names_a_tool_once() {
    let name = |flags: &[&str]| {
        let run = RunArgs {
            exec: flags.iter().map(ToString::to_string).collect(),
            run: true,
            yes: true,
            ..RunArgs::default()
        };
        let setup = ToolSetup::load_files(one_file(), run, |_| Ok(BARE.into()), false);
        let mut setup = setup.unwrap();
        setup.finish(&Scrubber::default(), &mut |_| {})
    };
    assert!(name(&["f=cat"]).is_ok());
    for (flags, what) in [
        (&["f"][..], "write NAME=COMMAND"),
        (&["g=cat"], "--exec g: there is no tool g"),
        (&["f=cat", "f=cat"], "--exec f: it is given twice"),
        (&["f="], "--exec f: the command is empty"),
        (&[], "--run: the tool f has no command"),
    ] {
        let message = name(flags).unwrap_err().message;
        assert!(message.contains(what), "{message}");
    }
}
