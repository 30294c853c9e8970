//! Journals that are damaged, processes that are not who they were, and what must not be cleaned.
#![expect(
    clippy::zombie_processes,
    reason = "what is cleaned is also waited for"
)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::journal::{self, Contents};
use super::process::Identity;
use super::record::{Engine, Record, Text};
use super::{Resource, Signal, clean, validate};

/// A directory of a test's own.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("itest-unit-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path.canonicalize().unwrap())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Marsaglia's generator (2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn identity(pid: u32) -> Identity {
    Identity { pid, started: 7 }
}

/// A journal with some of everything, entry 2 cleaned.
fn records() -> Vec<Record> {
    let engine = Engine {
        program: OsStr::new("docker").into(),
        environment: vec![("DOCKER_HOST".to_owned(), OsStr::from_bytes(b"\xff").into())],
    };
    vec![
        Record::Directory {
            path: Path::new("/a\n\"b\"").into(),
            node: Some((1, u64::MAX)),
        },
        Record::Process {
            process: identity(8),
            signal: Signal::Quit,
            grace: Duration::from_millis(1),
        },
        Record::ProcessGroup {
            leader: identity(9),
            session: 4,
            signal: Signal::Terminate,
            grace: Duration::ZERO,
        },
        Record::Directory {
            path: OsStr::from_bytes(b"/\xff\xfe").into(),
            node: None,
        },
        Record::Container {
            engine: engine.clone(),
            id: "c1".to_owned(),
        },
        Record::LabelledContainers {
            engine,
            label: "itest.run=1".to_owned(),
        },
    ]
}

fn sample() -> Vec<u8> {
    let mut bytes = Vec::new();
    journal::append_header(&mut bytes, identity(5)).unwrap();
    for (id, record) in (1..).zip(&records()) {
        journal::append(&mut bytes, id, record, "a \u{1f980} user").unwrap();
    }
    journal::append_done(&mut bytes, 2).unwrap();
    bytes
}

#[test]
fn a_journal_is_read_as_it_was_written() {
    let contents = journal::parse(&sample());
    let ids: Vec<u64> = contents.entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [1, 3, 4, 5, 6]);
    let read = contents.entries.iter().map(|entry| &entry.record);
    let mut written = records();
    written.remove(1);
    assert!(read.eq(&written), "{:?}", contents.entries);
    let header = contents.header.unwrap();
    assert_eq!(
        (header.owner, header.world),
        (identity(5), journal::world())
    );
    let Record::Directory { path, .. } = &contents.entries[2].record else {
        panic!("{:?}", contents.entries);
    };
    assert_eq!(path.to_os().as_bytes(), b"/\xff\xfe");
    assert_eq!(contents.entries[0].user, "a \u{1f980} user");
}

#[test]
fn a_journal_that_is_cut_off_has_what_was_complete() {
    let bytes = sample();
    let whole: Vec<usize> = (0..bytes.len())
        .filter(|end| bytes[*end] == b'\n')
        .collect();
    for end in 0..=bytes.len() {
        let contents = journal::parse(&bytes[..end]);
        let complete = whole.iter().filter(|line| **line < end).count();
        let expected = match complete {
            0 | 1 => 0,
            // The last line takes an entry away.
            8 => 5,
            lines => lines - 1,
        };
        assert_eq!(contents.entries.len(), expected, "cut at {end}");
    }
}

#[test]
fn garbage_in_a_journal_is_nothing() {
    let sample = sample();
    let whole = journal::parse(&sample);
    let mut random = Random(20_261_125);
    for _ in 0..2_000 {
        let noise: Vec<u8> = (0..random.below(300))
            .map(|_| random.below(256) as u8)
            .collect();
        assert_eq!(journal::parse(&noise), Contents::default());
        // Between lines, noise takes nothing away.
        let mut mixed = noise.clone();
        mixed.push(b'\n');
        mixed.extend_from_slice(&sample);
        mixed.extend_from_slice(&noise);
        assert_eq!(journal::parse(&mixed), whole);
        // Whatever is changed, what is read is never more than was written.
        let mut changed = sample.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(changed.len());
            changed[at] = random.below(256) as u8;
        }
        assert!(journal::parse(&changed).entries.len() <= 6);
    }
}

