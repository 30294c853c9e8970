//! Nothing stays, however a run ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use itest::prelude::*;
use itest::service::Postgres;

use crate::scene::{Place, Scene};

/// Waits for something that others do.
#[track_caller]
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// All processes with that variable in their environment.
fn processes(variable: &str) -> Vec<String> {
    let is_one = |pid: &String| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == variable.as_bytes())
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|pid| pid.parse::<u32>().is_ok())
        .filter(is_one)
        .collect()
}

/// The numbers of the shared memory segments of a data directory.
fn segment(directory: &Path) -> Option<String> {
    let file = std::fs::read_to_string(directory.join("data/postmaster.pid")).ok()?;
    let line = file.lines().nth(6)?;
    Some(line.split_whitespace().nth(1)?.to_owned())
}

/// Kills all of a run at once but the server and those who clean, while a test has a database.
#[integration(timeout = "120s")]
#[skip_if(not(os = "linux"))]
fn nothing_is_left_after_kill_9(postgres: &Postgres) -> Result {
    let _ = postgres;
    let place = Place::new("killed");
    let variable = format!("SCENE_DIRECTORY={}", place.path());
    let mut command = Scene::of("postgres::scenes::waits::")
        .env("SCENE_DIRECTORY", place.path())
        .command();
    let mut run = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let told = until("the run does not begin", || {
        std::fs::read_to_string(Path::new(place.path()).join("server")).ok()
    });
    let directory = PathBuf::from(told.lines().next().unwrap());
    let segment = segment(&directory).unwrap();
    assert!(directory.join("data").is_dir());
    let ours = std::env::current_exe()?;
    for pid in processes(&variable) {
        let program = std::fs::read_link(format!("/proc/{pid}/exe"));
        let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // The reaper is what is tried here; it may have another name for its binary.
        let cleans = line.contains("reaper") || is_reaper(&pid);
        if program.is_ok_and(|program| program == ours) && !cleans {
            Command::new("kill").args(["-KILL", &pid]).status()?;
        }
    }
    run.wait()?;
    until("the server is still there", || {
        processes(&variable).is_empty().then_some(())
    });
    until("the directory is still there", || {
        (!directory.exists()).then_some(())
    });
    let table = std::fs::read_to_string("/proc/sysvipc/shm")?;
    let mut ids = table
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1));
    assert!(!ids.any(|id| id == segment), "{table}");
    Ok(())
}

/// With the variable set, whoever looks into a failure finds the database as the test left it.
#[integration]
fn a_failed_tests_database_can_be_kept(postgres: &Postgres) -> Result {
    let run = Scene::of("postgres::scenes::fails::")
        .env("ITEST_POSTGRES_KEEP", "1")
        .run();
    let _ = postgres;
    run.ended_with(101)
        .says_once("the test's database is kept: psql 'postgres://");
    let between = |start: &str, end: &str| {
        let (_, rest) = run.text.split_once(start).unwrap();
        rest.split_once(end).unwrap().0.to_owned()
    };
    let url = between("is kept: psql '", "'");
    assert_eq!(super::sql(&url, "SELECT id FROM evidence"), "7");
    // As the output says.
    let pid = between("kill -QUIT ", ";");
    let directory = PathBuf::from(between("; rm -r ", "\n"));
    Command::new("kill").args(["-QUIT", &pid]).status()?;
    until("the server goes on", || {
        (!Path::new("/proc").join(&pid).exists()).then_some(())
    });
    std::fs::remove_dir_all(directory)?;
    Ok(())
}

#[integration]
fn a_commit_to_what_is_shared_is_told(postgres: &Postgres) {
    let _ = postgres;
    Scene::of("postgres::scenes::rolls_back::")
        .arg("--test-threads=1")
        .run()
        .ended_with(101)
        .says_once("`postgres::scenes::rolls_back::b_commits`, or a test beside it, has committed")
        .says_once("`public.b` changed; take `pg_database`");
}

fn is_reaper(pid: &str) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&environment).contains("ITEST_REAPER")
}
