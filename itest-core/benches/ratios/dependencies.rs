//! What itest's default features add to a project that has tokio, serde and serde_json.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, ExitCode};

use crate::measure::{measure, run};
use crate::samples::{PROJECT, PROJECT_WITH_ITEST, Samples};
use crate::table::{Table, Target, seconds};

const ROUNDS: usize = 3;

/// Where [`time_rustc`] writes; set where this program is cargo's `RUSTC_WRAPPER`.
const LOG: &str = "ITEST_RATIOS_LOG";

/// Counts the new crates, itest's two among them, and measures each one's rustc.
pub(crate) fn added(samples: &Samples, table: &Table<'_>) {
    let mut new = &crates(samples, PROJECT_WITH_ITEST) - &crates(samples, PROJECT);
    new.remove(&format!("{PROJECT_WITH_ITEST}@0.0.0"));
    let count = new.len() as f64;
    table.alone("new crates", |n| n.to_string(), &[count], Target::Most(6.0));

    rebuild(samples, &BTreeSet::new());
    let rounds: Vec<_> = (0..ROUNDS).map(|_| rebuild(samples, &new)).collect();
    let sum = |times: &Vec<(String, f64)>| times.iter().map(|(_, cpu)| cpu).sum();
    let sums: Vec<f64> = rounds.iter().map(sum).collect();
    table.alone("their CPU", seconds, &sums, Target::Most(1.0));
    for (name, _) in &rounds[0] {
        let ours = rounds.iter().flatten().filter(|(other, _)| other == name);
        let cpu: Vec<f64> = ours.map(|(_, cpu)| *cpu).collect();
        table.alone(&format!("- {name}"), seconds, &cpu, Target::None);
    }
}

/// All crates that a package is built from, as `name@version`.
fn crates(samples: &Samples, package: &str) -> BTreeSet<String> {
    let output = samples
        .cargo("tree")
        .args(["--edges", "normal,build", "--prefix", "none"])
        .args(["--package", package])
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "`cargo tree` fails for {package}");
    let tree = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    tree.lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" v")?;
            let version = rest.split(' ').next()?;
            Some(format!("{name}@{version}"))
        })
        .collect()
}

/// Builds the project anew with those crates; the CPU seconds of each one's rustc.
fn rebuild(samples: &Samples, new: &BTreeSet<String>) -> Vec<(String, f64)> {
    let target = samples.target("project");
    let mut clean = samples.cargo("clean");
    clean.arg("--target-dir").arg(&target);
    clean.args(["--package", PROJECT_WITH_ITEST]);
    clean.args(new.iter().flat_map(|name| ["--package", name]));
    measure(&mut clean);
    let log = target.join("rustc.log");
    File::create(&log).expect("the target directory is writable");
    let mut build = samples.cargo("build");
    build.args(["--package", PROJECT_WITH_ITEST]);
    build.arg("--target-dir").arg(&target);
    let program = std::env::current_exe().expect("a program knows its path");
    build.env("RUSTC_WRAPPER", program).env(LOG, &log);
    measure(&mut build);
    let project = PROJECT_WITH_ITEST.replace('-', "_");
    let text = fs::read_to_string(&log).expect("the log is there");
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    lines
        .filter(|(name, _)| *name != project)
        .map(|(name, cpu)| (name.to_owned(), cpu.parse().expect("a number")))
        .collect()
}

/// As cargo's `RUSTC_WRAPPER`: runs the compiler and notes the crate's name and CPU seconds.
pub(crate) fn time_rustc() -> Option<ExitCode> {
    let log = std::env::var_os(LOG)?;
    let mut args = std::env::args_os().skip(1);
    let mut rustc = Command::new(args.next()?);
    let args: Vec<OsString> = args.collect();
    let mut names = args.windows(2).filter(|pair| pair[0] == "--crate-name");
    let name = names.next().map(|pair| &pair[1]);
    let (success, cpu, _) = run(rustc.args(&args)).expect("rustc starts");
    // Cargo also asks the compiler about itself, without a crate.
    if let Some(name) = name.filter(|name| *name != "___") {
        let line = format!("{} {cpu}\n", name.display());
        let log = File::options().append(true).open(log);
        log.and_then(|mut log| log.write_all(line.as_bytes()))
            .expect("the log is writable");
    }
    Some(ExitCode::from(u8::from(!success)))
}
