//! [`Step`]: what a run would do, one test after the other.

use std::fmt::Write;

use crate::event::TestName;
use crate::plan::{Dep, Key, NodeId, Plan, PlannedTest, Verdict};
use crate::scope::Scope;
use crate::sort;

/// One thing that would happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Setup(Instance),
    /// A test's body.
    Test {
        test: TestName,
        /// What is set up for it, by path, in that order.
        fixtures: Vec<String>,
    },
    /// A test that would not run, and why.
    Skip {
        test: TestName,
        reason: String,
    },
    Teardown(Instance),
}

/// A fixture for a test, a group, a module …
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) fixture: String,
    pub(crate) scope: Scope,
    /// Which of its instances; empty where there is one.
    pub(crate) instance: String,
}

/// The steps of a run with one worker.
pub(super) fn steps(plan: &Plan, verdicts: &[(usize, Verdict)]) -> Vec<Step> {
    let mut walk = Walk {
        plan,
        live: Vec::new(),
        steps: Vec::new(),
    };
    for (index, verdict) in verdicts {
        let test = &plan.tests[*index];
        match verdict {
            Verdict::Run => walk.run(test),
            Verdict::LeftOut => {}
            Verdict::Ignored(reason) => walk.skip(test, "ignored", reason),
            Verdict::Skipped(reason) => walk.skip(test, "skipped", reason),
            Verdict::Required(reason) => walk.skip(test, "required", reason),
            Verdict::NotRun(reason) => walk.skip(test, "expected to fail", reason),
        }
    }
    walk.tear_down(|_, _| true);
    walk.steps
}

/// Does to names what a store does to values.
struct Walk<'p> {
    plan: &'p Plan,
    /// In the order of setup.
    live: Vec<(NodeId, Key, Instance)>,
    steps: Vec<Step>,
}

impl Walk<'_> {
    fn run(&mut self, test: &PlannedTest) {
        let live = self.live.iter().map(|(node, key, _)| (*node, *key));
        let ending = self.plan.ending(live, test);
        self.tear_down(|index, _| ending[index]);
        for &node in &test.setup {
            self.set_up(node, test);
        }
        let path = |node: &NodeId| self.path(*node, test);
        self.steps.push(Step::Test {
            test: test.name.clone(),
            fixtures: test.setup.iter().map(path).collect(),
        });
        self.tear_down(|_, key| key == Key::Test);
    }

    fn path(&self, node: NodeId, test: &PlannedTest) -> String {
        self.plan.node(node).path(test.def)
    }

    fn set_up(&mut self, node: NodeId, test: &PlannedTest) {
        let scope = self.plan.node(node).def.scope;
        let key = test.key(scope);
        if self
            .live
            .iter()
            .any(|(live, of, _)| (*live, *of) == (node, key))
        {
            return;
        }
        for dep in &self.plan.node(node).deps {
            if let Dep::Node(dep) = *dep {
                self.set_up(dep, test);
            }
        }
        let instance = Instance {
            fixture: self.path(node, test),
            scope: if key == Key::Test { Scope::Test } else { scope },
            instance: key.instance(&test.name),
        };
        self.live.push((node, key, instance.clone()));
        self.steps.push(Step::Setup(instance));
    }

    /// `ends` is told the place among the live ones.
    fn tear_down(&mut self, ends: impl Fn(usize, Key) -> bool) {
        let mut ended = Vec::new();
        for (index, one) in std::mem::take(&mut self.live).into_iter().enumerate() {
            match ends(index, one.1) {
                true => ended.push(one),
                false => self.live.push(one),
            }
        }
        ended.reverse();
        sort::by_key(&mut ended, |(_, key, _)| key.width());
        let teardowns = ended
            .into_iter()
            .map(|(.., instance)| Step::Teardown(instance));
        self.steps.extend(teardowns);
    }

    fn skip(&mut self, test: &PlannedTest, word: &str, reason: &str) {
        let reason = match reason {
            "" => word.to_owned(),
            reason => format!("{word}: {reason}"),
        };
        self.steps.push(Step::Skip {
            test: test.name.clone(),
            reason,
        });
    }
}

/// As `--setup-plan` shows them.
pub(crate) fn text(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Setup(instance) => line(&mut out, "SETUP", instance),
            Step::Teardown(instance) => line(&mut out, "TEARDOWN", instance),
            Step::Test { test, fixtures } => {
                let _ = write!(out, "        {test}");
                if !fixtures.is_empty() {
                    let _ = write!(out, " ({})", fixtures.join(", "));
                }
                out.push('\n');
            }
            Step::Skip { test, reason } => {
                let _ = writeln!(out, "        {test} ... {reason}");
            }
        }
    }
    out
}

/// In pytest's manner, as `--setup-show` has it.
fn line(out: &mut String, step: &str, instance: &Instance) {
    let (letter, indent) = match instance.scope {
        Scope::Session => ('S', 0),
        Scope::Worker => ('W', 2),
        Scope::Module => ('M', 4),
        Scope::Group => ('G', 6),
        Scope::Test => ('T', 8),
    };
    let _ = write!(out, "{:indent$}{step:8} {letter} {}", "", instance.fixture);
    // That of a test is the next one below.
    if !instance.instance.is_empty() && instance.scope != Scope::Test {
        let _ = write!(out, " ({})", instance.instance);
    }
    out.push('\n');
}
