//! Binding every request of a test to a fixture: closure, order and all checks.

use std::any::TypeId;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::lookup::Names;
use super::params::Params;
use super::problem::{PlanError, Problem, Problems, chain, quoted, short_type, similar};
use super::{
    Dep, HeldLock, Instance, ModuleInfo, NOT_SERIAL, NameHasher, Node, NodeAccess, NodeId, Param,
    PlannedTest, SameValue, accesses, normalise_locks, reach,
};
use crate::builtin::Request;
use crate::chosen::Chosen;
use crate::def::{
    Access, Binding, FixtureBody, FixtureDef, Location, ParamDef, TestDef, TypeRef, UseDef,
};
use crate::event::TestName;
use crate::registry::{Registry, crate_of};
use crate::scope::Scope;
use crate::sort;

/// How many fixtures a not-found error lists.
pub(super) const LISTED: usize = 8;

/// Builds nodes; a request met again in the same circumstances is not resolved again.
pub(super) struct Resolver<'r> {
    registry: &'r Registry,
    names: Names,
    pub(super) nodes: Vec<Node>,
    interned: HashMap<(DefId, Vec<Dep>, Option<SameValue>), NodeId>,
    resolved: HashMap<ResolvedKey, Option<NodeId>>,
    /// What tests of a module mean by a name, where that is no problem.
    meant: HashMap<(&'static str, &'static str), Dep, BuildHasherDefault<NameHasher>>,
    /// The values that fixtures have for the test at hand.
    pub(super) chosen: Params,
    /// Which of all such choices that is; 0 is none.
    pub(super) choice: usize,
    pub(super) choices: HashMap<Vec<(DefId, SameValue)>, usize>,
    pub(super) problems: Problems,
}

/// A definition's address: what tells two definitions apart.
pub(super) type DefId = usize;

/// The test's module, the fixture, the overridden-by-name fixtures that are asking, and which
/// values are chosen.
type ResolvedKey = (&'static str, DefId, Vec<DefId>, usize);

pub(super) fn id(def: &'static FixtureDef) -> DefId {
    std::ptr::from_ref(def).addr()
}

/// Who asks: a test, through fixtures.
struct Asking<'t> {
    test: &'t TestName,
    module: &'static str,
    /// From the test's own request inwards.
    fixtures: Vec<&'static FixtureDef>,
}

impl Asking<'_> {
    fn chain(&self, last: &str) -> String {
        let names = self.fixtures.iter().map(|fixture| fixture.name);
        chain(
            std::iter::once(&**self.test)
                .chain(names)
                .chain(std::iter::once(last)),
        )
    }

    /// `` requested by `…` ``
    fn label(&self) -> String {
        match self.fixtures.last() {
            Some(fixture) => format!(
                "requested by fixture `{}`",
                fixture.path(crate_of(self.module))
            ),
            None => format!("requested by `{}`", self.test),
        }
    }
}

impl<'r> Resolver<'r> {
    pub(super) fn new(registry: &'r Registry, problems: Problems) -> Self {
        Resolver {
            registry,
            names: Names::new(registry),
            nodes: Vec::new(),
            interned: HashMap::new(),
            resolved: HashMap::new(),
            meant: HashMap::default(),
            chosen: Vec::new(),
            choice: 0,
            choices: HashMap::new(),
            problems,
        }
    }

    pub(super) fn finish(self) -> Result<Vec<Node>, PlanError> {
        self.problems.into_result()?;
        Ok(self.nodes)
    }

