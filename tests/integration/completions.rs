//! TAB in real bash, zsh and fish, on a pseudo-terminal.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Child;

use rustix::termios::{Winsize, tcsetwinsize};
use tempfile::TempDir;

use crate::completions_install::{has, path_with_airx};
use crate::harness::watch::{Watch, terminal_pair};
use crate::harness::{airx, file, folder, run, skipped, together};

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

const CONFIG: &str = "model = \"qwen2.5:7b\"\n[models.\"llama3:8b\"]\ncontext = 8192\n\
    [profile.local]\nmodel = \"gemma\"\n[profile.work]\ntemperature = 0\n";

/// For each shell, a function `airx` that prints the arguments it gets. The completion
/// scripts call the program, not this function.
const PRINTS: [&str; 3] = [
    "airx() { printf '<%s>' \"$@\"; echo; }\n",
    "airx() { printf '<%s>' \"$@\"; echo; }\n",
    "function airx; printf '<%s>' $argv; echo; end\n",
];

/// A home with files to complete and a configuration.
fn home() -> TempDir {
    let home = folder();
    let config = home.path().join(".config/airx");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), CONFIG).unwrap();
    file(&home, "my notes.txt", "x");
    file(
        &home,
        "tools.json",
        r#"[{"name":"weather","parameters":{"type":"object"}},{"name":"wind","parameters":{"type":"object"}}]"#,
    );
    fs::create_dir(home.path().join("recordings")).unwrap();
    home
}

/// A shell that a person types into.
struct Typing {
    shell: &'static str,
    screen: Watch,
    keys: File,
    seen: usize,
    lines: usize,
    child: Child,
}

impl Typing {
    /// Starts the shell with this start file and its line of [`PRINTS`].
    fn start(shell: &'static str, home: &Path, start_file: &str) -> Self {
        let at = SHELLS.iter().position(|known| *known == shell).unwrap();
        let text = format!("{start_file}{}", PRINTS[at]);
        let rc = match shell {
            "bash" => home.join(".bashrc"),
            "zsh" => home.join(".zshrc"),
            _ => home.join(".config/fish/config.fish"),
        };
        fs::create_dir_all(rc.parent().unwrap()).unwrap();
        fs::write(&rc, text).unwrap();
        let (keys, side) = terminal_pair();
        let window = Winsize {
            ws_row: 200,
            ws_col: 160,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&side, window).unwrap();
        let screen = Watch::new(keys.try_clone().unwrap());
        let child = run("setsid", ["--ctty", "--wait", shell, "-i"])
            .within(home)
            .env("HOME", home)
            .env("TERM", "xterm")
            .env("LC_ALL", "C.UTF-8")
            .env("PATH", path_with_airx())
            .stdin_from(side.try_clone().unwrap())
            .stdout_to(side.try_clone().unwrap())
            .stderr_to(side)
            .start();
        let mut typing = Self {
            shell,
            screen,
            keys,
            seen: 0,
            lines: 0,
            child,
        };
        typing.line("");
        typing
    }

    fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Types a line and an `echo` after it, and returns what the shell shows up to the echo.
    #[track_caller]
    fn line(&mut self, keys: &str) -> String {
        self.lines += 1;
        // The quotes keep the echoed input from matching the answer.
        let (typed, answer) = (
            format!("echo 'DO''NE'{}", self.lines),
            format!("DONE{}\n", self.lines),
        );
        if !keys.is_empty() {
            self.keys(&format!("{keys}\r"));
        }
        self.keys(&format!("{typed}\r"));
        self.screen.until(&answer);
        let all = self.screen.so_far();
        let new = all[self.seen..].to_owned();
        self.seen = all.rfind(&answer).unwrap() + answer.len();
        assert!(!is_error(&new), "{}: {keys:?}: {new}", self.shell);
        new
    }

