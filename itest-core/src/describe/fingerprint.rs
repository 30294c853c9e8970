//! [`fingerprint`]: tells builds apart that would misread each other.
//!
//! `cargo itest` and the binaries that it runs are built apart, each from what was there at the
//! time. It is made from the sources themselves, so that nobody has to think of it; a change that
//! keeps the meaning changes it too, which costs a user one installation.

/// Of the sources that say what goes from one process of a run to another.
///
/// Made at run time, by the few processes that need it: so many bytes of a binary cost a build
/// less than the compiler's arithmetic with them.
pub(crate) fn fingerprint() -> String {
    format!("{:016x}", hash(TEXTS))
}

macro_rules! sources {
    ($($file:literal,)*) => {
        #[cfg(test)]
        const FILES: &[&str] = &[$($file),*];
        const TEXTS: &[&[u8]] = &[$(include_bytes!(concat!("../", $file))),*];
    };
}

sources!(
    "describe/form.rs",
    "describe/mod.rs",
    "event/form.rs",
    "json.rs",
    "outcome.rs",
    "plan/form.rs",
    "resource/form.rs",
    "resource/journal.rs",
    "run/note.rs",
    "run/process/child.rs",
    "run/process/crew.rs",
    "run/process/memory.rs",
    "run/process/mod.rs",
    "run/process/process.rs",
    "run/process/protocol.rs",
    "run/process/session.rs",
    "run/store.rs",
    "run/suite/form.rs",
    "scope.rs",
    "session/client.rs",
    "session/directory.rs",
    "session/hosts.rs",
    "session/news.rs",
    "session/owner.rs",
    "session/protocol.rs",
    "session/run.rs",
);

fn hash(texts: &[&[u8]]) -> u64 {
    texts.iter().fold(1, |hash, text| {
        let (words, rest) = text.as_chunks();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        let rest = rest.iter().map(|byte| u64::from(*byte));
        let length = [text.len() as u64];
        words.chain(rest).chain(length).fold(hash, mixed)
    })
}

/// As rustc's own hash does it; the factor is that of the golden ratio.
fn mixed(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// What a source says that has a type with a form of JSON.
    const FORMS: [&str; 3] = ["ToJson for", "FromJson for", "Serialize"];

    /// What is there is between processes, whatever it is.
    const BETWEEN: &str = "run/process/";

    /// Sources whose types are for files that people and tools read, or for one process alone.
    const FOR_OTHERS: &[&str] = &[
        "cargo/flaky.rs",
        "cargo/record.rs",
        "cargo/tables.rs",
        "contract/",
        "data.rs",
        "data/",
        "private.rs",
        "service/",
        "session/fuzzing.rs",
        "session/tests.rs",
        "value.rs",
    ];

    fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }

    /// A source with a type that has a form is in one list or the other.
    #[test]
    fn no_source_is_forgotten() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = Vec::new();
        sources(&root, &mut found);
        let known: BTreeSet<&str> = FILES.iter().copied().collect();
        let mut missing = Vec::new();
        for path in found {
            let name = path.strip_prefix(&root).expect("it is below");
            let name = name.to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&path).expect("it is text");
            let is_for_others = FOR_OTHERS.iter().any(|start| name.starts_with(start));
            let has_form = FORMS.iter().any(|form| text.contains(form));
            let is_between = has_form || name.starts_with(BETWEEN);
            if is_between && !is_for_others && !known.contains(&*name) {
                missing.push(name);
            }
        }
        missing.retain(|name| name != "describe/fingerprint.rs");
        assert_eq!(
            missing, [""; 0],
            "name them in `describe/fingerprint.rs`, among what goes between processes or not"
        );
    }

    #[test]
    fn every_byte_counts() {
        let text = b"enum Order { Run, Finish }";
        let whole = hash(&[text]);
        for place in 0..text.len() {
            let mut other = text.to_vec();
            other[place] ^= 1;
            assert_ne!(hash(&[&other]), whole, "at {place}");
            let (one, two) = text.split_at(place);
            assert_ne!(hash(&[one, two]), whole, "cut at {place}");
        }
        assert_eq!(hash(&[text]), whole);
        assert_ne!(fingerprint(), fingerprint_of_nothing());
    }

    fn fingerprint_of_nothing() -> String {
        format!("{:016x}", hash(&[]))
    }
}
