//! What is registered, as JSON.

use serde_json::Value;

use super::Signal;
use super::process::Identity;
use super::record::{Engine, Record, Text};
use crate::json::{Fields, FromJson, Object, Problem, ToJson};

impl ToJson for Record {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        match self {
            Record::Process {
                process,
                signal,
                grace,
            } => object
                .field("kind", &"process")
                .field("process", process)
                .field("signal", signal)
                .field("grace", grace),
            Record::ProcessGroup {
                leader,
                session,
                signal,
                grace,
            } => object
                .field("kind", &"process-group")
                .field("leader", leader)
                .field("session", session)
                .field("signal", signal)
                .field("grace", grace),
            Record::Directory { path, node } => object
                .field("kind", &"directory")
                .field("path", path)
                .field("node", node),
            Record::Container { engine, id } => object
                .field("kind", &"container")
                .field("engine", engine)
                .field("id", id),
            Record::LabelledContainers { engine, label } => object
                .field("kind", &"labelled-containers")
                .field("engine", engine)
                .field("label", label),
        };
        object.end();
    }
}

impl FromJson for Record {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        let kind: String = fields.take("kind")?;
        Ok(match &*kind {
            "process" => Record::Process {
                process: fields.take("process")?,
                signal: fields.take("signal")?,
                grace: fields.take("grace")?,
            },
            "process-group" => Record::ProcessGroup {
                leader: fields.take("leader")?,
                session: fields.take("session")?,
                signal: fields.take("signal")?,
                grace: fields.take("grace")?,
            },
            "directory" => Record::Directory {
                path: fields.take("path")?,
                node: fields.take("node")?,
            },
            "container" => Record::Container {
                engine: fields.take("engine")?,
                id: fields.take("id")?,
            },
            "labelled-containers" => Record::LabelledContainers {
                engine: fields.take("engine")?,
                label: fields.take("label")?,
            },
            _ => return Err(Problem::unknown("kind", &kind)),
        })
    }
}

impl ToJson for Engine {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("program", &self.program)
            .field("environment", &self.environment)
            .end();
    }
}

impl FromJson for Engine {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(Engine {
            program: fields.take("program")?,
            environment: fields.take("environment")?,
        })
    }
}

/// A string, or the bytes as numbers.
impl ToJson for Text {
    fn to_json(&self, out: &mut String) {
        match self {
            Text::Utf8(text) => text.to_json(out),
            Text::Bytes(bytes) => {
                let numbers: Vec<u32> = bytes.iter().map(|byte| u32::from(*byte)).collect();
                numbers.to_json(out);
            }
        }
    }
}

impl FromJson for Text {
    fn from_json(value: Value) -> Result<Self, Problem> {
        if value.is_string() {
            return String::from_json(value).map(Text::Utf8);
        }
        let mut bytes = Vec::new();
        for number in Vec::<u32>::from_json(value)? {
            let byte = u8::try_from(number);
            bytes.push(byte.map_err(|_| Problem(format!("{number} is no byte")))?);
        }
        Ok(Text::Bytes(bytes))
    }
}

impl ToJson for Identity {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("pid", &self.pid)
            .field("started", &self.started)
            .end();
    }
}

impl FromJson for Identity {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let mut fields = Fields::of(value)?;
        Ok(Identity {
            pid: fields.take("pid")?,
            started: fields.take("started")?,
        })
    }
}

impl ToJson for Signal {
    fn to_json(&self, out: &mut String) {
        let name = match self {
            Signal::Terminate => "terminate",
            Signal::Interrupt => "interrupt",
            Signal::Quit => "quit",
            Signal::Kill => "kill",
        };
        name.to_json(out);
    }
}

impl FromJson for Signal {
    fn from_json(value: Value) -> Result<Self, Problem> {
        let name = String::from_json(value)?;
        Ok(match &*name {
            "terminate" => Signal::Terminate,
            "interrupt" => Signal::Interrupt,
            "quit" => Signal::Quit,
            "kill" => Signal::Kill,
            _ => return Err(Problem::unknown("signal", &name)),
        })
    }
}
