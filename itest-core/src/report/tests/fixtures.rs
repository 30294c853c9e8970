//! Setup and teardown in the reports for people.

use super::*;

fn stopped(name: &str, error: FixtureError, output: &str) -> Vec<Event> {
    test(name, Outcome::Error { error }, output)
}

#[test]
fn a_failed_fixture_is_told_once() {
    let db = FixtureError {
        chain: vec!["app".into(), "db".into()],
        ..error("db", refused())
    };
    let again = FixtureError {
        remembered: true,
        ..error("db", refused())
    };
    // A broken process may not know the failures of another.
    let vague = FixtureError {
        remembered: true,
        ..error("db", vec![])
    };
    let message = "assertion `left == right` failed\n  left: 1\n right: 2";
    let user = error("user", vec![panic("tests/common.rs:20:5", message)]);
    check(
        "",
        &run(
            9,
            [
                stopped("t1", db, "starting\n"),
                stopped("t2", again.clone(), ""),
                stopped("u1", user.clone(), "hello\n"),
                stopped("u2", user, "hello\n"),
                stopped("t3", again.clone(), ""),
                stopped("t4", vague, ""),
                stopped("t5", again.clone(), ""),
                stopped("t6", again.clone(), ""),
                stopped("t7", again, ""),
            ],
        ),
        "
running 9 tests
test t1 ... ERROR
test t2 ... ERROR
test u1 ... ERROR
test u2 ... ERROR
test t3 ... ERROR
test t4 ... ERROR
test t5 ... ERROR
test t6 ... ERROR
test t7 ... ERROR

errors:

error: fixture `db` failed in setup; 7 tests that need it did not run
  --> tests/common.rs:14
   = note: caused by: no connection to PostgreSQL
   = note: caused by: connection refused (127.0.0.1:5432)
   = note: chain: `app` -> `db`
   = note: did not run: `t1`, `t2`, `t3`, `t4`, `t5` and 2 more

---- t1 stdout ----
starting

error: fixture `user` failed in setup; 2 tests that need it did not run
  --> tests/common.rs:14
   = note: panicked at tests/common.rs:20:5: assertion `left == right` failed
             left: 1
            right: 2
   = note: did not run: `u1`, `u2`

---- u1 stdout ----
hello


failures:
    t1
    t2
    t3
    t4
    t5
    t6
    t7
    u1
    u2

9 errors

test result: FAILED. 0 passed; 9 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.23s

",
    );
}

