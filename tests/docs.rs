//! Runs the shell blocks of the README and of docs/ unchanged. A ```sh block after a
//! line `<!-- test -->` runs in bash under `airx mock`, with the options that
//! `<!-- test: OPTIONS -->` names, and must end with 0. If a ```text block follows,
//! standard output is exactly that. In docs/ every block runs, except those after
//! `<!-- not run: REASON -->`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const AIRX: &str = env!("CARGO_BIN_EXE_airx");

/// The example prompt from the model's official page.
const PROMPT: &str = "Combining probability and statistics with linear algebra: calculate the \
    covariance matrix of a two-dimensional random variable and determine whether the matrix is \
    positive definite.";

/// A block that is marked as a test.
#[derive(Debug, Default)]
struct Example {
    /// The file and line where the block begins.
    place: String,
    /// Options of the mock.
    mock: Vec<String>,
    script: String,
    /// The expected output, if the page shows it.
    output: Option<String>,
}

fn read(page: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

/// The pages of docs/, by their paths.
fn pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut pages: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension() == Some("md".as_ref()))
        .map(|name| format!("docs/{name}"))
        .collect();
    pages.sort();
    pages
}

/// Takes the lines up to the closing fence.
fn block<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>) -> String {
    lines
        .by_ref()
        .map(|(_, line)| line)
        .take_while(|line| *line != "```")
        .fold(String::new(), |text, line| text + line + "\n")
}

fn examples(page: &str) -> Vec<Example> {
    let text = read(page);
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((_, line)) = lines.next() {
        let Some(mark) = line
            .strip_prefix("<!-- test")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        let (at, opening) = lines.next().unwrap();
        assert_eq!(opening, "```sh", "{page}:{}", at + 1);
        let mut example = Example {
            place: format!("{page}:{}", at + 1),
            mock: mark
                .trim_start_matches(':')
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            script: block(&mut lines),
            output: None,
        };
        if lines.next_if(|(_, line)| *line == "```text").is_some() {
            example.output = Some(block(&mut lines));
        }
        found.push(example);
    }
    found
}

/// A folder with a git repository that has a change staged.
fn scratch() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("greeting.txt"), "Hello\n").unwrap();
    for arguments in [&["init", "-q"][..], &["add", "greeting.txt"]] {
        let done = tame(Command::new("git").args(arguments), folder.path()).status();
        assert!(done.unwrap().success(), "git {arguments:?}");
    }
    folder
}

/// Makes a command run in `folder`, with only PATH from the caller's environment.
fn tame<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder)
        .env("LC_ALL", "C.UTF-8")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs([("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@b")])
        .envs([("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@b")])
        .current_dir(folder)
        .stdin(Stdio::null())
}

/// Runs a script under the mock, which puts this airx first on the path.
fn under_mock<S: AsRef<str>>(mock: &[S], script: &str) -> Output {
    let folder = scratch();
    let mut command = Command::new(AIRX);
    command
        .arg("mock")
        .args(mock.iter().map(AsRef::as_ref))
        .args(["--", "bash", "-euo", "pipefail", "-c", script]);
    tame(&mut command, folder.path()).output().unwrap()
}

/// Whether the programs that the examples use are here; in CI they must be.
fn equipped() -> bool {
    let missing: Vec<&str> = ["bash", "git", "jq", "curl"]
        .into_iter()
        .filter(|program| Command::new(program).arg("--version").output().is_err())
        .collect();
    if missing.is_empty() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "needed: {missing:?}");
    let _ = writeln!(std::io::stderr(), "skipped: no {missing:?} here");
    false
}

