//! [`Config`]: the file `.config/itest.toml`, which says what holds where no flag does.
//!
//! It stands beside the workspace's `Cargo.lock`, or in a package of the workspace; the nearest
//! one is read. Every flag that has a variable can stand in a profile under its own name, so a
//! new flag needs nothing here.

mod guard;
pub(crate) mod toml;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use guard::Guard;

use super::duration::duration;
use super::expression::Expression;
use super::flags::{FLAGS, Flag, Takes};
use super::help::nearest;
use super::leaks::Leaks;
use crate::def::Marker;
use crate::sort;
use toml::{Entry, Kind, Table, Value};

/// What the file says, for the profile that was chosen.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Config {
    settings: Vec<Setting>,
    /// Of the profile, then of those that it inherits from.
    pub(super) overrides: Vec<Override>,
    /// Name and description; `None` where any marker will do.
    pub(super) markers: Option<Vec<(String, String)>>,
    pub(super) guard: Guard,
}

/// What stands for a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    /// That of the flag.
    variable: &'static str,
    text: String,
    /// `retries` in …
    place: String,
}

/// Settings of some tests.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Override {
    /// A part of the name.
    test: Option<String>,
    /// The whole name, or the function's.
    exact: Option<String>,
    markers: Option<Expression>,
    /// Zero is no limit.
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) leaks: Option<Leaks>,
}

/// Something in the file that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// In bytes.
    at: usize,
    message: String,
    help: Option<String>,
}

impl Problem {
    fn at(at: usize, message: impl Into<String>) -> Self {
        Problem {
            at,
            message: message.into(),
            help: None,
        }
    }

    fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Line and column, from 1.
    fn position(&self, text: &str) -> (usize, usize) {
        position(text, self.at)
    }
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before[line_start..].chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// The path of the file, or `None` if there is none.
///
/// `ITEST_CONFIG` names it, or is `0` for none.
///
/// # Errors
/// When the file that is named is not there.
fn find(env: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<PathBuf>, String> {
    match env("ITEST_CONFIG") {
        Some(named) if named == "0" => return Ok(None),
        Some(named) if !named.is_empty() => {
            let path = PathBuf::from(named);
            return match path.is_file() {
                true => Ok(Some(path)),
                false => Err(format!(
                    "ITEST_CONFIG is `{}`, which is no file",
                    path.display()
                )),
            };
        }
        _ => {}
    }
    let package = env("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let Some(package) = package.or_else(|| std::env::current_dir().ok()) else {
        return Ok(None);
    };
    let mut found = None;
    for directory in package.ancestors() {
        let path = directory.join(".config/itest.toml");
        if found.is_none() && path.is_file() {
            found = Some((directory.to_owned(), path));
        }
        if directory.join("Cargo.lock").is_file() {
            return Ok(found.map(|(_, path)| path));
        }
    }
    // It is not known where the workspace ends: what stands above the package may be anybody's.
    Ok(found.and_then(|(directory, path)| (directory == package).then_some(path)))
}

impl Config {
    /// Reads the file, if there is one.
    ///
    /// # Errors
    /// The whole message, when something in it cannot be.
    pub(super) fn load(
        env: &dyn Fn(&str) -> Option<OsString>,
        profile: Option<&str>,
    ) -> Result<Config, String> {
        let Some(path) = find(env)? else {
            return match profile {
                None | Some("default") => Ok(Config::default()),
                Some(profile) => Err(format!(
                    "no profile `{profile}`: there is no `.config/itest.toml`"
                )),
            };
        };
        let read = fs::read(&path).and_then(|bytes| {
            let text = String::from_utf8(bytes);
            text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
        });
        match read {
            Ok(text) => Config::parse(&text, &shown(&path), profile),
            Err(error) => Err(format!("`{}` cannot be read: {error}", path.display())),
        }
    }

    /// `path` is for messages.
    pub(crate) fn parse(text: &str, path: &str, profile: Option<&str>) -> Result<Config, String> {
        let file = File { text, path };
        let read = toml::parse(text).and_then(|table| file.config(&table, profile));
        read.map_err(|problem| {
            let (line, column) = problem.position(text);
            let mut message = format!("{}\n --> {path}:{line}:{column}", problem.message);
            if let Some(help) = problem.help {
                message.push_str(&format!("\n  help: {help}"));
            }
            message
        })
    }

    /// What stands for a flag in the profile.
    pub(super) fn text(&self, variable: &str) -> Option<&str> {
        self.setting(variable).map(|setting| &*setting.text)
    }

    /// Where that stands.
    pub(super) fn place(&self, variable: &str) -> Option<&str> {
        self.setting(variable).map(|setting| &*setting.place)
    }

    fn setting(&self, variable: &str) -> Option<&Setting> {
        let mut settings = self.settings.iter();
        settings.find(|setting| setting.variable == variable)
    }
}

/// As short as can be said.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let short = path.strip_prefix(&here).unwrap_or(path);
    short.display().to_string()
}

impl Override {
    /// Whether it is about a test of that name.
    pub(crate) fn is_for(&self, name: &str, markers: &[&Marker]) -> bool {
        let part = self.test.as_ref();
        let exact = self.exact.as_ref();
        let marked = self.markers.as_ref();
        part.is_none_or(|part| name.contains(part.as_str()))
            && exact
                .is_none_or(|exact| name == exact || super::args::stands_for(exact, name, exact))
            && marked.is_none_or(|expression| expression.holds_for_markers(markers))
    }
}

/// The tables that a file may have.
const TABLES: [&str; 3] = ["profile", "markers", "guard"];

/// What a profile may have that is no flag.
const PROFILE_KEYS: [&str; 2] = ["inherits", "overrides"];

const OVERRIDE_KEYS: [&str; 6] = ["exact", "leaks", "markers", "retries", "test", "timeout"];

/// The one setting that may be a table.
const LEAKS: &str = "ITEST_LEAKS";

/// The file that is being read.
struct File<'t> {
    text: &'t str,
    path: &'t str,
}

