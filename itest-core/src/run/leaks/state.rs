//! [`State`]: what a process has, and [`Found`]: what it has more than before.

use std::ffi::OsString;
use std::path::PathBuf;

use super::process::{self, Child, Descriptor, Environment};
use crate::cli::{Leaks, Level};
use crate::event::{Leak, LeakKind, TestName};
use crate::report::names;
use crate::run::runtime;
use crate::sort;

type Variables = Vec<(OsString, OsString)>;

/// What a process has.
#[derive(Debug)]
pub(super) struct State {
    directory: Option<PathBuf>,
    /// In the system's order.
    variables: Variables,
    /// The same as C has them, where that could be told.
    glance: Option<Environment>,
    /// Of what is changed on purpose: those that are gone.
    removed: Vec<OsString>,
    descriptors: Vec<Descriptor>,
    children: Vec<u32>,
    /// Of the shared async runtime.
    pub(super) tasks: usize,
}

impl State {
    pub(super) const NOTHING: State = State {
        directory: None,
        variables: Vec::new(),
        glance: None,
        removed: Vec::new(),
        descriptors: Vec::new(),
        children: Vec::new(),
        tasks: 0,
    };

    pub(super) fn now() -> Self {
        State {
            directory: std::env::current_dir().ok(),
            variables: std::env::vars_os().collect(),
            glance: process::environment(),
            removed: Vec::new(),
            descriptors: process::descriptors(),
            children: process::children(),
            tasks: runtime::tasks(),
        }
    }

    /// Whether it has nothing at all.
    pub(super) fn is_nothing(&self) -> bool {
        self.directory.is_none()
            && self.variables.is_empty()
            && self.removed.is_empty()
            && self.descriptors.is_empty()
            && self.children.is_empty()
            && self.tasks == 0
    }

    /// Whether the process certainly has what it had, as far as `levels` want to know, by what is
    /// cheap to ask: more is not needed after most tests.
    pub(super) fn is_unchanged(&self, levels: &Leaks) -> bool {
        let is_off = |kind| levels.of(kind) == Level::Off;
        let directory = self.directory.as_deref();
        let glance = self.glance.as_ref();
        (is_off(LeakKind::Cwd) || directory.is_some_and(process::is_directory))
            && (is_off(LeakKind::Env) || glance.is_some_and(Environment::is_unchanged))
            && (is_off(LeakKind::Fds)
                // Whether each is what it was takes a closer look.
                || levels.of(LeakKind::Fds) != Level::Deny
                    && process::count_descriptors() == Some(self.descriptors.len()))
            && (is_off(LeakKind::Children) || self.children.is_empty() && !process::has_children())
            && (is_off(LeakKind::Tasks) || runtime::tasks() == self.tasks)
    }

    /// Adds what `after` has that `before` has not; tasks are counted elsewhere.
    pub(super) fn take_over(&mut self, before: &State, after: &State) {
        if before.directory != after.directory {
            self.directory.clone_from(&after.directory);
        }
        for (name, value) in changes(&before.variables, &after.variables) {
            self.variables.retain(|(known, _)| *known != name);
            self.removed.retain(|known| *known != name);
            match value {
                Some(value) => self.variables.push((name, value)),
                None => self.removed.push(name),
            }
        }
        let new = |it: &&Descriptor| !before.descriptors.contains(it);
        let descriptors = after.descriptors.iter().filter(new).cloned();
        self.descriptors.extend(descriptors);
        let new = |it: &&u32| !before.children.contains(it);
        self.children
            .extend(after.children.iter().filter(new).copied());
    }