/// Runs the examples of a page. Panics with a list of all failures.
#[track_caller]
fn run_examples(page: &str) {
    let mut wrong = Vec::new();
    for example in examples(page) {
        let ran = under_mock(&example.mock, &example.script);
        let out = String::from_utf8(ran.stdout).unwrap();
        let shown = example.output.as_deref().unwrap_or(&out);
        if !ran.status.success() || out != shown {
            let err = String::from_utf8_lossy(&ran.stderr);
            let (place, script, status) = (example.place, &example.script, ran.status);
            wrong.push(format!(
                "{place}\n{script}{status}, standard output:\n{out}standard error:\n{err}\n"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn every_recipe_of_the_readme_does_what_it_shows() {
    if equipped() {
        assert!(examples("README.md").len() >= 6);
        run_examples("README.md");
    }
}

#[test]
fn every_example_of_the_docs_does_what_it_shows() {
    if equipped() {
        for page in pages() {
            run_examples(&page);
        }
    }
}

#[test]
fn every_shell_block_of_the_docs_is_run_or_says_why_not() {
    for page in pages() {
        let text = read(&page);
        let lines: Vec<&str> = text.lines().collect();
        for (at, pair) in lines.windows(2).enumerate() {
            if pair[1] == "```sh" {
                let marked = ["<!-- test", "<!-- not run: "];
                let marked = marked.iter().any(|mark| pair[0].starts_with(mark));
                assert!(marked, "{page}:{}: not marked", at + 2);
            }
        }
    }
}

/// The shell of the example workflow: the lines of its `run: |`, without their indent.
fn workflow_shell() -> String {
    let text = read("docs/examples/review-pull-request.yml");
    let (_, shell) = text.split_once("run: |\n").unwrap();
    let lines = shell.lines().map(|line| line.strip_prefix("          "));
    lines.fold(String::new(), |shell, line| {
        shell + line.unwrap_or_default() + "\n"
    })
}

#[test]
fn the_example_workflow_reviews_a_change() {
    if !equipped() {
        return;
    }
    let setup = "git commit -qm one; BASE=$(git rev-parse HEAD); echo more >> greeting.txt; \
        git commit -qam two; RUNNER_TEMP=. GITHUB_STEP_SUMMARY=summary; set +e\n";
    let script = format!("{setup}({})", workflow_shell());
    let accepted = r#"{"content":"{\"verdict\":\"accept\",\"findings\":[{\"file\":\"a\",\"problem\":\"b\"}]}"}"#;
    let rejected = accepted.replace("accept", "reject");
    let broken = r#"{"status":500,"headers":{"retry-after":"0"},"body":{}}"#;
    for (answer, shown, code) in [
        (accepted, "a: b\n", 0),
        (&rejected, "a: b\n", 1),
        (
            broken,
            "::warning::no review today: the server did not answer (exit 5)\n",
            0,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let answers = folder.path().join("answers");
        std::fs::write(&answers, format!("{answer}\n")).unwrap();
        let ran = under_mock(&["--script", answers.to_str().unwrap()], &script);
        let out = String::from_utf8(ran.stdout).unwrap();
        let err = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(
            (out.as_str(), ran.status.code()),
            (shown, Some(code)),
            "{err}"
        );
    }
}

#[test]
fn the_chinese_readme_has_the_code_of_the_english_one() {
    let code = |page: &str| -> Vec<String> {
        let text = read(page);
        let blocks = text.split("\n```").skip(1).step_by(2);
        blocks.map(str::to_owned).collect()
    };
    assert_eq!(code("README.zh-CN.md"), code("README.md"));
}

#[test]
fn links_lead_to_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in pages()
        .into_iter()
        .chain(["README.md", "README.zh-CN.md"].map(str::to_owned))
    {
        let folder = root.join(&page);
        let folder = folder.parent().unwrap();
        for part in read(&page).split("](").skip(1) {
            let link = part.split([')', '#']).next().unwrap();
            if !link.is_empty() && !link.contains("://") {
                assert!(folder.join(link).exists(), "{page}: {link}");
            }
        }
    }
}

#[test]
fn the_comparison_with_curl_holds_line_by_line() {
    if !equipped() {
        return;
    }
    let readme = read("README.md");
    let curl = examples("docs/exit-codes-for-scripts.md")
        .into_iter()
        .find(|example| example.script.contains("curl -sSN"))
        .expect("the pipeline with curl")
        .script;
    let table = readme
        .split_once("<!-- compare -->\n")
        .and_then(|(_, rest)| rest.split_once("<!-- /compare -->"))
        .expect("the table")
        .0;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 5);
    let compare = |row: &[&str]| {
        let fault = ["--fail", row[0].trim_matches('`')];
        // Without retries, since only the class matters here.
        let setup = "mkdir -p ~/.config/airx; echo 'retries = 0' > ~/.config/airx/config.toml\n";
        let code = |script: &str| {
            let ran = under_mock(&fault, &format!("{setup}{script}"));
            ran.status.code().unwrap()
        };
        let by_curl = code(&curl);
        let holds = match row[2] {
            "not 0" => by_curl != 0,
            shown => by_curl.to_string() == shown,
        };
        assert!(holds, "{row:?}: curl + jq ended with {by_curl}");
        let by_airx = code("airx stream 'What does EAGAIN mean?'");
        assert_eq!(by_airx.to_string(), row[3], "{row:?}");
    };
    // curl waits between its retries, so the rows run in parallel.
    std::thread::scope(|scope| {
        for row in &rows {
            scope.spawn(|| compare(row));
        }
    });
}

#[test]
fn the_first_screen_is_an_answer_and_the_tests() {
    let readme = read("README.md");
    let first = readme
        .split_once("```sh\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .unwrap()
        .0;
    let commands: Vec<&str> = first
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let [answer, "cargo test"] = commands[..] else {
        panic!("{commands:?}");
    };
    // The README's command, with the binary that cargo would run.
    let arguments = answer.strip_prefix("cargo run -- ").expect("cargo run");
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" {arguments}"), AIRX]);
    let ran = tame(&mut command, folder.path()).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success() && text.lines().count() > 5, "{text}");
}

#[test]
fn formulas_reach_the_reader_untouched_in_every_format() {
    let ran = |arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(AIRX);
        command
            .args(["mock", "--", AIRX])
            .args(arguments)
            .arg(PROMPT);
        let ran = tame(&mut command, folder.path()).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let answer = ran(&["chat", "-m", "glm-4-airx"]);
    for piece in [
        r"\( (X, Y) \)",
        r"\[",
        r"\begin{pmatrix} 4 & 3 \\ 3 & 9 \end{pmatrix}",
        r"\det Σ = σ_X^2 σ_Y^2 (1 - ρ^2) > 0",
        r"λ_{1,2} = \frac{13 \pm \sqrt{61}}{2}",
        "positive definite",
    ] {
        assert!(answer.contains(piece), "{piece} is not in {answer}");
    }
    assert_eq!(ran(&["stream"]), answer);

    let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let joined = |text: &str, pointer: &str| -> String {
        text.lines()
            .filter_map(|line| value(line).pointer(pointer)?.as_str().map(str::to_owned))
            .collect()
    };
    let text = answer.trim_end_matches('\n');
    let events = ran(&["stream", "--format", "ndjson"]);
    assert_eq!(joined(&events, "/content"), text);
    let payloads = ran(&["stream", "--format", "json"]);
    assert_eq!(joined(&payloads, "/choices/0/delta/content"), text);
    let body = ran(&["chat", "--format", "json"]);
    assert_eq!(joined(&body, "/choices/0/message/content"), text);
}
