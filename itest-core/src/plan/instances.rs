//! [`Instance`]: what becomes of a test function that is run for several values.

use super::problem::{Problem, Problems};
use super::{Chosen, files};
use crate::def::{CaseDef, SetDef, TestDef};
use crate::event::TestName;

/// One combination of the values of a test's sets.
#[derive(Debug, Clone, Default)]
pub(super) struct Instance {
    /// `::case_1::x_2_b`: what is known when it is compiled.
    path: String,
    /// `users.json`: what is known only now.
    ids: Vec<String>,
    /// One per set.
    pub(super) chosen: Vec<Chosen>,
    /// The `#[case]`, with what is said of it alone.
    pub(super) case: Option<&'static CaseDef>,
}

impl Instance {
    /// What the instance of that function is called where fixtures have the values `params`.
    pub(super) fn name(&self, function: &str, params: &[&str]) -> TestName {
        // Most tests have neither, and formatting takes longer than the rest of their planning.
        if self.path.is_empty() && self.ids.is_empty() && params.is_empty() {
            return function.into();
        }
        let mut name = format!("{function}{}", self.path);
        let ids = self.ids.iter().map(|id| &**id);
        let ids: Vec<&str> = params.iter().copied().chain(ids).collect();
        if !ids.is_empty() {
            name.push_str(&format!("[{}]", ids.join("-")));
        }
        name.into()
    }
}

/// All of a test with sets, the values of the last set one after the other.
pub(super) fn of(def: &'static TestDef, function: &str, problems: &mut Problems) -> Vec<Instance> {
    let mut all = vec![Instance::default()];
    for set in def.sets {
        let values = values(set, function, problems);
        let mut extended = Vec::with_capacity(all.len() * values.len());
        for before in &all {
            extended.extend(values.iter().map(|value| before.with(value)));
        }
        all = extended;
    }
    all
}

/// One value of a set.
struct Value {
    name: String,
    chosen: Chosen,
    case: Option<&'static CaseDef>,
}

fn values(set: &'static SetDef, function: &str, problems: &mut Problems) -> Vec<Value> {
    let indexed = |(index, name): (usize, &'static str), case| Value {
        name: name.to_owned(),
        chosen: Chosen::Index(index),
        case,
    };
    match set {
        SetDef::Cases(cases) => {
            let cases = cases.iter().enumerate();
            let cases = cases.map(|(index, case)| indexed((index, case.name), Some(case)));
            cases.collect()
        }
        SetDef::Values(names) => {
            let names = names.iter().copied().enumerate();
            names.map(|value| indexed(value, None)).collect()
        }
        SetDef::Files(def) => match files::of(def) {
            Ok(files) => files
                .into_iter()
                .map(|file| Value {
                    name: file.id,
                    chosen: Chosen::File(file.path),
                    case: None,
                })
                .collect(),
            Err((message, note)) => {
                problems.push(
                    format!("files {}", def.location),
                    Problem::new(message, def.location)
                        .label(format!("requested by `{function}`"))
                        .note(note)
                        .help("a pattern is relative to the root of the package"),
                );
                Vec::new()
            }
        },
    }
}

impl Instance {
    fn with(&self, value: &Value) -> Instance {
        let mut instance = self.clone();
        match value.chosen {
            Chosen::File(_) => instance.ids.push(value.name.clone()),
            Chosen::Index(_) | Chosen::Given(_) => {
                instance.path.push_str("::");
                instance.path.push_str(&value.name);
            }
        }
        instance.chosen.push(value.chosen.clone());
        instance.case = instance.case.or(value.case);
        instance
    }
}
