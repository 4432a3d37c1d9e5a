//! Runs the official JSON-Schema-Test-Suite with the validator as airx configures
//! it. `AIRX_SCHEMA_SUITE` names the suite's folder; without it no test runs.
//! `tests/real/schema-suite` fetches the suite and runs this.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stdout, reason = "the counts are what it is run for")]

use std::path::{Path, PathBuf};

use airx::schema::Schema;
use serde_json::{Value, json};

/// The drafts: the suite's folder, and the value of `$schema`.
const DRAFTS: [(&str, &str); 5] = [
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft6", "http://json-schema.org/draft-06/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    (
        "draft2019-09",
        "https://json-schema.org/draft/2019-09/schema",
    ),
    (
        "draft2020-12",
        "https://json-schema.org/draft/2020-12/schema",
    ),
];

/// The messages about a schema that needs another document.
const REMOTE: [&str; 2] = [
    "it refers to http",
    "airx does not know its $schema: http://localhost:1234/",
];

/// The results of a folder's tests.
#[derive(Default)]
struct Counts {
    passed: usize,
    /// Not run: the schema refers to another document, which airx does not fetch.
    remote: usize,
    /// Rejected only for a format, which is an annotation in the suite; airx asserts it.
    asserted: usize,
    failed: Vec<String>,
}

#[test]
fn the_suite_s_required_tests_pass() {
    let Some(suite) = std::env::var_os("AIRX_SCHEMA_SUITE").map(PathBuf::from) else {
        println!("skipped: AIRX_SCHEMA_SUITE names no folder; tests/real/schema-suite does");
        return;
    };
    let mut failed = Vec::new();
    let mut passed = 0;
    println!("draft         passed  remote  asserted  failed");
    for (draft, uri) in DRAFTS {
        for (kind, folder) in [
            ("required", draft.to_owned()),
            ("formats", format!("{draft}/optional/format")),
        ] {
            let counts = run(&suite.join("tests").join(&folder), uri);
            println!(
                "{draft:<13} {:>6} {:>7} {:>9} {:>7}  {kind}",
                counts.passed,
                counts.remote,
                counts.asserted,
                counts.failed.len()
            );
            if kind == "required" {
                passed += counts.passed;
                failed.extend(counts.failed);
            } else {
                counts.failed.iter().for_each(|name| println!("  {name}"));
            }
        }
    }
    println!("{passed} required tests passed");
    assert!(passed > 4500, "this is only a part of the suite");
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Runs the files of one folder.
fn run(folder: &Path, uri: &str) -> Counts {
    let mut counts = Counts::default();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let groups: Vec<Value> = serde_json::from_str(&text).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for group in &groups {
            group_of(&name, group, uri, &mut counts);
        }
    }
    counts
}

/// Runs the tests of one schema.
fn group_of(file: &str, group: &Value, uri: &str, counts: &mut Counts) {
    let tests = group["tests"].as_array().unwrap();
    let schema = match Schema::compile(&dated(&group["schema"], uri), "--schema") {
        Ok(schema) => schema,
        Err(failure) if REMOTE.iter().any(|report| failure.message.contains(report)) => {
            counts.remote += tests.len();
            return;
        }
        Err(failure) => {
            let report = format!("{file}: {}: {}", group["description"], failure.message);
            counts.failed.push(report);
            return;
        }
    };
    for test in tests {
        let errors = schema.violations(&test["data"]);
        if errors.is_empty() == test["valid"].as_bool().unwrap() {
            counts.passed += 1;
        } else if file == "format" && errors.iter().all(|e| e.message.starts_with("format:")) {
            counts.asserted += 1;
        } else {
            let report = format!("{file}: {}: {}", group["description"], test["description"]);
            counts.failed.push(report);
        }
    }
}

/// Returns the schema with its folder's draft as `$schema`, if it has no `$schema`.
fn dated(schema: &Value, uri: &str) -> Value {
    match schema {
        Value::Object(members) if !members.contains_key("$schema") => {
            let mut dated = json!({ "$schema": uri });
            dated.as_object_mut().unwrap().extend(members.clone());
            dated
        }
        schema => schema.clone(),
    }
}