impl File<'_> {
    fn config(&self, table: &Table, profile: Option<&str>) -> Result<Config, Problem> {
        let mut config = Config::default();
        let mut profiles: &[Entry] = &[];
        for entry in &table.entries {
            match &*entry.key {
                "profile" => profiles = &self.table(entry)?.entries,
                "markers" => config.markers = Some(self.declared(self.table(entry)?)?),
                "guard" => config.guard = Guard::parse(self, self.table(entry)?)?,
                _ => return Err(unknown(entry, "setting", &TABLES)),
            }
        }
        // All of them, so that a mistake is found before it is needed.
        let profiles: Vec<Profile<'_>> = profiles
            .iter()
            .map(|entry| self.profile(entry))
            .collect::<Result<_, _>>()?;
        let names = || profiles.iter().map(|profile| profile.name);
        let mut next = match profile {
            Some(name) => Some((name, None)),
            None => Some(("default", None)),
        };
        let mut seen = Vec::new();
        while let Some((name, at)) = next {
            if seen.contains(&name) {
                let message = format!("profile `{name}` inherits from itself");
                return Err(Problem::at(at.unwrap_or_default(), message));
            }
            seen.push(name);
            let Some(profile) = profiles.iter().find(|profile| profile.name == name) else {
                if name == "default" {
                    break;
                }
                let similar = nearest(name, names());
                let help =
                    similar.map(|name| format!("there is a profile with a similar name: `{name}`"));
                let defined: Vec<String> = names().map(|name| format!("`{name}`")).collect();
                let message = match &defined[..] {
                    [] => format!("no profile `{name}`: there is none but `default`"),
                    _ => format!("no profile `{name}`; there are {}", defined.join(", ")),
                };
                return Err(Problem::at(at.unwrap_or_default(), message).help(help));
            };
            config.inherit(profile);
            next = match profile.inherits {
                Some((parent, at)) => Some((parent, Some(at))),
                None => (name != "default").then_some(("default", None)),
            };
        }
        Ok(config)
    }

    fn profile<'e>(&self, entry: &'e Entry) -> Result<Profile<'e>, Problem> {
        let mut profile = Profile {
            name: &entry.key,
            inherits: None,
            settings: Vec::new(),
            overrides: Vec::new(),
        };
        for entry in &self.table(entry)?.entries {
            match &*entry.key {
                "inherits" => profile.inherits = Some((self.string(&entry.value)?, entry.value.at)),
                "overrides" => {
                    for value in self.array(entry)? {
                        profile.overrides.push(self.r#override(value)?);
                    }
                }
                key => match configurable().find(|(name, ..)| *name == key) {
                    Some((_, flag, variable)) => {
                        profile.settings.push(self.setting(entry, flag, variable)?);
                    }
                    None => {
                        let flags: Vec<&str> = configurable().map(|(name, ..)| name).collect();
                        let known = [&flags[..], &PROFILE_KEYS].concat();
                        return Err(unknown(entry, "setting", &known));
                    }
                },
            }
        }
        Ok(profile)
    }

    fn setting(
        &self,
        entry: &Entry,
        flag: &'static Flag,
        variable: &'static str,
    ) -> Result<Setting, Problem> {
        let refused = |wanted: &str| {
            let found = entry.value.kind.name();
            let message = format!("`{}` should be {wanted}, not {found}", entry.key);
            Problem::at(entry.value.at, message)
        };
        let text = match (&flag.takes, &entry.value.kind) {
            (Takes::Nothing(_) | Takes::Optional(..), Kind::Bool(on)) => u8::from(*on).to_string(),
            (Takes::Nothing(_), _) => return Err(refused("`true` or `false`")),
            (_, Kind::Str(text)) => text.clone(),
            (_, Kind::Int(number)) => number.to_string(),
            (_, Kind::Array(array)) => {
                let texts = array.values.iter().map(|value| self.string(value));
                texts.collect::<Result<Vec<_>, _>>()?.join(",")
            }
            (_, Kind::Table(table)) if variable == LEAKS => self.pairs(table)?,
            _ => return Err(refused("a string or a whole number")),
        };
        let (line, column) = position(self.text, entry.value.at);
        Ok(Setting {
            variable,
            text,
            place: format!("`{}` at {}:{line}:{column}", entry.key, self.path),
        })
    }

    fn r#override(&self, value: &Value) -> Result<Override, Problem> {
        let Kind::Table(table) = &value.kind else {
            let message = format!("an override should be a table, not {}", value.kind.name());
            return Err(Problem::at(value.at, message));
        };
        let mut result = Override::default();
        for entry in &table.entries {
            let value = &entry.value;
            match &*entry.key {
                "test" => result.test = Some(self.string(value)?.to_owned()),
                "exact" => result.exact = Some(self.string(value)?.to_owned()),
                "markers" => {
                    let parsed = Expression::parse(self.string(value)?);
                    let parsed =
                        parsed.map_err(|error| Problem::at(value.at, error.to_string()))?;
                    result.markers = Some(parsed);
                }
                "timeout" => {
                    let parsed = duration(self.string(value)?);
                    result.timeout = Some(parsed.map_err(|error| Problem::at(value.at, error))?);
                }
                "retries" => match &value.kind {
                    Kind::Int(number) if u32::try_from(*number).is_ok() => {
                        result.retries = u32::try_from(*number).ok();
                    }
                    _ => {
                        let message = "`retries` should be a whole number from 0 on";
                        return Err(Problem::at(value.at, message));
                    }
                },
                "leaks" => {
                    let text = match &value.kind {
                        Kind::Table(table) => self.pairs(table)?,
                        _ => self.string(value)?.to_owned(),
                    };
                    let parsed = Leaks::parse(&text).map_err(|accepted| {
                        Problem::at(value.at, format!("`leaks` should be {accepted}"))
                    });
                    result.leaks = Some(parsed?);
                }
                _ => return Err(unknown(entry, "setting of an override", &OVERRIDE_KEYS)),
            }
        }
        if result.test.is_none() && result.exact.is_none() && result.markers.is_none() {
            let message = "an override that does not say for which tests";
            let help =
                "give it `test = \"part of a name\"`, `exact = \"name\"` or `markers = \"…\"`";
            return Err(Problem::at(value.at, message).help(Some(help.to_owned())));
        }
        Ok(result)
    }

    /// A table as the text of a flag: `cwd=deny,tasks=off`.
    fn pairs(&self, table: &Table) -> Result<String, Problem> {
        let pairs = table.entries.iter();
        let pairs = pairs.map(|entry| Ok(format!("{}={}", entry.key, self.string(&entry.value)?)));
        Ok(pairs.collect::<Result<Vec<_>, _>>()?.join(","))
    }

    fn declared(&self, table: &Table) -> Result<Vec<(String, String)>, Problem> {
        let entries = table.entries.iter();
        entries
            .map(|entry| Ok((entry.key.clone(), self.string(&entry.value)?.to_owned())))
            .collect()
    }

    fn table<'e>(&self, entry: &'e Entry) -> Result<&'e Table, Problem> {
        match &entry.value.kind {
            Kind::Table(table) => Ok(table),
            other => {
                let message = format!("`{}` should be a table, not {}", entry.key, other.name());
                Err(Problem::at(entry.value.at, message))
            }
        }
    }

    fn array<'e>(&self, entry: &'e Entry) -> Result<&'e [Value], Problem> {
        match &entry.value.kind {
            Kind::Array(array) => Ok(&array.values),
            other => {
                let message = format!("`{}` should be an array, not {}", entry.key, other.name());
                Err(Problem::at(entry.value.at, message))
            }
        }
    }

    fn string<'e>(&self, value: &'e Value) -> Result<&'e str, Problem> {
        match &value.kind {
            Kind::Str(text) => Ok(text),
            other => {
                let message = format!("expected a string, found {}", other.name());
                Err(Problem::at(value.at, message))
            }
        }
    }
}

