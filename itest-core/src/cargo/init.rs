//! `cargo itest init`: writes files of settings for people to start from.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::Stop;
use super::doctor::find_above;
use super::words::Words;

/// Each with its text.
const FILES: [(&str, &str); 2] = [
    (".config/itest.toml", include_str!("init/itest.toml")),
    (".config/nextest.toml", include_str!("init/nextest.toml")),
];

/// Writes the files that are not there.
pub(super) fn init(words: &Words) -> Result<ExitCode, Stop> {
    let root = root()?;
    let mut out = io::stdout().lock();
    for (name, text) in FILES {
        let path = root.join(name);
        match write(&path, text, words.force) {
            Ok(()) => writeln!(out, "wrote {}", path.display())?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => writeln!(
                out,
                "left {} as it is; `--force` overwrites it",
                path.display()
            )?,
            Err(error) => {
                return Err(Stop::Error(format!(
                    "`{}` cannot be written: {error}",
                    path.display()
                )));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut options = File::options();
    match force {
        true => options.write(true).create(true).truncate(true),
        false => options.write(true).create_new(true),
    };
    options.open(path)?.write_all(text.as_bytes())
}

/// The workspace's directory: where its `Cargo.lock` is, or else the package's.
fn root() -> Result<PathBuf, Stop> {
    let found = find_above("Cargo.lock").or_else(|| find_above("Cargo.toml"));
    let directory = found.as_deref().and_then(Path::parent).map(Path::to_owned);
    directory.ok_or_else(|| {
        Stop::Error(
            "there is no `Cargo.toml` here or above\n  help: run it in a package".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_once() {
        let directory = std::env::temp_dir().join(format!("itest-init-{}", std::process::id()));
        let path = directory.join("a/b.toml");
        write(&path, "one", false).expect("it is not there");
        let again = write(&path, "two", false).expect_err("it is there");
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write(&path, "two", true).expect("it may be overwritten");
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        fs::remove_dir_all(directory).unwrap();
    }

    /// Every setting is a comment: what is written changes nothing.
    #[test]
    fn settings_are_comments() {
        for (name, text) in FILES {
            for line in text.lines() {
                let is_quiet = line.is_empty() || line.starts_with('#') || line.starts_with('[');
                assert!(is_quiet, "{name}: {line}");
            }
        }
    }
}