    /// Resolves a test's requests; `None` if one of them has a problem.
    pub(super) fn test(
        &mut self,
        def: &'static TestDef,
        instance: &Instance,
        name: TestName,
        module: &ModuleInfo,
    ) -> Option<PlannedTest> {
        if is_plain(def, module) {
            return Some(without_anything(def, name, module));
        }
        let mut asking = Asking {
            test: &name,
            module: def.module_path,
            fixtures: Vec::new(),
        };
        let mut initial = Vec::new();
        let mut complete = true;
        for &autouse in &module.autouse {
            match self.name(autouse, def.location, &mut asking) {
                Some(Dep::Node(node)) => initial.push(node),
                Some(Dep::Request) => {}
                None => complete = false,
            }
        }
        // The nearest first, as pytest has it.
        let groups = module.groups.iter().rev();
        let groups = groups.flat_map(|group| group.options.uses);
        for used in def.options.uses.iter().chain(groups) {
            match self.used(used, &mut asking) {
                Some(Dep::Node(node)) => initial.push(node),
                Some(Dep::Request) => {}
                None => complete = false,
            }
        }
        let args = self.params(def.params, &mut asking);
        let args = args.filter(|_| complete)?;
        initial.extend(args.iter().filter_map(Dep::node));

        let options = || {
            module
                .groups
                .iter()
                .map(|group| &group.options)
                .chain([def.options])
        };
        let mut locks: Vec<HeldLock> = options()
            .flat_map(|options| options.locks)
            .map(|lock| HeldLock {
                name: format!("name {}", lock.name),
                exclusive: lock.exclusive,
            })
            .collect();
        locks.push(HeldLock::serial(options().any(|options| options.serial)));
        normalise_locks(&mut locks);

        let setup = self.order(&initial);
        let case = instance.case;
        let of_case = case.map_or(&[][..], |case| case.skips);
        let skips = options().rev().flat_map(|options| options.skips);
        let xfail = module.innermost(def, |options| options.xfail);
        let mut test = PlannedTest {
            def,
            module: module.module,
            group: module.groups.last().map(|group| group.module_path),
            is_async: def.is_async || setup.iter().any(|id| self.nodes[id.0 as usize].is_async),
            setup,
            args,
            chosen: instance.chosen.clone(),
            moved: Vec::new(),
            locks: locks.into(),
            timeout: module.innermost(def, |options| options.timeout),
            retries: 0,
            flavor: module.innermost(def, |options| options.flavor),
            xfail: case.and_then(|case| case.xfail).or(xfail),
            should_panic: case.and_then(|case| case.should_panic).or(def.should_panic),
            ignore: case.and_then(|case| case.ignore).or(def.ignore),
            markers: module.markers(def),
            skips: of_case.iter().chain(skips).collect(),
            name,
            is_plain: false,
        };
        self.check_access(&mut test);
        Some(test)
    }

    /// The closure in setup order: requested first, depth first, then widest scope first.
    fn order(&self, initial: &[NodeId]) -> Vec<NodeId> {
        let mut order: Vec<NodeId> = Vec::with_capacity(initial.len());
        // One entry per name: what overrides stands for what it overrides.
        let listed = |order: &[NodeId], id: NodeId| {
            let name = self.nodes[id.0 as usize].def.name;
            order
                .iter()
                .any(|other| *other == id || self.nodes[other.0 as usize].def.name == name)
        };
        for &id in initial {
            if !order.contains(&id) {
                order.push(id);
            }
        }
        let mut open: Vec<NodeId> = initial.iter().rev().copied().collect();
        while let Some(id) = open.pop() {
            if !listed(&order, id) {
                order.push(id);
            }
            let deps = self.nodes[id.0 as usize].deps.iter().rev();
            open.extend(deps.filter_map(Dep::node));
        }
        sort::by_key(&mut order, |id| {
            std::cmp::Reverse(self.nodes[id.0 as usize].def.scope)
        });
        order
    }

    fn used(&mut self, used: &'static UseDef, asking: &mut Asking<'_>) -> Option<Dep> {
        match used.binding {
            Binding::Name(name) => self.name(name, used.location, asking),
            Binding::Path(def) => self.node(def(), asking).map(Dep::Node),
        }
    }

