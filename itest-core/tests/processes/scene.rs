//! [`Scene`]: a place where a run leaves its traces, and where they can be looked at.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::process::{self, Found, signal};
use crate::sample;

/// Longer than any run takes that ends, on a machine that does much else.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The variable with the file for events; see the sample's `common`.
const EVENTS: &str = "SAMPLE_EVENTS";

/// Has directories for itself: for the events, and for temporary files of the run.
pub(crate) struct Scene {
    directory: PathBuf,
}

impl Scene {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short: the paths of sockets must be.
        let name = format!("itp{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(directory.join("tmp")).expect("the directory should be made");
        fs::write(directory.join("events"), "").expect("the file should be made");
        Scene { directory }
    }

    /// A binary of the sample, by itself.
    pub(crate) fn binary(&self, target: &str, words: &[&str]) -> Command {
        let mut command = Command::new(sample::binary(target));
        without_runner(&mut command);
        command.args(words).arg("--color=never");
        command
    }

    /// `cargo test` of those targets.
    pub(crate) fn cargo_test(&self, targets: &[&str]) -> Command {
        let mut command = sample::cargo(&["test", "--offline", "--no-fail-fast"]);
        targets.iter().for_each(|target| {
            command.args(["--test", target]);
        });
        command
    }

    /// `cargo nextest COMMAND` of those targets; `None` where there is no nextest.
    pub(crate) fn nextest(&self, word: &str, targets: &[&str]) -> Option<Command> {
        if !has_nextest() {
            return None;
        }
        let mut command = sample::cargo(&["nextest", word, "--offline", "--color=never"]);
        if word == "run" {
            command.args(["--no-fail-fast", "--status-level=all", "--no-tests=fail"]);
        }
        targets.iter().for_each(|target| {
            command.args(["--test", target]);
        });
        Some(command)
    }

    /// The search path with what was put into `bin` before all else.
    fn path(&self) -> std::ffi::OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places = vec![self.directory.join("bin")];
        places.extend(std::env::split_paths(&path));
        std::env::join_paths(places).expect("the paths were joined before")
    }

    /// Puts a script on the search path of the runs.
    pub(crate) fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let bin = self.directory.join("bin");
        let path = bin.join(name);
        fs::create_dir_all(&bin).expect("the directory should be made");
        fs::write(&path, text).expect("the script should be written");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(path, executable).expect("the script should be made executable");
    }

    /// A file of the scene.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path_of(name);
        let directory = path.parent().expect("it is in a directory");
        fs::create_dir_all(directory).expect("the directory should be made");
        fs::write(&path, text).expect("the file should be written");
    }

    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// A program that can be removed.
    pub(crate) fn copy_of(&self, program: &Path) -> PathBuf {
        let copy = self.directory.join("program");
        // By another process: what another thread starts at that moment would have ours open for
        // writing, and then it could not be executed.
        let status = Command::new("cp").arg(program).arg(&copy).status();
        let copied = status.expect("cp should start").success();
        assert!(copied, "the program should be copied");
        copy
    }

    /// The directory of a package without targets.
    pub(crate) fn empty_project(&self) -> PathBuf {
        let project = self.directory.join("project");
        fs::create_dir_all(&project).expect("a directory should be made");
        let manifest = "[package]\nname = \"empty\"\n";
        fs::write(project.join("Cargo.toml"), manifest).expect("a file should be made");
        project
    }

    /// `cargo itest WORDS`, of this package if they do not say.
    pub(crate) fn cargo_itest(&self, words: &[&str]) -> Command {
        let mut command = sample::cargo_itest();
        command
            .arg("itest")
            .args(words)
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_TERM_COLOR", "never");
        command
    }

    /// Starts it here.
    pub(crate) fn start(&self, mut command: Command) -> Running<'_> {
        let file = |name| File::create(self.directory.join(name)).expect("a file should be made");
        command
            .env(EVENTS, self.events_file())
            .env("TMPDIR", self.directory.join("tmp"))
            .env("PATH", self.path())
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"));
        heed_signals(&mut command);
        let child = command.spawn().expect("the command should start");
        Running { scene: self, child }
    }

    /// Runs it here to its end.
    pub(crate) fn run(&self, command: Command) -> Ended {
        self.start(command).wait()
    }

    /// A file of the scene.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn events_file(&self) -> PathBuf {
        self.directory.join("events")
    }

    /// Each with the process that it is from, in order.
    pub(crate) fn events_of(&self) -> Vec<(u32, String)> {
        let bytes = fs::read(self.events_file()).expect("the events should be readable");
        let text = String::from_utf8_lossy(&bytes);
        let parse = |line: &str| {
            let (pid, event) = line.split_once(' ')?;
            Some((pid.parse().ok()?, event.to_owned()))
        };
        text.lines().filter_map(parse).collect()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        let all = self.events_of().into_iter();
        all.map(|(_, event)| event).collect()
    }

    /// How often that happened.
    pub(crate) fn count(&self, event: &str) -> usize {
        self.events().iter().filter(|known| *known == event).count()
    }

    /// How often the fixture was set up and torn down.
    pub(crate) fn ups_and_downs(&self, fixture: &str) -> (usize, usize) {
        let count = |step| self.count(&format!("{fixture} {step}"));
        (count("up"), count("down"))
    }

    /// Waits for an event that starts so; gives the process that it is from.
    pub(crate) fn wait_for(&self, start: &str) -> u32 {
        self.wait_for_after(start, 0)
    }

    /// The same for the one that comes after so many others.
    pub(crate) fn wait_for_after(&self, start: &str, others: usize) -> u32 {
        let found = until(LIMIT, || {
            let events = self.events_of().into_iter();
            let mut events = events.filter(|(_, event)| event.starts_with(start));
            events.nth(others)
        });
        match found {
            Some((pid, _)) => pid,
            None => panic!("`{start}` did not happen; {}", self.describe()),
        }
    }

    /// Lets those go on that wait for the gate.
    pub(crate) fn open_gate(&self) {
        fs::write(self.events_file().with_extension("gate"), "").expect("a file should be made");
    }

    /// What the run has printed to stdout so far.
    pub(crate) fn stdout(&self) -> String {
        self.text("stdout")
    }

    /// The same of stderr.
    pub(crate) fn stderr(&self) -> String {
        self.text("stderr")
    }

    fn text(&self, name: &str) -> String {
        let bytes = fs::read(self.directory.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The processes of the run, and whatever they started.
    pub(crate) fn processes(&self) -> Vec<Found> {
        let events = self.events_file();
        process::with_variable(EVENTS, events.as_os_str().as_encoded_bytes())
    }

    /// The one process of the run that was started so.
    pub(crate) fn process(&self, is: fn(&Found) -> bool) -> Found {
        let mut found: Vec<Found> = self.processes().into_iter().filter(is).collect();
        match (found.pop(), found.is_empty()) {
            (Some(process), true) => process,
            _ => panic!(
                "there is no such process, or not one alone; {}",
                self.describe()
            ),
        }
    }

    /// The sockets of the run's session hosts.
    pub(crate) fn sockets(&self) -> Vec<PathBuf> {
        let mut files = self.temporary_files();
        files.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "sock")
        });
        files
    }

    /// The directory that the runs of a user share.
    pub(crate) fn base(&self) -> PathBuf {
        // SAFETY: a plain system call that cannot fail.
        #[expect(unsafe_code, reason = "std has no geteuid")]
        let user = unsafe { libc::geteuid() };
        self.directory.join("tmp").join(format!("itest-{user}"))
    }

    /// Files and directories that the run made for a while.
    pub(crate) fn temporary_files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        list(&self.directory.join("tmp"), &mut files);
        files
    }

    /// Waits until neither processes nor files of the run are there.
    pub(crate) fn nothing_is_left(&self) {
        let gone = until(LIMIT, || {
            let left = !self.processes().is_empty() || !self.temporary_files().is_empty();
            (!left).then_some(())
        });
        if gone.is_none() {
            let processes = self.processes();
            let files = self.temporary_files();
            panic!("left: {processes:?}, {files:?}; {}", self.describe());
        }
    }

    fn describe(&self) -> String {
        let events = self.events().join("\n  ");
        let tail = |name| {
            let text = self.text(name);
            let skipped = text.lines().count().saturating_sub(60);
            text.lines().skip(skipped).collect::<Vec<_>>().join("\n  ")
        };
        format!(
            "events:\n  {events}\nstdout:\n  {}\nstderr:\n  {}",
            tail("stdout"),
            tail("stderr")
        )
    }
}

