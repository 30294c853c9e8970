//! [`Plan`]: which tests run with which fixtures, decided before any user code runs.
//!
//! Resolves every request, checks scopes, types and access, and evaluates skip conditions. It
//! sets nothing up: that is for `run`, which follows the plan and decides nothing of its own.

mod files;
mod form;
mod instances;
mod locks;
mod lookup;
mod modules;
mod params;
#[cfg(unix)]
mod plain;
mod problem;
mod regroup;
mod resolve;
mod twice;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hasher;
use std::time::Duration;

pub(crate) use locks::{HeldLock, normalise_locks};
pub(crate) use lookup::Names;
#[cfg(unix)]
pub(crate) use plain::PlainTests;
pub(crate) use problem::{PlanError, short_type, similar};

use crate::chosen::Chosen;
use crate::cli::Args;
use crate::condition::{Conditions, SkipDef};
use crate::def::{Access, FixtureDef, Flavor, Marker, ParamDef, ShouldPanic, TestDef, Xfail};
use crate::event::TestName;
use crate::registry::{Registry, crate_of};
use crate::scope::Scope;
use crate::sort;
use instances::Instance;
use locks::{NOT_SERIAL, has_serial, taken_exclusively, takes_exclusively};
use modules::{ModuleInfo, Modules};
use problem::Problems;
use resolve::Resolver;

/// Index into [`Plan::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// The tests of a run, in definition order, and the fixtures that they need.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) tests: Vec<PlannedTest>,
    pub(crate) nodes: Vec<Node>,
    /// Tests that the filters left out.
    pub(crate) filtered_out: usize,
    /// Threads that the shared async runtime needs.
    pub(crate) runtime_threads: usize,
    /// Some test of the binary is `serial`, selected or not.
    pub(crate) has_serial: bool,
    /// Some fixture has a `#[param]`.
    has_params: bool,
}

/// A fixture with its own requests resolved.
///
/// One definition has several nodes where overriding gives it different fixtures to build on.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) def: &'static FixtureDef,
    /// One per parameter.
    pub(crate) deps: Vec<Dep>,
    /// Which value its `#[param]` has.
    pub(crate) param: Option<Param>,
    /// It, or what it builds on, is requested other than as `&T` somewhere below.
    unshared: bool,
    /// It, or what it builds on, is async.
    is_async: bool,
}

/// A value of a fixture's `#[param]`.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    /// As the names of tests have it.
    pub(crate) id: &'static str,
    pub(crate) chosen: Chosen,
    same: SameValue,
}

/// What tells a value of a fixture from its others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum SameValue {
    /// One of its own, by place.
    Own(usize),
    /// Of a `#[with]`: the module, and what is written there.
    Given(&'static str, &'static str),
}

impl Param {
    /// Tells it from other values in other processes of the run.
    pub(crate) fn identity(&self) -> String {
        match self.same {
            SameValue::Own(index) => format!("[{index}]"),
            SameValue::Given(module, written) => format!("[{module} {written}]"),
        }
    }
}

impl Node {
    /// The fixture's path as seen from a test, with the value of its parameter: `common::db[sqlite]`.
    pub(crate) fn path(&self, test: &TestDef) -> String {
        let param = self.param.as_ref().map(|param| param.id);
        path(self.def, param, test.module_path)
    }
}

/// See [`Node::path`].
pub(crate) fn path(def: &FixtureDef, param: Option<&str>, module_path: &str) -> String {
    let path = def.path(crate_of(module_path));
    match param {
        Some(param) => format!("{path}[{param}]"),
        None => path,
    }
}

/// What a parameter is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Dep {
    Node(NodeId),
    /// The built-in `request`.
    Request,
}

/// A test with everything decided.
#[derive(Debug)]
pub(crate) struct PlannedTest {
    pub(crate) def: &'static TestDef,
    pub(crate) name: TestName,
    /// The module that module-scoped fixtures live for.
    pub(crate) module: &'static str,
    /// The innermost group around it.
    pub(crate) group: Option<&'static str>,
    /// In the order of setup.
    pub(crate) setup: Vec<NodeId>,
    /// One per parameter.
    pub(crate) args: Vec<Dep>,
    /// One per set of values.
    pub(crate) chosen: Vec<Chosen>,
    /// Nodes whose value is moved into their only user.
    pub(crate) moved: Vec<NodeId>,
    /// Sorted, each once.
    pub(crate) locks: Cow<'static, [HeldLock]>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: u32,
    pub(crate) flavor: Option<Flavor>,
    pub(crate) xfail: Option<Xfail>,
    pub(crate) should_panic: Option<ShouldPanic>,
    /// `#[ignore]` with its reason.
    pub(crate) ignore: Option<&'static str>,
    /// Of the modules and groups around the test, from the outermost, then its own.
    pub(crate) markers: Vec<&'static Marker>,
    /// Of the test, then of the groups around it, innermost first.
    pub(crate) skips: Vec<&'static SkipDef>,
    /// Some of its code is async.
    pub(crate) is_async: bool,
    /// It is as [`PlainTests`] has it.
    is_plain: bool,
}

