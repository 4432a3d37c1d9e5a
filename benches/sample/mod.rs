//! The stream that every bench reads.

/// The number of deltas of the sample.
pub(crate) const DELTAS: usize = 1000;

/// A complete stream of [`DELTAS`] deltas in the provider's form, as the recordings under
/// tests/wire show it.
pub(crate) fn stream() -> Vec<u8> {
    let head =
        r#"{"id":"20250609154210a91d3be0c7724f58","created":1749454930,"model":"glm-4-airx","#;
    let mut bytes = String::new();
    for number in 0..DELTAS {
        let choice =
            format!(r#"{{"index":0,"delta":{{"role":"assistant","content":" word{number:04}"}}}}"#);
        bytes += &["data: ", head, r#""choices":["#, &choice, "]}\n\n"].concat();
    }
    let last = r#""choices":[{"index":0,"finish_reason":"stop","delta":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":11,"completion_tokens":9,"total_tokens":20}}"#;
    bytes += &["data: ", head, last, "\n\ndata: [DONE]\n\n"].concat();
    bytes.into_bytes()
}
