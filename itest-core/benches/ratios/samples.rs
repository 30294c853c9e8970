//! [`Samples`]: the generated crates, one workspace below the target directory.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What marks the tests, and thereby who runs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// `#[test]`
    Libtest,
    /// `#[tokio::test]`
    Tokio,
    /// `#[integration]` under libtest's harness.
    DropIn,
    /// `#[integration]` and `itest::main!()`.
    Full,
}

/// What the tests do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// A few shapes of small tests that await once.
    Async,
    /// Nothing.
    Empty,
    /// Sleeps for [`NAP_MILLISECONDS`].
    Nap,
    /// Uses the last of three values that are each made from the one before.
    Chain,
}

/// A crate with one test target.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    by: By,
    body: Body,
    modules: usize,
    tests_per_module: usize,
}

const fn sample(name: &'static str, by: By, body: Body, modules: usize, tests: usize) -> Sample {
    Sample {
        name,
        by,
        body,
        modules,
        tests_per_module: tests,
    }
}

pub(crate) const ASYNC_LIBTEST: Sample = sample("async-libtest", By::Libtest, Body::Async, 10, 100);
pub(crate) const ASYNC_TOKIO: Sample = sample("async-tokio", By::Tokio, Body::Async, 10, 100);
pub(crate) const ASYNC_DROP_IN: Sample = sample("async-drop-in", By::DropIn, Body::Async, 10, 100);
pub(crate) const ASYNC_FULL: Sample = sample("async-full", By::Full, Body::Async, 10, 100);
pub(crate) const EMPTY_LIBTEST: Sample =
    sample("empty-libtest", By::Libtest, Body::Empty, 10, 1000);
pub(crate) const EMPTY_FULL: Sample = sample("empty-full", By::Full, Body::Empty, 10, 1000);
pub(crate) const CHAIN_LIBTEST: Sample =
    sample("chain-libtest", By::Libtest, Body::Chain, 10, 1000);
pub(crate) const CHAIN_FULL: Sample = sample("chain-full", By::Full, Body::Chain, 10, 1000);
pub(crate) const MANY_LIBTEST: Sample = sample("many-libtest", By::Libtest, Body::Empty, 30, 1000);
pub(crate) const MANY_FULL: Sample = sample("many-full", By::Full, Body::Empty, 30, 1000);
pub(crate) const MOST_LIBTEST: Sample = sample("most-libtest", By::Libtest, Body::Empty, 100, 1000);
pub(crate) const MOST_FULL: Sample = sample("most-full", By::Full, Body::Empty, 100, 1000);

pub(crate) const FEW_LIBTEST: Sample = sample("few-libtest", By::Libtest, Body::Empty, 1, 500);
pub(crate) const NAP_LIBTEST: Sample = sample("nap-libtest", By::Libtest, Body::Nap, 1, 1000);
pub(crate) const NAP_FULL: Sample = sample("nap-full", By::Full, Body::Nap, 1, 1000);

/// How long a test of the samples with naps sleeps.
pub(crate) const NAP_MILLISECONDS: u32 = 5;

const SAMPLES: &[Sample] = &[
    ASYNC_LIBTEST,
    ASYNC_TOKIO,
    ASYNC_DROP_IN,
    ASYNC_FULL,
    EMPTY_LIBTEST,
    EMPTY_FULL,
    CHAIN_LIBTEST,
    CHAIN_FULL,
    MANY_LIBTEST,
    MANY_FULL,
    MOST_LIBTEST,
    MOST_FULL,
    FEW_LIBTEST,
    NAP_LIBTEST,
    NAP_FULL,
];

/// A project without and with itest, for counting what itest adds to it.
pub(crate) const PROJECT: &str = "project";
pub(crate) const PROJECT_WITH_ITEST: &str = "project-with-itest";

/// The same on both sides of a ratio.
const TOKIO: &str =
    "tokio = { version = \"1\", features = [\"rt-multi-thread\", \"macros\", \"time\"] }\n";

/// The workspace of the sample crates.
#[derive(Debug)]
pub(crate) struct Samples {
    root: PathBuf,
    offline: bool,
}

