//! Where the history of this build's tests is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The directory, or `None` where none is wanted or known.
///
/// `ITEST_HISTORY` names it, or is `0` for none. Otherwise it is `itest` in Cargo's target
/// directory, which is found from the binary's file or from `CARGO_TARGET_DIR`; where there is none,
/// as with an unpacked nextest archive, it is in the user's cache, by package.
pub(super) fn directory(exe: &Path, env: Env<'_>) -> Option<PathBuf> {
    match env("ITEST_HISTORY") {
        Some(wanted) if wanted == "0" => return None,
        Some(wanted) if !wanted.is_empty() => return Some(wanted.into()),
        _ => {}
    }
    // Its file system is not the machine's.
    if cfg!(miri) {
        return None;
    }
    let target = target_of(exe).or_else(|| named_target(env));
    let directory = target.map(|target| target.join("itest"));
    directory.or_else(|| cache(env))
}

/// Cargo marks its target directory for programs that make backups.
fn target_of(exe: &Path) -> Option<PathBuf> {
    let mut above = exe.ancestors().skip(1);
    let target = above.find(|path| path.join("CACHEDIR.TAG").is_file());
    target.map(Path::to_owned)
}

/// A relative one is relative to a directory that this process does not know.
fn named_target(env: Env<'_>) -> Option<PathBuf> {
    let target = PathBuf::from(env("CARGO_TARGET_DIR")?);
    target.is_absolute().then_some(target)
}

fn cache(env: Env<'_>) -> Option<PathBuf> {
    let named = |name: &str, below: &str| {
        let path = PathBuf::from(env(name)?);
        path.is_absolute().then(|| path.join(below))
    };
    let base = if cfg!(windows) {
        named("LOCALAPPDATA", "")
    } else if cfg!(target_os = "macos") {
        named("HOME", "Library/Caches")
    } else {
        named("XDG_CACHE_HOME", "").or_else(|| named("HOME", ".cache"))
    };
    let package = env("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.or_else(|| std::env::current_dir().ok())?;
    let name = plain(&package.to_string_lossy());
    Some(base?.join("itest").join(name))
}

/// A binary's file of that kind.
pub(super) fn file(directory: &Path, binary: &str, kind: &str) -> PathBuf {
    directory.join(format!("{}.{kind}", plain(binary)))
}

/// As a name of a file, different for different names.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => plain.push(byte.into()),
            _ => plain.push_str(&format!("%{byte:02x}")),
        }
    }
    // Longer names than file systems take end in what tells them apart.
    const LONGEST: usize = 200;
    if plain.len() > LONGEST {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        plain.truncate(LONGEST);
        plain.push_str(&format!("-{hash:016x}"));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let check = |env: &[(&str, &str)], expected: Option<&str>| {
            let exe = std::env::current_exe().unwrap();
            let found = directory(&exe, &|name| {
                let (_, value) = env.iter().find(|(it, _)| *it == name)?;
                Some(value.into())
            });
            assert_eq!(found.as_deref(), expected.map(Path::new), "{env:?}");
        };
        check(&[("ITEST_HISTORY", "0")], None);
        check(&[("ITEST_HISTORY", "some/where")], Some("some/where"));
        // These tests themselves are built by Cargo.
        let own = target_of(&std::env::current_exe().unwrap()).unwrap();
        check(&[], Some(own.join("itest").to_str().unwrap()));
        check(
            &[("ITEST_HISTORY", ""), ("CARGO_TARGET_DIR", "/elsewhere")],
            Some(own.join("itest").to_str().unwrap()),
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn places_without_a_target_directory() {
        let env = |name: &str| match name {
            "HOME" => Some("/home/me".into()),
            "CARGO_MANIFEST_DIR" => Some("/src/a b".into()),
            "CARGO_TARGET_DIR" => Some("relative".into()),
            _ => None,
        };
        assert_eq!(named_target(&env), None);
        assert_eq!(
            cache(&env),
            Some("/home/me/.cache/itest/%2fsrc%2fa%20b".into())
        );
        assert_eq!(target_of(Path::new("/no/such/deps/exe")), None);
    }

    #[test]
    fn names_of_files_differ() {
        assert_eq!(plain("api::orders-2_x"), "api%3a%3aorders-2_x");
        let (a, b) = ("x".repeat(300) + "a", "x".repeat(300) + "b");
        assert_ne!(plain(&a), plain(&b));
        assert!(plain(&a).len() < 240);
    }
}
