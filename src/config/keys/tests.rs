//! Every option is a key or is refused by name.

use super::*;

/// Every long option of the commands that ask a model.
fn options() -> Vec<String> {
    use clap::CommandFactory;
    let mut program = crate::cli::Cli::command();
    program.build();
    let of = |name| program.find_subcommand(name).unwrap().get_arguments();
    let batch = program.find_subcommand("batch").unwrap();
    let batch = batch
        .get_subcommands()
        .flat_map(clap::Command::get_arguments);
    let all = ["chat", "stream", "tools", "json"].into_iter().flat_map(of);
    let all = all.chain(batch);
    let names = all.filter_map(|option| option.get_long().map(str::to_owned));
    names.collect()
}

#[test]
fn every_option_is_a_key_or_refused_and_every_key_is_an_option() {
    let options = options();
    let other = ["help", "version", "profile"];
    for option in options
        .iter()
        .filter(|name| !other.contains(&name.as_str()))
    {
        let refused = refusal(option).is_some();
        assert!(find(option).is_some() != refused, "--{option}");
    }
    for key in KEYS.iter().filter(|key| key.name != KEY_COMMAND) {
        assert!(
            options.iter().any(|option| option == key.name),
            "{}",
            key.name
        );
    }
}

#[test]
fn no_name_stands_twice() {
    let mut names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    names.extend(REFUSED.iter().flat_map(|(names, _)| names.split(' ')));
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}
