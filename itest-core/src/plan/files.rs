//! The files that `#[files]` patterns match.
//!
//! They are looked for when a run is planned, not when the test is compiled: a new file is a new
//! test at once.

use std::io;
use std::path::{Path, PathBuf};

use crate::condition::package_path;
use crate::def::FilesDef;
use crate::sort;

/// A file, and what an instance is called that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) path: PathBuf,
}

/// Those of a parameter, sorted by path.
///
/// # Errors
/// A directory that cannot be read, or a pattern that matches nothing: what is wrong, and a note.
pub(super) fn of(def: &FilesDef) -> Result<Vec<File>, (String, String)> {
    let mut files = Vec::new();
    let mut excluded = Vec::new();
    for pattern in def.exclude {
        excluded.extend(matching(pattern)?.1);
    }
    sort::ascending(&mut excluded);
    let mut used = false;
    for pattern in def.patterns {
        let (base, found) = matching(pattern)?;
        for path in found {
            if excluded.binary_search(&path).is_ok() {
                used = true;
                continue;
            }
            let id = path.strip_prefix(&base).unwrap_or(&path);
            let id = id.display().to_string();
            if !files.iter().any(|file: &File| file.path == path) {
                files.push(File { id, path });
            }
        }
    }
    if !excluded.is_empty() && !used {
        let note = "what matches it, no `#[files]` matches";
        return Err((
            format!(
                "`#[exclude]` leaves out nothing: `{}`",
                def.exclude.join("`, `")
            ),
            note.to_owned(),
        ));
    }
    if files.is_empty() {
        return Err((
            "`#[exclude]` leaves out every file".to_owned(),
            "a test that runs for no file would be green for no reason".to_owned(),
        ));
    }
    sort::by(&mut files, |a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The directory before the first wildcard, and the files below it that match.
fn matching(pattern: &str) -> Result<(PathBuf, Vec<PathBuf>), (String, String)> {
    let segments: Vec<&str> = pattern.split('/').filter(|one| !one.is_empty()).collect();
    let is_fixed = |one: &&&str| !one.contains(['*', '?', '[']);
    let fixed = segments.iter().take_while(is_fixed).count();
    let fixed = fixed.min(segments.len().saturating_sub(1));
    let (before, rest) = segments.split_at(fixed);
    let root = if pattern.starts_with('/') { "/" } else { "" };
    let before = Path::new(root).join(before.join("/"));
    let base = package_path(&before);
    let mut found = Vec::new();
    let collected = collect(&base, rest, &mut found);
    let looked_in = || match base.is_dir() {
        true => format!("looked in `{}`", before.display()),
        false => format!("there is no directory `{}`", before.display()),
    };
    collected.map_err(|error| (format!("`{pattern}`: {error}"), looked_in()))?;
    if found.is_empty() {
        return Err((format!("no file matches `{pattern}`"), looked_in()));
    }
    // `**` comes to a file by several ways.
    sort::ascending(&mut found);
    found.dedup();
    Ok((base, found))
}

fn collect(directory: &Path, segments: &[&str], found: &mut Vec<PathBuf>) -> io::Result<()> {
    let (first, rest) = match segments {
        [] => return Ok(()),
        ["**"] => return collect(directory, &["**", "*"], found),
        [first, rest @ ..] => (*first, rest),
    };
    if first == "**" {
        collect(directory, rest, found)?;
    } else if first == ".." || first == "." {
        return collect(&directory.join(first), rest, found);
    }
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.starts_with('.') && !first.starts_with('.') {
            continue;
        }
        if first == "**" {
            // Not through links: what they lead to may be what is above.
            if entry.file_type()?.is_dir() {
                collect(&path, segments, found)?;
            }
        } else if matches(first, name) {
            if rest.is_empty() {
                if path.is_file() {
                    found.push(path);
                }
            } else {
                collect(&path, rest, found)?;
            }
        }
    }
    Ok(())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Whether a name matches `*`, `?`, `[a-z]`, `[!a-z]` and what stands for itself.
fn matches(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    let Some(first) = rest.next() else {
        return name.is_empty();
    };
    let behind = rest.as_str();
    if first == '*' {
        let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
        return ends.into_iter().any(|at| matches(behind, &name[at..]));
    }
    let mut characters = name.chars();
    let Some(character) = characters.next() else {
        return false;
    };
    let name = characters.as_str();
    match (first, behind.find(']')) {
        ('?', _) => matches(behind, name),
        ('[', Some(end)) => is_in(&behind[..end], character) && matches(&behind[end + 1..], name),
        _ => first == character && matches(behind, name),
    }
}

/// Whether a character is in `a-z_` or not in `!a-z_`.
fn is_in(set: &str, character: char) -> bool {
    let (set, negated) = match set.strip_prefix('!') {
        Some(set) => (set, true),
        None => (set, false),
    };
    let mut characters = set.chars().peekable();
    let mut found = false;
    while let Some(first) = characters.next() {
        let mut ahead = characters.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                found |= (first..=last).contains(&character);
                characters = ahead;
            }
            _ => found |= first == character,
        }
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::def::Location;

    #[test]
    fn names() {
        for (pattern, name, expected) in [
            ("*", "a.json", true),
            ("*.json", "a.json", true),
            ("*.json", "a.jsonl", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*c*", "abcd", true),
            ("[a-c]1", "b1", true),
            ("[a-c]1", "d1", false),
            ("[!a-c_]", "d", true),
            ("[!a-c_]", "_", false),
            ("[ab", "[ab", true),
            ("ä*", "äö", true),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_what_is_above_is_not_followed() {
        let directory = std::env::temp_dir().join(format!("itest-files-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("below")).unwrap();
        std::fs::write(directory.join("below/a.txt"), "").unwrap();
        std::os::unix::fs::symlink(&directory, directory.join("below/above")).unwrap();
        let found = matching(&format!("{}/**/*.txt", directory.display()));
        std::fs::remove_dir_all(&directory).unwrap();
        let (_, found) = found.unwrap();
        assert_eq!(Vec::from_iter(found), [directory.join("below/a.txt")]);
    }

    const HERE: Location = Location {
        file: "here.rs",
        line: 1,
        column: 1,
    };

    fn ids(patterns: &'static [&'static str], exclude: &'static [&'static str]) -> Vec<String> {
        let def = FilesDef {
            patterns,
            exclude,
            location: HERE,
        };
        match of(&def) {
            Ok(files) => files.into_iter().map(|file| file.id).collect(),
            Err((message, _)) => vec![message],
        }
    }

    #[test]
    fn files() {
        assert_eq!(ids(&["tests/data/u*.json"], &[]), ["user.json"]);
        assert_eq!(ids(&["tests/data/seed.sql"], &[]), ["seed.sql"]);
        assert_eq!(ids(&["tests/../tests/*/seed.sql"], &[]), ["data/seed.sql"]);
        let both = [
            "tests/data/u*.json",
            "tests/data/*.sql",
            "tests/data/user.json",
        ];
        assert_eq!(
            ids(Box::leak(Box::new(both)), &[]),
            ["seed.sql", "user.json"]
        );
        let all = ids(&["src/plan/**/*.rs"], &[]);
        assert!(all.contains(&"files.rs".to_owned()), "{all:?}");
        let fewer = ids(&["src/plan/**/*.rs"], &["src/plan/f*.rs"]);
        assert!(!fewer.contains(&"files.rs".to_owned()), "{fewer:?}");
        assert!(fewer.len() < all.len());
        assert_eq!(ids(&["src/plan/**"], &[]), all);
        assert_eq!(
            ids(&["src/plan/*.sql"], &[]),
            ["no file matches `src/plan/*.sql`"]
        );
        assert_eq!(
            ids(&["src/plan/*.rs"], &["src/run/mod.rs"]),
            ["`#[exclude]` leaves out nothing: `src/run/mod.rs`"]
        );
        assert_eq!(
            ids(&["src/plan/*.rs"], &["src/plan/*"]),
            ["`#[exclude]` leaves out every file"]
        );
    }
}
