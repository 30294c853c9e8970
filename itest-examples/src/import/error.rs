//! What can go wrong with an import.
//!
//! The error of a run is an [`ImportError`]; its source is the [`StageError`] of the stage that failed;
//! below that are the causes, down to the stages that handled the record before.

use std::error::Error;

use super::trail::{Stage, Trail};
use crate::model::Invalid;

/// An import that stored nothing.
#[derive(Debug, thiserror::Error)]
#[error("import of `{name}` failed")]
pub struct ImportError {
    /// The file, or what the caller called the data.
    pub name: String,
    /// What the failing stage says.
    pub source: StageError,
}

impl ImportError {
    /// The stage that failed.
    pub fn stage(&self) -> Stage {
        self.source.stage()
    }
}

/// Why one stage failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The file cannot be read.
    #[error("loader: cannot read the file")]
    Read(#[source] std::io::Error),
    /// The file's name says neither CSV nor JSON.
    #[error("loader: unknown kind of file; expected one of: `.csv`, `.json`")]
    Kind,
    /// The data is not CSV.
    #[error("loader: the data is not CSV")]
    Csv(#[source] csv::Error),
    /// The data is not JSON.
    #[error("loader: the data is not JSON")]
    Json(#[source] serde_json::Error),
    /// The data is JSON, but neither an object nor an array of objects.
    #[error("loader: {place} is not a JSON object")]
    NotAnObject {
        /// Which record.
        place: String,
    },
    /// A field does not hold what it should.
    #[error("processor: `{field}` is `{value}`, not a whole number")]
    Number {
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// Where the record came from.
        #[source]
        trail: Trail,
    },
    /// Records break rules.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The database refused a record.
    #[error("writer: cannot store the record from {origin}")]
    Write {
        /// Where the record came from.
        origin: String,
        /// What the database says.
        source: crate::Error,
    },
    /// The database refused before or after all records.
    #[error("writer: cannot open or commit the transaction")]
    Transaction(#[source] crate::Error),
}

impl StageError {
    /// The stage that failed.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Read(_)
            | Self::Kind
            | Self::Csv(_)
            | Self::Json(_)
            | Self::NotAnObject { .. } => Stage::Loader,
            Self::Number { .. } => Stage::Processor,
            Self::Rejected(_) => Stage::Validator,
            Self::Write { .. } | Self::Transaction(_) => Stage::Writer,
        }
    }
}

/// The validator's error: every record that breaks a rule. The first is the error's source.
#[derive(Debug)]
pub struct Rejected {
    /// How many records were checked.
    pub checked: usize,
    /// At least one, in the order of the input.
    pub rejections: Vec<Rejection>,
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "validator: {} of {} records rejected",
            self.rejections.len(),
            self.checked
        )
    }
}

impl Error for Rejected {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.rejections.first().map(|rejection| rejection as _)
    }
}

/// A record that breaks rules.
#[derive(Debug, thiserror::Error)]
#[error("{}: {invalid}", .trail.origin())]
pub struct Rejection {
    /// Each field that breaks one.
    pub invalid: Invalid,
    /// Where the record came from.
    #[source]
    pub trail: Trail,
}
