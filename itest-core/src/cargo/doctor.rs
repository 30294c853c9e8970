//! `cargo itest doctor`: what the machine has, what runs, what was left, and what to do about it.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime};

use super::Stop;
use super::invoke::cargo;
use super::words::Words;
use crate::doctor::{Owner, State, kept_errors, owners, sweep_now};
use crate::run::FAILED;

/// The oldest nextest that says in which run it lists.
const NEXTEST: [u32; 3] = [0, 9, 138];

/// Servers that fixtures start, with the programs that one of which is needed.
const SERVERS: [(&str, &[&str]); 4] = [
    ("PostgreSQL", &["postgres"]),
    ("Redis", &["redis-server", "valkey-server"]),
    ("MariaDB", &["mariadbd", "mysqld"]),
    ("NATS", &["nats-server"]),
];

/// Where packages put servers that are not on `PATH`.
const DIRECTORIES: [&str; 5] = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/postgresql/bin",
];

/// Looks at everything. The exit code tells whether something is to be done.
pub(super) fn doctor(words: &Words) -> Result<ExitCode, Stop> {
    let mut chart = Chart {
        out: BufWriter::new(Box::new(io::stdout().lock())),
        is_ill: false,
    };
    if words.sweep {
        sweep(&mut chart)?;
    }
    toolchain(&mut chart)?;
    nextest(&mut chart)?;
    configuration(&mut chart)?;
    services(&mut chart)?;
    processes(&mut chart)?;
    earlier_errors(&mut chart)?;
    chart.out.flush()?;
    Ok(match chart.is_ill {
        true => ExitCode::from(FAILED),
        false => ExitCode::SUCCESS,
    })
}

/// What is written down.
struct Chart {
    out: BufWriter<Box<dyn Write>>,
    /// Something is to be done.
    is_ill: bool,
}

impl Chart {
    fn title(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "{title}")
    }

    fn good(&mut self, what: impl Display) -> io::Result<()> {
        writeln!(self.out, "  ok    {what}")
    }

    /// Not there, and nobody says that it must be.
    fn none(&mut self, what: impl Display, help: impl Display) -> io::Result<()> {
        writeln!(self.out, "  -     {what}")?;
        self.help(help)
    }

    fn bad(&mut self, what: impl Display, help: impl Display) -> io::Result<()> {
        self.is_ill = true;
        writeln!(self.out, "  ERROR {what}")?;
        self.help(help)
    }

    fn help(&mut self, help: impl Display) -> io::Result<()> {
        writeln!(self.out, "        help: {help}")
    }

    fn more(&mut self, text: &str) -> io::Result<()> {
        for line in text.lines() {
            writeln!(self.out, "        {line}")?;
        }
        Ok(())
    }
}

/// The first line that a command prints, if it goes well.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    let text = match output.status.success() {
        true => &output.stdout,
        false => &output.stderr,
    };
    let text = String::from_utf8_lossy(text);
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    match output.status.success() {
        true => Ok(line.trim().to_owned()),
        false => Err(line.trim().to_owned()),
    }
}

fn toolchain(chart: &mut Chart) -> io::Result<()> {
    chart.title("Toolchain")?;
    match said(cargo().arg("--version")) {
        Ok(version) => chart.good(version)?,
        Err(error) => chart.bad(
            format!("cargo does not run: {error}"),
            "install Rust, or set `CARGO` to the path of cargo",
        )?,
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    match said(Command::new(rustc).arg("--version")) {
        Ok(version) => chart.good(version)?,
        Err(error) => chart.bad(
            format!("rustc does not run: {error}"),
            "install Rust, or set `RUSTC` to the path of rustc",
        )?,
    }
    chart.good(format!("cargo-itest {}", env!("CARGO_PKG_VERSION")))
}

fn nextest(chart: &mut Chart) -> io::Result<()> {
    chart.title("\nnextest")?;
    let version = match said(cargo().args(["nextest", "--version"])) {
        Ok(version) => version,
        Err(_) => {
            return chart.none(
                "cargo-nextest is not installed",
                "nothing, unless you want `cargo nextest run`: `cargo install cargo-nextest`",
            );
        }
    };
    let numbers = version.split(' ').find_map(numbers);
    match numbers {
        Some(numbers) if numbers >= NEXTEST => chart.good(&version)?,
        _ => chart.none(
            &version,
            "update it: from 0.9.138 on its list phase belongs to the run",
        )?,
    }
    match find_above(".config/nextest.toml") {
        Some(path) => chart.good(path.display()),
        None => chart.none("no `.config/nextest.toml`", "`cargo itest init` writes one"),
    }
}

fn numbers(word: &str) -> Option<[u32; 3]> {
    let mut parts = word.split(['.', '-']).map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

fn configuration(chart: &mut Chart) -> io::Result<()> {
    chart.title("\nConfiguration")?;
    match find_above(".config/itest.toml") {
        // It has been read: a mistake in it has ended us before.
        Some(path) => chart.good(path.display())?,
        None => chart.none("no `.config/itest.toml`", "`cargo itest init` writes one")?,
    }
    let mut variables: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| name.to_string_lossy().starts_with("ITEST_"))
        .collect();
    variables.sort();
    for (name, value) in variables {
        chart.good(format!("{}={}", name.display(), value.display()))?;
    }
    Ok(())
}

/// The file of that name here or above.
pub(super) fn find_above(name: &str) -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let mut found = here.ancestors().map(|directory| directory.join(name));
    found.find(|path| path.is_file())
}