    fn params(&mut self, params: &'static [ParamDef], asking: &mut Asking<'_>) -> Option<Vec<Dep>> {
        let mut deps = Vec::with_capacity(params.len());
        for param in params {
            if let Some(dep) = self.param(param, asking) {
                deps.push(dep);
            }
        }
        (deps.len() == params.len()).then_some(deps)
    }

    fn param(&mut self, param: &'static ParamDef, asking: &mut Asking<'_>) -> Option<Dep> {
        let dep = match param.from {
            Some(Binding::Path(def)) => Dep::Node(self.node(def(), asking)?),
            Some(Binding::Name(name)) => self.name(name, param.location, asking)?,
            None => self.name(param.name, param.location, asking)?,
        };
        let Dep::Node(node) = dep else {
            return self.check_request(param, asking).then_some(dep);
        };
        let def = self.nodes[node.0 as usize].def;
        let typed = self.check_type(param, def, asking);
        let scoped = self.check_scope(def, asking);
        (typed && scoped).then_some(dep)
    }

    fn name(
        &mut self,
        name: &'static str,
        location: Location,
        asking: &mut Asking<'_>,
    ) -> Option<Dep> {
        if !asking.fixtures.is_empty() || self.choice != 0 {
            return self.name_from(name, location, asking);
        }
        let key = (asking.module, name);
        if let Some(known) = self.meant.get(&key) {
            return Some(*known);
        }
        let dep = self.name_from(name, location, asking)?;
        self.meant.insert(key, dep);
        Some(dep)
    }

    fn name_from(
        &mut self,
        name: &'static str,
        location: Location,
        asking: &mut Asking<'_>,
    ) -> Option<Dep> {
        let requester = asking.fixtures.last().copied();
        let ranks = self.names.ranked(name, asking.module, requester);
        let is_asking =
            |def: &&'static FixtureDef| asking.fixtures.iter().any(|f| id(f) == id(def));
        let start = ranks
            .iter()
            .rposition(|rank| rank.iter().any(is_asking))
            .map_or(0, |index| index + 1);
        match ranks.get(start).map(Vec::as_slice) {
            Some([def]) => self.node(def, asking).map(Dep::Node),
            Some(several) => {
                let listed = several.iter().map(|def| {
                    format!(
                        "`{}` at {}",
                        def.path(crate_of(asking.module)),
                        def.location
                    )
                });
                let listed = listed.collect::<Vec<_>>().join(" and ");
                let path = several[0].path(crate_of(asking.module));
                let path = match crate_of(several[0].module_path) == crate_of(asking.module) {
                    true => format!("crate::{path}"),
                    false => path,
                };
                self.problems.push(
                    format!("ambiguous {name} {listed}"),
                    Problem::new(format!("`{name}` could be several fixtures"), location)
                        .label(asking.label())
                        .note(format!("equally near: {listed}"))
                        .help(format!("say which: `#[from({path})]`")),
                );
                None
            }
            None if start > 0 => {
                self.report_cycle(name, location, asking);
                None
            }
            None if name == Request::NAME => Some(Dep::Request),
            None => {
                self.report_not_found(name, location, asking);
                None
            }
        }
    }

    fn report_not_found(&mut self, name: &str, location: Location, asking: &Asking<'_>) {
        let mut available: Vec<_> = self.names.all().chain([Request::NAME]).collect();
        sort::ascending(&mut available);
        let mut problem = Problem::new(format!("no fixture named `{name}`"), location)
            .label(asking.label())
            .note(format!(
                "available: {}",
                quoted(available.iter().copied(), LISTED)
            ));
        problem = match similar(name, available.iter().copied()) {
            Some(similar) => problem.help(format!(
                "there is a fixture with a similar name: `{similar}`"
            )),
            None => {
                problem.help("if another crate defines it, link that crate: `use that_crate as _;`")
            }
        };
        // A fixture that asks in vain has one problem however many tests use it.
        let same = match asking.fixtures.last() {
            Some(_) => format!("not found {name} {location}"),
            None => format!("not found {name} {}", location.file),
        };
        self.problems.push(same, problem);
    }

