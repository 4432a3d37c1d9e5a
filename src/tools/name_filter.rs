//! `--only`: selects the functions that are offered.

use std::collections::BTreeMap;

use crate::error::Failure;

/// The most names that a hint lists.
const NAMES_MAX: usize = 20;

/// Accepts the names of `--only`, or every name without it.
#[derive(Debug, Default)]
pub(super) struct NameFilter {
    /// Each name of `--only`, and whether a tool with this name was found.
    only: BTreeMap<String, bool>,
    left_out: Vec<String>,
}

impl NameFilter {
    pub(super) fn new(only: &[String]) -> Self {
        Self {
            only: only.iter().map(|name| (name.clone(), false)).collect(),
            left_out: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.only.is_empty()
    }

    /// Whether a function with this name is offered.
    pub(super) fn accept(&mut self, name: &str) -> bool {
        if self.only.is_empty() {
            return true;
        }
        let found = self.only.get_mut(name).map(|found| *found = true);
        if found.is_none() {
            self.left_out.push(name.to_owned());
        }
        found.is_some()
    }

    /// Whether there is a function with this name that is not offered.
    pub(super) fn leaves_out(&self, name: &str) -> bool {
        self.left_out.iter().any(|left_out| left_out == name)
    }

    /// Checks that each name of `--only` belongs to a tool.
    pub(super) fn check<'a>(
        &'a self,
        offered: impl Iterator<Item = &'a str>,
    ) -> Result<(), Failure> {
        let Some((name, _)) = self.only.iter().find(|(_, found)| !**found) else {
            return Ok(());
        };
        let left_out = self.left_out.iter().map(String::as_str);
        let names: Vec<&str> = offered.chain(left_out).take(NAMES_MAX).collect();
        let failure = Failure::usage(format!("--only {name}: there is no tool {name}"));
        Err(if names.is_empty() {
            failure.hint("give tools with --tools, --tools-dir or --mcp")
        } else {
            failure.hint(format!("the tools are {}", names.join(", ")))
        })
    }
}