impl Samples {
    /// Writes what is not there yet, so that builds of an earlier run are used again.
    pub(crate) fn create() -> Samples {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ratios");
        let mut members: Vec<&str> = SAMPLES.iter().map(|sample| sample.name).collect();
        members.extend([PROJECT, PROJECT_WITH_ITEST]);
        let manifest = format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n");
        write(&root.join("Cargo.toml"), &manifest);
        for sample in SAMPLES {
            sample.write(&root.join(sample.name));
        }
        let dependencies = "\
            tokio = { version = \"1\", features = [\"rt-multi-thread\", \"macros\", \"time\", \"net\"] }\n\
            serde = { version = \"1\", features = [\"derive\"] }\n\
            serde_json = \"1\"\n";
        write_package(&root.join(PROJECT), PROJECT, dependencies, "");
        write_package(
            &root.join(PROJECT_WITH_ITEST),
            PROJECT_WITH_ITEST,
            &format!("{dependencies}{}", itest()),
            "",
        );
        // The versions that the workspace uses are the ones that are there.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        if let Ok(lock) = fs::read_to_string(lock) {
            fs::write(root.join("Cargo.lock"), lock).expect("the target directory is writable");
        }
        let mut samples = Samples {
            root,
            offline: true,
        };
        let resolves = samples
            .cargo("tree")
            .arg("--workspace")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        samples.offline = resolves.is_ok_and(|status| status.success());
        samples
    }

    /// A cargo command on this workspace, with the environment's cargo.
    pub(crate) fn cargo(&self, command: &str) -> Command {
        self.cargo_of(&[command, "--quiet"])
    }

    /// `cargo nextest run` for a sample, quietly.
    pub(crate) fn nextest(&self, sample: &Sample) -> Command {
        let mut nextest = self.cargo_of(&["nextest", "run"]);
        nextest.args(["--package", sample.name, "--test", &sample.target()]);
        nextest.arg("--target-dir").arg(self.target("shared"));
        nextest.args(["--status-level=none", "--final-status-level=none"]);
        nextest.stderr(Stdio::null());
        nextest
    }

    fn cargo_of(&self, words: &[&str]) -> Command {
        let mut cargo = Command::new(program());
        cargo.args(words);
        cargo
            .arg("--manifest-path")
            .arg(self.root.join("Cargo.toml"));
        if self.offline {
            cargo.arg("--offline");
        }
        // A compiler cache would measure itself, and what is built follows cargo's defaults.
        for name in [
            "RUSTC_WRAPPER",
            "CARGO_BUILD_RUSTC_WRAPPER",
            "CARGO_INCREMENTAL",
        ] {
            cargo.env_remove(name);
        }
        cargo
    }

    /// Where a series of builds keeps what it builds.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.root.join("target").join(name)
    }

    /// Builds a sample's tests, nothing of which runs.
    pub(crate) fn build(&self, sample: &Sample, target: &Path) -> Command {
        let mut build = self.cargo("test");
        build.args(["--no-run", "--package", sample.name]);
        build.args(["--test", &sample.target()]);
        build.arg("--target-dir").arg(target);
        build
    }

    /// Builds if need be; the test binary, which has all tests that it should have.
    pub(crate) fn binary(&self, sample: &Sample) -> PathBuf {
        let output = self
            .build(sample, &self.target("shared"))
            .arg("--message-format=json")
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "{} does not build", sample.name);
        let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
        let binary = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .expect("cargo names the executable");
        sample.check(&binary);
        binary
    }

    /// Changes the body of one test of a module; different for each `round`.
    pub(crate) fn edit(&self, sample: &Sample, round: usize) {
        let module = sample.modules / 2;
        let edited = sample.tests_per_module / 2;
        let head = format!("fn t{edited}(");
        let mut text = String::new();
        let mut inside = false;
        for line in sample.module(module).lines() {
            let _ = writeln!(text, "{line}");
            inside |= line.contains(&head);
            if inside && line.ends_with('{') {
                // What follows moves a line down, or up again.
                let _ = write!(text, "    assert!({round} < 1_000_000);");
                text.push_str(if round.is_multiple_of(2) {
                    "\n"
                } else {
                    "\n\n"
                });
                inside = false;
            }
        }
        let path = self.root.join(sample.name).join(module_path(module));
        fs::write(path, text).expect("the target directory is writable");
    }
}

fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Whether cargo-nextest is installed.
pub(crate) fn has_nextest() -> bool {
    let version = Command::new(program())
        .args(["nextest", "--version"])
        .output();
    version.is_ok_and(|output| output.status.success())
}

impl Sample {
    pub(crate) fn tests(&self) -> usize {
        self.modules * self.tests_per_module
    }

    /// The test target; `cargo clean` goes by the names of targets, so no two are alike.
    fn target(&self) -> String {
        format!("{}-tests", self.name)
    }

    /// The name of a test in the middle.
    pub(crate) fn one(&self) -> String {
        format!("m{}::t{}", self.modules / 2, self.tests_per_module / 2)
    }

