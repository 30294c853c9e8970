//! pytest's semantics, case by case: order of events, outcomes, exit code.
//!
//! `cargo test -p itest-core --test conformance [-- FILTER…]`, where a FILTER is part of a line
//! such as `SC-01 (drop-in)`.
//!
//! The target has no harness. Its `main` is the driver; with `ITEST_CONFORMANCE` in its
//! environment it is the binary under test instead, which the driver starts for each case twice,
//! with worker processes and `--in-process`, with `--test-threads=1` and the case's tests as
//! filter. Fixtures and tests append their events to a file; outcomes are read from the report.
//! The target `conformance_drop_in` has the same modules under libtest's harness; there each case
//! is run and compared once more.
//!
//! A case is a module named after its id, with what is expected at its top. Ids up to 49 are
//! those of the list of cases that was made from pytest's documentation and tests; from 51 on the
//! cases are itest's own, in the same notation (see [`vocabulary`]). Those of them that pytest
//! can express were run under pytest 9.2.0 before they were written down; the title says so where
//! itest means to differ. `dir .:` is the case's module itself.
//!
//! # Not applicable
//!
//! | case | why |
//! |---|---|
//! | SC-13 | a scope is part of the source, not computed from the command line |
//! | LK-06, LK-08, LK-10 | the plan refuses the whole binary: `tests/plan_errors.rs`, `scope_*` |
//! | LK-19 | no fixture is requested while a test runs |
//! | TD-21 | an interrupt needs worker processes; not yet |
//! | MK-08.2 | `tests/processes/config.rs`: markers that the configuration declares |
//!
//! # Adapted
//!
//! | case | how |
//! |---|---|
//! | SC-11 | a package is a group around the modules |
//! | IO-06, IO-10 | a package's place in the order of scopes is the worker's |
//! | MK-06 | its ten runs are cases of their own; a marker has no `None` |
//! | PA-08, PA-23 | the worker's scope; values of a session's fixture live on: PA-51 |
//! | OV-09 | parameters have types, so each layer keeps its own |
//! | TD-16 | a wide fixture's teardown error is a report of its own, not the last test's |
//! | exit codes | 101 where pytest has 1, 0 where it has 5 |

#[macro_use]
mod vocabulary;
mod driver;

mod asynchronous;
mod attempts;
mod autouse;
mod errors;
mod lookup;
mod marks;
mod order;
mod overriding;
mod parameters;
mod scope;
mod skip;
mod teardown;
mod values;
mod xfail;

use std::process::ExitCode;

mod under_test {
    itest::main!();

    pub(crate) fn run() -> std::process::ExitCode {
        main()
    }
}

/// Cases that fail, and why: bugs, not differences. One that passes must be taken out.
///
/// `TD-71 (drop-in)` is about one mode, `TD-71` about all.
const KNOWN: &[(&str, &str)] = &[];

fn main() -> ExitCode {
    if std::env::var_os(vocabulary::EVENTS).is_some() {
        under_test::run()
    } else {
        driver::main(KNOWN)
    }
}