    /// The arguments that the line has after TAB.
    #[track_caller]
    fn completed(&mut self, line: &str) -> String {
        let shown = self.line(&format!("{line}\t"));
        let lines = shown.lines().map(|line| line.trim_start_matches('\r'));
        let printed = lines.filter_map(|line| line.find('<').map(|at| &line[at..]));
        let mut printed = printed.filter(|line| line.ends_with('>'));
        let printed = printed.next_back();
        printed
            .unwrap_or_else(|| panic!("{}: {line:?}: {shown}", self.shell))
            .to_owned()
    }

    /// Types the line and TAB, twice for bash, and waits until all of these are listed. Then
    /// the line runs.
    #[track_caller]
    fn lists(&mut self, line: &str, candidates: &[&str]) -> String {
        let tabs = if self.shell == "bash" { "\t\t" } else { "\t" };
        self.keys(&format!("{line}{tabs}"));
        for candidate in candidates {
            let seen = self.seen;
            let lists = |shown: &str| plain(&shown[seen..]).contains(candidate);
            self.screen.until_it(candidate, lists);
        }
        self.keys("\r");
        self.line("")
    }

    fn end(mut self) {
        self.keys("exit\r");
        self.child.wait().unwrap();
    }
}

/// What is on the screen, without the sequences that move the cursor and set colours.
fn plain(shown: &str) -> String {
    let mut text = String::new();
    let mut rest = shown;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        text.push_str(before);
        let end = match after.strip_prefix('[') {
            Some(codes) => 1 + codes.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0) + 1,
            // ESC ( B, ESC = and the like.
            None => {
                after
                    .find(|c: char| c.is_ascii_alphanumeric() || "=>".contains(c))
                    .unwrap_or(0)
                    + 1
            }
        };
        rest = after.get(end..).unwrap_or_default();
    }
    text + rest
}

/// Whether a shell reports an error in a script.
fn is_error(shown: &str) -> bool {
    let words = [
        "parse error",
        "syntax error",
        "not found",
        "ermission denied",
        "unbound variable",
        "Unknown command",
        "airx: ",
    ];
    words.iter().any(|word| shown.contains(word))
}

/// The start file's lines that load the completion script.
fn loads(shell: &str) -> String {
    let script = |name: &str| format!("{}/completions/{name}", env!("CARGO_MANIFEST_DIR"));
    match shell {
        "bash" => format!(". '{}'\n", script("airx.bash")),
        "zsh" => format!(
            "fpath=('{}/completions' $fpath)\nautoload -Uz compinit; compinit -u -D\n",
            env!("CARGO_MANIFEST_DIR")
        ),
        _ => format!("source '{}'\n", script("airx.fish")),
    }
}

const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

/// Runs the check in each installed shell; in bash both without and with bash-completion.
fn in_each_shell(check: impl Fn(&mut Typing) + Sync) {
    let here = SHELLS.into_iter().filter(|shell| has(shell));
    let mut cases: Vec<(&str, String)> = here.map(|shell| (shell, loads(shell))).collect();
    if Path::new(BASH_COMPLETION).is_file() {
        cases.push(("bash", format!(". {BASH_COMPLETION}\n{}", loads("bash"))));
    } else {
        assert!(
            std::env::var_os("CI").is_none(),
            "bash-completion is needed"
        );
        skipped("bash-completion is not installed");
    }
    together(cases, |(shell, start_file)| {
        let home = home();
        let mut typing = Typing::start(shell, home.path(), &start_file);
        check(&mut typing);
        typing.end();
    });
}

#[test]
fn tab_completes_each_part_of_a_line() {
    in_each_shell(|typing| {
        for (line, arguments) in [
            ("airx cha", "<chat>"),
            ("airx batch wa", "<batch><wait>"),
            ("airx chat --max-tok", "<chat><--max-tokens>"),
            ("airx chat --thinking of", "<chat><--thinking><off>"),
            ("airx chat --accept le", "<chat><--accept><length>"),
            ("airx help exi", "<help><exit-codes>"),
            ("airx help batch ca", "<help><batch><cancel>"),
            ("airx completions fi", "<completions><fish>"),
            ("airx chat --split=para", "<chat><--split=paragraphs>"),
            ("airx chat --merge con", "<chat><--merge><concat>"),
            ("airx mock --fail stal", "<mock><--fail><stall>"),
            ("airx mock --fail 500@f", "<mock><--fail><500@files>"),
            ("airx stream --profile lo", "<stream><--profile><local>"),
            (
                "airx chat -m glm-4-airx --fallback glm-5-",
                "<chat><-m><glm-4-airx><--fallback><glm-5-turbo>",
            ),
            ("airx chat -m gem", "<chat><-m><gemma>"),
            ("echo x | airx chat --render al", "<chat><--render><always>"),
        ] {
            assert_eq!(typing.completed(line), arguments, "{} {line}", typing.shell);
        }
    });
}