    /// What the process has now that was not there before, nor is in `ours`; and whether this
    /// state still describes it.
    pub(super) fn compare(&mut self, ours: &State, levels: &Leaks) -> (Found, bool) {
        let is_on = |kind| levels.of(kind) != Level::Off;
        let mut found = Found::default();
        let mut is_same = ours.is_nothing();
        if is_on(LeakKind::Cwd) {
            let now = std::env::current_dir().ok();
            if now != self.directory && (ours.directory.is_none() || now != ours.directory) {
                found.directory = Some((self.directory.clone(), now));
            }
        }
        let glance = self.glance.as_ref();
        if is_on(LeakKind::Env) && !glance.is_some_and(Environment::is_unchanged) {
            let now: Variables = std::env::vars_os().collect();
            if now != self.variables {
                is_same = false;
                found.variables = self.changed_variables(ours, &now);
            } else if let Some(now) = process::environment() {
                // What was put back stands somewhere else.
                self.glance = Some(now);
            }
        }
        if is_on(LeakKind::Fds) {
            // To list them takes longer than all the rest.
            let is_exact = levels.of(LeakKind::Fds) == Level::Deny;
            if is_exact || process::count_descriptors() != Some(self.descriptors.len()) {
                found.descriptors = process::descriptors();
                is_same &= found.descriptors == self.descriptors;
                let known = |it: &Descriptor| match is_exact {
                    true => self.descriptors.contains(it),
                    // Where their number stayed, one may have taken another's place unseen.
                    false => self
                        .descriptors
                        .iter()
                        .any(|known| known.is_at_place_of(it)),
                };
                let ours = &ours.descriptors;
                found
                    .descriptors
                    .retain(|it| !known(it) && !ours.contains(it));
            }
        }
        if is_on(LeakKind::Children) {
            let known = |pid: &u32| self.children.contains(pid) || ours.children.contains(pid);
            let now = process::children();
            is_same &= now == self.children;
            let new = now
                .into_iter()
                .filter(|pid| !known(pid))
                .filter_map(Child::of);
            found.children = new.collect();
        }
        found.tasks_before = self.tasks + ours.tasks;
        if is_on(LeakKind::Tasks) {
            let now = runtime::tasks();
            is_same &= now == self.tasks;
            found.tasks = now.saturating_sub(found.tasks_before);
        }
        (found, is_same)
    }

    fn changed_variables(&self, ours: &State, now: &Variables) -> Vec<(OsString, Change)> {
        let mut expected = self.variables.clone();
        expected.retain(|(name, _)| {
            !ours.removed.contains(name) && ours.variables.iter().all(|(known, _)| known != name)
        });
        expected.extend_from_slice(&ours.variables);
        let changes = changes(&expected, now).into_iter();
        let was_there = |name: &OsString| expected.iter().any(|(known, _)| known == name);
        let named = changes.map(|(name, value)| {
            let change = match value {
                None => Change::Removed,
                Some(_) if was_there(&name) => Change::Changed,
                Some(_) => Change::Set,
            };
            (name, change)
        });
        named.collect()
    }
}

/// Each name that has another value, or none, by name.
fn changes(before: &Variables, after: &Variables) -> Vec<(OsString, Option<OsString>)> {
    if before == after {
        return Vec::new();
    }
    let mut changes = Vec::new();
    for (name, _) in before {
        if !after.iter().any(|(known, _)| known == name) {
            changes.push((name.clone(), None));
        }
    }
    for variable in after {
        if !before.contains(variable) {
            let (name, value) = variable.clone();
            changes.push((name, Some(value)));
        }
    }
    sort::ascending(&mut changes);
    changes
}

/// What has become of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Set,
    Removed,
    Changed,
}

/// What there is more than before.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// What it was, and what it is.
    directory: Option<(Option<PathBuf>, Option<PathBuf>)>,
    variables: Vec<(OsString, Change)>,
    descriptors: Vec<Descriptor>,
    children: Vec<Child>,
    tasks: usize,
    tasks_before: usize,
    /// Tests that may have spawned them as well.
    others: Vec<TestName>,
}

/// How often what is ending gets a chance to end.
const ROUNDS: usize = 100;

