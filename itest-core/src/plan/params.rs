//! Which values fixtures with a `#[param]` have: their own, or those of a test's `#[with]`.

use super::problem::{Problem, quoted};
use super::resolve::{LISTED, Resolver, id, other_type};
use super::{Param, PlannedTest, SameValue, reach};
use crate::chosen::Chosen;
use crate::def::{FixtureDef, FixtureParam, GivenDef, WithDef};

/// A value for each fixture that has several.
pub(super) type Params = Vec<(&'static FixtureDef, Param)>;

impl Resolver<'_> {
    /// From now on, fixtures have these values.
    pub(super) fn choose(&mut self, params: Params) {
        let same = params.iter().map(|(def, param)| (id(def), param.same));
        self.choice = match params.is_empty() {
            true => 0,
            false => {
                let next = self.choices.len() + 1;
                *self.choices.entry(same.collect()).or_insert(next)
            }
        };
        self.chosen = params;
    }

    /// Every combination of the values that the test's fixtures have, the widest fixture's first;
    /// none if no fixture has several, `None` if there is a problem.
    pub(super) fn params_of(&mut self, test: &PlannedTest) -> Option<Vec<Params>> {
        if test.setup.is_empty() && test.def.with.is_empty() {
            return Some(Vec::new());
        }
        let mut defs: Vec<&'static FixtureDef> = Vec::new();
        let nodes = test.setup.iter().copied().chain(reach(&self.nodes, test));
        for node in nodes {
            let def = self.nodes[node.0 as usize].def;
            if def.param.is_some() && !defs.iter().any(|other| id(other) == id(def)) {
                defs.push(def);
            }
        }
        self.check_with(test, &defs)?;
        if defs.is_empty() {
            return Some(Vec::new());
        }
        let mut all: Vec<Params> = vec![Vec::new()];
        for def in defs {
            let values = self.values(def, test)?;
            let mut extended: Vec<Params> = Vec::with_capacity(all.len() * values.len());
            for before in &all {
                for value in &values {
                    let mut params = before.clone();
                    params.push((def, value.clone()));
                    extended.push(params);
                }
            }
            all = extended;
        }
        Some(all)
    }

    /// The values of a fixture's parameter for that test.
    fn values(&mut self, def: &'static FixtureDef, test: &PlannedTest) -> Option<Vec<Param>> {
        let given = test.def.with.iter().find(|with| with.fixture == def.name);
        if let Some(with) = given {
            let given = with.values.iter().map(|value| Param {
                id: value.id,
                chosen: Chosen::Given(value.value),
                same: SameValue::Given(test.def.module_path, value.written),
            });
            return Some(given.collect());
        }
        let ids = def.param.as_ref().map_or(&[][..], |param| param.ids);
        if ids.is_empty() {
            self.problems.push(
                format!("no value {} {}", def.location, test.def.location),
                Problem::new(
                    format!("fixture `{}` has no value for its `#[param]`", def.name),
                    test.def.location,
                )
                .label(format!("requested by `{}`", test.name))
                .note(format!("`{}` is defined at {}", def.name, def.location))
                .help(format!(
                    "give it one for this test: `#[with({} = …)]`, or for all tests: \
                     `#[fixture(params(…))]`",
                    def.name
                )),
            );
            return None;
        }
        let own = ids.iter().enumerate().map(|(index, id)| Param {
            id,
            chosen: Chosen::Index(index),
            same: SameValue::Own(index),
        });
        Some(own.collect())
    }

    /// Every `#[with]` must be for a fixture of the test that takes such a value.
    fn check_with(&mut self, test: &PlannedTest, defs: &[&'static FixtureDef]) -> Option<()> {
        let mut right = true;
        for with in test.def.with {
            let def = defs.iter().find(|def| def.name == with.fixture);
            let param = def.and_then(|def| Some((*def, def.param.as_ref()?)));
            right &= match param {
                Some((def, param)) => self.check_given(with, def, param, test),
                None => self.report_not_taken(with, defs, test),
            };
        }
        right.then_some(())
    }

    fn check_given(
        &mut self,
        with: &'static WithDef,
        def: &'static FixtureDef,
        param: &'static FixtureParam,
        test: &PlannedTest,
    ) -> bool {
        let fits = |value: &&GivenDef| !value.value.fits(param.ty.id());
        let Some(wrong) = with.values.iter().find(fits) else {
            return true;
        };
        let given = wrong.value.ty();
        self.problems.push(
            format!("with type {} {}", with.location, def.location),
            Problem::new(
                format!(
                    "`{}` of fixture `{}` is a `{}`, not a `{}`",
                    param.name,
                    def.name,
                    other_type(param.ty, given),
                    other_type(given, param.ty),
                ),
                with.location,
            )
            .label(format!("`#[with]` of `{}`", test.name))
            .note(format!("`{}` is defined at {}", def.name, def.location))
            .help(format!(
                "give a `{}` instead of `{}`",
                other_type(param.ty, given),
                wrong.written
            )),
        );
        false
    }

    fn report_not_taken(
        &mut self,
        with: &'static WithDef,
        defs: &[&'static FixtureDef],
        test: &PlannedTest,
    ) -> bool {
        let name = with.fixture;
        let nodes = reach(&self.nodes, test).into_iter();
        let mut used = nodes.map(|id| self.nodes[id.0 as usize].def);
        let used = used.find(|def| def.name == name);
        let problem = match used {
            Some(def) => Problem::new(
                format!("fixture `{name}` has no `#[param]` to give a value to"),
                with.location,
            )
            .note(format!("`{name}` is defined at {}", def.location)),
            None => {
                let problem =
                    Problem::new(format!("the test uses no fixture `{name}`"), with.location);
                let names = defs.iter().map(|def| def.name);
                match names.clone().next() {
                    Some(_) => problem.note(format!(
                        "its fixtures with a `#[param]`: {}",
                        quoted(names, LISTED)
                    )),
                    None => problem.note("none of its fixtures has a `#[param]`".to_owned()),
                }
            }
        };
        self.problems.push(
            format!("with {name} {}", with.location),
            problem.label(format!("`#[with]` of `{}`", test.name)),
        );
        false
    }
}
