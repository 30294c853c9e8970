//! [`Migrations`]: the SQL that makes a template out of an empty database.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::client::{Client, SqlError};
use super::digest::Naming;
use crate::service::error::{Context, Error, Result};

/// What a template's schema and first rows are made from: the built-in session fixture
/// `pg_migrations` has none, and is there to be overridden.
///
/// Paths are relative to the package's root. Statements run in the order in which they were
/// given, each file and text in a transaction of its own; a file that looks like the reverse of
/// another (`….down.sql`, `down.sql`) does not run.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::postgres::Migrations;
///
/// #[fixture(scope = "session")]
/// fn pg_migrations() -> Migrations {
///     Migrations::directory("migrations").seed("tests/data/users.sql")
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "they run where `pg_template` asks for them"]
pub struct Migrations(Vec<Source>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Source {
    Directory(PathBuf),
    File(PathBuf),
    Sql(String),
}

/// A file or text that runs in one go.
#[derive(Debug)]
struct Script {
    name: String,
    sql: String,
}

impl Migrations {
    /// None: an empty database.
    pub fn none() -> Self {
        Migrations::default()
    }

    /// The `.sql` files of a directory in the order of the numbers that their names start with,
    /// and then of the names. Also `up.sql` in its subdirectories, as diesel has them.
    pub fn directory(path: impl AsRef<Path>) -> Self {
        Migrations::none().and_directory(path)
    }

    /// One text, such as `CREATE EXTENSION pg_trgm`.
    pub fn sql(sql: impl Into<String>) -> Self {
        Migrations::none().and_sql(sql)
    }

    /// And then the files of another directory.
    pub fn and_directory(mut self, path: impl AsRef<Path>) -> Self {
        self.0.push(Source::Directory(absolute(path.as_ref())));
        self
    }

    /// And then one text.
    pub fn and_sql(mut self, sql: impl Into<String>) -> Self {
        self.0.push(Source::Sql(sql.into()));
        self
    }

    /// And then one file, the first rows for instance.
    pub fn seed(mut self, path: impl AsRef<Path>) -> Self {
        self.0.push(Source::File(absolute(path.as_ref())));
        self
    }

    /// What they come to: another text of any of them is another digest.
    pub(super) fn digest(&self) -> Result<String> {
        let mut digest = Naming::new();
        for script in self.scripts()? {
            digest.update_framed(script.name.as_bytes());
            digest.update_framed(script.sql.as_bytes());
        }
        Ok(digest.name())
    }

    /// Runs them all.
    pub(super) fn run(&self, client: &mut Client) -> Result<()> {
        for script in self.scripts()? {
            client
                .query(&script.sql)
                .map_err(|error| script.failed(error))?;
        }
        Ok(())
    }

    fn scripts(&self) -> Result<Vec<Script>> {
        let mut scripts = Vec::new();
        for source in &self.0 {
            match source {
                Source::Directory(path) => {
                    for file in files(path)? {
                        scripts.push(read(&file)?);
                    }
                }
                Source::File(path) => scripts.push(read(path)?),
                Source::Sql(sql) => scripts.push(Script {
                    name: first_line(sql),
                    sql: sql.clone(),
                }),
            }
        }
        Ok(scripts)
    }
}

/// Now, since another process may use the value in another directory.
fn absolute(path: &Path) -> PathBuf {
    crate::condition::package_path(path)
}

/// The files of a directory in their order.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = || format!("cannot read the migrations `{}`", directory.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).context(failed)? {
        let path = entry.context(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let up = path.join("up.sql");
        if path.is_dir() && up.is_file() {
            found.push((order(&name), up));
        } else if name.ends_with(".sql") && !name.ends_with(".down.sql") && name != "down.sql" {
            found.push((order(&name), path.clone()));
        }
    }
    if found.is_empty() {
        return Err(Error::new(format!(
            "there are no migrations in `{}`: expected files `….sql`, or directories with `up.sql`",
            directory.display()
        )));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// `10_b.sql` comes after `9_a.sql`, and `V2__x.sql` before `V10__y.sql`.
fn order(name: &str) -> (u128, String) {
    let digits = name.trim_start_matches(['V', 'v']);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let number = digits[..end].parse().unwrap_or(u128::MAX);
    (number, name.to_owned())
}

fn read(path: &Path) -> Result<Script> {
    let sql = fs::read_to_string(path).context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Script {
        name: path.display().to_string(),
        sql,
    })
}

fn first_line(sql: &str) -> String {
    let line = sql.trim_start().lines().next().unwrap_or_default();
    line.chars().take(60).collect()
}

impl Script {
    fn failed(&self, error: SqlError) -> Error {
        let position = match &error {
            SqlError::Refused(refusal) => refusal.position,
            _ => None,
        };
        let place = position.map(|position| {
            let before: String = self.sql.chars().take(position - 1).collect();
            let line = before.matches('\n').count();
            let text = self.sql.lines().nth(line).unwrap_or_default();
            format!(":{}: `{}`", line + 1, text.trim())
        });
        let place = place.unwrap_or_default();
        Error::new(format!("a migration failed: {}{place}", self.name)).caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_numbers() {
        let directory = std::env::temp_dir().join(format!("itest-mig-{}", std::process::id()));
        fs::create_dir_all(directory.join("3_diesel")).unwrap();
        for name in [
            "10_b.sql",
            "V2__a.sql",
            "1_x.up.sql",
            "1_x.down.sql",
            "README.md",
        ] {
            fs::write(directory.join(name), "").unwrap();
        }
        for name in ["3_diesel/up.sql", "3_diesel/down.sql"] {
            fs::write(directory.join(name), "").unwrap();
        }
        let found = files(&directory).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(&directory).unwrap().display().to_string())
            .collect();
        assert_eq!(
            names,
            ["1_x.up.sql", "V2__a.sql", "3_diesel/up.sql", "10_b.sql"]
        );
        let one = Migrations::directory(&directory);
        let before = one.digest().unwrap();
        fs::write(directory.join("10_b.sql"), "SELECT 1").unwrap();
        assert_ne!(one.digest().unwrap(), before);
        fs::remove_dir_all(&directory).unwrap();
        let error = format!("{:?}", one.digest().unwrap_err());
        assert!(error.starts_with("cannot read the migrations"), "{error}");
    }

    #[test]
    fn an_error_names_the_line() {
        let script = Script {
            name: "2_b.sql".to_owned(),
            sql: "SELECT 1;\n  SELEKT 2;\n".to_owned(),
        };
        let refusal = super::super::client::Refusal {
            message: "syntax error at or near \"SELEKT\"".to_owned(),
            code: "42601".to_owned(),
            position: Some(13),
            ..Default::default()
        };
        let error = script.failed(SqlError::Refused(Box::new(refusal)));
        assert_eq!(
            format!("{error:?}"),
            "a migration failed: 2_b.sql:2: `SELEKT 2;`\n  caused by: syntax error at or near \
             \"SELEKT\" (SQLSTATE 42601)"
        );
    }
}