#[test]
fn words_with_colons_and_equals_signs_are_completed() {
    in_each_shell(|typing| {
        for (line, arguments) in [
            ("airx chat -m llama3:", "<chat><-m><llama3:8b>"),
            ("airx chat -m llama3:8", "<chat><-m><llama3:8b>"),
            ("airx chat --model=qwen2.5:", "<chat><--model=qwen2.5:7b>"),
            ("airx chat --format=nd", "<chat><--format=ndjson>"),
            ("airx chat --each=cs", "<chat><--each=csv>"),
            (
                "airx chat -m llama3:8b --thinking=of",
                "<chat><-m><llama3:8b><--thinking=off>",
            ),
            (
                "airx chat --header 'A: b=c' -m llama3:8",
                "<chat><--header><A: b=c><-m><llama3:8b>",
            ),
        ] {
            assert_eq!(typing.completed(line), arguments, "{} {line}", typing.shell);
        }
    });
}

#[test]
fn files_and_folders_are_completed_where_they_belong() {
    in_each_shell(|typing| {
        for (line, arguments) in [
            ("airx chat -f my", "<chat><-f><my notes.txt>"),
            ("airx chat -f \"my", "<chat><-f><my notes.txt>"),
            ("airx chat -f my\\ no", "<chat><-f><my notes.txt>"),
            ("airx chat --file=my", "<chat><--file=my notes.txt>"),
            ("airx chat -o ./my", "<chat><-o><./my notes.txt>"),
            ("airx chat -s @my", "<chat><-s><@my notes.txt>"),
            ("airx chat --record re", "<chat><--record><recordings/>"),
            ("airx chat --replay re", "<chat><--replay><recordings/>"),
            ("airx chat --cache re", "<chat><--cache><recordings/>"),
            // No folder has this prefix.
            ("airx chat --record my", "<chat><--record><my>"),
            ("airx config check to", "<config><check><tools.json>"),
        ] {
            let completed = typing.completed(line);
            // zsh removes the slash at the end of the word.
            let completed = completed.replace("/>", ">");
            assert_eq!(
                completed,
                arguments.replace("/>", ">"),
                "{} {line}",
                typing.shell
            );
        }
    });
}

#[test]
fn tools_are_named_by_the_files_on_the_line() {
    in_each_shell(|typing| {
        for (line, arguments) in [
            (
                "airx tools -t tools.json --only we",
                "<tools><-t><tools.json><--only><weather>",
            ),
            (
                "airx tools --tools=tools.json --only wi",
                "<tools><--tools=tools.json><--only><wind>",
            ),
            (
                "airx tools -t tools.json --exec we",
                "<tools><-t><tools.json><--exec><weather=>",
            ),
            // A missing file gives no tools to complete.
            (
                "airx tools -t none.json --only we",
                "<tools><-t><none.json><--only><we>",
            ),
            ("airx tools --only we", "<tools><--only><we>"),
        ] {
            assert_eq!(typing.completed(line), arguments, "{} {line}", typing.shell);
        }
    });
}

#[test]
fn tab_lists_the_candidates() {
    in_each_shell(|typing| {
        typing.lists("airx help ", &["chat", "batch", "exit-codes", "events"]);
        typing.lists(
            "airx mock --fail ",
            &["429-now", "html502", "stall", "no-call"],
        );
        typing.lists(
            "airx chat -m glm-4",
            &["glm-4-airx", "glm-4.5-airx", "glm-4.7-flash"],
        );
        typing.lists("airx chat --profile ", &["local", "work"]);
        typing.lists("airx chat --format=", &["text", "ndjson"]);
        typing.lists("airx chat -f ", &["notes.txt", "tools.json", "recordings"]);
        // There is nothing to complete, and the script prints no message.
        let shown = typing.line("airx chat --header \t");
        assert!(shown.contains("<chat><--header>"), "{shown}");
    });
}

