//! Finds the known name that is closest to a misspelled one.

/// The name among `known` that is closest to `word`, if one is close enough to be a
/// slip of the fingers. Case, and `_` for `-`, make no difference.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.replace('_', "-").to_lowercase();
    let distances = known
        .into_iter()
        .map(|name| (strsim::osa_distance(&word, &name.to_lowercase()), name));
    let (edits, name) = distances.min_by_key(|(edits, _)| *edits)?;
    (edits <= 2 && edits * 2 < name.len()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_another_word_finds_none() {
        let known = ["temperature", "max-tokens", "model"];
        assert_eq!(nearest("temprature", known), Some("temperature"));
        assert_eq!(nearest("max_tokens", known), Some("max-tokens"));
        assert_eq!(nearest("Modle", known), Some("model"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("x", known), None);
    }
}
