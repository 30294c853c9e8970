//! The sample crate, whose binaries are run: generated and built once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::scene::without_runner;

/// Its files and their text.
const FILES: &[(&str, &str)] = &[
    ("data/.hidden", ""),
    ("data/empty.txt", ""),
    ("lib.rs", ""),
    ("tests/again.rs", include_str!("sample/again.rs")),
    ("tests/alone.rs", include_str!("sample/alone.rs")),
    ("other/build.rs", include_str!("sample/other/build.rs")),
    (
        "other/examples/broken.rs",
        include_str!("sample/other/examples/broken.rs"),
    ),
    ("other/lib.rs", include_str!("sample/other/lib.rs")),
    (
        "other/tests/abrupt.rs",
        include_str!("sample/other/tests/abrupt.rs"),
    ),
    (
        "other/tests/foreign.rs",
        include_str!("sample/other/tests/foreign.rs"),
    ),
    (
        "other/tests/holder.rs",
        include_str!("sample/other/tests/holder.rs"),
    ),
    (
        "other/tests/ill.rs",
        include_str!("sample/other/tests/ill.rs"),
    ),
    (
        "other/tests/own.rs",
        include_str!("sample/other/tests/own.rs"),
    ),
    (
        "other/tests/waiter.rs",
        include_str!("sample/other/tests/waiter.rs"),
    ),
    ("tests/broken.rs", include_str!("sample/broken.rs")),
    ("tests/builtins.rs", include_str!("sample/builtins.rs")),
    ("tests/chaos.rs", include_str!("sample/chaos.rs")),
    (
        "tests/chaos_drop_in.rs",
        include_str!("sample/chaos_drop_in.rs"),
    ),
    (
        "tests/chaotic/mod.rs",
        include_str!("sample/chaotic/mod.rs"),
    ),
    ("tests/common/mod.rs", include_str!("sample/common/mod.rs")),
    ("tests/crash.rs", include_str!("sample/crash.rs")),
    ("tests/deaths.rs", include_str!("sample/deaths.rs")),
    ("tests/files.rs", include_str!("sample/files.rs")),
    ("tests/holders.rs", include_str!("sample/holders.rs")),
    (
        "tests/leaking/mod.rs",
        include_str!("sample/leaking/mod.rs"),
    ),
    ("tests/leaks.rs", include_str!("sample/leaks.rs")),
    (
        "tests/leaks_drop_in.rs",
        include_str!("sample/leaks_drop_in.rs"),
    ),
    ("tests/locked/mod.rs", include_str!("sample/locked/mod.rs")),
    ("tests/locks.rs", include_str!("sample/locks.rs")),
    (
        "tests/locks_drop_in.rs",
        include_str!("sample/locks_drop_in.rs"),
    ),
    ("tests/marked.rs", include_str!("sample/marked.rs")),
    ("tests/one.rs", include_str!("sample/one.rs")),
    (
        "tests/outside/mod.rs",
        include_str!("sample/outside/mod.rs"),
    ),
    ("tests/output.rs", include_str!("sample/output.rs")),
    ("tests/polluted.rs", include_str!("sample/polluted.rs")),
    (
        "tests/polluted_drop_in.rs",
        include_str!("sample/polluted_drop_in.rs"),
    ),
    (
        "tests/registered/mod.rs",
        include_str!("sample/registered/mod.rs"),
    ),
    ("tests/resources.rs", include_str!("sample/resources.rs")),
    (
        "tests/resources_drop_in.rs",
        include_str!("sample/resources_drop_in.rs"),
    ),
    ("tests/signals.rs", include_str!("sample/signals.rs")),
    ("tests/three.rs", include_str!("sample/three.rs")),
    ("tests/together.rs", include_str!("sample/together.rs")),
    ("tests/then.rs", include_str!("sample/then.rs")),
    ("tests/two.rs", include_str!("sample/two.rs")),
];

/// The targets that libtest runs.
const DROP_IN: [&str; 7] = [
    "alone",
    "chaos_drop_in",
    "leaks_drop_in",
    "locks_drop_in",
    "polluted_drop_in",
    "resources_drop_in",
    "three",
];

struct Sample {
    binaries: BTreeMap<String, PathBuf>,
}

fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Result<Sample, String>> = OnceLock::new();
    match SAMPLE.get_or_init(build) {
        Ok(sample) => sample,
        Err(error) => panic!("the sample does not build\n{error}"),
    }
}

