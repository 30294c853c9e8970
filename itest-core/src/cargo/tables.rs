//! `cargo itest list`, `fixtures` and `plan`: what there is, without running it.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use super::Stop;
use super::found::{self, Looked};
use super::plain::Plain;
use super::words::Words;
use crate::describe::fixtures::{self, FixtureInfo};
use crate::describe::steps::{self, Step};
use crate::describe::{Details, Wanted};
use crate::event::{BinaryId, TestName};
use crate::json::{self, Object, ToJson};
use crate::plan::Verdict;
use crate::run::suite::{Suite, SuiteTest, Summary};
use crate::run::{Alone, Broken, FAILED, say};

/// What was found of the selection's binaries.
#[derive(Default)]
struct Findings {
    full: Vec<Full>,
    alone: Vec<Plain>,
    is_broken: bool,
}

/// A binary that describes itself.
struct Full {
    id: BinaryId,
    summary: Summary,
    details: Option<Details>,
}

/// Builds, and looks at all binaries. Those that are broken are told to the user.
fn look(words: &Words, wanted: Wanted) -> Result<Findings, Stop> {
    let mut findings = Findings::default();
    for looked in found::look(words, wanted)?.into_iter().flatten() {
        if let Err(broken) = findings.take(looked, words) {
            let Broken {
                failure, output, ..
            } = *broken;
            say(&format!("error: {failure}"));
            if !output.is_empty() {
                say(output.trim_end());
            }
            findings.is_broken = true;
        }
    }
    Ok(findings)
}

impl Findings {
    fn take(&mut self, looked: Looked, words: &Words) -> Result<(), Box<Broken>> {
        match looked {
            Looked::Full(binary, mut description) => {
                let details = description.details.take();
                let Suite { id, summary, .. } = binary.suite(description, words)?;
                self.full.push(Full {
                    id,
                    summary,
                    details,
                });
            }
            Looked::Alone(plain) => self.alone.push(plain),
            Looked::Broken(broken) => return Err(broken),
        }
        Ok(())
    }

    fn code(&self) -> ExitCode {
        match self.is_broken {
            true => ExitCode::from(FAILED),
            false => ExitCode::SUCCESS,
        }
    }
}

/// A test, as `list --json` has it.
struct Listed<'a> {
    binary: &'a str,
    test: &'a TestName,
    file: Option<&'a str>,
    line: Option<u32>,
    markers: &'a [Cow<'static, str>],
    /// What a run would do: `run`, `ignored`, `skipped`, `required`, `not-run`.
    state: &'static str,
    reason: &'a str,
}

impl ToJson for Listed<'_> {
    fn to_json(&self, out: &mut String) {
        Object::begin(out)
            .field("binary", &self.binary)
            .field("test", self.test)
            .optional("file", &self.file)
            .optional("line", &self.line)
            .optional("markers", &self.markers)
            .field("state", &self.state)
            .optional("reason", &self.reason)
            .end();
    }
}

impl<'a> Listed<'a> {
    fn of(binary: &'a str, test: &'a SuiteTest) -> Option<Self> {
        let (state, reason) = match &test.verdict {
            Verdict::LeftOut => return None,
            Verdict::Run => ("run", ""),
            Verdict::Ignored(reason) => ("ignored", reason.as_str()),
            Verdict::Skipped(reason) => ("skipped", reason.as_str()),
            Verdict::Required(reason) => ("required", reason.as_str()),
            Verdict::NotRun(reason) => ("not-run", reason.as_str()),
        };
        Some(Listed {
            binary,
            test: &test.name,
            file: Some(&test.file),
            line: Some(test.line),
            markers: &test.markers,
            state,
            reason,
        })
    }

    /// Of a binary that tells names and no more.
    fn of_alone(plain: &'a Plain, test: &'a TestName) -> Self {
        Listed {
            binary: plain.id(),
            test,
            file: None,
            line: None,
            markers: &[],
            state: match plain.is_ignored(test) {
                true => "ignored",
                false => "run",
            },
            reason: "",
        }
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{} {}", self.binary, self.test)?;
        match (self.state, self.reason) {
            ("run", _) => writeln!(out),
            (state, "") => writeln!(out, " ... {state}"),
            (state, reason) => writeln!(out, " ... {state}, {reason}"),
        }
    }
}

