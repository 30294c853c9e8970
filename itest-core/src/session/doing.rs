//! [`Doing`]: what the fixtures of a host do, in a file that is there when the host is not.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::event::FixtureName;

/// The setups and teardowns that are under way, one in a line of the file.
pub(super) struct Doing {
    path: PathBuf,
    under_way: Mutex<Vec<(usize, String)>>,
}

impl Doing {
    pub(super) fn new(path: PathBuf) -> Self {
        Doing {
            path,
            under_way: Mutex::default(),
        }
    }

    /// A setup or teardown starts.
    pub(super) fn start(&self, key: usize, what: &str, fixture: &FixtureName) {
        let FixtureName { path, location, .. } = fixture;
        let line = format!("the {what} of `{path}` ({location})");
        self.change(|all| all.push((key, line)));
    }

    /// It has ended, or is given up.
    pub(super) fn end(&self, key: usize) {
        self.change(|all| all.retain(|(known, _)| *known != key));
    }

    fn change(&self, change: impl FnOnce(&mut Vec<(usize, String)>)) {
        let mut all = self
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        change(&mut all);
        let lines: Vec<&str> = all.iter().map(|(_, line)| &**line).collect();
        // It is of use only if this process dies, and then it is better than nothing.
        let _ = fs::write(&self.path, lines.join("\n"));
    }
}

/// What was under way when a host ended that had this file, as the end of a sentence.
pub(super) fn was_doing(path: &std::path::Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    match &all[..] {
        [] => String::new(),
        [one] => format!(", in {one}"),
        [first @ .., last] => format!(", in {} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::Scope;

    #[test]
    fn what_is_under_way_is_told() {
        let path = std::env::temp_dir().join(format!("itest-doing-{}", std::process::id()));
        let doing = Doing::new(path.clone());
        let fixture = |name: &str| FixtureName {
            path: name.to_owned(),
            location: "tests/a.rs:3".to_owned(),
            scope: Scope::Session,
            instance: String::new(),
            test: None,
        };
        assert_eq!(was_doing(&path), "", "there is no file");
        doing.start(0, "setup", &fixture("a"));
        assert_eq!(was_doing(&path), ", in the setup of `a` (tests/a.rs:3)");
        doing.start(1, "teardown", &fixture("b"));
        let both = ", in the setup of `a` (tests/a.rs:3) or the teardown of `b` (tests/a.rs:3)";
        assert_eq!(was_doing(&path), both);
        doing.end(0);
        assert_eq!(was_doing(&path), ", in the teardown of `b` (tests/a.rs:3)");
        doing.end(1);
        assert_eq!(was_doing(&path), "");
        fs::remove_file(path).expect("it was written");
    }
}