/// The binary of a target of the sample.
pub(crate) fn binary(target: &str) -> &'static Path {
    &sample().binaries[target]
}

/// All targets, with whether libtest runs them.
pub(crate) fn targets() -> impl Iterator<Item = (&'static str, bool)> {
    let names = sample().binaries.keys().map(String::as_str);
    names.map(|name| (name, DROP_IN.contains(&name)))
}

/// `cargo COMMAND…` for the sample as it was built.
pub(crate) fn cargo(words: &[&str]) -> Command {
    // It would wait while another test builds the program, which takes longer than a run may.
    program();
    bare_cargo(words)
}

/// The program `cargo-itest`, for the sample as `cargo` is.
pub(crate) fn cargo_itest() -> Command {
    in_directory(Command::new(program()))
}

/// That program; built behind the sample, in the same directory.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    sample();
    match PROGRAM.get_or_init(build_program) {
        Ok(program) => program,
        Err(error) => panic!("cargo-itest does not build\n{error}"),
    }
}

fn build_program() -> Result<PathBuf, String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let words = ["build", "--offline", "--features=cli", "--bin=cargo-itest"];
    let mut command = bare_cargo(&words);
    finish(command.arg("--manifest-path").arg(manifest))?;
    // What it would build in the time that a run may take.
    finish(&mut bare_cargo(&[
        "test",
        "--no-run",
        "--offline",
        "-p=other",
    ]))?;
    Ok(directory().join("target/debug/cargo-itest"))
}

fn finish(command: &mut Command) -> Result<(), String> {
    let output = command.output();
    let output = output.map_err(|error| format!("cargo does not start: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn bare_cargo(words: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = in_directory(Command::new(cargo));
    command.args(words);
    command
}

fn in_directory(mut command: Command) -> Command {
    without_runner(&mut command);
    command
        .current_dir(directory())
        // Its own, so that nobody waits for the lock of the one that is in use.
        .env("CARGO_TARGET_DIR", directory().join("target"));
    command
}

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("processes-sample")
}

fn build() -> Result<Sample, String> {
    generate().map_err(|error| error.to_string())?;
    let words = ["test", "--no-run", "--message-format=json", "-p=sample"];
    let mut errors = String::new();
    for more in [&["--offline"][..], &[]] {
        let output = bare_cargo(&words).args(more).output();
        let output = output.map_err(|error| format!("cargo does not start: {error}"))?;
        if output.status.success() {
            let binaries = binaries(&String::from_utf8_lossy(&output.stdout));
            return Ok(Sample { binaries });
        }
        errors += &String::from_utf8_lossy(&output.stderr);
        errors += &rendered(&String::from_utf8_lossy(&output.stdout));
    }
    Err(errors)
}

fn generate() -> std::io::Result<()> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifests = [
        ("Cargo.toml", include_str!("sample/Cargo.toml.in")),
        (
            "other/Cargo.toml",
            include_str!("sample/other/Cargo.toml.in"),
        ),
    ];
    for (path, manifest) in manifests {
        let manifest = manifest.replace("ITEST_CORE", &core.to_string_lossy());
        write(Path::new(path), &manifest)?;
    }
    for (path, text) in FILES {
        write(Path::new(path), text)?;
    }
    // The versions of the workspace: nothing is to be resolved anew.
    if let Some(workspace) = core.parent()
        && let Ok(lock) = fs::read_to_string(workspace.join("Cargo.lock"))
    {
        fs::write(directory().join("Cargo.lock"), lock)?;
    }
    Ok(())
}

/// Leaves a file alone that is right, so that cargo need not build it again.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = directory().join(path);
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().expect("it has a parent"))?;
    fs::write(path, text)
}

fn messages(stdout: &str) -> impl Iterator<Item = serde_json::Value> {
    stdout
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
}

fn binaries(stdout: &str) -> BTreeMap<String, PathBuf> {
    let found = messages(stdout).filter_map(|message| {
        let name = message["target"]["name"].as_str()?.to_owned();
        let binary = message["executable"].as_str()?.into();
        Some((name, binary))
    });
    found.collect()
}

fn rendered(stdout: &str) -> String {
    let all = messages(stdout).filter_map(|message| {
        let text = message["message"]["rendered"].as_str()?;
        Some(text.to_owned())
    });
    all.collect()
}
