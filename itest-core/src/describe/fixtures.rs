//! [`FixtureInfo`]: what there is to know of a fixture without setting it up.

use std::borrow::Cow;
use std::fmt::Write;

use crate::def::{Autouse, Binding, FixtureDef, ParamDef};
use crate::plan::{Names, Plan};
use crate::registry::{Registry, crate_of};
use crate::scope::Scope;
use crate::sort;

/// A fixture of a binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FixtureInfo {
    /// What requests say.
    pub(crate) name: Cow<'static, str>,
    /// Its path in its binary, `common::db`.
    pub(crate) path: String,
    pub(crate) scope: Scope,
    /// The tests that get it without asking: `module`, `crate`.
    pub(crate) autouse: Option<Cow<'static, str>>,
    /// Its doc comment.
    pub(crate) doc: Cow<'static, str>,
    pub(crate) file: Cow<'static, str>,
    pub(crate) line: u32,
    /// The names that it asks for.
    pub(crate) requests: Vec<Cow<'static, str>>,
    /// The path of the fixture that it stands for, in its module and below.
    pub(crate) overrides: Option<String>,
    /// Of the selected tests so many use it.
    pub(crate) used_by: usize,
    /// It is one of itest's own.
    pub(crate) builtin: bool,
}

/// Of all fixtures, in definition order, itest's own last.
pub(super) fn fixtures(registry: &Registry, plan: &Plan, main: &'static str) -> Vec<FixtureInfo> {
    let names = Names::new(registry);
    let info = |def: &&'static FixtureDef| FixtureInfo {
        name: def.name.into(),
        path: def.path(main),
        scope: def.scope,
        autouse: match def.autouse {
            Autouse::No => None,
            Autouse::Module => Some("module".into()),
            Autouse::Crate => Some("crate".into()),
        },
        doc: def.doc.into(),
        file: def.location.file.into(),
        line: def.location.line,
        requests: def.params.iter().map(requested).collect(),
        overrides: names.overridden_by(def).map(|other| other.path(main)),
        used_by: used_by(plan, def),
        builtin: is_builtin(def),
    };
    let mut all: Vec<FixtureInfo> = registry.fixtures.iter().map(info).collect();
    sort::by_key(&mut all, |info| info.builtin);
    all
}

fn is_builtin(def: &FixtureDef) -> bool {
    crate_of(def.module_path) == env!("CARGO_CRATE_NAME")
}

fn requested(param: &ParamDef) -> Cow<'static, str> {
    match param.from {
        None => param.name.into(),
        Some(Binding::Name(name)) => name.into(),
        Some(Binding::Path(def)) => def().name.into(),
    }
}

fn used_by(plan: &Plan, def: &FixtureDef) -> usize {
    let uses = |test: &&crate::plan::PlannedTest| {
        let mut reached = plan.reach(test).into_iter();
        reached.any(|node| std::ptr::eq(plan.node(node).def, def))
    };
    plan.tests.iter().filter(uses).count()
}

/// As `--fixtures` shows them.
pub(crate) fn text(fixtures: &[FixtureInfo]) -> String {
    let mut out = String::new();
    for (title, builtin) in [("Fixtures", false), ("Built-in fixtures", true)] {
        let mut some = fixtures
            .iter()
            .filter(|info| info.builtin == builtin)
            .peekable();
        if some.peek().is_none() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{title}:");
        for info in some {
            describe(&mut out, info);
        }
        out.push('\n');
    }
    if out.is_empty() {
        out.push_str("There are no fixtures.\n");
    }
    out
}

fn describe(out: &mut String, info: &FixtureInfo) {
    let head = format!("  {} ({})", info.path, info.scope);
    let _ = match info.builtin {
        true => writeln!(out, "{head}"),
        false => writeln!(out, "{head:<44} {}:{}", info.file, info.line),
    };
    let paragraph = info.doc.lines().take_while(|line| !line.trim().is_empty());
    for line in paragraph {
        let _ = writeln!(out, "      {line}");
    }
    let mut notes = Vec::new();
    if let Some(autouse) = &info.autouse {
        notes.push(match &**autouse {
            "crate" => "autouse for every test".to_owned(),
            _ => "autouse in its module".to_owned(),
        });
    }
    if let Some(other) = &info.overrides {
        notes.push(format!("overrides {other}"));
    }
    if !info.requests.is_empty() {
        notes.push(format!("asks for {}", info.requests.join(", ")));
    }
    if !info.builtin || info.used_by > 0 {
        notes.push(match info.used_by {
            0 => "not used".to_owned(),
            1 => "used by 1 test".to_owned(),
            count => format!("used by {count} tests"),
        });
    }
    if !notes.is_empty() {
        let _ = writeln!(out, "      · {}", notes.join(" · "));
    }
}