    fn report_cycle(&mut self, name: &'static str, location: Location, asking: &Asking<'_>) {
        let first = asking
            .fixtures
            .iter()
            .position(|f| f.name == name)
            .unwrap_or(0);
        let cycle = &asking.fixtures[first..];
        let problem = if let [itself] = cycle {
            Problem::new(
                format!("fixture `{name}` requests itself and overrides no other `{name}`"),
                location,
            )
            .label(format!(
                "requested by fixture `{}`",
                itself.path(crate_of(asking.module))
            ))
            .help("remove the parameter, or rename it after the fixture that is meant")
        } else {
            let names = cycle.iter().map(|f| f.name).chain([name]);
            Problem::new(format!("fixture `{name}` depends on itself"), location)
                .label(asking.label())
                .note(format!("cycle: {}", chain(names)))
                .help("break the cycle: move what they share into a fixture of its own")
        };
        let mut members: Vec<_> = cycle.iter().map(|f| f.location.to_string()).collect();
        sort::ascending(&mut members);
        self.problems
            .push(format!("cycle {}", members.join(" ")), problem);
    }

    /// The node of a definition as this test sees it.
    fn node(&mut self, def: &'static FixtureDef, asking: &mut Asking<'_>) -> Option<NodeId> {
        if asking.fixtures.iter().any(|asking| id(asking) == id(def)) {
            self.report_cycle(def.name, def.location, asking);
            return None;
        }
        // Who is asking matters only where a name means several fixtures, or in a cycle; a cycle
        // is found before it is remembered.
        let context = asking
            .fixtures
            .iter()
            .filter(|asking| self.names.is_overridden(asking.name))
            .map(|asking| id(asking))
            .collect();
        let key = (asking.module, id(def), context, self.choice);
        if let Some(known) = self.resolved.get(&key) {
            return *known;
        }
        asking.fixtures.push(def);
        let deps = self.params(def.params, asking);
        asking.fixtures.pop();
        let node = deps.map(|deps| self.intern(def, deps));
        self.resolved.insert(key, node);
        node
    }

    fn intern(&mut self, def: &'static FixtureDef, deps: Vec<Dep>) -> NodeId {
        let chosen = self.chosen.iter().find(|(other, _)| id(other) == id(def));
        let param = match (chosen, &def.param) {
            (Some((_, param)), _) => Some(param.clone()),
            // Until it is known which values there are for the test.
            (None, Some(param)) => Some(Param {
                id: param.ids.first().unwrap_or(&""),
                chosen: Chosen::Index(0),
                same: SameValue::Own(0),
            }),
            (None, None) => None,
        };
        let key = (id(def), deps, param.as_ref().map(|param| param.same));
        if let Some(known) = self.interned.get(&key) {
            return *known;
        }
        let deps = key.1.clone();
        let below = || {
            deps.iter()
                .filter_map(Dep::node)
                .map(|id| &self.nodes[id.0 as usize])
        };
        let node = Node {
            def,
            unshared: def.params.iter().any(is_unshared) || below().any(|node| node.unshared),
            is_async: def.is_async() || below().any(|node| node.is_async),
            deps: deps.clone(),
            param,
        };
        let id = NodeId(u32::try_from(self.nodes.len()).expect("fewer fixtures than 2^32"));
        self.nodes.push(node);
        self.interned.insert(key, id);
        id
    }

    fn check_request(&mut self, param: &'static ParamDef, asking: &Asking<'_>) -> bool {
        let fits =
            matches!(param.access, Access::Shared) && param.ty.id() == TypeId::of::<Request>();
        if !fits {
            let asked = asked_type(param, TypeRef::of::<Request>());
            self.problems.push(
                format!("request {}", param.location),
                Problem::new(
                    format!("the built-in fixture `request` is a `&Request`, not a `{asked}`"),
                    param.location,
                )
                .label(asking.label())
                .help("write `request: &Request`"),
            );
        }
        fits
    }