fn services(chart: &mut Chart) -> io::Result<()> {
    chart.title("\nServices")?;
    for (server, programs) in SERVERS {
        match programs.iter().find_map(|program| find_program(program)) {
            Some(path) => chart.good(format!("{server}: {}", path.display()))?,
            None => chart.none(
                format!("{server}: no `{}`", programs.join("`, no `")),
                "install it, name a running server in the fixture's variable, or use containers",
            )?,
        }
    }
    for engine in ["docker", "podman"] {
        let Some(path) = find_program(engine) else {
            chart.none(
                format!("containers: no `{engine}`"),
                "nothing, unless you want containers",
            )?;
            continue;
        };
        match said(Command::new(&path).args(["version", "--format", "{{.Server.Version}}"])) {
            Ok(version) => chart.good(format!("containers: {} {version}", path.display()))?,
            Err(error) => chart.none(
                format!(
                    "containers: {} is there but does not answer: {error}",
                    path.display()
                ),
                "start its service, and see that you may use it",
            )?,
        }
    }
    Ok(())
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = Path::new("/usr/lib/postgresql").read_dir();
    let mut versions: Vec<PathBuf> = versions
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    versions.reverse();
    let known = DIRECTORIES.iter().map(PathBuf::from);
    let all = on_path.into_iter().chain(versions).chain(known);
    all.map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

fn processes(chart: &mut Chart) -> io::Result<()> {
    chart.title("\nRuns, and what they left")?;
    let owners = owners();
    if owners.is_empty() {
        return chart.good("nothing runs, nothing was left");
    }
    for owner in &owners {
        let what = describe(owner);
        match owner.state {
            State::Left => chart.bad(what, owner.state.help())?,
            state => chart.none(what, state.help())?,
        }
        for held in &owner.resources {
            chart.more(&format!("{} of `{}`", held.what, held.user))?;
        }
        for fixture in &owner.fixtures {
            chart.more(&format!("session fixture {fixture}"))?;
        }
    }
    Ok(())
}

fn describe(owner: &Owner) -> String {
    let program = owner
        .program
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let state = match owner.state {
        State::Lives => "runs",
        State::BeingCleaned => "is dead, and what it left is being cleaned",
        _ => "is dead, and has left something",
    };
    let host = match owner.runner {
        Some(runner) => format!(", session host of the run of process {runner}"),
        None => String::new(),
    };
    let age = SystemTime::now()
        .duration_since(owner.since)
        .unwrap_or_default();
    format!(
        "process {} ({program}{host}), for {}, {state}",
        owner.pid,
        span(age)
    )
}

fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7199 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

fn sweep(chart: &mut Chart) -> io::Result<()> {
    chart.title("Sweep")?;
    let swept = sweep_now();
    if swept.is_empty() {
        chart.good("there was nothing to clean")?;
    }
    for one in swept {
        let what = format!("what process {} left", one.owner.pid);
        match one.errors.is_empty() {
            true => chart.good(format!("{what} is gone"))?,
            false => {
                chart.bad(
                    format!("{what} could not be cleaned"),
                    "do it by hand, then remove the journal",
                )?;
                for error in &one.errors {
                    chart.more(error)?;
                }
                chart.more(&one.owner.journal.display().to_string())?;
            }
        }
    }
    chart.title("")
}

fn earlier_errors(chart: &mut Chart) -> io::Result<()> {
    chart.title("\nErrors of earlier runs, after their end")?;
    match kept_errors() {
        None => chart.good("none"),
        Some(text) => {
            chart.bad(
                "a teardown failed",
                "mend the fixture; the next run tells this once more",
            )?;
            chart.more(&text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(numbers("0.9.143"), Some([0, 9, 143]));
        assert_eq!(numbers("1.0.0-rc.1"), Some([1, 0, 0]));
        assert_eq!(numbers("cargo-nextest"), None);
        assert!(numbers("0.9.72") < Some(NEXTEST));
    }

    #[test]
    fn spans_are_short() {
        let of = |seconds| span(Duration::from_secs(seconds));
        assert_eq!([of(5), of(600), of(90_000)], ["5 s", "10 min", "25 h"]);
    }
}
