//! [`Record`]: a resource as the journal has it, told from others that may take its place.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Signal;
use super::process::Identity;

/// What is to be cleaned, and how.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    Process {
        process: Identity,
        signal: Signal,
        grace: Duration,
    },
    ProcessGroup {
        leader: Identity,
        /// The OS session of its processes: a later group of the same number may have another.
        session: u32,
        signal: Signal,
        grace: Duration,
    },
    Directory {
        path: Text,
        /// Device and number of the directory, if it was there.
        node: Option<(u64, u64)>,
    },
    Container {
        engine: Engine,
        id: String,
    },
    LabelledContainers {
        engine: Engine,
        label: String,
    },
}

/// A container engine's command line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Engine {
    pub(super) program: Text,
    /// The variables that say which engine it talks to.
    pub(super) environment: Vec<(String, Text)>,
}

/// Text of the system, which need not be UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    Utf8(String),
    Bytes(Vec<u8>),
}

impl Text {
    pub(super) fn to_os(&self) -> OsString {
        match self {
            Text::Utf8(text) => text.into(),
            #[cfg(unix)]
            Text::Bytes(bytes) => {
                use std::os::unix::ffi::OsStringExt;
                OsString::from_vec(bytes.clone())
            }
            #[cfg(not(unix))]
            Text::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
        }
    }

    pub(super) fn to_path(&self) -> PathBuf {
        self.to_os().into()
    }
}

impl From<&OsStr> for Text {
    fn from(text: &OsStr) -> Self {
        match text.to_str() {
            Some(text) => Text::Utf8(text.to_owned()),
            None => Text::Bytes(text.as_encoded_bytes().to_vec()),
        }
    }
}

impl From<&Path> for Text {
    fn from(path: &Path) -> Self {
        path.as_os_str().into()
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Record::Process { process, .. } => write!(f, "process {}", process.pid),
            Record::ProcessGroup { leader, .. } => write!(f, "process group {}", leader.pid),
            Record::Directory { path, .. } => {
                write!(f, "directory `{}`", path.to_path().display())
            }
            Record::Container { id, .. } => write!(f, "container `{id}`"),
            Record::LabelledContainers { label, .. } => {
                write!(f, "containers labelled `{label}`")
            }
        }
    }
}
