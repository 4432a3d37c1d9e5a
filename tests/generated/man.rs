//! The man pages: the sections of `clap_mangen`, and between them other sections from the
//! same texts as help.

use airx::cli::Cli;
use airx::config::{KEYS, MODEL_KEYS};
use airx::exit::TABLE;
use airx::help::page::{examples, exit_note, exit_rows, key_says};
use airx::help::{ENVIRONMENT, ENVIRONMENT_NOTE, FILES, TOPICS, Table, Topic, events};
use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{bold, italic, roman};

use crate::page::Page;
use crate::{committed, run};

const MANUAL: &str = "airx manual";
const SOURCE: &str = concat!("airx ", env!("CARGO_PKG_VERSION"));
/// The date of pages made before the first release.
const FIRST_WRITTEN: &str = "2026-11-23";

/// The day of the newest release, from the change log. So a page does not depend on the
/// day it is made, and no date has to be changed by hand.
fn date() -> &'static str {
    include_str!("../../CHANGELOG.md")
        .lines()
        .find_map(|line| line.strip_prefix("## [")?.split_once("] - "))
        .map_or(FIRST_WRITTEN, |(_, day)| day)
}

/// The file name and the text of every page.
fn pages() -> Vec<(String, String)> {
    let mut program = Cli::command();
    program.build();
    let named = |command: &clap::Command| (command.get_name().to_owned(), command.clone());
    let commands = program.get_subcommands().flat_map(|command| {
        let (name, command) = named(command);
        // The subcommands of a command: each has a page, except help.
        let inner: Vec<_> = command
            .get_subcommands()
            .map(named)
            .filter(|(inner, _)| inner != "help")
            .map(|(inner, command)| (format!("{name}-{inner}"), command))
            .collect();
        inner.into_iter().chain([(name, command)])
    });
    let mut pages: Vec<(String, String)> = commands
        // `airx help` has no page of its own.
        .filter(|(name, _)| name != "help")
        .map(|(name, command)| (format!("airx-{name}.1"), command_page(command, &name)))
        .collect();
    pages.push(("airx.1".to_owned(), command_page(program, "airx")));
    let topics = TOPICS.iter();
    pages.extend(topics.map(|topic| {
        (
            format!("airx-{}.{}", topic.name, topic.section),
            topic_page(*topic),
        )
    }));
    pages
}

#[test]
fn man_pages_equal_what_the_command_line_makes() {
    for (file, page) in pages() {
        committed(&format!("man/{file}"), &page);
    }
}

#[test]
fn every_option_of_a_man_page_is_described() {
    for (file, page) in pages() {
        let lines: Vec<&str> = page.lines().collect();
        for item in lines.windows(3).filter(|item| item[0] == ".TP") {
            assert_ne!(item[2], ".sp", "{file}: {}", item[1]);
        }
    }
}

#[test]
fn no_man_page_is_left_over() {
    let mut made: Vec<String> = pages().into_iter().map(|(file, _)| file).collect();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/man")).unwrap();
    let mut found: Vec<String> = folder
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    made.sort();
    found.sort();
    assert_eq!(found, made);
}

#[test]
fn man_pages_are_clean_under_mandoc() {
    for (file, page) in pages() {
        let Some(complaints) = run("mandoc", &["-T", "lint", "-W", "warning"], &page) else {
            return;
        };
        assert_eq!(complaints, "", "{file}");
    }
}

