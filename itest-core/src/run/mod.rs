//! Running a plan: `main`, the dispatcher, and the executors that it keeps busy.

mod dispatcher;
pub(crate) mod events;
pub(crate) mod executor;
pub(crate) mod exit;
pub(crate) mod host;
pub(crate) mod interrupt;
pub(crate) mod leaks;
pub(crate) mod locks;
mod named;
mod note;
pub(crate) mod panic;
#[cfg(unix)]
mod process;
#[cfg(unix)]
pub(crate) use process::{
    end_group, ended_how, flush_c, kill_group, protocol, take_stdin, wait_for_end,
};
pub(crate) mod recorder;
mod runtime;
mod schedule;
mod selection;
pub(crate) mod store;
pub(crate) mod suite;
mod threads;
pub(crate) mod watchdog;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

#[cfg(all(feature = "cli", unix))]
pub(crate) use self::dispatcher::{Alone, Broken};
pub(crate) use self::dispatcher::{CrewKind, END_LIMIT, Job, dispatch, say};
#[cfg(all(feature = "cli", unix))]
pub(crate) use self::schedule::order;
#[cfg(all(feature = "cli", unix))]
pub(crate) use self::selection::assign;
use self::suite::{Launch, Suite, Summary};
use crate::cli::{self, Args, Parsed, Share, Show};
use crate::condition::Conditions;
use crate::def::{MainDef, PlainTest};
use crate::describe::{self, Details};
use crate::plan::{Plan, PlanError, Verdict};
use crate::registry::Registry;
use crate::report::{self, Listed};
#[cfg(unix)]
use crate::session::last_test;

/// So many tests by name are found sooner than all are sorted.
const FEW: usize = 16;

/// libtest's exit code for failed tests, and for a command line or plan that cannot be run.
pub(crate) const FAILED: u8 = 101;

