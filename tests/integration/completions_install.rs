//! `airx completions SHELL --install` and `--uninstall`.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::{Airx, Ran, airx, folder, run};

/// Each shell, and the path of its script below the home folder.
const PLACES: [(&str, &str); 3] = [
    ("bash", ".local/share/bash-completion/completions/airx"),
    ("zsh", ".local/share/zsh/site-functions/_airx"),
    ("fish", ".config/fish/completions/airx.fish"),
];

/// With airx on the path, as after an installation.
fn at_home(home: &TempDir, args: &[&str]) -> Airx {
    airx(["completions"])
        .args(args)
        .env("HOME", home.path())
        .env("PATH", path_with_airx())
}

pub fn path_with_airx() -> String {
    let bin = Path::new(crate::harness::program()).parent().unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

fn install(home: &TempDir, shell: &str) -> Ran {
    at_home(home, &[shell, "--install"]).run()
}

/// What a user with empty start files reads about a new shell.
fn outlook(shell: &str) -> String {
    let system = |file: &str| fs::read_to_string(file).unwrap_or_default();
    match shell {
        // The system's own start files may load bash-completion.
        "bash" if active(&system("/etc/bash.bashrc"), "bash_completion") => {
            "A new bash completes airx.\n".to_owned()
        }
        "bash" => {
            let installed = Path::new("/usr/share/bash-completion/bash_completion").is_file();
            let why = if installed {
                "~/.bashrc does not load bash-completion"
            } else {
                "bash-completion is not installed"
            };
            format!(
                "bash does not find it by itself: {why}.\nPut this line into ~/.bashrc:\n. ~/.local/share/bash-completion/completions/airx\n"
            )
        }
        "zsh" if active(&system("/etc/zsh/zshrc"), "compinit") => {
            format!(
                "zsh does not find it by itself.\nPut this line into ~/.zshrc, before compinit:\n{FPATH}"
            )
        }
        "zsh" => format!(
            "zsh completes nothing yet: ~/.zshrc does not call compinit.\nPut these lines into ~/.zshrc:\n{FPATH}{COMPINIT}"
        ),
        _ => "A new fish completes airx.\n".to_owned(),
    }
}

const FPATH: &str = "fpath=(~/.local/share/zsh/site-functions $fpath)\n";
const COMPINIT: &str = "autoload -Uz compinit && compinit\n";

fn active(text: &str, word: &str) -> bool {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.starts_with('#'))
        .any(|line| line.contains(word))
}

fn files(home: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_script_is_put_where_the_shell_looks_and_taken_away_again() {
    for (shell, place) in PLACES {
        let home = folder();
        let path = home.path().join(place);
        let report = |what: &str| format!("{}: {what}\n", path.display());
        install(&home, shell).is(0, &(report("written") + &outlook(shell)), "");
        assert_eq!(
            files(home.path()),
            std::slice::from_ref(&path),
            "nothing else is left"
        );
        let script = airx(["completions", shell]).run().stdout;
        let written = fs::read_to_string(&path).unwrap();
        let added = written.lines().filter(|line| !script.contains(line));
        assert_eq!(
            added.collect::<Vec<_>>(),
            ["# Written by airx completions --install; changes are lost at the next one."]
        );
        install(&home, shell).is(0, &(report("up to date") + &outlook(shell)), "");
        let away = || at_home(&home, &[shell, "--uninstall"]).run();
        away().is(0, &report("removed"), "");
        away().is(0, &report("not there"), "");
        assert!(files(home.path()).is_empty());
    }
}

#[test]
fn the_xdg_folders_come_before_the_home() {
    let (home, data, config) = (folder(), folder(), folder());
    for (shell, folder, place) in [
        ("bash", &data, "bash-completion/completions/airx"),
        ("zsh", &data, "zsh/site-functions/_airx"),
        ("fish", &config, "fish/completions/airx.fish"),
    ] {
        let run = at_home(&home, &[shell, "--install"]);
        let run = run
            .env("XDG_DATA_HOME", data.path())
            .env("XDG_CONFIG_HOME", config.path());
        assert_eq!(run.run().code, 0);
        assert!(folder.path().join(place).is_file(), "{shell}");
    }
    assert!(files(home.path()).is_empty());
}

#[test]
fn a_file_that_is_not_airx_s_stays_as_it_is() {
    for (shell, place) in PLACES {
        let home = folder();
        let path = home.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "# my own airx completions\n").unwrap();
        let report = |what: &str| {
            format!(
                "airx: usage: {} was not written by airx and is not {what}\nhint: move it away first\n",
                path.display()
            )
        };
        install(&home, shell).is(2, "", &report("replaced"));
        let away = at_home(&home, &[shell, "--uninstall"]).run();
        away.is(2, "", &report("removed"));
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "# my own airx completions\n"
        );
        // airx replaces a script that airx itself printed, in this or an older version.
        fs::write(&path, airx(["completions", shell]).run().stdout).unwrap();
        assert_eq!(install(&home, shell).code, 0);
        let mut older = fs::read_to_string(&path).unwrap();
        older.push_str("# another version\n");
        fs::write(&path, older).unwrap();
        let written = format!("{}: written\n", path.display());
        install(&home, shell).is(0, &(written + &outlook(shell)), "");
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays() {
    let home = folder();
    let kept = home.path().join("dotfiles-airx");
    let path = home.path().join(PLACES[0].1);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&kept, &path).unwrap();
    assert_eq!(install(&home, "bash").code, 0);
    assert!(path.is_symlink() && kept.is_file());
}

