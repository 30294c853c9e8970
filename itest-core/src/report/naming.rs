//! [`Naming`]: what a test is called in a report of one binary, or of several.

use crate::event::{Record, RunInfo, TestName};

/// Knows whether names alone tell tests apart.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Naming {
    several: bool,
}

impl Naming {
    pub(super) fn of(run: &RunInfo) -> Self {
        Naming {
            several: run.binaries.len() > 1,
        }
    }

    /// For people: `api::creates_user`, or with its binary, `shop::tests api::creates_user`.
    pub(super) fn name(self, record: &Record, name: &TestName) -> TestName {
        self.joined(record, " ", name)
    }

    /// For readers of libtest's formats, as nextest writes it there: `shop::tests$creates_user`.
    pub(super) fn dollar(self, record: &Record, name: &TestName) -> TestName {
        self.joined(record, "$", name)
    }

    fn joined(self, record: &Record, by: &str, name: &TestName) -> TestName {
        if self.several && !record.binary.is_empty() {
            format!("{}{by}{name}", record.binary).into()
        } else {
            name.clone()
        }
    }
}