#[test]
fn a_failed_teardown_hides_nothing() {
    let with_teardown = |name: &str, errors: Vec<FixtureError>| {
        let mut events = passed(name);
        if let Some(Event::TestFinished {
            teardown_errors, ..
        }) = events.last_mut()
        {
            *teardown_errors = errors;
        }
        events
    };
    let busy = |fixture: &str| {
        error(
            fixture,
            vec![
                Failure::new(FailureKind::Error, "file is busy"),
                panic("tests/common.rs:30:9", "still there"),
            ],
        )
    };
    let narrow = fixture("user", Scope::Test, "t1");
    let events = run(
        4,
        [
            // What its test tells is not told again.
            torn_down(narrow, Some(busy("user"))),
            with_teardown("t1", vec![busy("user"), busy("t1")]),
            with_teardown("t2", vec![busy("tmp")]),
            with_teardown("t3", vec![busy("tmp")]),
            torn_down(
                fixture("api::pool", Scope::Module, "api"),
                Some(busy("api::pool")),
            ),
            passed("t4"),
            torn_down(fixture("ok", Scope::Worker, ""), None),
            torn_down(fixture("db", Scope::Session, ""), Some(busy("db"))),
        ],
    );
    let details = "  --> tests/common.rs:14
   = note: caused by: file is busy
   = note: panicked at tests/common.rs:30:9: still there
";
    let summary = format!(
        "
errors:

error: fixture `user` failed in teardown of `t1`
{details}
error: what `t1` deferred failed
{details}
error: fixture `tmp` failed in teardown of 2 tests
{details}   = note: after: `t2`, `t3`

error: module fixture `api::pool` failed in teardown of `api`
{details}
error: session fixture `db` failed in teardown
{details}

6 teardown errors

test result: FAILED. 4 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 1.23s

"
    );
    check(
        "",
        &events,
        &format!(
            "
running 4 tests
test t1 ... ok
ERROR at teardown of t1
test t2 ... ok
ERROR at teardown of t2
test t3 ... ok
ERROR at teardown of t3
ERROR at teardown of module fixture api::pool (api)
test t4 ... ok
ERROR at teardown of session fixture db
{summary}"
        ),
    );
    check(
        "-q",
        &events,
        &format!(
            "
running 4 tests
. 1/4
ERROR at teardown of t1
. 2/4
ERROR at teardown of t2
. 3/4
ERROR at teardown of t3
ERROR at teardown of module fixture api::pool (api)
. 4/4
ERROR at teardown of session fixture db
{summary}"
        ),
    );

    // In libtest's schema, failed tests of their own; in JUnit, too.
    let json = report("--format=json", &events);
    let node = "{ \"type\": \"test\", \"event\": \"started\", \"name\": \"t1 (teardown of user)\" }
{ \"type\": \"test\", \"name\": \"t1 (teardown of user)\", \"event\": \"failed\", \"stdout\": \
        \"error: fixture `user` failed in teardown of `t1`\\n  --> tests/common.rs:14\\n";
    assert!(json.contains(node), "{json}");
    let end = "\"event\": \"failed\", \"passed\": 4, \"failed\": 6, \"ignored\": 0";
    assert!(json.contains(end), "{json}");
    let xml = report("--format=junit", &events);
    for name in [
        "t1 (teardown of user)",
        "t1 (teardown)",
        "t2 (teardown of tmp)",
        "api (teardown of api::pool)",
        "session (teardown of db)",
    ] {
        let case = format!("<testcase name=\"{name}\" classname=\"shop::api\" time=");
        assert_eq!(xml.matches(&case).count(), 1, "{name} in {xml}");
    }
    assert!(
        xml.contains("tests=\"10\" failures=\"0\" errors=\"6\" skipped=\"0\" "),
        "{xml}"
    );
}

#[test]
fn setup_is_shown() {
    let db = || fixture("common::db", Scope::Session, "");
    let pool = || fixture("pool", Scope::Worker, "");
    let api = || fixture("api::app", Scope::Module, "api");
    let user = || fixture("user", Scope::Test, "api::t1");
    let ended = |fixture: FixtureName, error, skipped: Option<&str>| {
        vec![Event::SetupFinished {
            fixture,
            error,
            skipped: skipped.map(str::to_owned),
            duration: Duration::ZERO,
            output: String::new(),
        }]
    };
    let name = || "api::t1".into();
    let events = run(
        1,
        [
            set_up(db()),
            set_up(pool()),
            vec![Event::TestStarted { test: name() }],
            set_up(api()),
            set_up(user()),
            vec![Event::CallStarted { test: name() }],
            torn_down(user(), None),
            vec![finished("api::t1", Outcome::Passed, "")],
            torn_down(api(), Some(error("api::app", refused()))),
            ended(
                fixture("g", Scope::Group, "api::g"),
                None,
                Some("no docker"),
            ),
            ended(
                fixture("u", Scope::Test, "t2"),
                Some(error("u", refused())),
                None,
            ),
            torn_down(pool(), None),
            torn_down(db(), None),
        ],
    );
    let report = report("--setup-show --test-threads=1", &events);
    let (steps, _) = report.split_once("\nerrors:").unwrap();
    assert_eq!(
        steps,
        "
running 1 test
SETUP    S common::db
  SETUP    W pool
    SETUP    M api::app (api)
        SETUP    T user (api::t1)
        CALL     api::t1
        TEARDOWN T user (api::t1)
test api::t1 ... ok
    TEARDOWN M api::app (api) ... ERROR
      SETUP    G g (api::g) ... skipped, no docker
        SETUP    T u (t2) ... ERROR
  TEARDOWN W pool
TEARDOWN S common::db
"
    );
}