#[test]
fn zsh_is_told_only_what_its_start_file_lacks() {
    const READY: &str = "A new zsh completes airx.\n";
    let home = folder();
    let place = home.path().join(PLACES[1].1);
    assert_eq!(install(&home, "zsh").code, 0);
    let folder = place.parent().unwrap().display().to_string();
    let run = |text: &str| {
        fs::write(home.path().join(".zshrc"), text).unwrap();
        at_home(&home, &["zsh", "--install"])
    };
    let again = format!("{}: up to date\n", place.display());
    let before = format!(
        "zsh does not find it by itself.\nPut this line into ~/.zshrc, before compinit:\n{FPATH}"
    );
    let after = format!(
        "zsh does not find it: ~/.zshrc adds the folder after compinit.\nPut this line before it:\n{FPATH}"
    );
    for (text, outlook) in [
        (format!("{FPATH}{COMPINIT}"), READY),
        (format!("fpath+={folder}\n{COMPINIT}"), READY),
        (format!("{FPATH}source $ZSH/oh-my-zsh.sh\n"), READY),
        (COMPINIT.to_owned(), &before),
        (format!("# {FPATH}{COMPINIT}"), &before),
        (format!("{COMPINIT}{FPATH}"), &after),
    ] {
        run(&text).run().is(0, &(again.clone() + outlook), "");
    }
    let path = format!("/usr/share/zsh/functions:{folder}");
    run(COMPINIT)
        .env("FPATH", path)
        .run()
        .is(0, &(again + READY), "");
}

#[test]
fn bash_is_told_the_line_it_lacks_and_later_the_line_to_remove() {
    let home = folder();
    let place = home.path().join(PLACES[0].1);
    let line = ". ~/.local/share/bash-completion/completions/airx\n";
    assert_eq!(install(&home, "bash").code, 0);
    let again = format!(
        "{}: up to date\nA new bash completes airx.\n",
        place.display()
    );
    // The line is in the start file, or in a file that it loads.
    fs::write(home.path().join(".bash_more"), line).unwrap();
    for text in [". ~/.bash_more\n", line] {
        fs::write(home.path().join(".bashrc"), text).unwrap();
        install(&home, "bash").is(0, &again, "");
    }
    let removed = format!(
        "{}: removed\n{}:1 still loads it: remove that line\n",
        place.display(),
        home.path().join(".bashrc").display()
    );
    at_home(&home, &["bash", "--uninstall"])
        .run()
        .is(0, &removed, "");
}

#[test]
fn a_script_that_would_not_find_airx_says_so() {
    let home = folder();
    let ran = at_home(&home, &["fish", "--install"])
        .env("PATH", "/nowhere")
        .run();
    let report = format!(
        "{}: written\nA new fish completes airx.\nairx is not on PATH, where the script looks for it: add its folder.\n",
        home.path().join(PLACES[2].1).display()
    );
    ran.is(0, &report, "");
}

