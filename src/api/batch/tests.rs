//! The batch engine's objects, in the shapes that servers send.

use super::*;

#[test]
fn a_batch_that_has_counted_nothing_yet_is_read() {
    let batch = Batch::read(include_bytes!(
        "../../../tests/wire/batch_object_validating.json"
    ))
    .unwrap();
    assert_eq!(
        (batch.status.as_str(), batch.total, batch.output),
        ("validating", None, None)
    );
    let batch = Batch::read(include_bytes!("../../../tests/wire/batch_object.json")).unwrap();
    assert_eq!((batch.total, batch.errors), (Some(2), None));
    assert!(Batch::read(b"{\"id\":\"x\"}").is_none());
}

#[test]
fn what_is_wrong_is_found_in_any_shape() {
    let wrong = |errors: &str| {
        let raw = format!(r#"{{"id":"b","status":"failed","errors":{errors}}}"#);
        Batch::read(raw.as_bytes()).unwrap().wrong
    };
    let entry = r#"{"code":"x","message":"no model","line":3}"#;
    let expected = ["line 3: no model"];
    assert_eq!(wrong(&format!("[{entry}]")), expected);
    assert_eq!(
        wrong(&format!(r#"{{"object":"list","data":[{entry}]}}"#)),
        expected
    );
    assert!(wrong("null").is_empty() && wrong("7").is_empty());
    for (errors, expected) in [
        (r#""no model""#, "no model"),
        (r#"{"message":"no model"}"#, "no model"),
        (r#"["no model"]"#, "no model"),
        (r#"{"data":{"message":"no model"}}"#, "no model"),
        (r#"[{"code":"x","line":"7"}]"#, "line 7: x"),
        (r#"[null,7,{},{"message":"k","line":-1}]"#, "k"),
    ] {
        assert_eq!(wrong(errors), [expected], "{errors}");
    }
}

#[test]
fn only_a_span_that_can_be_is_one() {
    let span = |metadata: &str| {
        let raw = format!(r#"{{"id":"b","status":"failed","metadata":{metadata}}}"#);
        Batch::read(raw.as_bytes()).unwrap().span
    };
    let own = Span { first: 7, items: 2 };
    assert_eq!(span(&serde_json::to_string(&own).unwrap()), Some(own));
    assert_eq!(
        span(r#"{"airx_first":"0","airx_items":"4000000000"}"#),
        None
    );
    assert_eq!(span(r#"{"description":"demo"}"#), None);
}