/// A profile by itself.
struct Profile<'e> {
    name: &'e str,
    /// And where that stands.
    inherits: Option<(&'e str, usize)>,
    settings: Vec<Setting>,
    overrides: Vec<Override>,
}

impl Config {
    /// Takes from a profile what those before it leave open.
    fn inherit(&mut self, profile: &Profile<'_>) {
        for setting in &profile.settings {
            if self.setting(setting.variable).is_none() {
                self.settings.push(setting.clone());
            }
        }
        self.overrides.extend_from_slice(&profile.overrides);
    }
}

/// The flags that can stand in a profile: name, flag and variable.
fn configurable() -> impl Iterator<Item = (&'static str, &'static Flag, &'static str)> + Clone {
    let flags = FLAGS.iter().filter(|flag| flag.name != "profile");
    flags.filter_map(|flag| Some((flag.name, flag, flag.variable?)))
}

fn unknown(entry: &Entry, what: &str, known: &[&str]) -> Problem {
    let mut known = known.to_vec();
    sort::ascending(&mut known);
    let similar = nearest(&entry.key, known.iter().copied());
    let help = match similar {
        Some(name) => format!("there is one with a similar name: `{name}`"),
        None => {
            let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            format!("there are {}", known.join(", "))
        }
    };
    Problem::at(entry.at, format!("unknown {what} `{}`", entry.key)).help(Some(help))
}

#[cfg(test)]
mod tests;