/// Whether a test runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Run,
    /// It is not among the tests of a run with `--ignored`, or the like.
    LeftOut,
    /// `#[ignore]`, and not asked for.
    Ignored(String),
    /// A skip condition holds.
    Skipped(String),
    /// A skip condition holds that `--require` does not accept.
    Required(String),
    /// `#[xfail(run = false)]`
    NotRun(String),
}

/// Which instance of a fixture a test uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    Test,
    Group(&'static str),
    Module(&'static str),
    Worker,
    Session,
}

impl Key {
    /// Orders instances that end together: narrow scopes first, inner modules before outer ones.
    pub(crate) fn width(self) -> (Scope, std::cmp::Reverse<usize>) {
        let depth = |path: &str| std::cmp::Reverse(path.matches("::").count());
        match self {
            Key::Test => (Scope::Test, depth("")),
            // A group is a module like those around it.
            Key::Group(path) | Key::Module(path) => (Scope::Module, depth(path)),
            Key::Worker => (Scope::Worker, depth("")),
            Key::Session => (Scope::Session, depth("")),
        }
    }

    /// The group's or module's path as users name it.
    pub(crate) fn instance(self, test: &TestName) -> String {
        match self {
            Key::Test => test.to_string(),
            Key::Group(path) | Key::Module(path) => match crate::registry::without_crate(path) {
                "" => "the crate root".to_owned(),
                path => path.to_owned(),
            },
            Key::Worker | Key::Session => String::new(),
        }
    }
}

impl PlannedTest {
    /// Neither the test nor its module says anything.
    pub(crate) fn says_nothing(&self) -> bool {
        self.is_plain && self.ignore.is_none() && self.should_panic.is_none()
    }

    /// The number under which [`PlainTests`] has it.
    pub(crate) fn registered(&self) -> Option<u32> {
        match self.is_plain {
            true => self.def.number.get(),
            false => None,
        }
    }

    /// There is nothing to set up for it, and nothing to give to it.
    pub(crate) fn needs_nothing(&self) -> bool {
        self.setup.is_empty() && self.args.is_empty() && self.chosen.is_empty()
    }

    /// Which instance of a fixture of that scope this test uses.
    pub(crate) fn key(&self, scope: Scope) -> Key {
        match (scope, self.group) {
            (Scope::Test, _) | (Scope::Group, None) => Key::Test,
            (Scope::Group, Some(group)) => Key::Group(group),
            (Scope::Module, _) => Key::Module(self.module),
            (Scope::Worker, _) => Key::Worker,
            (Scope::Session, _) => Key::Session,
        }
    }

    /// Whether an instance outlives the change to this test from the one before.
    pub(crate) fn is_within(&self, key: Key) -> bool {
        match key {
            Key::Test => false,
            Key::Group(path) | Key::Module(path) => {
                crate::registry::encloses(path, self.def.module_path)
            }
            Key::Worker | Key::Session => true,
        }
    }
}

impl Plan {
    /// Without tests.
    pub(crate) fn empty(runtime_threads: usize) -> Self {
        Plan {
            tests: Vec::new(),
            nodes: Vec::new(),
            filtered_out: 0,
            runtime_threads,
            has_serial: false,
            has_params: false,
        }
    }

    /// Plans the tests that `args` select.
    ///
    /// Problems of tests that are not selected are reported too, unless single tests are asked
    /// for by `--exact`: a runner that starts one process per test has listed them all before.
    ///
    /// # Errors
    /// Every problem of the binary's fixtures at once.
    pub(crate) fn new(registry: &Registry, args: &Args) -> Result<Plan, PlanError> {
        let mut problems = Problems::default();
        twice::check_fixtures(registry, &mut problems);
        if !args.exact {
            twice::check_tests(registry.tests.iter().copied(), &mut problems);
            return Plan::with(registry, args, problems);
        }
        let plan = Plan::with(registry, args, problems)?;
        let mut problems = Problems::default();
        let mut defs: Vec<_> = plan.tests.iter().map(|test| test.def).collect();
        // Instances of one test.
        sort::by_key(&mut defs, |def| std::ptr::from_ref(*def).addr());
        defs.dedup_by(|a, b| std::ptr::eq(*a, *b));
        sort::by_key(&mut defs, |def| {
            (def.location.file, def.location.line, def.location.column)
        });
        twice::check_tests(defs.into_iter(), &mut problems);
        problems.into_result().map(|()| plan)
    }

    /// Plans once more, in another process, what was planned before without a problem.
    ///
    /// # Errors
    /// None that [`Plan::new`] would not have had.
    pub(crate) fn again(registry: &Registry, args: &Args) -> Result<Plan, PlanError> {
        Plan::with(registry, args, Problems::default())
    }

    fn with(registry: &Registry, args: &Args, problems: Problems) -> Result<Plan, PlanError> {
        let mut resolver = Resolver::new(registry, problems);
        let mut modules = Modules::new(registry);
        let mut plan = Plan {
            has_serial: has_serial(registry),
            ..Plan::empty(1)
        };
        let named;
        let tests = match args.exact_names() {
            None => &registry.tests,
            Some(names) => {
                named = named_tests(registry, &mut modules, names);
                &named
            }
        };
        plan.filtered_out = registry.tests.len() - tests.len();
        plan.tests.reserve(tests.len());
        let usual = args.for_all();
        // One after the other in the same allocation; it begins with the module.
        let mut name = String::new();
        let mut begins_with = "";
        for &def in tests {
            let module = modules.get(def.module_path);
            if !std::ptr::eq(begins_with, def.module_path) {
                begins_with = def.module_path;
                name.clear();
                name.push_str(&module.prefix);
            }
            name.truncate(module.prefix.len());
            name.push_str(def.name);
            if let Some((timeout, retries)) = usual
                && resolve::is_plain(def, module)
            {
                let mut test = resolve::without_anything(def, name.as_str().into(), module);
                test.timeout = timeout;
                test.retries = retries;
                plan.tests.push(test);
                continue;
            }
            if def.sets.is_empty() {
                let only = Instance::default();
                plan.add(&mut resolver, def, &name, &only, module, args);
                continue;
            }
            for instance in instances::of(def, &name, &mut resolver.problems) {
                plan.add(&mut resolver, def, &name, &instance, module, args);
            }
        }
        plan.nodes = resolver.finish()?;
        plan.has_params = plan.nodes.iter().any(|node| node.param.is_some());
        plan.add_fixture_locks(match args.exact {
            true => taken_exclusively(registry),
            false => HashSet::new(),
        });
        plan.regroup();
        Ok(plan)
    }

    /// Adds an instance of a test, or those that it has by the values of its fixtures.
    fn add(
        &mut self,
        resolver: &mut Resolver<'_>,
        def: &'static TestDef,
        function: &str,
        instance: &Instance,
        module: &ModuleInfo,
        args: &Args,
    ) {
        let Some(test) = resolver.test(def, instance, instance.name(function, &[]), module) else {
            return;
        };
        let Some(params) = resolver.params_of(&test) else {
            return;
        };
        if params.is_empty() {
            return self.select(test, function, module, args);
        }
        for params in params {
            let ids: Vec<&str> = params.iter().map(|(_, param)| param.id).collect();
            let name = instance.name(function, &ids);
            resolver.choose(params);
            if let Some(test) = resolver.test(def, instance, name, module) {
                self.select(test, function, module, args);
            }
        }
        resolver.choose(Vec::new());
    }

    /// Adds a test if it is selected.
    fn select(&mut self, mut test: PlannedTest, function: &str, module: &ModuleInfo, args: &Args) {
        let def = test.def;
        let function = (test.name.len() > function.len()).then_some(function);
        let selected = args.selects(&test.name, function)
            && args.selects_marked(&test.name, || test.markers.clone());
        if !selected {
            self.filtered_out += 1;
            return;
        }
        let retries = module.innermost(def, |options| options.retries);
        test.retries = args.retries(&test.name, &test.markers, retries);
        test.timeout = args.timeout(&test.name, &test.markers, test.timeout);
        if let Some(xfail) = &mut test.xfail {
            xfail.strict.get_or_insert(args.strict_xfail);
        }
        if let Some(threads) = threads(def, module) {
            self.runtime_threads = self.runtime_threads.max(threads);
        }
        self.tests.push(test);
    }

    /// Some test is there because of a file.
    pub(crate) fn has_files(&self) -> bool {
        let is_file = |one: &Chosen| matches!(one, Chosen::File(_));
        for test in &self.tests {
            if !test.chosen.is_empty() && test.chosen.iter().any(is_file) {
                return true;
            }
        }
        false
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Whether tests that say nothing run, whatever the environment.
    pub(crate) fn plain_run(args: &Args) -> bool {
        args.admits(false, false) && args.runs(false)
    }

    /// Whether the test runs in this environment.
    pub(crate) fn verdict(
        &self,
        test: &PlannedTest,
        conditions: &mut Conditions,
        args: &Args,
    ) -> Verdict {
        if !test.skips.is_empty()
            && let Some(skip) = conditions.first_that_holds(test.skips.iter().copied())
        {
            return skipped(skip, skip.reason(), args);
        }
        let reached = match test.setup.as_slice() {
            [] => Vec::new(),
            _ => self.reach(test),
        };
        for id in reached {
            let def = self.node(id).def;
            if let Some(skip) = conditions.first_that_holds(def.skips) {
                let reason = format!("fixture `{}`: {}", def.name, skip.reason());
                return skipped(skip, reason, args);
            }
        }
        let ignored = test.ignore;
        if !args.admits(ignored.is_some(), test.should_panic.is_some()) {
            return Verdict::LeftOut;
        }
        if !args.runs(ignored.is_some()) {
            return Verdict::Ignored(ignored.unwrap_or_default().to_owned());
        }
        match test.xfail {
            Some(xfail) if !xfail.run => Verdict::NotRun(xfail.reason.to_owned()),
            _ => Verdict::Run,
        }
    }

    /// Every node that the test's setup reaches.
    pub(crate) fn reach(&self, test: &PlannedTest) -> Vec<NodeId> {
        reach(&self.nodes, test)
    }

    /// Of these live instances, those that end before `next` is set up.
    ///
    /// A fixture with another value than `next` needs is torn down first, and what is built on it.
    pub(crate) fn ending(
        &self,
        live: impl Iterator<Item = (NodeId, Key)>,
        next: &PlannedTest,
    ) -> Vec<bool> {
        let has_param = |id: &NodeId| self.node(*id).param.is_some();
        let wanted: Vec<_> = match self.has_params {
            true => self.reach(next).into_iter().filter(has_param).collect(),
            false => Vec::new(),
        };
        let is_other = |id: NodeId| {
            let node = self.node(id);
            let same =
                |other: &NodeId| *other != id && std::ptr::eq(self.node(*other).def, node.def);
            node.param.is_some() && !wanted.contains(&id) && wanted.iter().any(same)
        };
        live.map(|(id, key)| {
            !next.is_within(key)
                || !wanted.is_empty() && closure(&self.nodes, vec![id]).into_iter().any(is_other)
        })
        .collect()
    }

    /// A wide fixture that somebody takes as `&mut T` is a lock for all of its users.
    ///
    /// `others` are names of session fixtures that tests which were not planned may take so, in
    /// other processes of the run.
    fn add_fixture_locks(&mut self, others: HashSet<&str>) {
        if others.is_empty() && !self.is_anything_exclusive() {
            return;
        }
        let mut exclusive: HashSet<NodeId> = HashSet::new();
        for test in &self.tests {
            for (node, access) in self.accesses(test) {
                if matches!(access, Access::Exclusive) && self.node(node).def.scope > Scope::Test {
                    exclusive.insert(node);
                }
            }
        }
        let nodes = (0_u32..).map(NodeId).zip(&self.nodes);
        let of_others = nodes
            .filter(|(_, node)| node.def.scope == Scope::Session && others.contains(node.def.name));
        exclusive.extend(of_others.map(|(id, _)| id));
        if exclusive.is_empty() {
            return;
        }
        for index in 0..self.tests.len() {
            let test = &self.tests[index];
            let mut locks: HashMap<NodeId, bool> = self
                .reach(test)
                .into_iter()
                .filter(|node| exclusive.contains(node))
                .map(|node| (node, false))
                .collect();
            for (node, access) in self.accesses(test) {
                if let (Access::Exclusive, Some(held)) = (access, locks.get_mut(&node)) {
                    *held = true;
                }
            }
            let named = locks.into_iter().map(|(node, exclusive)| {
                let def = self.node(node).def;
                let mut lock = match def.scope {
                    Scope::Session => HeldLock::session_fixture(def),
                    _ => HeldLock::fixture(def, &test.key(def.scope).instance(&test.name)),
                };
                lock.exclusive = exclusive;
                lock
            });
            let named: Vec<_> = named.collect();
            let locks = self.tests[index].locks.to_mut();
            locks.extend(named);
            normalise_locks(locks);
        }
    }

    /// Whether anybody takes anything as `&mut T`.
    fn is_anything_exclusive(&self) -> bool {
        for node in &self.nodes {
            if takes_exclusively(node.def.params) {
                return true;
            }
        }
        for test in &self.tests {
            if !test.args.is_empty() && takes_exclusively(test.def.params) {
                return true;
            }
        }
        false
    }

    fn accesses(&self, test: &PlannedTest) -> Vec<(NodeId, Access)> {
        accesses(&self.nodes, test)
            .into_iter()
            .map(|one| (one.node, one.param.access))
            .collect()
    }
}

/// Every node that the test's setup reaches.
fn reach(nodes: &[Node], test: &PlannedTest) -> Vec<NodeId> {
    closure(nodes, test.setup.clone())
}

/// These nodes, and all that they are built on.
fn closure(nodes: &[Node], mut open: Vec<NodeId>) -> Vec<NodeId> {
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        if !found.contains(&id) {
            found.push(id);
            open.extend(
                nodes[id.0 as usize]
                    .deps
                    .iter()
                    .filter_map(|dep| dep.node()),
            );
        }
    }
    found
}

/// A request within one test's setup and call.
struct NodeAccess {
    /// Who asks; `None` is the test.
    by: Option<NodeId>,
    node: NodeId,
    param: &'static ParamDef,
}

fn accesses(nodes: &[Node], test: &PlannedTest) -> Vec<NodeAccess> {
    let mut all = Vec::new();
    let mut add = |by, params: &'static [ParamDef], deps: &[Dep]| {
        for (param, dep) in params.iter().zip(deps) {
            if let Dep::Node(node) = *dep {
                all.push(NodeAccess { by, node, param });
            }
        }
    };
    add(None, test.def.params, &test.args);
    for id in reach(nodes, test) {
        let node = &nodes[id.0 as usize];
        add(Some(id), node.def.params, &node.deps);
    }
    all
}

