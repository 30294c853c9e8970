//! From nothing running to the first answer.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use itest::service::Postgres;
use tokio::runtime::Runtime;

const ROUNDS: usize = 7;

/// A private server from the warm cache, beside `initdb` and a start, both in memory if there is
/// room there.
pub(crate) fn rows(runtime: &Runtime, server: &Postgres) {
    let place = server.socket_dir().expect("it is private");
    let beside = place.parent().expect("it is in a directory");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let server = runtime
            .block_on(Postgres::builder().private().start())
            .expect("the server should start");
        ours.push(started.elapsed().as_secs_f64());
        drop(server);
        theirs.push(by_hand(beside));
    }
    crate::line(
        "start to first answer, warm cache",
        &ours,
        ("`initdb --no-sync` and start", &theirs),
        "≤ 0.2",
    );
}

/// `initdb`, `postgres`, until `psql` has an answer; without what stopping takes.
fn by_hand(place: &Path) -> f64 {
    let programs = programs();
    let directory = place.join(format!("itest-bench-{}", std::process::id()));
    let user = user();
    std::fs::create_dir(&directory).expect("the directory is new");
    if let Some((id, group)) = user {
        let owned = std::os::unix::fs::chown(&directory, Some(id), Some(group));
        owned.expect("root may");
    }
    let data = directory.join("data");
    let command = |program: &str| {
        let mut command = Command::new(programs.join(program));
        if let Some((id, group)) = user {
            std::os::unix::process::CommandExt::uid(&mut command, id);
            std::os::unix::process::CommandExt::gid(&mut command, group);
        }
        command.current_dir(&directory).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let started = Instant::now();
    let made = command("initdb")
        .args(["--no-sync", "--auth=trust", "--username=postgres", "-D"])
        .arg(&data)
        .status();
    assert!(made.is_ok_and(|status| status.success()), "`initdb` failed");
    let mut server = command("postgres");
    server.arg("-D").arg(&data).arg("-k").arg(&directory);
    server.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
    let mut server = server.spawn().expect("the server should start");
    until_it_answers(&directory, &mut server);
    let elapsed = started.elapsed().as_secs_f64();
    let pid = server.id().to_string();
    Command::new("kill")
        .args(["-QUIT", &pid])
        .status()
        .expect("`kill` is there");
    server.wait().expect("it is our child");
    std::fs::remove_dir_all(directory).expect("it is ours");
    elapsed
}

/// Connects as soon as there is a socket; what comes back first is an answer.
fn until_it_answers(directory: &Path, server: &mut Child) {
    use std::io::{Read, Write};
    let socket = directory.join(".s.PGSQL.5432");
    let startup = b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0";
    let startup = &startup[..];
    loop {
        assert!(matches!(server.try_wait(), Ok(None)), "the server ended");
        if let Ok(mut stream) = std::os::unix::net::UnixStream::connect(&socket) {
            let mut kind = [0];
            let asked = stream
                .write_all(startup)
                .and_then(|()| stream.read_exact(&mut kind));
            if asked.is_ok() && kind == *b"R" {
                return;
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Where the server's programs are.
fn programs() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    std::env::split_paths(&on_path)
        .chain(debian.map(|entry| entry.path().join("bin")))
        .find(|directory| directory.join("initdb").is_file())
        .expect("`initdb` is on PATH, or where Debian puts it")
}

/// As whom, if this is root.
fn user() -> Option<(u32, u32)> {
    let mine = std::fs::metadata("/proc/self").ok()?;
    if std::os::unix::fs::MetadataExt::uid(&mine) != 0 {
        return None;
    }
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = known.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line.unwrap_or("nobody:x:65534:65534").split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
