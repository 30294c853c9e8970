//! Where the files under `tests/data` are.
//!
//! Relative to `CARGO_MANIFEST_DIR` as it is at run time, so that a test binary built elsewhere
//! (an archive unpacked on another machine) finds them; else as it was when this crate was compiled.

use std::path::PathBuf;

/// The path of a file under `tests/data`.
pub fn path(name: &str) -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|dir| dir.join("tests/data").is_dir())
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    package.join("tests/data").join(name)
}

/// The text of a file under `tests/data`.
///
/// # Errors
/// The file's path and why it cannot be read.
pub fn text(name: &str) -> std::io::Result<String> {
    let path = path(name);
    std::fs::read_to_string(&path)
        .map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// A JSON file under `tests/data`, as a `T`.
///
/// # Errors
/// The file's path and why it cannot be read, or why it is not a `T`.
pub fn json<T: serde::de::DeserializeOwned>(name: &str) -> std::io::Result<T> {
    serde_json::from_str(&text(name)?).map_err(|error| {
        std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("{}: {error}", path(name).display()),
        )
    })
}