    fn check_type(
        &mut self,
        param: &'static ParamDef,
        def: &'static FixtureDef,
        asking: &Asking<'_>,
    ) -> bool {
        if param.ty.id() == def.ty.id() {
            return true;
        }
        let asked = asked_type(param, def.ty);
        let provided = other_type(def.ty, param.ty);
        let other = self
            .registry
            .fixtures
            .iter()
            .find(|other| other.ty.id() == param.ty.id());
        let mut problem = Problem::new(
            format!(
                "fixture `{}` provides `{provided}`, not `{asked}`",
                def.name
            ),
            param.location,
        )
        .label(asking.label())
        .note(format!("`{}` is defined at {}", def.name, def.location));
        problem = match other {
            Some(other) => problem.help(format!(
                "take `&{provided}`, or request `{}`, which provides `{}`",
                other.path(crate_of(asking.module)),
                other_type(other.ty, def.ty),
            )),
            None => problem.help(format!("take `&{provided}`")),
        };
        self.problems
            .push(format!("type {} {}", param.location, def.location), problem);
        false
    }

    fn check_scope(&mut self, def: &'static FixtureDef, asking: &Asking<'_>) -> bool {
        let Some(requester) = asking.fixtures.last() else {
            return true;
        };
        if requester.scope <= def.scope {
            return true;
        }
        self.problems.push(
            format!("scope {} {}", requester.location, def.location),
            Problem::new(
                format!(
                    "{} fixture `{}` requests {} fixture `{}`",
                    requester.scope, requester.name, def.scope, def.name
                ),
                requester.location,
            )
            .note(format!("chain: {}", asking.chain(def.name)))
            .help(format!(
                "give `{}` scope = \"{}\", or request it from the test",
                def.name, requester.scope
            )),
        );
        false
    }

    /// Values taken by `T` must be movable or `Clone`; `&mut T` must be alone.
    fn check_access(&mut self, test: &mut PlannedTest) {
        let unshared = test.def.params.iter().any(is_unshared)
            || test
                .setup
                .iter()
                .any(|id| self.nodes[id.0 as usize].unshared);
        if !unshared {
            return;
        }
        let all = accesses(&self.nodes, test);
        for id in reach(&self.nodes, test) {
            let users: Vec<&NodeAccess> = all.iter().filter(|one| one.node == id).collect();
            self.check_owned(id, &users, test);
            self.check_exclusive(id, &users, test);
        }
    }

    fn check_owned(&mut self, id: NodeId, users: &[&NodeAccess], test: &mut PlannedTest) {
        let def = self.nodes[id.0 as usize].def;
        let provides = matches!(def.body, FixtureBody::Provide { .. });
        let movable = def.scope == Scope::Test && !provides && users.len() == 1;
        for user in users {
            let Access::Owned(clone) = user.param.access else {
                continue;
            };
            if movable {
                test.moved.push(id);
                continue;
            }
            if clone.is_some() {
                continue;
            }
            let ty = other_type(def.ty, def.ty);
            let why = if def.scope > Scope::Test {
                format!("fixture `{}` lives for its {}", def.name, def.scope)
            } else if provides {
                format!("fixture `{}` needs it back behind its `provide!`", def.name)
            } else {
                let others = users
                    .iter()
                    .filter(|other| !std::ptr::eq(**other, *user))
                    .map(|other| self.user_name(other, test))
                    .collect::<Vec<_>>();
                format!(
                    "it is used by {} too",
                    quoted(others.iter().map(|s| &**s), LISTED)
                )
            };
            self.problems.push(
                format!("owned {} {}", user.param.location, def.location),
                Problem::new(
                    format!("`{}` cannot be taken by value: {why}", user.param.name),
                    user.param.location,
                )
                .label(format!("requested by `{}`", self.user_name(user, test)))
                .note(format!("`{ty}` is not `Clone`"))
                .help(format!("take `&{ty}`, or make it `Clone`")),
            );
        }
    }

