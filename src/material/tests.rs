use std::fmt::Write;

use super::borders::BLOCK;
use super::*;
use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

const ALL: [Borders; 5] = [
    Borders::Auto,
    Borders::Diff,
    Borders::Lines,
    Borders::Paragraphs,
    Borders::Json,
];

fn material(text: &str, borders: Borders) -> Material {
    let sources = vec![Source { start: 0, text: 0 }];
    Material::new(text.to_owned(), sources, borders)
}

/// The parts without repeated headers, in order.
fn bodies<'a>(material: &'a Material, parts: &[Part]) -> Vec<&'a str> {
    parts.iter().map(|part| material.slice(part.body)).collect()
}

/// The parts as they are sent.
fn sent(text: &str, borders: Borders, room: u64) -> Vec<String> {
    let material = material(text, borders);
    let parts = material.parts(room);
    parts.iter().map(|part| material.part(part)).collect()
}

/// Checks what must be true for every text and every way to cut it.
fn check(material: &Material, room: u64) -> Result<(), TestCaseError> {
    let parts = material.parts(room);
    prop_assert_eq!(bodies(material, &parts).concat(), material.text());
    for (at, part) in parts.iter().enumerate() {
        prop_assert!(part.bytes() > 0);
        let end = part.offset() + part.bytes();
        let next = parts
            .get(at + 1)
            .map_or(material.text().len(), Part::offset);
        prop_assert_eq!(end, next);
        // A character of many code points may be longer than a small part.
        let tokens = tokens::hundredths(&material.part(part));
        let longest = material
            .slice(part.body)
            .graphemes(true)
            .map(tokens::hundredths)
            .max();
        prop_assert!(
            tokens <= room * 100 + longest.unwrap_or(0) + 500,
            "{tokens} of {room}"
        );
        if let Some([first, second]) = material.halves(part) {
            let halves = bodies(material, &[first, second]);
            prop_assert_eq!(halves.concat(), material.slice(part.body));
            prop_assert!(halves.iter().all(|half| !half.is_empty()));
        }
    }
    Ok(())
}

/// Texts of each kind, and texts that mix them.
fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{1,12}",
        "[A-Z][a-z]{1,8}\\.",
        "[0-9a-f]{1,40}",
        "[一-龥]{1,30}[，。]",
        Just("👩‍👩‍👧é🇩🇪".to_owned()),
        Just("\"a, b\"".to_owned()),
    ];
    let words = |space| {
        prop::collection::vec(word.clone(), 1..60).prop_map(move |all: Vec<String>| all.join(space))
    };
    let prose = prop::collection::vec(words(" "), 1..30).prop_map(|all| all.join("\n\n"));
    let windows = prop::collection::vec(words(" "), 1..30).prop_map(|all| all.join("\r\n"));
    let one_line = prop::collection::vec(words(""), 1..20).prop_map(|all| all.concat());
    let csv = prop::collection::vec(("[a-z ]{0,9}", "\"[a-z,\n]{0,30}\"", 0..999_u32), 2..60)
        .prop_map(|rows| {
            rows.iter()
                .fold("name,note,count\n".to_owned(), |text, (a, b, c)| {
                    text + &format!("{a},{b},{c}\n")
                })
        });
    let values = prop::collection::vec((words(" "), any::<f64>()), 1..30);
    let values = values.prop_map(|all| all.into_iter().map(|(text, number)| serde_json::json!({ "text": text, "number": number, "list": [1, [2, null]] })).collect::<Vec<_>>());
    let json = values
        .clone()
        .prop_map(|all| serde_json::to_string_pretty(&all).unwrap());
    let ndjson = values.prop_map(|all| all.iter().map(|value| value.to_string() + "\n").collect());
    let hunk = (1..20_usize, words(" ")).prop_map(|(lines, text)| {
        format!(
            "@@ -{lines},{lines} +{lines},0 @@\n{}",
            format!("-{text}\n").repeat(lines)
        )
    });
    let file = ("[a-z]{1,8}", prop::collection::vec(hunk, 1..5)).prop_map(|(name, hunks)| {
        format!(
            "diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n{}",
            hunks.concat()
        )
    });
    let diff = prop::collection::vec(file, 1..5).prop_map(|files| files.concat());
    let any_text = any::<String>();
    prop_oneof![prose, windows, one_line, csv, json, ndjson, diff, any_text]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn joined_parts_are_the_text_and_each_fits(text in texts(), room in 40..400_u64, how in 0..ALL.len()) {
        check(&material(&text, ALL[how]), room)?;
    }

    #[test]
    fn joined_parts_of_several_files_are_the_text(texts in prop::collection::vec(texts(), 1..4), room in 40..400_u64) {
        let (mut all, mut sources) = (String::new(), Vec::new());
        for (at, text) in texts.iter().enumerate() {
            let start = all.len();
            writeln!(all, "file{at}:").unwrap();
            sources.push(Source { start, text: all.len() });
            all += text;
            all += "\n\n";
        }
        check(&Material::new(all, sources, Borders::Auto), room)?;
    }

    #[test]
    fn no_part_ends_within_a_character(text in "([a-z]|👩‍👩‍👧|é|🇩🇪|\r\n|가|한){1,300}", room in 8..60_u64) {
        let material = material(&text, Borders::Auto);
        let starts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
        for part in material.parts(room) {
            prop_assert!(starts.contains(&part.offset()));
        }
    }
}

