//! Runs with `--cache`, and the files that they leave.

use std::path::{Path, PathBuf};

use super::{Airx, airx};

/// `airx ARGS… --cache FOLDER`.
pub fn cached(args: &[&str], cache: &Path) -> Airx {
    airx(args).arg("--cache").arg(cache)
}

/// The files of a cache, in the order of their names.
pub fn entries(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cache).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The only file of a cache.
#[track_caller]
pub fn entry(cache: &Path) -> PathBuf {
    let mut paths = entries(cache);
    assert_eq!(paths.len(), 1, "{paths:?}");
    paths.remove(0)
}
