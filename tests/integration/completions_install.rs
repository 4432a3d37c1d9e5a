//! `airx completions SHELL --install` and `--uninstall`.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::harness::{Airx, Ran, airx, folder, run};

/// Each shell, and where below the home its script goes.
const PLACES: [(&str, &str); 3] = [
    ("bash", ".local/share/bash-completion/completions/airx"),
    ("zsh", ".local/share/zsh/site-functions/_airx"),
    ("fish", ".config/fish/completions/airx.fish"),
];

fn at_home(home: &TempDir, args: &[&str]) -> Airx {
    airx(["completions"]).args(args).env("HOME", home.path())
}

fn install(home: &TempDir, shell: &str) -> Ran {
    at_home(home, &[shell, "--install"]).run()
}

/// What a user of zsh reads.
fn line(shell: &str) -> &'static str {
    match shell {
        "zsh" => {
            "Put this line into ~/.zshrc, before compinit:\nfpath=(~/.local/share/zsh/site-functions $fpath)\n"
        }
        _ => "",
    }
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
        install(&home, shell).is(0, &(report("written") + line(shell)), "");
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
        install(&home, shell).is(0, &(report("up to date") + line(shell)), "");
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
        // What airx printed into that file, or an older one wrote, is its own.
        fs::write(&path, airx(["completions", shell]).run().stdout).unwrap();
        assert_eq!(install(&home, shell).code, 0);
        let mut older = fs::read_to_string(&path).unwrap();
        older.push_str("# another version\n");
        fs::write(&path, older).unwrap();
        let written = format!("{}: written\n", path.display());
        install(&home, shell).is(0, &(written + line(shell)), "");
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
fn zsh_gets_no_line_to_add_if_the_folder_is_on_its_path() {
    let home = folder();
    let place = home.path().join(PLACES[1].1);
    let written = format!("{}: written\n", place.display());
    let again = format!("{}: up to date\n", place.display());
    let folder = place.parent().unwrap();
    let path = format!("/usr/share/zsh/functions:{}", folder.display());
    let run = || at_home(&home, &["zsh", "--install"]);
    run().env("FPATH", path).run().is(0, &written, "");
    fs::write(
        home.path().join(".zshrc"),
        "# fpath=(~/.local/share/zsh/site-functions $fpath)\n",
    )
    .unwrap();
    run().run().is(0, &(again.clone() + line("zsh")), "");
    for text in [
        line("zsh").lines().last().unwrap(),
        &format!("fpath+={}", folder.display()),
    ] {
        fs::write(home.path().join(".zshrc"), text).unwrap();
        run().run().is(0, &again, "");
    }
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
fn has(shell: &str) -> bool {
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
            // As bash-completion loads it, without having it here.
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
        let bin = Path::new(crate::harness::program()).parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
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
    // A page of somebody else stays.
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
