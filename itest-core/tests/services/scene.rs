//! [`run`]: tests of this binary as a run of their own, in an environment of their own.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A run that may begin.
pub(crate) struct Scene(Command);

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// stdout, then stderr.
    pub(crate) text: String,
}

impl Scene {
    /// Of the tests whose names start so.
    pub(crate) fn of(filter: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("we run from a file"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let ours = ["ITEST_", "NEXTEST", "RUST_TEST_", "DATABASE_URL"];
            if ours.iter().any(|start| text.starts_with(start)) {
                command.env_remove(&name);
            }
        }
        command.args([filter, "--ignored", "--color=never"]);
        Scene(command)
    }

    pub(crate) fn arg(mut self, word: &str) -> Self {
        self.0.arg(word);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    pub(crate) fn command(self) -> Command {
        self.0
    }

    pub(crate) fn run(mut self) -> Ended {
        let Output {
            status,
            stdout,
            stderr,
        } = self.0.output().expect("the binary should start");
        let text = [stdout, stderr].concat();
        Ended {
            code: status.code(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn says(&self, what: &str) -> &Self {
        assert!(
            self.text.contains(what),
            "`{what}` is not in:\n{}",
            self.text
        );
        self
    }

    #[track_caller]
    pub(crate) fn says_once(&self, what: &str) -> &Self {
        let times = self.text.matches(what).count();
        assert_eq!(times, 1, "`{what}` is there {times} times:\n{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn ended_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }
}

/// A directory for one test.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("its-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory should be made");
        Place(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("a file should be written");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
