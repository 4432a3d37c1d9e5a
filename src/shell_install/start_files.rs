//! Reports whether a new shell loads what was installed, and what is missing if not. The shell's
//! start files are only read: running them could start anything.

use std::path::{Path, PathBuf};

use crate::cli::Shell;
use crate::config::folder;

/// The number of nested files that are followed through `source`.
const DEPTH: usize = 3;

/// A line of a start file, or of a file that it loads. Comments are left out.
#[derive(Debug)]
struct Line {
    file: PathBuf,
    number: usize,
    text: String,
}

fn lines_of(files: impl IntoIterator<Item = PathBuf>) -> Vec<Line> {
    let mut lines = Vec::new();
    for file in files {
        add_lines(&mut lines, &file, DEPTH);
    }
    lines
}

fn add_lines(lines: &mut Vec<Line>, file: &Path, depth: usize) {
    let known = lines.iter().any(|line| line.file == file);
    // A pipe would wait for its writer.
    if known || !file.is_file() {
        return;
    }
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    for (number, text) in (1..).zip(text.lines().map(str::trim)) {
        if text.starts_with('#') {
            continue;
        }
        lines.push(Line {
            file: file.to_owned(),
            number,
            text: text.to_owned(),
        });
        if depth > 0
            && let Some(next) = loaded_file(text)
        {
            add_lines(lines, &next, depth - 1);
        }
    }
}

/// The file that a line loads with `.` or `source`.
fn loaded_file(line: &str) -> Option<PathBuf> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = words.iter().position(|word| [".", "source"].contains(word));
    let name = words.get(at? + 1)?;
    let name = name.trim_matches(['"', '\'', ';', ')']);
    let mut homes = ["~/", "$HOME/", "${HOME}/"].iter();
    let path = match homes.find_map(|home| name.strip_prefix(home)) {
        Some(rest) => folder("HOME")?.join(rest),
        None => PathBuf::from(name),
    };
    path.is_absolute().then_some(path)
}

/// Whether a line contains the path, either complete or relative to the home folder.
fn names(line: &str, path: &Path) -> bool {
    let short = below_home(path);
    let forms = ["~/", "$HOME/", "${HOME}/", "\"$HOME\"/"].map(|home| format!("{home}{short}"));
    line.contains(&*path.to_string_lossy()) || forms.iter().any(|form| line.contains(form))
}

/// The path relative to the home folder, or the complete path if it is elsewhere.
fn below_home(path: &Path) -> String {
    let home = folder("HOME");
    let rest = home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned));
    rest.as_deref().unwrap_or(path).display().to_string()
}

/// The path as a user types it.
fn shown(path: &Path) -> String {
    let short = below_home(path);
    if Path::new(&short).is_absolute() {
        quoted(&short)
    } else {
        format!("~/{}", quoted(&short))
    }
}

/// Quotes a path for a shell if necessary.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}

/// What a user has to know after the script was installed at `place`.
pub(super) fn after_install(shell: Shell, place: &Path) -> String {
    let mut report = match shell {
        Shell::Bash => bash(place),
        Shell::Zsh => zsh(place.parent().unwrap_or(place)),
        Shell::Fish => "A new fish completes airx.\n".to_owned(),
        Shell::PowerShell | Shell::Elvish | Shell::Man => return String::new(),
    };
    if !is_on_path() {
        report.push_str("airx is not on PATH, where the script looks for it: add its folder.\n");
    }
    report
}

/// What a user has to know after the script was removed from `place`.
pub(super) fn after_uninstall(shell: Shell, place: &Path) -> String {
    let lines = lines_of(home_file(".bashrc").filter(|_| shell == Shell::Bash));
    let loading = lines.iter().filter(|line| names(&line.text, place));
    let reports = loading.map(|Line { file, number, .. }| {
        let file = file.display();
        format!("{file}:{number} still loads it: remove that line\n")
    });
    reports.collect()
}

fn home_file(name: &str) -> Option<PathBuf> {
    folder("HOME").map(|home| home.join(name))
}

fn is_on_path() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let name = format!("airx{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}

/// Where systems keep bash-completion.
const BASH_COMPLETION: &[&str] = &[
    "/usr/share/bash-completion/bash_completion",
    "/usr/local/share/bash-completion/bash_completion",
    "/etc/bash_completion",
    "/etc/profile.d/bash_completion.sh",
    "/usr/local/etc/profile.d/bash_completion.sh",
    "/opt/homebrew/etc/profile.d/bash_completion.sh",
];

fn bash(place: &Path) -> String {
    const READY: &str = "A new bash completes airx.\n";
    let system = ["/etc/bash.bashrc", "/etc/bashrc"].map(PathBuf::from);
    let lines = lines_of(system.into_iter().chain(home_file(".bashrc")));
    let direct = |line: &str| names(line, place) || line.contains("airx completions bash");
    if lines.iter().any(|line| direct(&line.text)) {
        return READY.to_owned();
    }
    let installed = BASH_COMPLETION.iter().any(|file| Path::new(file).is_file());
    // bash-completion loads the scripts in the user's folder when they are needed.
    let loads = |line: &str| line.contains("bash_completion") || line.contains("/etc/profile.d/");
    if installed && lines.iter().any(|line| loads(&line.text)) {
        return READY.to_owned();
    }
    let why = if installed {
        "~/.bashrc does not load bash-completion"
    } else {
        "bash-completion is not installed"
    };
    format!(
        "bash does not find it by itself: {why}.\nPut this line into ~/.bashrc:\n. {}\n",
        shown(place)
    )
}

/// Words of lines that call compinit, directly or through a framework.
const COMPINIT: &[&str] = &[
    "compinit",
    "oh-my-zsh",
    "prezto",
    "zimfw",
    "zinit",
    "antigen",
    "antidote",
    "zplug",
    "znap",
];

fn zsh(functions: &Path) -> String {
    let own = folder("ZDOTDIR").or_else(|| folder("HOME"));
    let mut paths: Vec<PathBuf> = vec!["/etc/zsh/zshrc".into(), "/etc/zshrc".into()];
    paths.extend(own.map(|own| own.join(".zshrc")));
    let lines = lines_of(paths);
    let on_path = std::env::var_os("FPATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder == functions));
    let adds = |line: &Line| line.text.contains("fpath") && names(&line.text, functions);
    let adds = lines.iter().position(adds);
    // The last call counts: some systems call compinit before they read the user's file.
    let calls = |line: &Line| COMPINIT.iter().any(|word| line.text.contains(word));
    let starts = lines.iter().rposition(calls);
    let line = format!("fpath=({} $fpath)", shown(functions));
    let start = "autoload -Uz compinit && compinit";
    match (adds.is_some() || on_path, starts) {
        (true, Some(starts)) if adds.is_none_or(|adds| adds < starts) => {
            "A new zsh completes airx.\n".to_owned()
        }
        (true, Some(_)) => format!(
            "zsh does not find it: ~/.zshrc adds the folder after compinit.\n\
             Put this line before it:\n{line}\n"
        ),
        (false, Some(_)) => format!(
            "zsh does not find it by itself.\n\
             Put this line into ~/.zshrc, before compinit:\n{line}\n"
        ),
        (true, None) => format!(
            "zsh completes nothing yet: ~/.zshrc does not call compinit.\n\
             Put this line at its end:\n{start}\n"
        ),
        (false, None) => format!(
            "zsh completes nothing yet: ~/.zshrc does not call compinit.\n\
             Put these lines into ~/.zshrc:\n{line}\n{start}\n"
        ),
    }
}
