//! The secrets that are masked in recordings.

use super::*;

const KEY: &str = "0123456789abcdef.SecretSecret";

fn scrubber() -> Scrubber {
    let mut scrubber = Scrubber::default();
    scrubber.hide_key(KEY);
    scrubber
}

fn cleaned(text: &str) -> Option<String> {
    body(&scrubber(), text.as_bytes())
}

#[test]
fn what_holds_no_key_is_left_alone() {
    for text in [
        "",
        "{\"a\": 1}",
        "data: {\"a\":\"b\"}\r\n\r\n",
        "\u{feff}: \n",
    ] {
        assert_eq!(cleaned(text), None, "{text:?}");
    }
    assert_eq!(body(&scrubber(), &[0xff, 0xe5]), None);
}

#[test]
fn bytes_that_are_no_text_do_not_hide_the_key() {
    let odd = [&[0xff], KEY.as_bytes(), &[0xe5]].concat();
    assert!(body(&scrubber(), &odd).unwrap().contains(MASK));
}

#[test]
fn numbers_names_and_lines_around_stay() {
    let text = format!("id: 7\ndata: {{\"n\":1.50,\"stop\":\"{KEY}\",\"{KEY}\":null}}\n\n: x\n");
    let want = "id: 7\ndata: {\"n\":1.50,\"stop\":\"[hidden]\",\"[hidden]\":null}\n\n: x\n";
    assert_eq!(cleaned(&text).as_deref(), Some(want));
}

#[test]
fn a_line_that_held_none_of_a_key_in_parts_stays_as_it_was() {
    let delta = |text: &str| {
        format!("data: {{\"choices\": [{{\"delta\": {{\"content\": {text:?}}}}}]}}\n\n")
    };
    let clean = |text: &str| {
        delta(text)
            .replace(": [", ":[")
            .replace(": \"", ":\"")
            .replace("\": {", "\":{")
    };
    let text = [delta("a "), delta(&KEY[..9]), delta(&KEY[9..]), delta("")];
    let want = [clean("a [hidden]"), clean(""), clean(""), delta("")];
    assert_eq!(cleaned(&text.concat()), Some(want.concat()));
}

#[test]
fn a_key_of_digits_is_found_as_a_number() {
    let mut scrubber = Scrubber::default();
    scrubber.hide_key("1234567890");
    let mut found = serde_json::json!({ "a": 1_234_567_890_u64, "b": 12 });
    value(&scrubber, &mut found);
    assert_eq!(found, serde_json::json!({ "a": MASK, "b": 12 }));
}

#[test]
fn json_over_several_lines_is_one() {
    let text = format!("{{\n  \"message\": \"{KEY}\"\n}}\n");
    assert_eq!(
        cleaned(&text).as_deref(),
        Some("{\"message\":\"[hidden]\"}\n")
    );
}

#[test]
fn a_member_that_stands_twice_hides_no_key() {
    let text = format!("data: {{\"a\":\"{KEY}\",\"a\":\"b\"}}\n\n");
    assert_eq!(cleaned(&text).as_deref(), Some("data: {\"a\":\"b\"}\n\n"));
}

#[test]
fn a_key_with_escapes_is_found_in_json_that_was_cut() {
    let text = format!("data: {{\"a\":\"{}", KEY.replace('S', "\\u0053"));
    assert_eq!(cleaned(&text).as_deref(), Some("data: {\"a\":\"[hidden]"));
}

#[test]
fn a_word_before_a_colon_is_no_field() {
    let mut scrubber = Scrubber::default();
    scrubber.hide_key("letmeinplease");
    let text = b"letmeinplease: refused\n{\"letmeinplease\":1}";
    let clean = body(&scrubber, text).unwrap();
    assert_eq!(clean, "[hidden]: refused\n{\"[hidden]\":1}");
}

#[test]
fn a_short_text_in_the_syntax_alone_changes_nothing() {
    let mut scrubber = Scrubber::default();
    scrubber.hide_header("X-Token", "true");
    assert_eq!(body(&scrubber, b"data: {\"a\":true}\n\n"), None);
}
