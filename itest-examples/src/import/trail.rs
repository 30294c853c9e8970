//! [`Trail`]: what happened to a record so far.

use std::error::Error;
use std::fmt;

/// A stage of the import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Reads.
    Loader,
    /// Transforms.
    Processor,
    /// Checks.
    Validator,
    /// Stores.
    Writer,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loader => "loader",
            Self::Processor => "processor",
            Self::Validator => "validator",
            Self::Writer => "writer",
        })
    }
}

/// The last step of a record's way through the stages, and before it the earlier ones.
///
/// An [`Error`] only so that it can be the source of one: a report then ends with where the record came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    stage: Stage,
    step: String,
    earlier: Option<Box<Self>>,
}

impl Trail {
    /// A record's first step.
    pub fn new(stage: Stage, step: impl Into<String>) -> Self {
        Self {
            stage,
            step: step.into(),
            earlier: None,
        }
    }

    /// One step further.
    pub fn then(self, stage: Stage, step: impl Into<String>) -> Self {
        Self {
            stage,
            step: step.into(),
            earlier: Some(Box::new(self)),
        }
    }

    /// The stage that took the last step.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// What the first step says: where the record came from.
    pub fn origin(&self) -> &str {
        let mut trail = self;
        while let Some(earlier) = &trail.earlier {
            trail = earlier;
        }
        &trail.step
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.step)
    }
}

impl Error for Trail {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.earlier.as_deref().map(|earlier| earlier as _)
    }
}