    fn write(&self, directory: &Path) {
        let itest = matches!(self.by, By::DropIn | By::Full);
        let mut dependencies = String::new();
        if self.body == Body::Async && self.by != By::Libtest {
            dependencies.push_str(TOKIO);
        }
        if itest {
            dependencies.push_str(&self::itest());
        }
        let target = format!(
            "\n[[test]]\nname = {:?}\npath = \"tests/all/main.rs\"\nharness = {}\n",
            self.target(),
            self.by != By::Full
        );
        write_package(directory, self.name, &dependencies, &target);
        let mut main: String = (0..self.modules).map(|m| format!("mod m{m};\n")).collect();
        if self.by == By::Full {
            main.push_str("itest::main!();\n");
        }
        if self.body == Body::Chain {
            main.push_str(if itest { FIXTURES } else { FUNCTIONS });
        }
        write(&directory.join("tests/all/main.rs"), &main);
        for module in 0..self.modules {
            write(&directory.join(module_path(module)), &self.module(module));
        }
    }

    fn module(&self, _module: usize) -> String {
        let itest = matches!(self.by, By::DropIn | By::Full);
        let mut text = String::new();
        if itest {
            text.push_str("use itest::prelude::*;\n");
        }
        for number in 0..self.tests_per_module {
            text.push_str(match self.by {
                By::Libtest => "#[test]\n",
                By::Tokio => "#[tokio::test]\n",
                By::DropIn | By::Full => "#[integration]\n",
            });
            match self.body {
                Body::Async => write_async(&mut text, number, self.by != By::Libtest),
                Body::Empty => writeln!(text, "fn t{number}() {{}}").expect("a string takes all"),
                Body::Nap => {
                    let _ = writeln!(
                        text,
                        "fn t{number}() {{\n    std::thread::sleep(std::time::Duration::from_millis({NAP_MILLISECONDS}));\n}}"
                    );
                }
                Body::Chain if itest => {
                    let _ = writeln!(text, "fn t{number}(c: &u32) {{\n    assert_eq!(*c, 3);\n}}");
                }
                Body::Chain => {
                    let _ = writeln!(
                        text,
                        "fn t{number}() {{\n    let a = crate::a();\n    let b = crate::b(&a);\n    \
                         let c = crate::c(&b);\n    assert_eq!(c, 3);\n}}"
                    );
                }
            }
        }
        text
    }

    /// The listed names are the expected ones.
    fn check(&self, binary: &Path) {
        let output = Command::new(binary)
            .args(["--list", "--format", "terse"])
            .output()
            .expect("the sample starts");
        let list = String::from_utf8(output.stdout).expect("the list is UTF-8");
        let names: BTreeSet<&str> = list.lines().collect();
        assert_eq!(names.len(), self.tests(), "{} has other tests", self.name);
        assert!(names.contains(&*format!("{}: test", self.one())));
    }
}

const FIXTURES: &str = "
#[itest::fixture]
fn a() -> u32 {
    1
}
#[itest::fixture]
fn b(a: &u32) -> u32 {
    a + 1
}
#[itest::fixture]
fn c(b: &u32) -> u32 {
    b + 1
}
";

const FUNCTIONS: &str = "
fn a() -> u32 {
    1
}
fn b(a: &u32) -> u32 {
    a + 1
}
fn c(b: &u32) -> u32 {
    b + 1
}
";

/// The same text for everybody, but for `async` and the `await`.
fn write_async(text: &mut String, number: usize, is_async: bool) {
    let (asynchronous, pause) = if is_async {
        ("async ", "    tokio::task::yield_now().await;\n")
    } else {
        ("", "")
    };
    let (returns, before, after) = match number % 4 {
        0 => (
            "",
            format!("let sum = {number} + 1;"),
            format!("assert_eq!(sum, 1 + {number});"),
        ),
        1 => (
            "",
            format!("let text = format!(\"{{}}-{{}}\", \"a\", {number});"),
            "assert!(text.starts_with(\"a-\"), \"{text}\");".to_owned(),
        ),
        2 => (
            " -> Result<(), std::num::ParseIntError>",
            format!("let parsed: usize = \"{number}\".parse()?;"),
            format!("assert_eq!(parsed, {number});\n    Ok(())"),
        ),
        _ => (
            "",
            format!("let mut list = vec![3, {number}, 2];"),
            format!("list.sort();\n    assert_eq!(list, [2, 3, {number}]);"),
        ),
    };
    let _ = write!(
        text,
        "{asynchronous}fn t{number}(){returns} {{\n    {before}\n{pause}    {after}\n}}\n"
    );
}

fn itest() -> String {
    format!(
        "itest-core = {{ path = {:?} }}\n",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn module_path(module: usize) -> PathBuf {
    Path::new("tests/all").join(format!("m{module}.rs"))
}

fn write_package(directory: &Path, name: &str, dependencies: &str, rest: &str) {
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependencies}{rest}"
    );
    write(&directory.join("Cargo.toml"), &manifest);
    write(&directory.join("src/lib.rs"), "");
}

/// Leaves a file alone that says so already.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    let directory = path.parent().expect("a file is in a directory");
    fs::create_dir_all(directory).expect("the target directory is writable");
    fs::write(path, text).expect("the target directory is writable");
}
