//! What may be registered: nothing that a slip would make a disaster.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::process::Identity;
use super::record::{Engine, Record};
use super::{Kind, Resource};

/// The resource as the journal has it; `None` if it is gone already.
pub(super) fn record(resource: &Resource) -> Result<Option<Record>, String> {
    let (signal, grace) = (resource.signal, resource.grace);
    match &resource.kind {
        Kind::Process(pid) => {
            check_pid(*pid, "process")?;
            Ok(Identity::of(*pid).map(|process| Record::Process {
                process,
                signal,
                grace,
            }))
        }
        Kind::ProcessGroup(pid) => {
            check_pid(*pid, "process group")?;
            let session = group_session(*pid)?;
            Ok(Identity::of(*pid)
                .zip(session)
                .map(|(leader, session)| Record::ProcessGroup {
                    leader,
                    session,
                    signal,
                    grace,
                }))
        }
        Kind::Directory(path) => directory(path).map(Some),
        Kind::Container { engine, id } => {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            if id.is_empty() || id.starts_with('-') || !id.chars().all(is_plain) {
                return Err(format!(
                    "`{id}` cannot be the name of a container\n  = help: trim what `{}` has \
                     printed",
                    engine.display()
                ));
            }
            Ok(Some(Record::Container {
                engine: engine_of(engine),
                id: id.clone(),
            }))
        }
        Kind::LabelledContainers { engine, label } => {
            let parts = label.split_once('=');
            if parts.is_none_or(|(name, value)| name.is_empty() || value.is_empty()) {
                return Err(format!(
                    "`{label}` is no label of one fixture's containers alone, `NAME=VALUE`\n  = \
                     help: give them a `Resource::container_label()`"
                ));
            }
            Ok(Some(Record::LabelledContainers {
                engine: engine_of(engine),
                label: label.clone(),
            }))
        }
    }
}

fn check_pid(pid: u32, what: &str) -> Result<(), String> {
    if pid == std::process::id() {
        return Err(format!(
            "{what} {pid} is this very process\n  = help: register the `id()` of the `Child`"
        ));
    }
    if pid <= 1 || i32::try_from(pid).is_err() {
        return Err(format!(
            "{what} {pid} cannot be one that a test has started\n  = help: register the `id()` of \
             the `Child`"
        ));
    }
    Ok(())
}

/// The OS session of a group that may be killed; `None` if its leader is gone.
#[cfg(unix)]
fn group_session(leader: u32) -> Result<Option<u32>, String> {
    use super::process::{own_group, parent_session};
    if leader == own_group() {
        return Err(format!(
            "process group {leader} is the one of this process\n  = help: start the child in a \
             group of its own, with `process_group(0)`"
        ));
    }
    match parent_session(leader) {
        None => Ok(None),
        Some((group, session)) if group == leader => Ok(Some(session)),
        Some((group, _)) => Err(format!(
            "process {leader} leads no process group, it is in group {group}\n  = help: start it \
             with `process_group(0)`, or register it as a process"
        )),
    }
}

#[cfg(not(unix))]
fn group_session(_: u32) -> Result<Option<u32>, String> {
    Ok(Some(0))
}

fn directory(path: &Path) -> Result<Record, String> {
    if path.as_os_str().is_empty() {
        return Err("an empty path is no directory".to_owned());
    }
    let absolute = std::path::absolute(path)
        .map_err(|error| format!("`{}` cannot be made absolute: {error}", path.display()))?;
    // Without `..` and symbolic links, as far as it is there; the last part stays as it is: of a
    // link, the link is removed.
    let whole = match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => canonical(parent).join(name),
        _ => canonical(&absolute),
    };
    if let Some(what) = protected_by(&whole) {
        return Err(format!(
            "directory `{}` is not removed: it is {what}\n  = help: make a directory of its own \
             below it",
            path.display()
        ));
    }
    if whole.is_file() {
        return Err(format!("`{}` is a file", path.display()));
    }
    Ok(Record::Directory {
        path: whole.as_path().into(),
        node: node(&whole),
    })
}

/// The path with links and `..` followed; what is not there is kept as it is.
fn canonical(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let mut followed = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                followed.pop();
            }
            component => followed.push(component),
        }
        if let Ok(there) = followed.canonicalize() {
            followed = there;
        }
    }
    followed
}

/// Why that directory must not be registered.
fn protected_by(path: &Path) -> Option<String> {
    let places = [
        ("the current directory", std::env::current_dir().ok()),
        (
            "the package",
            std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
        ),
        ("the program", std::env::current_exe().ok()),
    ];
    always_protected_by(path).or_else(|| holds(path, places))
}

/// Why that directory must never be removed, whoever asks.
pub(super) fn always_protected_by(path: &Path) -> Option<String> {
    if path.parent().is_none() {
        return Some("the root of the file system".to_owned());
    }
    let places = [
        ("your home", std::env::home_dir()),
        (
            "the directory for temporary files",
            Some(std::env::temp_dir()),
        ),
    ];
    holds(path, places)
}

/// Which of the places it is, or is above.
fn holds<const N: usize>(path: &Path, places: [(&str, Option<PathBuf>); N]) -> Option<String> {
    for (what, place) in places {
        // The home of a user who has none may be `/nonexistent`, or empty.
        let Some(place) = place.filter(|place| place.is_absolute()) else {
            continue;
        };
        let followed = canonical(&place);
        if place == path || followed == path {
            return Some(what.to_owned());
        }
        if place.starts_with(path) || followed.starts_with(path) {
            return Some(format!("above {what}"));
        }
    }
    None
}

/// Device and number, by which the directory is known again.
pub(super) fn node(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let meta = std::fs::symlink_metadata(path).ok()?;
        Some((meta.dev(), meta.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Variables by which an engine's command line finds its engine.
const ENGINE_VARIABLES: [&str; 4] = [
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "CONTAINER_HOST",
];

fn engine_of(engine: &OsStr) -> Engine {
    let is_name = Path::new(engine).components().count() == 1;
    let found = std::env::var_os("PATH")
        .filter(|_| is_name)
        .and_then(|path| {
            let mut places = std::env::split_paths(&path).map(|place| place.join(engine));
            // Whoever cleans may have another `PATH`.
            places.find(|program| program.is_absolute() && program.is_file())
        });
    let program = found.unwrap_or_else(|| engine.into());
    let environment = ENGINE_VARIABLES.into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some((name.to_owned(), value.as_os_str().into()))
    });
    Engine {
        program: program.as_path().into(),
        environment: environment.collect(),
    }
}
