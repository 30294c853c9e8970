//! Records as lines of JSON.

use super::{Attachment, Event, FixtureName, Leak, LeakKind, Record, RunInfo};
use crate::json::{Fields, FromJson, Object, Problem, ToJson};
use crate::outcome::Outcome;
use crate::report::base64;
use crate::report::time::{self, Timestamp};
use serde_json::Value;

impl ToJson for Record {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        object
            .field("at", &self.at)
            .optional("binary", &self.binary)
            .optional("worker", &self.worker);
        self.event.write(&mut object);
        object.end();
    }
}

impl FromJson for Record {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(Record {
            at: fields.take("at")?,
            binary: fields.optional("binary")?,
            worker: fields.optional("worker")?,
            event: Event::read(&mut fields)?,
        })
    }
}

impl ToJson for Event {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        self.write(&mut object);
        object.end();
    }
}

impl FromJson for Event {
    fn from_json(value: Value) -> Result<Self, Problem> {
        Event::read(&mut Fields::of(value)?)
    }
}

impl Event {
    fn write(&self, object: &mut Object<'_>) {
        object.field("event", &self.name());
        match self {
            Event::RunStarted(run) => run.write(object),
            Event::TestPlanned {
                test,
                file,
                line,
                markers,
            } => {
                object
                    .field("test", test)
                    .field("file", file)
                    .field("line", line)
                    .optional("markers", markers);
            }
            Event::TestIgnored {
                test,
                reason,
                skipped,
            } => {
                object
                    .field("test", test)
                    .field("reason", reason)
                    .field("skipped", skipped);
            }
            Event::TestStarted { test } | Event::CallStarted { test } => {
                object.field("test", test);
            }
            Event::SetupStarted { fixture } | Event::TeardownStarted { fixture } => {
                object.field("fixture", fixture);
            }
            Event::SetupFinished {
                fixture,
                error,
                skipped,
                duration,
                output,
            } => {
                object
                    .field("fixture", fixture)
                    .optional("error", error)
                    .optional("skipped", skipped)
                    .field("duration", duration)
                    .optional("output", output);
            }
            Event::Attached {
                test,
                fixture,
                attachment,
            } => {
                object.field("test", test).optional("fixture", fixture);
                attachment.write(object);
            }
            Event::TeardownFinished {
                fixture,
                error,
                duration,
                output,
            } => {
                object
                    .field("fixture", fixture)
                    .optional("error", error)
                    .field("duration", duration)
                    .optional("output", output);
            }
            Event::ProcessFailed { failure, output } => {
                object.field("failure", failure).optional("output", output);
            }
            Event::AttemptFailed {
                test,
                attempt,
                outcome,
            } => {
                object.field("test", test).field("attempt", attempt);
                outcome.write(object);
            }
            Event::TestLeaked { test, leaks } => {
                object.field("test", test).field("leaks", leaks);
            }
            Event::TestFinished {
                test,
                outcome,
                attempts,
                teardown_errors,
                duration,
                output,
            } => {
                object.field("test", test);
                outcome.write(object);
                object
                    .field("attempts", attempts)
                    .optional("teardown_errors", teardown_errors)
                    .field("duration", duration)
                    .optional("output", output);
            }
            Event::TestSlow { test, elapsed } => {
                object.field("test", test).field("elapsed", elapsed);
            }
            Event::RunFinished {
                duration,
                interrupted,
            } => {
                object
                    .field("duration", duration)
                    .field("interrupted", interrupted);
            }
        }
    }