#[test]
fn a_text_that_fits_is_one_part() {
    assert_eq!(sent("a b\nc", Borders::Auto, 100), ["a b\nc"]);
    assert_eq!(sent("", Borders::Auto, 100), [""; 0]);
}

#[test]
fn a_diff_is_cut_at_files_and_then_at_hunks_that_repeat_the_name_of_the_file() {
    let hunk = |at: usize| {
        let context = " a line of context that is the same in both files\n".repeat(4);
        format!("@@ -{at},5 +{at},5 @@\n{context}--- removed\n+++ added\n")
    };
    let head = |name: &str| format!("diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n");
    let small = head("small") + &hunk(1) + &hunk(20);
    let large = head("large") + &hunk(1) + &hunk(20) + &hunk(40) + &hunk(60);
    let diff = small.clone() + &large + &small;
    let room = tokens::hundredths(&small).div_ceil(100) + 3;
    assert_eq!(
        sent(&diff, Borders::Auto, room),
        [
            small.clone(),
            head("large") + &hunk(1) + &hunk(20),
            head("large") + &hunk(40) + &hunk(60),
            small,
        ]
    );
}

#[test]
fn csv_is_cut_at_records_and_every_part_has_the_header() {
    let mut csv = "name,\"a \"\"note\"\"\nof two lines\",count\n".to_owned();
    for at in 0..200 {
        writeln!(csv, "n{at},\"first, {at}\nsecond\",{at}").unwrap();
    }
    let parts = sent(&csv, Borders::Auto, 300);
    assert!(parts.len() > 5);
    for part in &parts {
        let mut reader = csv::Reader::from_reader(part.as_bytes());
        assert_eq!(
            reader.headers().unwrap(),
            vec!["name", "a \"note\"\nof two lines", "count"]
        );
        assert!(reader.records().all(|record| record.is_ok()), "{part}");
    }
}

#[test]
fn prose_is_cut_at_headings_and_paragraphs_before_lines() {
    let paragraph = "One line of a paragraph.\nAnd another line of it.\n\n";
    let chapter = |name: &str| format!("## {name}\n\n{}", paragraph.repeat(6));
    let text = chapter("One") + &chapter("Two") + &chapter("Three");
    let room = tokens::hundredths(&chapter("Three")).div_ceil(100) + 20;
    assert_eq!(
        sent(&text, Borders::Auto, room),
        [chapter("One"), chapter("Two"), chapter("Three")]
    );
    let parts = sent(&paragraph.repeat(30), Borders::Auto, 50);
    assert!(parts.len() > 5);
    assert!(parts.iter().all(|part| part.ends_with("\n\n")), "{parts:?}");
}

#[test]
fn a_heading_is_none_in_a_code_block_or_a_comment() {
    let code = "```sh\necho\n\n# a comment\necho\n```\n\n";
    let mut ranks = Vec::new();
    borders::prose(code, &mut |at, rank, _| ranks.push((at, rank)));
    assert_eq!(ranks.iter().filter(|(_, rank)| *rank < BLOCK).count(), 1);
    assert!(ranks.contains(&(12, BLOCK)), "{ranks:?}");
}

