//! Properties that are true for any bytes, cut in any way. `PROPTEST_CASES` sets the number
//! of cases; `tests/fuzz` checks the same with libFuzzer's inputs.

#![allow(
    unreachable_pub,
    reason = "the checks are a module of several programs, read like a library"
)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod checks;
mod inputs;

use airx::cli::{Cli, Command};
use airx::markdown::Styling;
use airx::secret::Scrubber;
use base64::prelude::{BASE64_STANDARD, Engine};
use clap::Parser;
use proptest::prelude::*;

use inputs::{configuration, cuts, json, json_text, key, payload, stranger, stream};

/// Runs `cases` cases by default. Failures are not recorded: cases that matter become tests.
fn moderate(cases: u32) -> ProptestConfig {
    let more = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: more.and_then(|cases| cases.parse().ok()).unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(moderate(400))]

    #[test]
    fn any_bytes_give_the_same_frames_however_they_are_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        cuts in cuts(),
    ) {
        checks::sse(&bytes, &cuts);
    }

    #[test]
    fn a_stream_gives_the_same_frames_however_it_is_cut(bytes in stream(), cuts in cuts()) {
        checks::sse(&bytes, &cuts);
    }

    #[test]
    fn any_body_is_an_answer_or_a_failure(
        status in 100_u16..1000,
        body in prop_oneof![payload(), json_text(), stranger()],
    ) {
        checks::reply(status, body.as_bytes());
    }

    #[test]
    fn the_words_of_an_error_are_found_in_any_shape(
        error in inputs::error_shape("the words"),
        bom in any::<bool>(),
    ) {
        let body = format!("{}{error}", if bom { "\u{feff}" } else { "" });
        let words = airx::api::error_body::read(500, body.as_bytes()).message;
        prop_assert_eq!(words.as_deref(), Some("the words"), "{}", error);
    }

    #[test]
    fn an_error_member_that_says_nothing_is_no_error(error in inputs::empty()) {
        let choice = r#"{"finish_reason":"stop","message":{"content":"Hi"}}"#;
        let body = format!(r#"{{"error":{error},"choices":[{choice}]}}"#);
        let mut answer = airx::answer::Answer::default();
        prop_assert!(answer.accept_body(body.into()).is_ok(), "{}", error);
        prop_assert_eq!(answer.text, "Hi");
    }

    #[test]
    fn bytes_that_are_no_text_are_a_failure(
        status in 100_u16..1000,
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        checks::reply(status, &body);
    }

    #[test]
    fn a_value_stays_the_same_value(text in prop_oneof![json_text(), stranger()]) {
        checks::structure(&text);
        checks::structure(&format!("```json\n{text}\n```"));
    }

    #[test]
    fn any_fields_are_refused_or_a_schema(
        text in prop_oneof!["[a-c?:,{}\\[\\] ]{0,20}( int| str|: d){0,2}", stranger()],
    ) {
        checks::fields(&text);
    }

    #[test]
    fn any_schema_is_refused_or_judges_any_value(
        schema in prop_oneof![json_text(), "[a-c]{1,2} (int|str|\\[str\\])", stranger()],
        value in prop_oneof![json_text(), stranger()],
    ) {
        checks::schema(&schema, &value);
    }

    #[test]
    fn any_file_of_a_recording_is_refused_or_replayed(
        text in prop_oneof![inputs::recording(), json_text(), stranger()],
    ) {
        let folder = tempfile::tempdir().unwrap();
        checks::recording(folder.path(), text.as_bytes());
    }

    #[test]
    fn any_file_of_tools_is_refused_or_loaded(text in prop_oneof![inputs::tools(), json_text(), stranger()]) {
        checks::tools(&text);
    }

    #[test]
    fn no_words_of_strangers_act_on_a_terminal(text in stranger()) {
        checks::words(&text);
    }

    #[test]
    fn no_form_of_a_key_is_shown(
        key in key(),
        before in "[ a-z:=\"\\\\]{0,12}",
        after in "[ a-z:=\"\\\\]{0,12}",
    ) {
        let quoted = serde_json::to_string(&key).unwrap();
        let percent: String = key.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        }).collect();
        let halves = key.split_once('.');
        let forms = [Some(&*key), Some(&quoted[1..quoted.len() - 1]), Some(&*percent), halves.map(|both| both.0), halves.map(|both| both.1)];
        for form in forms.into_iter().flatten().filter(|form| form.len() >= 8) {
            checks::scrub(&key, &before, form, &after);
        }
        // Only the middle of its base64, because both ends depend on the neighbours.
        let encoded = BASE64_STANDARD.encode(format!("{before}{key}{after}"));
        let mut scrubber = Scrubber::default();
        scrubber.hide_key(&key);
        let clean = scrubber.scrub(&encoded).into_owned();
        let from = before.len().div_ceil(3) * 4;
        let to = (before.len() + key.len()) / 3 * 4;
        prop_assert!(!clean.contains(&encoded[from..to]), "{clean}");
    }

    #[test]
    fn any_configuration_is_sound_or_reported_where_it_is_not(text in prop_oneof![configuration(), stranger()]) {
        checks::configuration(&text);
    }

    #[test]
    fn any_base_url_is_refused_or_a_server(url in prop_oneof![stranger(), "(http|https|ftp|file)?:?/{0,3}[a-z0-9:@%.\\[\\]-]{0,20}(/[a-z?#=]{0,9}){0,3}"]) {
        let Ok(cli) = Cli::try_parse_from(["airx", "chat", "-n", "--allow-http", &format!("--base-url={url}"), "hi"]) else {
            return Ok(());
        };
        let Command::Chat(mut args) = cli.command else { unreachable!() };
        let with = airx::settings::With { merged: &airx::settings::Merged::default(), scrubber: &mut Scrubber::default(), say: None };
        if let Ok(settings) = airx::settings::resolve(&mut args.common, None, &[], with) {
            let url = settings.connection.endpoint.url;
            prop_assert!(url.host_str().is_some_and(|host| !host.is_empty()));
            prop_assert!(url.path().ends_with("/chat/completions"));
            prop_assert!(url.username().is_empty() && url.password().is_none());
        }
    }
}