    fn read(fields: &mut Fields) -> Result<Self, Problem> {
        let name: String = fields.take("event")?;
        Ok(match &*name {
            "run-started" => Event::RunStarted(Box::new(RunInfo::read(fields)?)),
            "test-planned" => Event::TestPlanned {
                test: fields.take("test")?,
                file: fields.take("file")?,
                line: fields.take("line")?,
                markers: fields.optional("markers")?,
            },
            "test-ignored" => Event::TestIgnored {
                test: fields.take("test")?,
                reason: fields.take("reason")?,
                skipped: fields.take("skipped")?,
            },
            "test-started" => Event::TestStarted {
                test: fields.take("test")?,
            },
            "setup-started" => Event::SetupStarted {
                fixture: fields.take("fixture")?,
            },
            "setup-finished" => Event::SetupFinished {
                fixture: fields.take("fixture")?,
                error: fields.optional("error")?,
                skipped: fields.optional("skipped")?,
                duration: fields.take("duration")?,
                output: fields.optional("output")?,
            },
            "attached" => Event::Attached {
                test: fields.take("test")?,
                fixture: fields.optional("fixture")?,
                attachment: Attachment::read(fields)?,
            },
            "call-started" => Event::CallStarted {
                test: fields.take("test")?,
            },
            "teardown-started" => Event::TeardownStarted {
                fixture: fields.take("fixture")?,
            },
            "teardown-finished" => Event::TeardownFinished {
                fixture: fields.take("fixture")?,
                error: fields.optional("error")?,
                duration: fields.take("duration")?,
                output: fields.optional("output")?,
            },
            "process-failed" => Event::ProcessFailed {
                failure: fields.take("failure")?,
                output: fields.optional("output")?,
            },
            "attempt-failed" => Event::AttemptFailed {
                test: fields.take("test")?,
                attempt: fields.take("attempt")?,
                outcome: Outcome::read(fields)?,
            },
            "test-leaked" => Event::TestLeaked {
                test: fields.take("test")?,
                leaks: fields.take("leaks")?,
            },
            "test-finished" => Event::TestFinished {
                test: fields.take("test")?,
                outcome: Outcome::read(fields)?,
                attempts: fields.take("attempts")?,
                teardown_errors: fields.optional("teardown_errors")?,
                duration: fields.take("duration")?,
                output: fields.optional("output")?,
            },
            "test-slow" => Event::TestSlow {
                test: fields.take("test")?,
                elapsed: fields.take("elapsed")?,
            },
            "run-finished" => Event::RunFinished {
                duration: fields.take("duration")?,
                interrupted: fields.optional("interrupted")?,
            },
            _ => return Err(Problem::unknown("event", &name)),
        })
    }
}

impl RunInfo {
    fn write(&self, object: &mut Object<'_>) {
        object
            .field("schema", &self.schema)
            .field("tests", &self.tests)
            .field("filtered_out", &self.filtered_out)
            .optional("shuffle_seed", &self.shuffle_seed)
            .field("started", &Timestamp(self.started).to_string())
            .field("version", &self.version)
            .optional("run_id", &self.run_id)
            .optional("profile", &self.profile)
            .field("binaries", &self.binaries)
            .optional("shared", &self.shared);
    }

    fn read(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(RunInfo {
            schema: fields.take("schema")?,
            tests: fields.take("tests")?,
            filtered_out: fields.take("filtered_out")?,
            shuffle_seed: fields.optional("shuffle_seed")?,
            started: time::read(&fields.take::<String>("started")?)?,
            version: fields.take("version")?,
            run_id: fields.optional("run_id")?,
            profile: fields.optional("profile")?,
            binaries: fields.take("binaries")?,
            shared: fields.optional("shared")?,
        })
    }
}

impl ToJson for FixtureName {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("path", &self.path)
            .field("location", &self.location)
            .field("scope", &self.scope)
            .optional("instance", &self.instance)
            .optional("test", &self.test)
            .end();
    }
}

impl FromJson for FixtureName {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(FixtureName {
            path: fields.take("path")?,
            location: fields.take("location")?,
            scope: fields.take("scope")?,
            instance: fields.optional("instance")?,
            test: fields.optional("test")?,
        })
    }
}

impl ToJson for Leak {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("kind", &self.kind.name())
            .field("what", &self.what)
            .end();
    }
}

impl FromJson for Leak {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let kind: String = fields.take("kind")?;
        let known = LeakKind::ALL.into_iter().find(|known| known.name() == kind);
        Ok(Leak {
            kind: known.ok_or_else(|| Problem::unknown("kind of leak", &kind))?,
            what: fields.take("what")?,
        })
    }
}

impl Attachment {
    fn write(&self, object: &mut Object<'_>) {
        let content = self.content.as_ref().map(|content| base64::encode(content));
        object
            .field("name", &self.name)
            .field("media_type", &self.media_type)
            .field("size", &self.size)
            .optional("content", &content);
    }

    fn read(fields: &mut Fields) -> Result<Self, Problem> {
        let content: Option<String> = fields.optional("content")?;
        let content = content.map(|content| {
            let bytes = base64::decode(&content);
            bytes.ok_or_else(|| Problem("`content`: this is not base64".to_owned()))
        });
        Ok(Attachment {
            name: fields.take("name")?,
            media_type: fields.take("media_type")?,
            size: fields.take("size")?,
            content: content.transpose()?.map(Into::into),
        })
    }
}