/// A process that ends when it is asked to.
fn start(script: &str, group: bool) -> Child {
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if group {
        command.process_group(0);
    }
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

const POLITE: &str = "echo ready; exec sleep 600";
const STUBBORN: &str = "trap '' TERM; echo ready; while :; do sleep 600; done";

fn record(resource: Resource) -> Record {
    validate::record(&resource).unwrap().expect("it is there")
}

#[test]
fn a_process_is_ended() {
    let child = start(POLITE, false);
    let record = record(Resource::process(child.id()));
    clean::clean(&record).unwrap();
    assert!(Identity::of(child.id()).is_none_or(|now| !now.runs()));
    // Once more is no error.
    clean::clean(&record).unwrap();
}

#[test]
fn a_process_that_does_not_listen_is_killed() {
    let child = start(STUBBORN, true);
    let resource = Resource::process_group(child.id()).grace(Duration::from_millis(20));
    clean::clean(&record(resource)).unwrap();
    assert!(Identity::of(child.id()).is_none_or(|now| !now.runs()));
}

#[test]
fn a_process_that_is_stopped_ends_all_the_same() {
    let child = start(
        "trap 'exit 0' TERM; echo ready; kill -STOP $$; sleep 600",
        false,
    );
    clean::clean(&record(Resource::process(child.id()))).unwrap();
}

#[test]
fn all_of_a_group_are_ended() {
    // The leader leaves at once; what it has started goes on in its group.
    let mut child = start(
        "sleep 600 >/dev/null & sleep 600 >/dev/null & echo ready",
        true,
    );
    let leader = child.id();
    let record = Record::ProcessGroup {
        leader: Identity::of(leader).expect("nobody has waited for it"),
        session: own_session(),
        signal: Signal::Terminate,
        grace: Duration::from_secs(5),
    };
    child.wait().unwrap();
    assert_eq!(group(leader).len(), 2);
    clean::clean(&record).unwrap();
    assert_eq!(group(leader), [] as [u32; 0]);
}

fn own_session() -> u32 {
    super::process::parent_session(std::process::id())
        .unwrap()
        .1
}

/// The processes of a group that run.
fn group(leader: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        super::process::parent_session(*pid).is_some_and(|(group, _)| group == leader)
            && Identity::of(*pid).is_some_and(Identity::runs)
    })
    .collect()
}

/// A number that was given to another process meanwhile: its start is not the one written down.
#[test]
fn a_later_process_of_the_same_number_is_left_alone() {
    let mut child = start(POLITE, true);
    let now = Identity::of(child.id()).unwrap();
    for started in [now.started - 1, now.started + 1, 0] {
        let before = Identity {
            pid: now.pid,
            started,
        };
        let records = [
            Record::Process {
                process: before,
                signal: Signal::Kill,
                grace: Duration::ZERO,
            },
            Record::ProcessGroup {
                leader: before,
                session: own_session(),
                signal: Signal::Kill,
                grace: Duration::ZERO,
            },
        ];
        for record in records {
            clean::clean(&record).unwrap();
        }
    }
    assert!(now.runs());
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_directory_is_removed_with_all_that_is_in_it() {
    let scratch = Scratch::new();
    let directory = scratch.0.join("directory");
    fs::create_dir_all(directory.join("a/b")).unwrap();
    fs::write(directory.join("a/b/file"), "text").unwrap();
    fs::write(scratch.0.join("other"), "text").unwrap();
    std::os::unix::fs::symlink(&scratch.0, directory.join("a/up")).unwrap();
    let closed = std::os::unix::fs::PermissionsExt::from_mode(0o500);
    fs::set_permissions(directory.join("a/b"), closed).unwrap();
    let record = record(Resource::directory(&directory));
    clean::clean(&record).unwrap();
    assert!(!directory.exists());
    assert!(scratch.0.join("other").exists(), "links are not followed");
    clean::clean(&record).unwrap();
}

#[test]
fn of_a_link_to_a_directory_only_the_link_is_removed() {
    let scratch = Scratch::new();
    let (kept, link) = (scratch.0.join("kept"), scratch.0.join("link"));
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("file"), "text").unwrap();
    std::os::unix::fs::symlink(&kept, &link).unwrap();
    clean::clean(&record(Resource::directory(&link))).unwrap();
    assert!(fs::symlink_metadata(&link).is_err());
    assert!(kept.join("file").exists());
}

#[test]
fn a_relative_directory_is_one_of_the_current_directory() {
    let record = record(Resource::directory("some/../where"));
    let Record::Directory { path, .. } = record else {
        panic!("{record:?}");
    };
    let here = std::env::current_dir().unwrap().canonicalize().unwrap();
    assert_eq!(path.to_path(), here.join("where"));
}