/// The same, where a child has been killed and is not dead yet.
const ROUNDS_FOR_KILLED: usize = 10_000;

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.directory.is_none() && self.variables.is_empty() && !self.may_pass()
    }

    /// Whether something is there that may be about to end.
    fn may_pass(&self) -> bool {
        !self.descriptors.is_empty() || !self.children.is_empty() || self.tasks > 0
    }

    /// Takes what may be a wide fixture's.
    pub(super) fn take_ambiguous(&mut self, other: &mut Found) {
        self.descriptors = std::mem::take(&mut other.descriptors);
        self.tasks = std::mem::take(&mut other.tasks);
        self.tasks_before = other.tasks_before;
    }

    /// Whether it has tasks; they can be counted, but not told apart.
    pub(super) fn has_tasks(&self) -> bool {
        self.tasks > 0
    }

    /// Answers for all tasks that are more than those before.
    pub(super) fn answer_for_tasks(&mut self, before: usize, others: Vec<TestName>) {
        self.tasks = runtime::tasks().saturating_sub(before);
        self.tasks_before = before;
        self.others = others;
    }

    /// Somebody else answers for its tasks.
    pub(super) fn forget_tasks(&mut self) {
        self.tasks = 0;
    }

    /// Lets end what is ending: tasks that were aborted, connections whose other side is gone,
    /// children that were killed and are waited for by the runtime.
    pub(super) fn wait(&mut self) {
        self.wait_for(ROUNDS);
    }

    /// The same for what is looked at again some time: it need not all have ended.
    pub(super) fn wait_a_little(&mut self) {
        self.wait_for(ROUNDS / 10);
    }

    fn wait_for(&mut self, rounds: usize) {
        for round in 0..ROUNDS_FOR_KILLED {
            self.descriptors.retain(Descriptor::is_open);
            self.children.retain_mut(Child::is_there);
            let tasks = runtime::tasks().saturating_sub(self.tasks_before);
            self.tasks = self.tasks.min(tasks);
            let is_over = round >= rounds && !self.children.iter().any(Child::is_dying);
            if is_over || !self.may_pass() || !runtime::pass() {
                return;
            }
        }
    }

    pub(super) fn leaks(&self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        let mut add = |kind, what| leaks.push(Leak { kind, what });
        if let Some((before, now)) = &self.directory {
            add(LeakKind::Cwd, told_directory(before.as_ref(), now.as_ref()));
        }
        for (name, change) in &self.variables {
            let name = name.to_string_lossy();
            let what = match change {
                Change::Set => format!("variable `{name}` is set"),
                Change::Removed => format!("variable `{name}` is removed"),
                Change::Changed => format!("variable `{name}` has another value"),
            };
            add(LeakKind::Env, what);
        }
        for descriptor in &self.descriptors {
            add(LeakKind::Fds, descriptor.to_string());
        }
        for child in &self.children {
            add(LeakKind::Children, child.to_string());
        }
        if self.tasks > 0 {
            let mut what = match self.tasks {
                1 => "an async task still runs".to_owned(),
                n => format!("{n} async tasks still run"),
            };
            if !self.others.is_empty() {
                what += &format!("; it may be of {} too", names(&self.others));
            }
            add(LeakKind::Tasks, what);
        }
        leaks
    }
}

fn told_directory(before: Option<&PathBuf>, now: Option<&PathBuf>) -> String {
    match (before, now) {
        (_, None) => "the working directory does not exist any more".to_owned(),
        (None, Some(now)) => format!("the working directory is `{}`", now.display()),
        (Some(before), Some(now)) => format!(
            "the working directory is `{}` instead of `{}`",
            now.display(),
            before.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(text: &str) -> Variables {
        let pairs = text.split_whitespace().map(|word| word.split_once('='));
        pairs
            .flatten()
            .map(|(name, value)| (name.into(), value.into()))
            .collect()
    }

    #[test]
    fn changes_of_variables() {
        let check = |before: &str, ours: &str, after: &str, expected: &[(&str, Change)]| {
            let state = State {
                variables: variables(before),
                ..State::NOTHING
            };
            let mut known = State::NOTHING;
            let between = State {
                variables: variables(ours),
                ..State::NOTHING
            };
            known.take_over(&state, &between);
            let found = state.changed_variables(&known, &variables(after));
            let expected: Vec<(OsString, Change)> = expected
                .iter()
                .map(|(name, change)| ((*name).into(), *change))
                .collect();
            assert_eq!(found, expected, "{before} / {ours} / {after}");
        };
        use Change::{Changed, Removed, Set};
        check("A=1 B=2", "A=1 B=2", "B=2 A=1", &[]);
        check("A=1", "A=1", "A=2 B=", &[("A", Changed), ("B", Set)]);
        check("A=1 B=2", "A=1 B=2", "B=2", &[("A", Removed)]);
        // What a wide fixture does does not count, unless the test undoes it.
        check("A=1", "A=2 C=3", "A=2 C=3", &[]);
        check("A=1", "C=3", "C=3", &[]);
        check("A=1", "A=2", "A=1", &[("A", Changed)]);
        check("A=1", "C=3", "A=1 C=3", &[("A", Set)]);
    }
}