    fn check_exclusive(&mut self, id: NodeId, users: &[&NodeAccess], test: &PlannedTest) {
        let def = self.nodes[id.0 as usize].def;
        for (index, user) in users.iter().enumerate() {
            if !matches!(user.param.access, Access::Exclusive) {
                continue;
            }
            // Who else borrows it at the same time: the same caller a second time, or a fixture
            // that stands at its `provide!` meanwhile.
            let keeps = |access: &NodeAccess| match access.by {
                None => false,
                Some(by) => matches!(
                    self.nodes[by.0 as usize].def.body,
                    FixtureBody::Provide { .. }
                ),
            };
            let conflict = users.iter().enumerate().find(|(other, access)| {
                *other != index && (access.by == user.by || keeps(access) || keeps(user))
            });
            let Some((_, other)) = conflict else {
                continue;
            };
            let by = self.user_name(user, test);
            let holder = self.user_name(other, test);
            let problem = Problem::new(
                format!("`&mut` of `{}` is not the only borrow of it", def.name),
                user.param.location,
            )
            .label(format!("requested by `{by}`"));
            let problem = if other.by == user.by {
                problem.note(format!("`{by}` requests it twice"))
            } else if keeps(other) {
                problem.note(format!("`{holder}` keeps it borrowed until its teardown"))
            } else {
                problem.note(format!(
                    "`{by}` keeps it borrowed, and `{holder}` uses it too"
                ))
            };
            self.problems.push(
                format!("exclusive {}", user.param.location),
                problem.help("take `&T` with a `Mutex` inside, or give each its own fixture"),
            );
        }
    }

    fn user_name(&self, access: &NodeAccess, test: &PlannedTest) -> String {
        match access.by {
            None => test.name.to_string(),
            Some(by) => self.nodes[by.0 as usize]
                .def
                .path(crate_of(test.def.module_path)),
        }
    }
}

/// What [`Resolver::test`] comes to for most tests of a large binary, without the way there: those
/// that are [`is_plain`].
pub(super) fn without_anything(
    def: &'static TestDef,
    name: TestName,
    module: &ModuleInfo,
) -> PlannedTest {
    PlannedTest {
        def,
        name,
        module: module.module,
        group: None,
        setup: Vec::new(),
        args: Vec::new(),
        chosen: Vec::new(),
        moved: Vec::new(),
        locks: Cow::Borrowed(&NOT_SERIAL),
        timeout: None,
        retries: 0,
        flavor: None,
        xfail: None,
        should_panic: def.should_panic,
        ignore: def.ignore,
        markers: Vec::new(),
        skips: Vec::new(),
        is_async: def.is_async,
        is_plain: true,
    }
}

/// Whether neither the test nor its module says anything: there is nothing to decide.
pub(super) fn is_plain(def: &TestDef, module: &ModuleInfo) -> bool {
    def.params.is_empty() && def.says_nothing() && module.says_nothing()
}

fn is_unshared(param: &ParamDef) -> bool {
    !matches!(param.access, Access::Shared)
}

/// The parameter's type as written, short unless that would look like `other`.
fn asked_type(param: &ParamDef, other: TypeRef) -> String {
    let ty = other_type(param.ty, other);
    match param.access {
        Access::Shared => format!("&{ty}"),
        Access::Exclusive => format!("&mut {ty}"),
        Access::Owned(_) => ty,
    }
}

pub(super) fn other_type(ty: TypeRef, other: TypeRef) -> String {
    let short = short_type(ty.name());
    if ty.id() != other.id() && short == short_type(other.name()) {
        ty.name().to_owned()
    } else {
        short
    }
}
