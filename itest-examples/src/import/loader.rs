//! The first stage: a file or bytes → [`RawRecord`]s. It knows about formats, not about users.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Stage, StageError, Trail};

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file whose name ends in `.csv` or `.json`.
    File(PathBuf),
    /// CSV with a line of headings.
    Csv {
        /// What errors call it.
        name: String,
        /// The data.
        bytes: Vec<u8>,
    },
    /// A JSON object, or an array of such.
    Json {
        /// What errors call it.
        name: String,
        /// The data.
        bytes: Vec<u8>,
    },
}

impl Source {
    /// CSV that is in memory already.
    pub fn csv(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Csv {
            name: name.into(),
            bytes: bytes.into(),
        }
    }

    /// JSON that is in memory already.
    pub fn json(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Json {
            name: name.into(),
            bytes: bytes.into(),
        }
    }

    /// What errors call it: the file's name without directories, or the given name.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
            Self::Csv { name, .. } | Self::Json { name, .. } => name.clone(),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

/// Named texts, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// As in the source; what is not text there is written as JSON.
    pub fields: BTreeMap<String, String>,
    /// One step: the source and the record's place in it.
    pub trail: Trail,
}

/// Reads all records.
///
/// # Errors
/// [`StageError::Read`], [`StageError::Kind`], [`StageError::Csv`], [`StageError::Json`] or [`StageError::NotAnObject`].
pub async fn load(source: impl Into<Source>) -> Result<Vec<RawRecord>, StageError> {
    let source = source.into();
    let name = source.name();
    let records = match source {
        Source::Csv { bytes, .. } => parse_csv(&name, &bytes),
        Source::Json { bytes, .. } => parse_json(&name, &bytes),
        Source::File(path) => {
            let parse = match path.extension().and_then(|extension| extension.to_str()) {
                Some("csv") => parse_csv,
                Some("json") => parse_json,
                _ => return Err(StageError::Kind),
            };
            parse(
                &name,
                &tokio::fs::read(&path).await.map_err(StageError::Read)?,
            )
        }
    }?;
    tracing::info!(name, records = records.len(), "loaded");
    Ok(records)
}

fn parse_csv(name: &str, bytes: &[u8]) -> Result<Vec<RawRecord>, StageError> {
    let mut reader = csv::Reader::from_reader(bytes);
    let headings = reader.headers().map_err(StageError::Csv)?.clone();
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(StageError::Csv)?;
        let line = row.position().map_or(0, csv::Position::line);
        records.push(RawRecord {
            fields: headings
                .iter()
                .zip(&row)
                .map(|(heading, text)| (heading.to_owned(), text.to_owned()))
                .collect(),
            trail: Trail::new(Stage::Loader, format!("{name} line {line}")),
        });
    }
    Ok(records)
}

fn parse_json(name: &str, bytes: &[u8]) -> Result<Vec<RawRecord>, StageError> {
    let objects = match serde_json::from_slice(bytes).map_err(StageError::Json)? {
        Value::Array(values) => values,
        value => vec![value],
    };
    let text = |value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let record = |(index, value)| {
        let place = format!("{name} record {}", index + 1);
        let Value::Object(object) = value else {
            return Err(StageError::NotAnObject { place });
        };
        Ok(RawRecord {
            fields: object
                .into_iter()
                .map(|(field, value)| (field, text(value)))
                .collect(),
            trail: Trail::new(Stage::Loader, place),
        })
    };
    objects.into_iter().enumerate().map(record).collect()
}
