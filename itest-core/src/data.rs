#![doc = include_str!("../docs/data.md")]

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::value::{self, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use crate::condition::package_path;
use crate::plan::{short_type, similar};

/// Reads a file of test data as the type that is wanted.
///
/// The path is relative to the root of the package, see [`mod@crate::data`]. Its extension says how
/// it is read:
///
/// | extension | read as |
/// |---|---|
/// | `json` | one document, anything that is `Deserialize` |
/// | `jsonl`, `ndjson` | a document a line, a `Vec<T>` |
/// | any other | its text, a `String` |
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Schema {
///     title: String,
/// }
///
/// let schema: Schema = itest::data!("tests/data/user.json");
/// assert_eq!(schema.title, "User");
/// let seed: String = itest::data!("tests/data/seed.sql");
/// assert!(seed.starts_with("INSERT"));
/// ```
///
/// # Panics
/// At the line of the caller, if there is no such file or its content does not fit the type. The
/// message has the file, the line and the column, and the line itself. [`json`] and [`text`]
/// return errors instead.
#[macro_export]
macro_rules! data {
    ($path:expr $(,)?) => {
        $crate::__private::data(::core::env!("CARGO_MANIFEST_DIR"), $path)
    };
}

/// Where a file of test data is; it need not exist.
///
/// ```
/// let file = itest::data::path("tests/data/user.json");
/// assert!(file.is_file());
/// ```
pub fn path(path: impl AsRef<Path>) -> PathBuf {
    package_path(path.as_ref())
}

/// The bytes of a file of test data.
///
/// # Errors
/// If it cannot be read; the message has its path.
pub fn bytes(path: impl AsRef<Path>) -> Result<Vec<u8>, DataError> {
    let path = path.as_ref();
    let file = package_path(path);
    std::fs::read(&file).map_err(|error| DataError::read(path, &[file], error))
}

/// The text of a file of test data, an SQL script for instance.
///
/// # Errors
/// If it cannot be read or is not UTF-8; the message has its path.
///
/// ```
/// let seed = itest::data::text("tests/data/seed.sql")?;
/// assert!(seed.starts_with("INSERT"));
/// # Ok::<(), itest::data::DataError>(())
/// ```
pub fn text(path: impl AsRef<Path>) -> Result<String, DataError> {
    let path = path.as_ref();
    File::read(path, vec![package_path(path)]).map(|file| file.text)
}

/// A file of JSON, as the type that is wanted; whatever its extension.
///
/// # Errors
/// If it cannot be read, is not JSON or does not fit the type; the message shows where.
///
/// ```
/// let schema: serde_json::Value = itest::data::json("tests/data/user.json")?;
/// assert_eq!(schema["title"], "User");
///
/// let error = itest::data::json::<Vec<u8>>("tests/data/user.json").unwrap_err();
/// assert!(error.to_string().contains("expected a sequence"));
/// # Ok::<(), itest::data::DataError>(())
/// ```
pub fn json<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T, DataError> {
    let path = path.as_ref();
    File::read(path, vec![package_path(path)])?.json()
}

/// What `data!` expands to.
#[doc(hidden)]
#[track_caller]
pub fn load<T: DeserializeOwned>(package: &str, path: impl AsRef<Path>) -> T {
    let path = path.as_ref();
    let places = vec![package_path(path), Path::new(package).join(path)];
    let value = File::read(path, places).and_then(|file| {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => file.json(),
            Some("jsonl" | "ndjson") => file.json_lines(),
            _ => file.plain(),
        }
    });
    match value {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// A file that was read.
struct File {
    /// As the user wrote it.
    written: PathBuf,
    path: PathBuf,
    text: String,
}

impl File {
    /// The first of `places` where there is a file.
    fn read(written: &Path, mut places: Vec<PathBuf>) -> Result<Self, DataError> {
        places.dedup();
        let there = places.iter().position(|place| place.exists()).unwrap_or(0);
        match std::fs::read(&places[there]) {
            Ok(bytes) => Ok(File {
                written: written.to_owned(),
                text: String::from_utf8(bytes)
                    .map_err(|error| DataError::encoding(written, &error))?,
                path: places.swap_remove(there),
            }),
            Err(error) => Err(DataError::read(written, &places, error)),
        }
    }

    fn json<T: DeserializeOwned>(&self) -> Result<T, DataError> {
        serde_json::from_str(&self.text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            self.misfit(type_name::<T>(), line, column, &error)
        })
    }

    fn json_lines<T: DeserializeOwned>(&self) -> Result<T, DataError> {
        let mut documents = Vec::new();
        for (number, line) in (1..).zip(self.text.lines()) {
            if !line.trim().is_empty() {
                let document: serde_json::Value = serde_json::from_str(line).map_err(|error| {
                    self.misfit(type_name::<T>(), number, error.column(), &error)
                })?;
                documents.push((number, document));
            }
        }
        let at = std::cell::Cell::new(0);
        let each = documents.into_iter().map(|(number, document)| {
            at.set(number);
            document.into_deserializer()
        });
        T::deserialize(SeqDeserializer::<_, serde_json::Error>::new(each))
            .map_err(|error| self.misfit(type_name::<T>(), at.get(), 0, &error))
    }

    fn plain<T: DeserializeOwned>(&self) -> Result<T, DataError> {
        let text: StrDeserializer<'_, value::Error> = self.text.as_str().into_deserializer();
        T::deserialize(text).map_err(|error| {
            let mut misfit = self.misfit(type_name::<T>(), 0, 0, &error);
            misfit.0 += "\n  help: its extension is not one of `json`, `jsonl`, `ndjson`, so it is \
                         read as text: take it as a `String`";
            misfit
        })
    }

    /// `line` and `column` count from 1; 0 is none.
    fn misfit(&self, ty: &str, line: usize, column: usize, error: &dyn Error) -> DataError {
        let error = error.to_string();
        let position = format!(" at line {line} column {column}");
        let what = error.strip_suffix(&position).unwrap_or(&error);
        let mut message = format!(
            "`{}` cannot be read as `{}`: {what}\n --> {}",
            self.written.display(),
            short_type(ty),
            self.path.display()
        );
        if line > 0 {
            message += &format!(":{line}");
            if column > 0 {
                message += &format!(":{column}");
            }
            message += &self.excerpt(line, column);
        }
        DataError(message)
    }

    /// The line, and a mark under the column.
    fn excerpt(&self, line: usize, column: usize) -> String {
        /// Of a longer line only this many characters on each side of the column are shown.
        const AROUND: usize = 60;
        let Some(text) = self.text.lines().nth(line - 1) else {
            return String::new();
        };
        // serde_json counts bytes.
        let at = text
            .char_indices()
            .take_while(|(i, _)| i + 1 < column)
            .count();
        let from = at.saturating_sub(AROUND);
        let shown: String = text
            .chars()
            .skip(from)
            .take(2 * AROUND)
            .map(|c| if c == '\t' { ' ' } else { c })
            .collect();
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let mark = match column {
            0 => String::new(),
            _ => format!(" {}^", " ".repeat(at - from)),
        };
        format!("\n{margin} |\n{number} | {shown}\n{margin} |{mark}")
            .trim_end()
            .to_owned()
    }
}

/// Why a file of test data could not be had: which, where in it, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError(String);

impl DataError {
    fn read(written: &Path, places: &[PathBuf], error: io::Error) -> Self {
        let mut message = format!("cannot read `{}`: {error}", written.display());
        for place in places {
            message += &format!("\n --> {}", place.display());
        }
        if error.kind() == io::ErrorKind::NotFound {
            match neighbour(&places[0]) {
                Some(name) => {
                    message += &format!("\n  help: there is a file with a similar name: `{name}`");
                }
                None => {
                    message += "\n  help: a path is relative to the root of the package that has \
                                the tests";
                }
            }
            if std::env::var_os("CARGO_MANIFEST_DIR").is_none() {
                message += "\n  note: `CARGO_MANIFEST_DIR` is not set; set it to that root when \
                            you run a test binary by hand";
            }
        }
        DataError(message)
    }

    fn encoding(written: &Path, error: &std::string::FromUtf8Error) -> Self {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        DataError(format!(
            "`{}` is not UTF-8 from byte {} (line {line}) on\n  help: `itest::data::bytes` reads any file",
            written.display(),
            valid.len(),
        ))
    }
}

/// A file beside `path` with a name that may have been meant.
fn neighbour(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let names: Vec<String> = std::fs::read_dir(path.parent()?)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    similar(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for DataError {}

#[cfg(test)]
mod tests;