#[test]
fn long_lines_are_cut_at_sentences_and_then_at_words() {
    let line = "This is a sentence. ".repeat(40) + &"word ".repeat(200);
    let parts = sent(&line, Borders::Auto, 60);
    assert!(parts[0].ends_with("sentence. "), "{parts:?}");
    assert!(parts.iter().all(|part| part.ends_with(' ')), "{parts:?}");
    let parts = sent(
        &"协方差矩阵描述了线性相关程度。".repeat(30),
        Borders::Auto,
        60,
    );
    assert!(parts.iter().all(|part| part.ends_with('。')), "{parts:?}");
}

#[test]
fn json_is_cut_between_the_elements_of_its_array() {
    let value = serde_json::json!({ "name": "Ada, Lady", "tags": ["a", "b"] });
    let array = serde_json::Value::Array(vec![value.clone(); 50]);
    for json in [
        array.to_string(),
        serde_json::to_string_pretty(&array).unwrap(),
    ] {
        let parts = sent(&json, Borders::Auto, 200);
        assert!(parts.len() > 3);
        for part in &parts {
            let part = part
                .trim()
                .trim_start_matches('[')
                .trim_end_matches([']', ',']);
            let part: serde_json::Value = serde_json::from_str(&format!("[{part}]"))
                .unwrap_or_else(|why| panic!("{why}: {part}"));
            assert!(
                part.as_array()
                    .unwrap()
                    .iter()
                    .all(|element| *element == value)
            );
        }
    }
}

#[test]
fn lines_of_json_stay_complete() {
    let line = serde_json::json!({ "text": "one\ntwo, three", "list": [1, 2] }).to_string() + "\n";
    for borders in [Borders::Auto, Borders::Lines, Borders::Json] {
        let parts = sent(&line.repeat(80), borders, 200);
        assert!(parts.len() > 3);
        let complete = |part: &String| part.lines().all(|one| one.to_owned() + "\n" == line);
        assert!(parts.iter().all(complete), "{parts:?}");
    }
}

#[test]
fn a_part_in_the_middle_of_a_file_repeats_its_heading() {
    let text = "a.txt:\nshort\n\nb.txt:\n".to_owned() + &"a line of text\n".repeat(60);
    let sources = vec![
        Source { start: 0, text: 7 },
        Source {
            start: 14,
            text: 21,
        },
    ];
    let material = Material::new(text, sources, Borders::Auto);
    let parts = material.parts(100);
    let texts: Vec<String> = parts.iter().map(|part| material.part(part)).collect();
    assert!(
        texts[0].starts_with("a.txt:\nshort\n\nb.txt:\na line"),
        "{texts:?}"
    );
    assert!(
        texts.len() > 2
            && texts[1..]
                .iter()
                .all(|part| part.starts_with("b.txt:\na line")),
        "{texts:?}"
    );
}

#[test]
fn parts_can_be_halved_until_they_are_short() {
    let text = (0..60).fold(String::new(), |text, at| {
        text + &format!("Line {at} says what happened at the time.\n")
    });
    let material = material(&text, Borders::Auto);
    let mut parts = material.parts(300);
    let mut rounds = 0;
    while !parts.is_empty() {
        rounds += 1;
        let mut next = Vec::new();
        for part in &parts {
            match material.halves(part) {
                Some(halves) => next.extend(halves),
                None => assert!(part.bytes() <= 16, "{:?}", material.part(part)),
            }
        }
        parts = next;
    }
    assert!(rounds < 14, "{rounds}");
}

#[test]
fn few_parts_have_about_the_same_size() {
    for count in [50, 70, 100, 130, 200] {
        let text = "A sentence that says what happened at the time.\n".repeat(count);
        let material = material(&text, Borders::Auto);
        let sizes: Vec<usize> = material.parts(300).iter().map(Part::bytes).collect();
        let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
        assert!(sizes.len() > 1 && most - least < 200, "{sizes:?}");
    }
}
