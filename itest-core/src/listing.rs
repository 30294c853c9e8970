//! [`listing`]: what is in a directory.

use std::fs;
use std::path::{Path, PathBuf};

/// The paths of all that is in a directory; none where it cannot be read.
pub(crate) fn listing(directory: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    if let Ok(entries) = fs::read_dir(directory) {
        for entry in entries.flatten() {
            paths.push(entry.path());
        }
    }
    paths
}

/// Those of them whose names are numbers, as the kernel has them of processes and descriptors.
#[cfg(unix)]
pub(crate) fn numbers(directory: &Path) -> Vec<u32> {
    let mut numbers = Vec::new();
    for path in listing(directory) {
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(number) = name.and_then(|name| name.parse().ok()) {
            numbers.push(number);
        }
    }
    numbers
}
