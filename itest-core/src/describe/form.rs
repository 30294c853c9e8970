//! A [`Description`] as JSON.

#[cfg(feature = "cli")]
use serde_json::Value;

use super::fixtures::FixtureInfo;
use super::steps::{Instance, Step};
use super::{Description, Details};
#[cfg(feature = "cli")]
use crate::json::{Fields, FromJson, Problem};
use crate::json::{Object, ToJson};

impl ToJson for Description {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        object
            .field("version", &self.version)
            .field("protocol", &self.protocol);
        match &self.plan {
            Ok(summary) => object.field("plan", summary),
            Err(problem) => object.field("problem", problem),
        };
        object
            .optional("details", &self.details)
            .optional("warnings", &self.warnings)
            .end();
    }
}

#[cfg(feature = "cli")]
impl FromJson for Description {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(Description {
            version: fields.take("version")?,
            protocol: fields.optional("protocol")?,
            plan: match fields.optional("problem")? {
                Some(problem) => Err(problem),
                None => Ok(fields.take("plan")?),
            },
            details: fields.optional("details")?,
            warnings: fields.optional("warnings")?,
        })
    }
}

#[cfg(feature = "cli")]
impl FromJson for super::ask::Build {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(super::ask::Build {
            version: fields.take("version")?,
            protocol: fields.optional("protocol")?,
        })
    }
}

impl ToJson for Details {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("fixtures", &self.fixtures)
            .field("steps", &self.steps)
            .end();
    }
}

#[cfg(feature = "cli")]
impl FromJson for Details {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(Details {
            fixtures: fields.take("fixtures")?,
            steps: fields.take("steps")?,
        })
    }
}

impl ToJson for FixtureInfo {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        self.write(&mut object);
        object.end();
    }
}

impl FixtureInfo {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object
            .field("name", &self.name)
            .field("path", &self.path)
            .field("scope", &self.scope)
            .optional("autouse", &self.autouse)
            .optional("doc", &self.doc)
            .field("file", &self.file)
            .field("line", &self.line)
            .optional("requests", &self.requests)
            .optional("overrides", &self.overrides)
            .field("used_by", &self.used_by)
            .field("builtin", &self.builtin);
    }
}

#[cfg(feature = "cli")]
impl FromJson for FixtureInfo {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(FixtureInfo {
            name: fields.take("name")?,
            path: fields.take("path")?,
            scope: fields.take("scope")?,
            autouse: fields.optional("autouse")?,
            doc: fields.optional("doc")?,
            file: fields.take("file")?,
            line: fields.take("line")?,
            requests: fields.optional("requests")?,
            overrides: fields.optional("overrides")?,
            used_by: fields.take("used_by")?,
            builtin: fields.take("builtin")?,
        })
    }
}

impl ToJson for Step {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            Step::Setup(instance) => instance.write(object.field("step", &"setup")),
            Step::Test { test, fixtures } => {
                object
                    .field("step", &"test")
                    .field("test", test)
                    .field("fixtures", fixtures);
            }
            Step::Skip { test, reason } => {
                object
                    .field("step", &"skip")
                    .field("test", test)
                    .field("reason", reason);
            }
            Step::Teardown(instance) => instance.write(object.field("step", &"teardown")),
        }
        object.end();
    }
}

#[cfg(feature = "cli")]
impl FromJson for Step {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let step: String = fields.take("step")?;
        Ok(match &*step {
            "setup" => Step::Setup(Instance::read(&mut fields)?),
            "test" => Step::Test {
                test: fields.take("test")?,
                fixtures: fields.take("fixtures")?,
            },
            "skip" => Step::Skip {
                test: fields.take("test")?,
                reason: fields.take("reason")?,
            },
            "teardown" => Step::Teardown(Instance::read(&mut fields)?),
            _ => return Err(Problem::unknown("step", &step)),
        })
    }
}

impl Instance {
    fn write(&self, object: &mut Object<'_>) {
        object
            .field("fixture", &self.fixture)
            .field("scope", &self.scope)
            .optional("instance", &self.instance);
    }

    #[cfg(feature = "cli")]
    fn read(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Instance {
            fixture: fields.take("fixture")?,
            scope: fields.take("scope")?,
            instance: fields.optional("instance")?,
        })
    }
}
