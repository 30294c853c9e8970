//! A [`Summary`] as JSON.

#[cfg(feature = "cli")]
use serde_json::Value;

use super::{SuiteTest, Summary};
#[cfg(feature = "cli")]
use crate::json::{Fields, FromJson, Problem};
use crate::json::{Object, ToJson};

impl ToJson for Summary {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        object
            .field("tests", &self.tests)
            .field("filtered_out", &self.filtered_out)
            .optional("has_files", &self.has_files)
            .field("runtime_threads", &self.runtime_threads);
        #[cfg(unix)]
        object.optional("session", &self.session);
        object.end();
    }
}

#[cfg(feature = "cli")]
impl FromJson for Summary {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(Summary {
            tests: fields.take("tests")?,
            filtered_out: fields.take("filtered_out")?,
            has_files: fields.optional("has_files")?,
            runtime_threads: fields.take("runtime_threads")?,
            #[cfg(unix)]
            session: fields.optional("session")?,
        })
    }
}

impl ToJson for SuiteTest {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("name", &self.name)
            .field("file", &self.file)
            .field("line", &self.line)
            .optional("markers", &self.markers)
            .field("verdict", &self.verdict)
            .optional("locks", &self.locks)
            .optional("instances", &self.instances)
            .optional("worker_fixtures", &self.worker_fixtures)
            .optional("session", &self.session)
            .optional("registered", &self.registered)
            .end();
    }
}

#[cfg(feature = "cli")]
impl FromJson for SuiteTest {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(SuiteTest {
            name: fields.take("name")?,
            file: fields.take("file")?,
            line: fields.take("line")?,
            markers: fields.optional("markers")?,
            verdict: fields.take("verdict")?,
            locks: fields.optional("locks")?,
            instances: fields.optional("instances")?,
            worker_fixtures: fields.optional("worker_fixtures")?,
            session: fields.optional("session")?,
            registered: fields.optional("registered")?,
        })
    }
}