impl Dep {
    fn node(&self) -> Option<NodeId> {
        match self {
            Dep::Node(node) => Some(*node),
            Dep::Request => None,
        }
    }
}

fn threads(def: &TestDef, module: &ModuleInfo) -> Option<usize> {
    let flavor = module.innermost(def, |options| options.flavor);
    let threads = module.innermost(def, |options| options.worker_threads);
    match flavor {
        Some(Flavor::MultiThread) => Some(threads.unwrap_or_else(available_threads)),
        _ => threads,
    }
}

/// How many threads the machine can run at once.
pub(crate) fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn skipped(skip: &SkipDef, reason: String, args: &Args) -> Verdict {
    if args.require.covers(&skip.condition.subjects()) {
        Verdict::Required(reason)
    } else {
        Verdict::Skipped(reason)
    }
}

/// The functions of which an instance may have one of these names, in definition order.
fn named_tests(
    registry: &Registry,
    modules: &mut Modules<'_>,
    names: &[String],
) -> Vec<&'static TestDef> {
    let mut found = Vec::new();
    let mut module = "";
    // Without the module.
    let mut in_module: Vec<&str> = Vec::new();
    for &def in &registry.tests {
        if !std::ptr::eq(module, def.module_path) {
            module = def.module_path;
            let prefix = &modules.get(module).prefix;
            let names = names.iter().filter_map(|name| name.strip_prefix(&**prefix));
            in_module = names.collect();
        }
        for name in &in_module {
            if is_of(name, def.name) {
                found.push(def);
                break;
            }
        }
    }
    sort::by_key(&mut found, |def| {
        (def.location.file, def.location.line, def.location.column)
    });
    found
}

/// Whether it is the function's name, or may be that of an instance.
fn is_of(name: &str, function: &str) -> bool {
    let (name, function) = (name.as_bytes(), function.as_bytes());
    name.len() >= function.len()
        && name.starts_with(function)
        && matches!(name.get(function.len()), None | Some(b'[' | b':'))
}

/// Hashes names, eight bytes at a time: the standard hasher, unoptimised, costs ten times as much,
/// and nobody attacks a test binary by the names of its tests.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((word, behind)) = rest.split_first_chunk() {
            self.write_u64(u64::from_le_bytes(*word));
            rest = behind;
        }
        let mut last = bytes.len() as u64;
        for byte in rest {
            last = (last << 8) ^ u64::from(*byte);
        }
        self.write_u64(last);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