/// `cargo itest list`
pub(super) fn list(words: &Words) -> Result<ExitCode, Stop> {
    let findings = look(words, Wanted::Plan)?;
    let alone = findings.alone.iter();
    let alone = alone.flat_map(|plain| {
        plain
            .tests()
            .iter()
            .map(|test| Listed::of_alone(plain, test))
    });
    let full = findings.full.iter().flat_map(|full| {
        let tests = full.summary.tests.iter();
        tests.filter_map(|test| Listed::of(&full.id, test))
    });
    let all: Vec<Listed<'_>> = alone.chain(full).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    if words.json {
        lines(&mut out, &all)?;
    } else {
        for listed in &all {
            listed.write(&mut out)?;
        }
        let not_run = all.iter().filter(|listed| listed.state != "run").count();
        let binaries = findings.alone.len() + findings.full.len();
        writeln!(
            out,
            "\n{} in {}, {not_run} not to be run",
            count(all.len(), "test", "tests"),
            count(binaries, "binary", "binaries")
        )?;
    }
    out.flush()?;
    Ok(findings.code())
}

/// A fixture, and the binaries that have it.
struct Shared {
    info: FixtureInfo,
    binaries: Vec<BinaryId>,
}

impl ToJson for Shared {
    fn to_json(&self, out: &mut String) {
        let mut object = Object::begin(out);
        self.info.write(&mut object);
        object.field("binaries", &self.binaries).end();
    }
}

/// `cargo itest fixtures`
pub(super) fn fixtures(words: &Words) -> Result<ExitCode, Stop> {
    let mut findings = look(words, Wanted::Details)?;
    let mut all: Vec<Shared> = Vec::new();
    for full in &mut findings.full {
        let details = full.details.take();
        for info in details.into_iter().flat_map(|details| details.fixtures) {
            let known = all.iter_mut().find(|known| {
                let known = &known.info;
                (&known.path, &known.file, known.line) == (&info.path, &info.file, info.line)
            });
            match known {
                Some(known) => {
                    known.info.used_by += info.used_by;
                    known.binaries.push(full.id.clone());
                }
                None => all.push(Shared {
                    info,
                    binaries: vec![full.id.clone()],
                }),
            }
        }
    }
    let mut out = BufWriter::new(io::stdout().lock());
    if words.json {
        lines(&mut out, &all)?;
    } else {
        let all: Vec<FixtureInfo> = all.into_iter().map(|shared| shared.info).collect();
        out.write_all(fixtures::text(&all).as_bytes())?;
    }
    out.flush()?;
    Ok(findings.code())
}

/// `cargo itest plan`
pub(super) fn plan(words: &Words) -> Result<ExitCode, Stop> {
    let mut findings = look(words, Wanted::Details)?;
    let mut all: Vec<(BinaryId, Vec<Step>)> = Vec::new();
    for plain in &findings.alone {
        let steps = plain
            .tests()
            .iter()
            .map(|test| match plain.is_ignored(test) {
                true => Step::Skip {
                    test: test.clone(),
                    reason: "ignored".to_owned(),
                },
                false => Step::Test {
                    test: test.clone(),
                    fixtures: Vec::new(),
                },
            });
        all.push((plain.id().clone(), steps.collect()));
    }
    for full in &mut findings.full {
        let details = full.details.take();
        let steps = details.map(|details| details.steps);
        all.push((full.id.clone(), steps.unwrap_or_default()));
    }
    all.retain(|(_, steps)| !steps.is_empty());
    let mut out = BufWriter::new(io::stdout().lock());
    if words.json {
        plan_as_json(&mut out, &all)?;
    } else {
        for (binary, steps) in &all {
            writeln!(out, "{binary}:\n{}", steps::text(steps))?;
        }
    }
    out.flush()?;
    Ok(findings.code())
}

/// A step in a line, so that a difference of two plans is one of lines.
fn plan_as_json(out: &mut impl Write, all: &[(BinaryId, Vec<Step>)]) -> io::Result<()> {
    write!(out, "[")?;
    for (number, (binary, steps)) in all.iter().enumerate() {
        let comma = if number > 0 { "," } else { "" };
        let binary = json::write(binary);
        writeln!(out, "{comma}\n  {{ \"binary\": {binary}, \"steps\": [")?;
        for (number, step) in steps.iter().enumerate() {
            let comma = if number + 1 < steps.len() { "," } else { "" };
            writeln!(out, "    {}{comma}", json::write(step))?;
        }
        write!(out, "  ] }}")?;
    }
    writeln!(out, "\n]")
}

fn lines<T: ToJson>(out: &mut impl Write, all: &[T]) -> io::Result<()> {
    for one in all {
        writeln!(out, "{}", json::write(one))?;
    }
    Ok(())
}

fn count(number: usize, one: &str, more: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {more}"),
    }
}
