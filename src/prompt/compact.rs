//! Removes the white space between the tokens of a JSON text. Strings, digits and escapes
//! are unchanged.

/// Drops white space outside of strings.
pub(super) fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    // The start of the current run of bytes to keep; runs are copied as slices.
    let mut kept = 0;
    let mut in_string = false;
    let mut escaped = false;
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b' ' | b'\t' | b'\n' | b'\r' if !in_string => {
                compact.push_str(&json[kept..at]);
                kept = at + 1;
            }
            _ => {}
        }
    }
    compact.push_str(&json[kept..]);
    compact
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn only_white_space_between_tokens_goes() {
        let json = "{\r\n\t\"a b\" : [ 1.50 , 1e3 ],\n \"c\\\" \\\\\" : \"\\u00e9 é \" }";
        assert_eq!(compact(json), r#"{"a b":[1.50,1e3],"c\" \\":"\u00e9 é "}"#);
        assert_eq!(compact(r#"{"a":1}"#), r#"{"a":1}"#);
    }
}
