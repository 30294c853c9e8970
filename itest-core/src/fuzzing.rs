//! What the fuzz targets call; in no other build.

pub use crate::cli::fuzzing::*;
pub use crate::session::fuzzing::*;
