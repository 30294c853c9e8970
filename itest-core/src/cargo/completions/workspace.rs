//! [`names`]: what a workspace has that can be named on the command line.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use serde::Deserialize;

use crate::cargo::binary;
use crate::cargo::invoke::cargo;
use crate::history::History;

/// Of what cargo says, what we need.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// The names of that kind, sorted: `packages`, a kind of targets, or `tests`, as far as earlier runs
/// have recorded them. Nothing is built for it.
pub(super) fn names(kind: &str) -> Option<BTreeSet<String>> {
    let metadata = metadata()?;
    let packages = metadata.packages.iter();
    Some(match kind {
        "packages" => packages.map(|package| package.name.clone()).collect(),
        "tests" => tests(&metadata),
        kind => {
            let targets = packages.flat_map(|package| &package.targets);
            let targets = targets.filter(|target| target.kind.iter().any(|it| it == kind));
            targets.map(|target| target.name.clone()).collect()
        }
    })
}

fn metadata() -> Option<Metadata> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--offline", "--format-version=1"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}

fn tests(metadata: &Metadata) -> BTreeSet<String> {
    let mut ids = Vec::new();
    for package in &metadata.packages {
        for target in &package.targets {
            for kind in &target.kind {
                ids.push(binary::id(&package.name, kind, &target.name));
            }
        }
    }
    // As a binary of the workspace would.
    let program = metadata.target_directory.join("program");
    let history = History::load_beside(&program, ids.iter().map(String::as_str));
    let ends = ids.iter().flat_map(|id| history.ends(id));
    ends.map(|(test, _)| test.to_string()).collect()
}
