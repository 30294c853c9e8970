//! What the attributes register: every option in its field, whatever the order of the attributes.

#![deny(warnings)]

use std::time::Duration;

use itest::__private::{
    Access, Autouse, Binding, Condition, FixtureBody, FixtureDef, Flavor, GroupDef, MarkerValue,
    SetDef, Submission, TestDef, inventory, tests,
};
use itest::Scope;

fn all<T>(pick: impl Fn(&Submission) -> Option<T>) -> Vec<T> {
    inventory::iter::<Submission>
        .into_iter()
        .filter_map(pick)
        .collect()
}

fn only<T>(mut found: Vec<T>, name: &str) -> T {
    assert_eq!(found.len(), 1, "{name}");
    found.remove(0)
}

fn test(name: &str) -> &'static TestDef {
    let found = tests().filter(|def| def.name == name);
    only(found.collect(), name)
}

fn fixture(function: &str) -> &'static FixtureDef {
    let found = all(|one| match one {
        Submission::Fixture(def)
            if def.function == function && def.module_path.starts_with("registered") =>
        {
            Some(*def)
        }
        _ => None,
    });
    only(found, function)
}

fn group(path: &str) -> &'static GroupDef {
    let found = all(|one| match one {
        Submission::Group(def) if def.module_path == path => Some(*def),
        _ => None,
    });
    only(found, path)
}

/// What is registered; the plain tests of this file look at it.
mod items {
    use itest::prelude::*;

    pub(crate) fn never() -> bool {
        false
    }

    /// A number.
    ///
    ///   - indented
    #[fixture(scope = "session", timeout = "1m30s", autouse = "crate")]
    #[skip_if(env = "SURELY_NOT_SET", reason = "no number")]
    pub(crate) async fn number() -> Result<u32> {
        provide!(7);
    }

    #[fixture(name = "text", autouse)]
    fn _writes_text(number: &u32) -> String {
        number.to_string()
    }

    #[fixture(scope = "worker")]
    fn nothing() {}