#[test]
fn a_broken_configuration_gives_the_candidates_without_it() {
    in_each_shell(|typing| {
        typing.line("echo 'model = [' > .config/airx/config.toml");
        assert_eq!(
            typing.completed("airx chat -m glm-4-lo"),
            "<chat><-m><glm-4-long>"
        );
        assert_eq!(
            typing.completed("airx chat --profile lo"),
            "<chat><--profile><lo>"
        );
    });
}

/// Compares the report of `--install` with what a new shell does.
#[test]
fn install_says_whether_a_new_shell_completes() {
    let start_files = [
        ("bash", ""),
        ("bash", ". /usr/share/bash-completion/bash_completion\n"),
        (
            "bash",
            ". ~/.local/share/bash-completion/completions/airx\n",
        ),
        ("zsh", ""),
        ("zsh", "autoload -Uz compinit && compinit\n"),
        (
            "zsh",
            "autoload -Uz compinit && compinit\nfpath=(~/.local/share/zsh/site-functions $fpath)\n",
        ),
        (
            "zsh",
            "fpath=(~/.local/share/zsh/site-functions $fpath)\nautoload -Uz compinit && compinit\n",
        ),
        ("fish", ""),
    ];
    let here = start_files.into_iter().filter(|(shell, _)| has(shell));
    together(here.collect::<Vec<_>>(), |(shell, start_file)| {
        let home = home();
        // The start files of a shell exist before the script is installed.
        let rc = home.path().join(format!(".{shell}rc"));
        fs::write(rc, start_file).unwrap();
        let ran = airx(["completions", shell, "--install"])
            .env("HOME", home.path())
            .env("PATH", path_with_airx())
            .run();
        assert_eq!((ran.code, &*ran.stderr), (0, ""));
        let promised = ran
            .stdout
            .ends_with(&format!("\nA new {shell} completes airx.\n"));
        let mut typing = Typing::start(shell, home.path(), start_file);
        let completes = typing.completed("airx chat --max-tok") == "<chat><--max-tokens>";
        assert_eq!(
            promised, completes,
            "{shell} with {start_file:?}: {}",
            ran.stdout
        );
        typing.end();
    });
}

#[test]
fn the_variable_alone_is_refused() {
    for (value, args) in [
        ("bash", vec!["chat", "hi"]),
        ("bash", vec!["--"]),
        ("1", vec!["--", "airx", "chat"]),
        ("", vec!["chat", "hi"]),
    ] {
        airx(args).env("AIRX_COMPLETE", value).nowhere().run().is(
            2,
            "",
            "airx: usage: AIRX_COMPLETE is set, and this is no completion script\nhint: unset AIRX_COMPLETE\n",
        );
    }
}

#[test]
fn a_completion_runs_no_command_and_reads_no_pipe() {
    let home = home();
    let config = home.path().join(".config/airx/config.toml");
    fs::write(&config, "key-command = [\"touch\", \"ran\"]\n[profile.p]\n").unwrap();
    let asked = |words: &[&str]| {
        airx(["--", "airx"])
            .args(words)
            .env("AIRX_COMPLETE", "bash")
            .env("HOME", home.path())
            .within(home.path())
            .run()
    };
    asked(&["chat", "--profile", ""]).is(0, "words\np\n", "");
    asked(&["tools", "-t", "/dev/stdin", "--only", ""]).is(0, "words\n", "");
    let made = std::process::Command::new("mkfifo")
        .arg(home.path().join("pipe"))
        .status();
    assert!(made.unwrap().success());
    asked(&["tools", "-t", "pipe", "--only", ""]).is(0, "words\n", "");
    asked(&["chat", "--config", "pipe", "--profile", ""]).is(0, "words\n", "");
    assert!(!home.path().join("ran").exists());
}
