//! What itest costs beside `#[test]` and `#[tokio::test]`, as ratios.
//!
//! ```console
//! $ cargo bench -p itest-core --bench ratios [-- ROW…]
//! ```
//!
//! Sample crates are generated below the target directory, built with the same cargo, offline
//! when the workspace's lock file allows it, and run. The two sides of a ratio are measured in
//! turns, and a ratio is that of the minima, because machines are shared and noisy; nothing is
//! asserted. A row runs when its name contains one of the arguments; `list-100000` has to be named.

mod compile;
mod dependencies;
mod list;
mod measure;
mod run;
mod samples;
mod table;

use std::process::ExitCode;

use crate::samples::Samples;
use crate::table::Table;

/// Measures one row and prints its lines.
type Row = fn(&Samples, &Table<'_>);

/// In the order of running.
const ROWS: &[(&str, Row)] = &[
    ("dependencies", dependencies::added),
    ("compile", compile::test_crate),
    ("edit", compile::edit),
    ("everything", compile::everything),
    ("run-empty", run::empty),
    ("run-chain", run::chain),
    ("run-naps", run::naps),
    ("run-nextest", run::nextest),
    ("list-10000", list::ten_thousand),
    ("list-30000", list::thirty_thousand),
    ("list-100000", list::hundred_thousand),
    ("exact-10000", list::exact),
];

/// Its samples take minutes and gigabytes to compile, so it runs only when it is named.
const ON_REQUEST: &str = "list-100000";

fn main() -> ExitCode {
    if let Some(code) = dependencies::time_rustc() {
        return code;
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --all-targets` starts the program too, without `--bench`.
    if !args.iter().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    let samples = Samples::create();
    table::print_head();
    for (name, measure) in ROWS {
        let matches = |filter: &&String| {
            name == filter || (*name != ON_REQUEST && name.contains(filter.as_str()))
        };
        let wanted = match filters.as_slice() {
            [] => *name != ON_REQUEST,
            some => some.iter().any(matches),
        };
        if wanted {
            measure(&samples, &Table { row: name });
        }
    }
    ExitCode::SUCCESS
}
