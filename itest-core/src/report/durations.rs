//! [`Durations`]: the slowest tests and the slowest setups and teardowns of fixtures.

use std::io::{self, Write};
use std::time::Duration;

use super::Out;
use super::naming::Naming;
use crate::event::{Event, FixtureName, Record};
use crate::sort;

/// Collects what took time, as `--durations N` asks for.
#[derive(Debug)]
pub(super) struct Durations {
    wanted: usize,
    tests: Vec<(Duration, String)>,
    fixtures: Vec<(Duration, String)>,
}

impl Durations {
    pub(super) fn new(wanted: usize) -> Self {
        Durations {
            wanted,
            tests: Vec::new(),
            fixtures: Vec::new(),
        }
    }

    pub(super) fn are_wanted(&self) -> bool {
        self.wanted > 0
    }

    pub(super) fn record(&mut self, naming: Naming, record: &Record) {
        if self.wanted == 0 {
            return;
        }
        match &record.event {
            Event::TestFinished { test, duration, .. } => {
                let name = naming.name(record, test).to_string();
                self.tests.push((*duration, name));
            }
            Event::SetupFinished {
                fixture, duration, ..
            } => self.fixtures.push((*duration, phase("setup", fixture))),
            Event::TeardownFinished {
                fixture, duration, ..
            } => self.fixtures.push((*duration, phase("teardown", fixture))),
            _ => (),
        }
    }

    pub(super) fn write(&self, out: &mut Out) -> io::Result<()> {
        self.list(out, "slowest tests", &self.tests)?;
        self.list(out, "slowest fixtures", &self.fixtures)
    }

    fn list(&self, out: &mut Out, title: &str, all: &[(Duration, String)]) -> io::Result<()> {
        if all.is_empty() {
            return Ok(());
        }
        let mut slowest: Vec<&(Duration, String)> = all.iter().collect();
        // Of those that took the same time, the first.
        sort::by_key(&mut slowest, |(duration, _)| std::cmp::Reverse(*duration));
        write!(out, "\n{title}:\n")?;
        for (duration, name) in slowest.into_iter().take(self.wanted) {
            writeln!(out, "    {:.3}s {name}", duration.as_secs_f64())?;
        }
        Ok(())
    }
}

/// `setup    common::db (session)`, `teardown app (module api)`
fn phase(what: &str, fixture: &FixtureName) -> String {
    let (scope, path) = (fixture.scope, &fixture.path);
    match &*fixture.instance {
        "" => format!("{what:8} {path} ({scope})"),
        instance => format!("{what:8} {path} ({scope} {instance})"),
    }
}