    #[fixture]
    fn r#type() -> std::io::Result<Vec<String>> {
        Ok(vec![])
    }

    #[fixture]
    fn counter() -> u8 {
        0
    }

    #[fixture(scope = "module")]
    async fn later() -> u64 {
        1
    }

    #[integration]
    fn plain() {}

    #[integration(
        timeout = "500ms",
        retries = 2,
        markers(slow, load(level = 3, least = -3, name = "x", on = true), r#type),
        exclusive("printer", "scanner"),
        shared("paper"),
        serial,
        flavor = "multi_thread",
        worker_threads = 2,
        uses(nothing, crate::items::number, "text"),
    )]
    async fn every_option() {}

    #[integration]
    fn params(
        number: &u32,
        _counter: &mut u8,
        mut r#type: Vec<String>,
        #[from("text")] words: &String,
        #[from(number)] same: u32,
        #[from(super::items::later)] _: &u64,
        not_cloned: super::NotCloned,
    ) {
        r#type.push(format!("{number}{words}{same}"));
        let _ = not_cloned;
    }

    #[integration]
    #[skip_if(not(env = "A"), reason = "a")]
    #[skip_if(env = "B=c", reason = "b")]
    #[skip(reason = "c")]
    #[xfail(reason = "d", strict = false, run = false)]
    #[ignore = "e"]
    #[should_panic(expected = "f")]
    fn all_below() {}

    #[should_panic(expected = "f")]
    #[skip_if(not(env = "A"), reason = "a")]
    #[itest::skip_if(env = "B=c", reason = "b")]
    #[ignore = "e"]
    #[itest::prelude::skip(reason = "c")]
    #[xfail(reason = "d", strict = false, run = false)]
    #[integration_test]
    fn all_above() {}

    #[xfail(reason = "d", strict = false, run = false)]
    #[ignore = "e"]
    #[skip_if(not(env = "A"), reason = "a")]
    #[itest::integration]
    #[skip_if(env = "B=c", reason = "b")]
    #[should_panic(expected = "f")]
    #[itest::skip(reason = "c")]
    fn around() {}

    #[cfg_attr(all(), xfail(reason = "d", strict = false, run = false), ignore = "e")]
    #[cfg_attr(all(), integration)]
    #[cfg_attr(any(), skip_if(env = "never"))]
    #[skip_if(not(env = "A"), reason = "a")]
    #[skip = "c"]
    #[cfg_attr(all(), should_panic = "f")]
    fn conditional() {}

    #[integration(markers(on))]
    #[cfg_attr(any(), skip)]
    #[cfg_attr(all(), ignore)]
    fn with_cfg() {}

    #[integration]
    #[cfg(any())]
    fn without_cfg() {
        does_not_exist();
    }

    #[integration]
    #[skip_if(any(
        all(os = "linux", arch = "x86_64"),
        command = "x",
        tcp = "h:1",
        file = "f",
        root,
        cfg(all(unix, not(unix))),
        when = never,
    ))]
    #[should_panic]
    #[xfail]
    fn conditions() {}

    #[integration(markers(grouped), uses(number), timeout = "1s")]
    #[skip_if(when = never)]
    pub(crate) mod grouped {
        //! Inner documentation, and inner attributes:
        #![allow(clippy::needless_return)]
        use itest::prelude::*;

        #[integration]
        fn inside(_number: &u32) -> Result {
            return Ok(());
        }
    }

    #[integration]
    #[skip_if(env = "OF_ALL", reason = "all")]
    #[case(1)]
    #[case::named(2)]
    #[ignore = "of one"]
    #[skip_if(env = "OF_ONE", reason = "one")]
    #[case(3)]
    fn cases_below(#[case] _number: u8) {}

    #[case(1)]
    #[case::named(2)]
    #[ignore = "of one"]
    #[skip_if(env = "OF_ONE", reason = "one")]
    #[integration]
    #[skip_if(env = "OF_ALL", reason = "all")]
    #[case(3)]
    fn cases_around(#[case] _number: u8) {}

    #[skip_if(env = "OF_ALL", reason = "all")]
    #[case(1)]
    #[case::named(2)]
    #[ignore = "of one"]
    #[skip_if(env = "OF_ONE", reason = "one")]
    #[case(3)]
    #[integration]
    fn cases_above(#[case] _number: u8) {}

    #[integration]
    #[xfail]
    mod r#mod {}
}

/// Cannot be cloned.
struct NotCloned;

#[itest::fixture]
fn not_cloned() -> NotCloned {
    NotCloned
}

#[test]
fn a_plain_test_says_nothing() {
    let def = test("plain");
    assert_eq!(def.module_path, "registered::items");
    assert!(def.location.file.ends_with("registered.rs"));
    assert_eq!(def.location.column, 8);
    assert!(def.params.is_empty());
    assert!(def.ignore.is_none() && def.should_panic.is_none());
    assert!(!def.is_async);
    let default = format!("{:?}", itest::__private::Options::DEFAULT);
    assert_eq!(format!("{:?}", def.options), default);
}

#[test]
fn cases_above_and_below_mean_the_same() {
    for name in ["cases_below", "cases_around", "cases_above"] {
        let def = test(name);
        let SetDef::Cases(cases) = &def.sets[0] else {
            panic!("{name} has no cases");
        };
        let of_cases = cases.iter().map(|case| {
            let skips: Vec<_> = case.skips.iter().map(|skip| skip.reason).collect();
            (case.name, case.ignore, skips)
        });
        let expected = [
            ("case_1", None, vec![]),
            ("case_2_named", Some("of one"), vec![Some("one")]),
            ("case_3", None, vec![]),
        ];
        assert_eq!(of_cases.collect::<Vec<_>>(), expected, "{name}");
        let skips = def.options.skips.iter().map(|skip| skip.reason);
        assert_eq!(skips.collect::<Vec<_>>(), [Some("all")], "{name}");
        assert_eq!(def.ignore, None, "{name}");
    }
}

#[test]
fn options_are_in_their_fields() {
    let def = test("every_option");
    assert!(def.is_async);
    let options = &def.options;
    assert_eq!(options.timeout, Some(Duration::from_millis(500)));
    assert_eq!(options.retries, Some(2));
    let markers: Vec<_> = options.markers.iter().map(|m| (m.name, m.args)).collect();
    assert_eq!(
        markers,
        [
            ("slow", &[][..]),
            (
                "load",
                &[
                    ("level", MarkerValue::Int(3)),
                    ("least", MarkerValue::Int(-3)),
                    ("name", MarkerValue::Str("x")),
                    ("on", MarkerValue::Bool(true)),
                ],
            ),
            ("type", &[]),
        ]
    );
    let locks: Vec<_> = options
        .locks
        .iter()
        .map(|l| (l.name, l.exclusive))
        .collect();
    assert_eq!(
        locks,
        [("printer", true), ("scanner", true), ("paper", false)]
    );
    assert!(options.serial);
    assert_eq!(options.flavor, Some(Flavor::MultiThread));
    assert_eq!(options.worker_threads, Some(2));
    let uses: Vec<String> = options
        .uses
        .iter()
        .map(|one| binding(&one.binding))
        .collect();
    assert_eq!(uses, ["nothing", "path to number", "text"]);
    let line = options.uses[0].location.line;
    assert_eq!(line, def.location.line - 2);
}

fn binding(binding: &Binding) -> String {
    match binding {
        Binding::Name(name) => (*name).to_owned(),
        Binding::Path(path) => format!("path to {}", path().function),
    }
}

#[test]
fn parameters_are_requests() {
    let def = test("params");
    let params: Vec<(&str, &str, Option<String>)> = def
        .params
        .iter()
        .map(|param| {
            let access = match param.access {
                Access::Shared => "&",
                Access::Exclusive => "&mut",
                Access::Owned(Some(_)) => "clone",
                Access::Owned(None) => "move",
            };
            (param.name, access, param.from.as_ref().map(binding))
        })
        .collect();
    assert_eq!(
        params,
        [
            ("number", "&", None),
            ("counter", "&mut", None),
            ("type", "clone", None),
            ("words", "&", Some("text".to_owned())),
            ("same", "clone", Some("path to number".to_owned())),
            ("later", "&", Some("path to later".to_owned())),
            ("not_cloned", "move", None),
        ]
    );
    assert_eq!(def.params[0].ty.id(), std::any::TypeId::of::<u32>());
    assert_eq!(def.params[1].ty.id(), std::any::TypeId::of::<u8>());
    assert_eq!(def.params[2].ty.id(), std::any::TypeId::of::<Vec<String>>());
    assert_eq!(def.params[1].location.line, def.location.line + 2);
}

#[test]
fn the_order_of_attributes_does_not_matter() {
    for name in ["all_below", "all_above", "around"] {
        let def = test(name);
        let skips: Vec<String> = def
            .options
            .skips
            .iter()
            .map(|skip| format!("{:?} {}", skip.condition, skip.reason.unwrap_or_default()))
            .collect();
        assert_eq!(
            skips,
            [
                "Not(Env { name: \"A\", value: None }) a",
                "Env { name: \"B\", value: Some(\"c\") } b",
                "Always c",
            ],
            "{name}"
        );
        let lines: Vec<u32> = def
            .options
            .skips
            .iter()
            .map(|skip| skip.location.line)
            .collect();
        assert!(lines.is_sorted(), "{name}: {lines:?}");
        check_verdicts(def);
    }
    check_verdicts(test("conditional"));
    assert_eq!(test("conditional").options.skips.len(), 2);
}

fn check_verdicts(def: &TestDef) {
    let xfail = def.options.xfail.as_ref().expect(def.name);
    assert_eq!(
        (xfail.reason, xfail.strict, xfail.run),
        ("d", Some(false), false)
    );
    assert_eq!(def.ignore, Some("e"), "{}", def.name);
    let should_panic = def.should_panic.as_ref().expect(def.name);
    assert_eq!(should_panic.expected, Some("f"));
}

#[test]
fn cfg_is_decided_first() {
    let def = test("with_cfg");
    assert_eq!(def.ignore, Some(""));
    assert!(def.options.skips.is_empty());
    assert_eq!(def.options.markers.len(), 1);
    assert!(tests().all(|def| def.name != "without_cfg"));
}

#[test]
fn conditions_nest() {
    let def = test("conditions");
    let [skip] = def.options.skips else {
        panic!("one condition")
    };
    assert_eq!(skip.reason, None);
    let Condition::Any(any) = &skip.condition else {
        panic!("{:?}", skip.condition)
    };
    let Condition::When { text, holds } = &any[6] else {
        panic!("{:?}", any[6])
    };
    assert_eq!(*text, "never");
    assert!(!holds());
    assert_eq!(
        format!("{:?}", &any[..6]),
        "[All([Os(\"linux\"), Arch(\"x86_64\")]), Command(\"x\"), Tcp(\"h:1\"), File(\"f\"), \
         Root, Cfg { text: \"all(unix, not(unix))\", holds: false }]"
    );
    let xfail = def.options.xfail.as_ref().expect("it is there");
    assert_eq!((xfail.reason, xfail.strict, xfail.run), ("", None, true));
    assert!(
        def.should_panic
            .as_ref()
            .is_some_and(|one| one.expected.is_none())
    );
}

#[test]
fn groups_are_named_by_their_path() {
    let def = group("registered::items::grouped");
    assert_eq!(def.options.markers[0].name, "grouped");
    assert_eq!(def.options.timeout, Some(Duration::from_secs(1)));
    assert_eq!(def.options.skips.len(), 1);
    assert_eq!(binding(&def.options.uses[0].binding), "number");
    assert_eq!(test("inside").module_path, def.module_path);
    assert!(group("registered::items::r#mod").options.xfail.is_some());
}

#[test]
fn fixtures_are_described() {
    let def = fixture("number");
    assert_eq!(def.name, "number");
    assert_eq!(def.doc, "A number.\n\n  - indented");
    assert_eq!(def.scope, Scope::Session);
    assert_eq!(def.autouse, Autouse::Crate);
    assert_eq!(def.timeout, Some(Duration::from_secs(90)));
    assert_eq!(def.skips[0].reason, Some("no number"));
    assert_eq!(def.ty.id(), std::any::TypeId::of::<u32>());
    assert!(def.codec.is_some());
    assert!(matches!(
        def.body,
        FixtureBody::Provide { is_async: true, .. }
    ));

    let def = fixture("_writes_text");
    assert_eq!((def.name, def.autouse), ("text", Autouse::Module));
    assert_eq!(def.params[0].name, "number");
    assert!(matches!(def.body, FixtureBody::Sync(_)));

    let def = fixture("nothing");
    assert_eq!(def.scope, Scope::Worker);
    assert_eq!(def.ty.id(), std::any::TypeId::of::<()>());
    assert!(def.codec.is_none());

    let def = fixture("r#type");
    assert_eq!(def.name, "type");
    assert_eq!(def.ty.id(), std::any::TypeId::of::<Vec<String>>());

    assert!(matches!(fixture("later").body, FixtureBody::Async(_)));
}
