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
    if !is_set_up(&root) {
        write!(out, "\n{ADVICE}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A library cannot say it of itself.
const ADVICE: &str = "help: for a faster first build and smaller test binaries, in `Cargo.toml`:

    [profile.dev.package.itest-core]
    debug = false
";

/// Whether the workspace has settings for how itest is built.
fn is_set_up(root: &Path) -> bool {
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    manifest.contains("package.itest-core")
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
    use std::time::Duration;

    use super::*;
    use crate::cli;

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

    /// A file with all of its settings in force: comments that are settings without their mark.
    fn uncommented(text: &str) -> String {
        let is_setting = |line: &&str| {
            let key = line.split(" = ").next().unwrap_or_default();
            let is_key = key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
            line.starts_with('[') || (is_key && line.contains(" = "))
        };
        let setting = |line| {
            str::strip_prefix(line, "# ")
                .filter(is_setting)
                .unwrap_or(line)
        };
        let lines: Vec<&str> = text.lines().map(setting).collect();
        lines.join("\n")
    }

    /// What the written file proposes can be used as it is, in every profile that it has.
    #[test]
    fn settings_are_right_when_they_are_uncommented() {
        let [(_, ours), (_, of_nextest)] = FILES;
        let text = uncommented(ours);
        let settings = text
            .lines()
            .filter(|line| line.contains(" = ") && !line.starts_with('#'));
        assert!(settings.count() >= 15, "{text}");
        let path = std::env::temp_dir().join(format!("itest-uncommented-{}", std::process::id()));
        fs::write(&path, &text).unwrap();
        let parsed = |profile: &str| {
            let variable = |name: &str| match name {
                "ITEST_CONFIG" => Some(path.clone().into_os_string()),
                "ITEST_PROFILE" => Some(profile.into()),
                _ => None,
            };
            match cli::parse(["tests".into()], &variable) {
                Ok(cli::Parsed::Run(args)) => args,
                other => panic!("{profile}: {other:?} of\n{text}"),
            }
        };
        let (default, ci) = (parsed("default"), parsed("ci"));
        assert_eq!(default.retries("a", &[], None), 1);
        assert_eq!(default.retries("import::a", &[], None), 0);
        assert_eq!(ci.timeout("a", &[], None), Some(Duration::from_secs(30)));
        assert_eq!(
            ci.timeout("import::a", &[], None),
            Some(Duration::from_secs(300))
        );
        assert_eq!(ci.require, cli::Require::Names(vec!["docker".to_owned()]));
        assert!(ci.reports.junit.is_some() && default.reports.junit.is_none());
        let production = [(
            "DATABASE_URL".to_owned(),
            "postgres://x-prod-y/z".to_owned(),
        )];
        assert!(default.guard.refusal(production.into_iter()).is_some());
        fs::remove_file(path).unwrap();

        let nextest: toml::Table = uncommented(of_nextest).parse().expect("it is TOML");
        let profiles = &nextest["profile"];
        assert_eq!(
            profiles["default"]["slow-timeout"]["terminate-after"].as_integer(),
            Some(5)
        );
        assert_eq!(profiles["ci"]["fail-fast"].as_bool(), Some(false));
    }
}
