//! The test [`NAME`]: nextest has no hook for the end of a run, so a test that it is told to run
//! last tears the session down, and fails the run if that fails.

use std::fs;
use std::io;
use std::process::ExitCode;

use super::hosts::Hosts;
use super::owner;
use super::protocol::Request;
use super::run::Run;
use crate::cli::{Args, Ignored};
use crate::run::{FAILED, say};

/// Each full-mode binary has it, under nextest, where `nextest-teardown` is set; the first one that
/// runs does it for all.
pub(crate) const NAME: &str = "zz_itest::teardown";

/// Whether nextest, listing the tests of this binary, shall see it.
pub(crate) fn is_listed(args: &Args) -> bool {
    let all = args.filters.is_empty() && args.ignored != Ignored::Only;
    args.nextest_teardown && all && std::env::var_os("NEXTEST").is_some()
}

/// The run that is to end, if this process is to run the test.
pub(crate) fn asked(args: &Args) -> Option<Run> {
    match &*args.filters {
        [filter] if args.exact && filter == NAME => Run::of_nextest(),
        _ => None,
    }
}

/// Tears down what the run has set up.
pub(crate) fn run(run: Run) -> ExitCode {
    let wrong = match tear_down(&Hosts::new(run)) {
        Ok(wrong) => wrong,
        Err(error) => vec![format!("error: the session cannot be ended: {error}")],
    };
    wrong.iter().for_each(|text| say(text));
    match wrong.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILED),
    }
}

/// Gives what went wrong.
fn tear_down(hosts: &Hosts) -> io::Result<Vec<String>> {
    let directory = hosts.directory()?;
    let is_retry = std::env::var("NEXTEST_ATTEMPT").is_ok_and(|attempt| attempt != "1");
    let is_over = directory.hosts() == 0;
    let ended = owner::finish(hosts, &Request::FinishAlone, &|| false)?;
    if ended.in_use {
        return Ok(vec![IN_USE.to_owned()]);
    }
    // Asking has made it again.
    let _ = fs::remove_dir_all(directory.path);
    Ok(match is_retry && is_over {
        true => vec![FAILED_BEFORE.to_owned()],
        false => ended.texts(),
    })
}

const FAILED_BEFORE: &str =
    "error: no teardown can be tried again; the first attempt tells what went wrong";

const IN_USE: &str = "\
error: session fixtures are not torn down: other tests use them
  = help: this test must run last and alone, so `.config/nextest.toml` must have
          [[profile.default.overrides]]
          filter = \"test(=zz_itest::teardown)\"
          priority = -100
          threads-required = \"num-test-threads\"
          retries = 0";
