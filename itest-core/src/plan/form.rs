//! What is told of a plan to other processes, as JSON.

use std::borrow::Cow;

use serde_json::Value;

use super::{HeldLock, Verdict};
use crate::json::{Fields, FromJson, Object, Problem, ToJson};

impl ToJson for Cow<'static, [HeldLock]> {
    fn to_json(&self, out: &mut String) {
        (**self).to_json(out);
    }

    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

#[cfg(feature = "cli")]
impl FromJson for Cow<'static, [HeldLock]> {
    fn from_json(value: Value) -> Result<Self, Problem> {
        Vec::from_json(value).map(Cow::Owned)
    }
}

impl ToJson for HeldLock {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("name", &self.name)
            .field("exclusive", &self.exclusive)
            .end();
    }
}

impl FromJson for HeldLock {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(HeldLock {
            name: fields.take("name")?,
            exclusive: fields.take("exclusive")?,
        })
    }
}

impl ToJson for Verdict {
    fn to_json(&self, out: &mut String) {
        let (name, reason) = match self {
            Verdict::Run => ("run", ""),
            Verdict::LeftOut => ("left-out", ""),
            Verdict::Ignored(reason) => ("ignored", &**reason),
            Verdict::Skipped(reason) => ("skipped", &**reason),
            Verdict::Required(reason) => ("required", &**reason),
            Verdict::NotRun(reason) => ("not-run", &**reason),
        };
        Object::begin(out)
            .field("verdict", &name)
            .optional("reason", &reason)
            .end();
    }
}

#[cfg(feature = "cli")]
impl FromJson for Verdict {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let name: String = fields.take("verdict")?;
        let reason = fields.optional("reason")?;
        Ok(match &*name {
            "run" => Verdict::Run,
            "left-out" => Verdict::LeftOut,
            "ignored" => Verdict::Ignored(reason),
            "skipped" => Verdict::Skipped(reason),
            "required" => Verdict::Required(reason),
            "not-run" => Verdict::NotRun(reason),
            _ => return Err(Problem::unknown("verdict", &name)),
        })
    }
}
