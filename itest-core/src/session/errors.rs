//! Errors of teardowns that ended when nobody was there any more to be told: kept for the next
//! run.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use super::directory::Directory;
use super::protocol::TeardownError;
use crate::run::say;

fn file() -> io::Result<PathBuf> {
    Ok(Directory::of_run("errors")?.path.join("teardown.txt"))
}

/// As it is printed where no report has it.
pub(crate) fn text(TeardownError { error, output }: &TeardownError) -> String {
    let mut text = crate::dropin::teardown_text(error);
    if !output.is_empty() {
        text.push('\n');
        text.push_str(output.trim_end());
    }
    text
}

/// Keeps them.
pub(super) fn keep(errors: &[TeardownError]) {
    if errors.is_empty() {
        return;
    }
    let text: String = errors.iter().map(|error| text(error) + "\n").collect();
    let append = |path| File::options().create(true).append(true).open(path);
    if let Ok(mut file) = file().and_then(append) {
        let _ = file.write_all(text.as_bytes());
    }
}

/// What earlier runs of this user have left; it stays until a run tells it.
pub(crate) fn kept() -> Option<String> {
    let text = fs::read_to_string(file().ok()?).ok()?;
    (!text.is_empty()).then_some(text)
}

/// Prints what earlier runs have left, and forgets it.
pub(super) fn tell() {
    if let Some(text) = kept() {
        if let Ok(file) = file() {
            let _ = fs::remove_file(file);
        }
        say(&format!(
            "warning: of an earlier run, after its end:\n{text}"
        ));
    }
}