/// A shell ignores some signals for what it starts in the background, and so would all of a run.
#[expect(unsafe_code, reason = "std has no signals")]
fn heed_signals(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    // SAFETY: `signal` may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGINT, libc::SIGQUIT, libc::SIGHUP] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // After a failure, what runs must not disturb others.
        for left in self.processes() {
            signal(left.pid, libc::SIGKILL);
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// All below `directory`, except what the runs of a user share: a directory, in it one for errors
/// that the next run tells, and two that are empty when nothing runs.
fn list(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_base = name
            .strip_prefix("itest-")
            .is_some_and(|user| user.bytes().all(|byte| byte.is_ascii_digit()));
        if name == "errors" {
            continue;
        }
        list(&path, files);
        let is_shared = is_base || name == "journals" || name == "files";
        if !is_shared {
            files.push(path);
        }
    }
}

/// A run under way.
pub(crate) struct Running<'a> {
    pub(crate) scene: &'a Scene,
    child: Child,
}

impl Running<'_> {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, number: i32) {
        signal(self.pid(), number);
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Ended {
        let status = until(LIMIT, || self.child.try_wait().expect("it is our child"));
        let Some(status) = status else {
            let description = self.scene.describe();
            let _ = self.child.kill();
            let _ = self.child.wait();
            panic!("the run did not end; {description}");
        };
        Ended {
            code: status.code(),
            stdout: self.scene.text("stdout"),
            stderr: self.scene.text("stderr"),
        }
    }
}

/// What a run came to.
pub(crate) struct Ended {
    /// `None` if a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Removes what a runner around us, or a user, has set.
pub(crate) fn without_runner(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let ours = [
            "NEXTEST",
            "ITEST_",
            "RUST_TEST_",
            "RUST_BACKTRACE",
            "CARGO_PKG_",
        ];
        let text = name.to_string_lossy();
        if ours.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
}

/// Asks again and again until there is something, or the time is over.
pub(crate) fn until<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = ask() {
            return Some(found);
        }
        if start.elapsed() > limit {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn has_nextest() -> bool {
    let version = sample::cargo(&["nextest", "--version"]).output();
    let is_there = version.is_ok_and(|output| output.status.success());
    if !is_there {
        let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!is_ci, "cargo-nextest is not installed, and `CI` is set");
        println!("left out: cargo-nextest is not installed");
    }
    is_there
}