#[test]
fn a_shell_or_a_home_without_a_place_exits_2() {
    for shell in ["powershell", "elvish"] {
        let home = folder();
        install(&home, shell).is(
            2,
            "",
            "airx: usage: --install is for bash, zsh, fish and man: this shell has no such place\nhint: print the script and load it from the shell's own start file\n",
        );
    }
    airx(["completions", "bash", "--install"]).run().is(
        2,
        "",
        "airx: usage: HOME is not set, so the place to install to is unknown\nhint: print the script instead, without --install\n",
    );
    let ran = airx(["completions", "bash", "--install", "--uninstall"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
}

/// Whether a shell is here; in CI it must be.
pub fn has(shell: &str) -> bool {
    let found = std::process::Command::new(shell)
        .arg("--version")
        .output()
        .is_ok();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "{shell} is needed"
    );
    if !found {
        crate::harness::skipped(&format!("{shell} is not installed"));
    }
    found
}

#[test]
fn the_shells_find_what_is_installed() {
    let home = folder();
    for (shell, place) in PLACES {
        if !has(shell) {
            continue;
        }
        assert_eq!(install(&home, shell).code, 0);
        let path = home.path().join(place);
        let (flags, script) = match shell {
            // Does what bash-completion does, which may not be installed here.
            "bash" => (
                vec!["--noprofile", "--norc"],
                format!("source '{}'\ncomplete -p airx | grep -o -e '-F _airx'\n", path.display()),
            ),
            "zsh" => (
                vec!["-f"],
                "fpath=(~/.local/share/zsh/site-functions $fpath)\nautoload -Uz compinit; compinit -D -u\necho $_comps[airx]\n".to_owned(),
            ),
            _ => (
                vec![],
                "complete --do-complete 'airx completions bash --uninst' | string split -f 1 \\t\n".to_owned(),
            ),
        };
        // Fish completes programs that it finds.
        let path = path_with_airx();
        let env = [("TERM", "dumb"), ("PATH", &*path)];
        let run = run(shell, flags).env("HOME", home.path()).envs(&env);
        let ran = run.stdin(script).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{shell}");
        let expected = match shell {
            "bash" => "-F _airx\n",
            "zsh" => "_airx\n",
            _ => "--uninstall\n",
        };
        assert_eq!(ran.stdout, expected, "{shell}");
    }
}

#[test]
fn manual_pages_are_put_where_man_looks_and_taken_away_again() {
    let home = folder();
    let man = |action: &str| {
        airx(["completions", "man", action])
            .env("HOME", home.path())
            .run()
    };
    let ran = man("--install");
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.lines().all(|line| line.ends_with(": written")));
    let place = home.path().join(".local/share/man");
    for page in [
        "man1/airx.1",
        "man1/airx-chat.1",
        "man5/airx-config.5",
        "man7/airx-events.7",
    ] {
        let text = std::fs::read_to_string(place.join(page)).unwrap();
        assert!(
            text.contains(".SH NAME") || text.contains(".SH \"NAME\""),
            "{page}"
        );
    }
    let count = ran.stdout.lines().count();
    let again = man("--install");
    assert!(
        again
            .stdout
            .lines()
            .all(|line| line.ends_with(": up to date"))
    );
    // A page that airx did not write stays.
    let own = place.join("man1/airx-chat.1");
    std::fs::write(&own, "mine\n").unwrap();
    assert_eq!(man("--install").code, 2);
    assert_eq!(std::fs::read_to_string(&own).unwrap(), "mine\n");
    std::fs::remove_file(&own).unwrap();
    let gone = man("--uninstall");
    assert_eq!((gone.code, gone.stdout.lines().count()), (0, count));
    assert!(!place.join("man1/airx.1").exists());
    airx(["completions", "man"]).run().is(
        2,
        "",
        "airx: usage: the manual pages are installed, not printed\nhint: airx completions man --install; to read one: airx help chat\n",
    );
}