/// What `itest::main!()` expands to.
pub fn main(def: &'static MainDef) -> ExitCode {
    crate::call::runs_by_itself();
    match run(def) {
        Ok(code) => code,
        // Nobody reads the list, or the report, any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(FAILED),
        Err(error) => {
            say(&format!("error: cannot write the report: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn run(def: &'static MainDef) -> io::Result<ExitCode> {
    #[cfg(unix)]
    if let Some(orders) = crate::session::host_if_asked() {
        let plan = whole_plan().map_err(|error| io::Error::other(error.to_string()))?;
        crate::session::run_host(orders, plan)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut words: Vec<_> = std::env::args_os().collect();
    #[cfg(unix)]
    let child = process::child_if_asked(&mut words);
    let described = describe::asked(&mut words);
    let args = match cli::parse(words, &|name| std::env::var_os(name)) {
        Ok(Parsed::Run(args)) => *args,
        Ok(Parsed::Help(help)) => {
            io::stdout().write_all(help.as_bytes())?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => {
            say(&error.to_string());
            return Ok(ExitCode::from(FAILED));
        }
    };
    #[cfg(unix)]
    if let Some(child) = child {
        panic::install_hook();
        return child.run(&args);
    }
    #[cfg(unix)]
    if let Some(run) = last_test::asked(&args) {
        return Ok(last_test::run(run));
    }
    let few = described.is_none()
        && args.show.is_none()
        && (args.exact_names()).is_some_and(|names| names.len() <= FEW);
    let registry = match few {
        true => Registry::unsorted(),
        false => Registry::collect(),
    };
    // A runner that starts a process for each test has listed the binary before.
    if !args.exact && described.is_none() {
        warn_of_plain_tests(def);
    }
    let plan = Plan::new(&registry, &args);
    if let Some(asked) = described {
        describe::answer(def, &registry, plan, &args, &asked)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut plan = match plan {
        Ok(plan) => plan,
        Err(error) => {
            say(&error.to_string());
            return Ok(ExitCode::from(FAILED));
        }
    };
    let verdicts = verdicts(&plan, &args);
    if let Some(show) = args.show {
        let details = Details::of(&registry, &plan, &verdicts);
        let text = match show {
            Show::Fixtures => describe::fixtures::text(&details.fixtures),
            Show::SetupPlan => describe::steps::text(&details.steps),
        };
        io::stdout().write_all(text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.list {
        list(&plan, &verdicts, &args, def)?;
        // As below: freeing is a tenth of listing.
        std::mem::forget((plan, verdicts));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(refusal) = refusal(&args) {
        say(&refusal);
        return Ok(ExitCode::from(FAILED));
    }
    panic::install_hook();
    let in_process = in_process(&args, &verdicts);
    let suite = Suite {
        id: binary_id().into(),
        summary: Summary::of(&mut plan, verdicts, false),
        launch: Launch::Again,
    };
    let crew = match in_process {
        true => CrewKind::Threads(Arc::new(plan)),
        false => {
            // This process ends with the run; freeing takes longer than many a test.
            std::mem::forget(plan);
            CrewKind::Processes
        }
    };
    let job = Job {
        suites: vec![suite],
        ..Job::default()
    };
    dispatch(job, &args, crew)
}

/// The plan of the whole binary, whatever this process was asked to run.
#[cfg(unix)]
pub(crate) fn whole_plan() -> Result<Plan, PlanError> {
    let mut args = match cli::parse([], &|name| std::env::var_os(name)) {
        Ok(Parsed::Run(args)) => args,
        // The variables have been read before, with the same result.
        Ok(Parsed::Help(_)) | Err(_) => unreachable!("nothing was asked for"),
    };
    args.select_all();
    Plan::again(&Registry::collect(), &args)
}

/// What the run is called that this process is a part of, or owns.
#[cfg(unix)]
pub(crate) fn run_id(share: Share) -> String {
    use crate::session::Run;
    let run = Run::joined(share).unwrap_or_else(Run::owned);
    run.id().to_owned()
}

/// What the run is called that this process is.
#[cfg(not(unix))]
pub(crate) fn run_id(_: Share) -> String {
    format!("run-{}", std::process::id())
}

/// Why tests must not run here, if the configuration says so.
pub(crate) fn refusal(args: &Args) -> Option<String> {
    let variables = std::env::vars_os();
    args.guard.refusal(variables.map(|(name, value)| {
        let [name, value] = [name, value].map(|text| text.to_string_lossy().into_owned());
        (name, value)
    }))
}

/// Whether tests run in this process: where asked for, and where one process is what is wanted.
fn in_process(args: &Args, verdicts: &[(usize, Verdict)]) -> bool {
    let one_by_one = args.test_threads == NonZeroUsize::new(1);
    // nextest and editors start a process for one test, and capture it themselves.
    let single = args.exact && verdicts.len() <= 1;
    cfg!(not(unix)) || args.in_process || cfg!(miri) || (!args.capture && (one_by_one || single))
}

/// This binary as nextest names it: the package, and the target unless it has the same name.
pub(crate) fn binary_id() -> String {
    let exe = std::env::current_exe().unwrap_or_default();
    let stem = exe.file_stem().unwrap_or_default().to_string_lossy();
    // Cargo puts a hash behind the target's name.
    let target = match stem.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name
        }
        _ => &stem,
    };
    match std::env::var("CARGO_PKG_NAME") {
        Ok(package) if package.replace('-', "_") != target => format!("{package}::{target}"),
        _ => target.to_owned(),
    }
}

fn warn_of_plain_tests(def: &MainDef) {
    for plain in def.plain_tests {
        say(&plain_test_warning(plain));
    }
}

pub(crate) fn plain_test_warning(plain: &PlainTest) -> String {
    format!(
        "warning: `{}` is a plain `#[test]`, which does not run in full mode\n  --> {}:{}\n   \
         = help: write `#[integration]` instead, or move it to a target without \
         `harness = false`",
        plain.name, plain.file, plain.line
    )
}

/// Each test of the plan with its verdict, those left out left out.
pub(crate) fn verdicts(plan: &Plan, args: &Args) -> Vec<(usize, Verdict)> {
    let mut conditions = Conditions::default();
    let mut verdicts = Vec::with_capacity(plan.tests.len());
    let plain_run = Plan::plain_run(args);
    for (index, test) in plan.tests.iter().enumerate() {
        if plain_run && test.says_nothing() {
            verdicts.push((index, Verdict::Run));
            continue;
        }
        match plan.verdict(test, &mut conditions, args) {
            Verdict::LeftOut => {}
            verdict => verdicts.push((index, verdict)),
        }
    }
    selection::select(plan, verdicts, args)
}

/// What `--list` shows: like libtest, `#[ignore]`d tests are ignored whatever else was asked for.
fn list(plan: &Plan, verdicts: &[(usize, Verdict)], args: &Args, def: &MainDef) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "there are no hosts there"))]
    let mut listed: Vec<Listed<'_>> = verdicts
        .iter()
        .map(|(index, verdict)| {
            let test = &plan.tests[*index];
            Listed {
                name: &test.name,
                function: test.def.name,
                ignored: test.ignore.is_some() || matches!(verdict, Verdict::Skipped(_)),
                reason: match verdict {
                    Verdict::Skipped(reason) => reason,
                    _ => test.ignore.unwrap_or_default(),
                },
                location: test.def.location,
            }
        })
        .collect();
    #[cfg(unix)]
    if last_test::is_listed(args) {
        listed.push(Listed {
            name: last_test::NAME,
            function: last_test::NAME,
            ignored: false,
            reason: "",
            location: def.location,
        });
    }
    report::list(args, &listed, &mut io::stdout().lock())
}