fn command_page(mut command: clap::Command, name: &str) -> String {
    // The short usage: the options have their own section.
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").trim_end().to_owned();
    // The summary is already in NAME.
    let summary = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let long = command
        .get_long_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let more = long
        .strip_prefix(&summary)
        .unwrap_or(&long)
        .trim()
        .to_owned();
    let described = if more.is_empty() {
        format!("{summary}.")
    } else {
        more
    };
    // clap_mangen leaves out the texts of options that the short help hides.
    let command = command
        .override_usage(usage)
        .long_about(described)
        .mut_args(|option| option.hide_short_help(false));
    let has = |id: &str| command.get_arguments().any(|option| option.get_id() == id);
    let makes_requests = has("base_url") && has("output");
    let program = name == "airx";
    let commands: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    let family = if program {
        "airx".to_owned()
    } else {
        format!("airx-{name}")
    };
    let about = command.get_subcommands().map(|command| {
        let about = command.get_about().map(ToString::to_string);
        (command.get_name().to_owned(), about.unwrap_or_default())
    });
    let about: Vec<(String, String)> = about.collect();
    let title = if program {
        "AIRX".to_owned()
    } else {
        format!("AIRX-{}", name.to_uppercase())
    };
    let man = Man::new(command)
        .title(title)
        .date(date())
        .source(SOURCE)
        .manual(MANUAL);

    let mut page = Page::default();
    page.made_by_clap(|out| man.render_title(out));
    page.made_by_clap(|out| man.render_name_section(out));
    page.made_by_clap(|out| man.render_synopsis_section(out));
    page.made_by_clap(|out| man.render_description_section(out));
    page.made_by_clap(|out| man.render_options_section(out));
    if !about.is_empty() {
        page.heading("COMMANDS");
        for (name, about) in &about {
            let page_of = match name.as_str() {
                "help" => vec![bold("airx help")],
                name => vec![bold(format!("{family}-{name}")), roman("(1)")],
            };
            page.tagged(page_of, about);
        }
    }
    page.heading("EXIT STATUS");
    page.rows(exit_rows(name));
    if let Some(note) = exit_note(name) {
        page.paragraph(note);
    }
    if program || makes_requests {
        page.heading("ENVIRONMENT");
        page.variables(ENVIRONMENT);
        page.paragraph(ENVIRONMENT_NOTE);
        page.heading("FILES");
        page.variables(FILES);
    }
    page.heading("EXAMPLES");
    // A subcommand shows the examples of its command.
    let of = name.split('-').next().unwrap_or_default();
    for example in examples(of) {
        page.paragraph(&format!("{}:", example.does));
        page.literal(example.line);
    }
    let inner = commands.iter().filter(|name| *name != "help");
    let inner = inner.map(|name| format!("{}-{name}", family.trim_start_matches("airx")));
    let inner: Vec<String> = inner
        .map(|name| name.trim_start_matches('-').to_owned())
        .collect();
    page.see_also(name, &inner);
    page.finish()
}

fn topic_page(topic: Topic) -> String {
    let name = format!("airx-{}", topic.name);
    let mut page = Page::default();
    page.roff.control(
        "TH",
        [
            name.to_uppercase().as_str(),
            topic.section,
            date(),
            SOURCE,
            MANUAL,
        ],
    );
    page.heading("NAME");
    page.roff.text([roman(format!("{name} - {}", topic.title))]);
    page.heading("DESCRIPTION");
    page.paragraphs(topic.opening);
    match topic.table {
        Table::Events => {
            page.heading("EVENTS");
            for event in events() {
                page.roff.control("SS", [event.name.as_str()]);
                page.text(&event.when);
                for member in event.members {
                    let tag = vec![
                        bold(&member.name),
                        roman(" ("),
                        italic(&member.kind),
                        roman(")"),
                    ];
                    page.tagged(tag, &member.meaning);
                }
            }
        }
        Table::ExitCodes => {
            page.heading("EXIT STATUS");
            page.rows(TABLE);
        }
        Table::Keys => {
            page.heading("KEYS");
            for key in KEYS {
                page.tagged(vec![bold(key.name)], &key_says(key));
            }
            page.heading("KEYS OF MODELS");
            for (name, says) in MODEL_KEYS {
                page.tagged(vec![bold(*name)], says);
            }
        }
    }
    page.heading("NOTES");
    page.paragraphs(topic.closing);
    page.see_also(&format!("{name}({})", topic.section), &[]);
    page.finish()
}