proptest! {
    #![proptest_config(moderate(100))]

    #[test]
    fn what_is_printed_does_not_depend_on_how_the_bytes_come(bytes in stream(), cuts in cuts()) {
        checks::printer(&bytes, &cuts);
    }

    #[test]
    fn what_is_rendered_does_not_depend_on_how_it_comes(
        text in prop_oneof![inputs::markdown(), stranger()],
        cuts in cuts(),
    ) {
        checks::render(&text, &cuts);
    }

    #[test]
    fn a_text_without_markup_stays_as_it_is(
        text in "([a-zA-Z,.;:?'\"()中文é/=%]{1,9}( |\n|\n\n)){0,20}",
        cuts in cuts(),
    ) {
        for styling in [Styling::Plain, Styling::Coloured] {
            let mut expected = text.trim_end_matches(' ').to_owned();
            if !text.is_empty() && !text.ends_with('\n') {
                expected.push('\n');
            }
            let how = checks::rendering(styling, None);
            prop_assert_eq!(checks::rendered(&text, &cuts, Some(how)), expected);
        }
    }

    #[test]
    fn words_wrap_within_the_width_and_are_never_broken(
        prefix in prop::sample::select(vec!["", "- ", "> ", "12. ", "## ", "> - "]),
        text in "([a-zé,]{1,14}( |  )|\\*\\*[a-z]{1,9} [a-z]{1,9}\\*\\* ){1,30}",
        width in 18_usize..60,
        cuts in cuts(),
    ) {
        let how = checks::rendering(Styling::Plain, Some(width));
        let shown = checks::rendered(&[prefix, &text].concat(), &cuts, Some(how));
        for line in shown.lines() {
            prop_assert!(line.chars().count() <= width, "{line:?}");
        }
        let marks = ["•", "│", "12.", "##"];
        let words = shown.split_whitespace().filter(|word| !marks.contains(word));
        let text = text.replace("**", "");
        prop_assert!(words.eq(text.split_whitespace()), "{shown:?}");
    }

    #[test]
    fn json_passes_through_byte_for_byte(values in prop::collection::vec(json(), 1..6), cuts in cuts()) {
        let way = checks::Way {
            format: airx::cli::Format::Json,
            terminal: false,
            reasoning: false,
            extract: None,
            render: None,
        };
        let mut bytes = String::new();
        let mut expected = String::new();
        for value in values {
            let payload = format!(r#"{{"x":{value} , "choices":[{{"delta":{{"content":"."}}}}]}}"#);
            bytes += &["data: ", &payload, "\n\n"].concat();
            expected.push_str(&(payload + "\n"));
        }
        prop_assert_eq!(checks::printed(bytes.as_bytes(), &cuts, &way).out, expected);
    }

    #[test]
    fn earlier_turns_are_refused_or_sent(text in prop_oneof![inputs::turns(), json_text(), stranger()]) {
        let folder = tempfile::tempdir().unwrap();
        checks::messages(folder.path(), text.as_bytes());
    }

    #[test]
    fn a_session_is_refused_or_extended(text in prop_oneof![inputs::turns(), json_text(), stranger()]) {
        let folder = tempfile::tempdir().unwrap();
        checks::session(folder.path(), text.as_bytes());
    }
}