#[track_caller]
fn refused(resource: Resource, why: &str) {
    let error = validate::record(&resource).expect_err("it must be refused");
    assert!(error.contains(why), "{error}");
}

#[test]
fn what_must_not_be_removed_is_refused() {
    refused(Resource::directory("/"), "the root of the file system");
    refused(Resource::directory(""), "an empty path");
    refused(Resource::directory("."), "current directory");
    refused(Resource::directory(".."), "above the current directory");
    let here = std::env::current_dir().unwrap();
    refused(Resource::directory(&here), "current directory");
    refused(Resource::directory(here.parent().unwrap()), "above the");
    refused(
        Resource::directory(here.join("src/..")),
        "current directory",
    );
    let temporary = std::env::temp_dir();
    refused(Resource::directory(&temporary), "temporary files");
    refused(
        Resource::directory(temporary.join("a/..")),
        "temporary files",
    );
    if let Some(home) = std::env::home_dir().filter(|home| home.is_absolute()) {
        refused(Resource::directory(&home), "your home");
        refused(Resource::directory(home.join("")), "your home");
    }
    let scratch = Scratch::new();
    let file = scratch.0.join("file");
    fs::write(&file, "").unwrap();
    refused(Resource::directory(file), "is a file");
}

#[test]
fn processes_that_no_test_has_started_are_refused() {
    refused(Resource::process(0), "process 0");
    refused(Resource::process(1), "process 1");
    refused(Resource::process(u32::MAX), "cannot be one");
    refused(Resource::process(std::process::id()), "this very process");
    refused(Resource::process_group(1), "process group 1");
    refused(Resource::process_group(super::process::own_group()), "this");
    let mut child = start(POLITE, false);
    refused(
        Resource::process_group(child.id()),
        "leads no process group",
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_process_that_is_gone_is_nothing() {
    let mut child = start("echo ready", false);
    child.wait().unwrap();
    assert_eq!(validate::record(&Resource::process(child.id())), Ok(None));
}

#[test]
fn names_that_are_no_containers_are_refused() {
    for id in ["", "-f", "a b", "a;b", "a\n", "$(x)"] {
        refused(Resource::container("docker", id), "name of a container");
    }
    assert!(validate::record(&Resource::container("docker", "a_b.c-1")).is_ok());
    for label in ["", "a", "a=", "=b"] {
        refused(
            Resource::labelled_containers("docker", label),
            "no label of one fixture's containers",
        );
    }
    let own = Resource::container_label();
    assert_ne!(own, Resource::container_label(), "each has its own");
    assert!(validate::record(&Resource::labelled_containers("docker", own)).is_ok());
}

#[test]
fn an_engine_is_found_on_the_path() {
    let record = record(Resource::container("sh", "x"));
    let Record::Container { engine, .. } = record else {
        panic!("{record:?}");
    };
    let Text::Utf8(program) = engine.program else {
        panic!("{engine:?}");
    };
    assert!(
        program.starts_with('/') && program.ends_with("/sh"),
        "{program}"
    );
}

/// What a child says that is registered before it runs.
#[test]
fn a_process_is_registered_before_it_runs() {
    let mut command = Command::new("sh");
    command
        .args(["-c", "echo ready; exec sleep 600"])
        .stdout(Stdio::piped())
        .process_group(0);
    let seen = AtomicU32::new(0);
    let (child, registration) = Resource::spawn_for_process(command, |pid| {
        // It is there, and still this program.
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap();
        assert_eq!(program, std::env::current_exe().unwrap());
        seen.store(pid, Ordering::Relaxed);
        Resource::process_group(pid)
    })
    .unwrap();
    assert_eq!(child.id(), seen.into_inner());
    registration.clean().unwrap();
    assert!(Identity::of(child.id()).is_none_or(|now| !now.runs()));
}

#[test]
fn a_program_that_does_not_start_is_an_error() {
    let command = Command::new("/no/such/program");
    let error = Resource::spawn_for_process(command, Resource::process).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_program_whose_resource_is_refused_does_not_run() {
    let scratch = Scratch::new();
    let file = scratch.0.join("file");
    let mut command = Command::new("touch");
    command.arg(&file);
    let spawn = AssertUnwindSafe(|| {
        let _ = Resource::spawn_for_process(command, |_| Resource::process(1));
    });
    let refused = std::panic::catch_unwind(spawn);
    let message = refused.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("process 1 cannot be"), "{message}");
    assert!(!file.exists());
}
