//! `airx config`: show the settings, check the configuration file, print its path.

mod check;
mod show;

use crate::cli::{ConfigAction, ConfigArgs};
use crate::config::{chosen_path, default_path};
use crate::error::Failure;
use crate::table::Medium;

/// The output, and the failure that follows it.
pub fn run(args: ConfigArgs, medium: Medium) -> (String, Result<(), Failure>) {
    let done = match args.action {
        ConfigAction::Show | ConfigAction::Path if args.path.is_some() => {
            let action = if args.action == ConfigAction::Show {
                "show"
            } else {
                "path"
            };
            Err(Failure::usage(format!("config {action} takes no FILE"))
                .hint("name it with --config"))
        }
        ConfigAction::Show => show::show(args, medium).map(|text| (text, Ok(()))),
        ConfigAction::Check => check::check(args),
        ConfigAction::Path => path(&args).map(|text| (text, Ok(()))),
    };
    done.unwrap_or_else(|failure| (String::new(), Err(failure)))
}

/// The path of the file that a run would read. The file may be missing.
fn path(args: &ConfigArgs) -> Result<String, Failure> {
    match chosen_path(&args.file).or_else(default_path) {
        Some(path) => Ok(format!("{}\n", path.display())),
        None => Err(Failure::usage("there is no place for a configuration file")
            .hint("set HOME or XDG_CONFIG_HOME, or name a file with --config")),
    }
}
