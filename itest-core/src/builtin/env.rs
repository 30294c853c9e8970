//! [`Env`]: variables of the environment for one test.

use std::ffi::{OsStr, OsString};
use std::sync::{Mutex, PoisonError};

use super::exclusive::{Exclusive, Held};
use super::set_env;
use crate::fixture;

/// The built-in fixture `env`: sets variables of the environment and puts them back after the
/// test.
///
/// The environment belongs to the process. A worker runs one test at a time, so there is nobody to
/// disturb; where tests share a process (`--in-process`, drop-in mode) those that have `env` run
/// one after the other, but others that only read the environment may see what is set.
///
/// ```
/// use itest::builtin::Env;
/// use itest::prelude::*;
///
/// #[integration]
/// fn reads_its_configuration(env: &Env) {
///     env.set("APP_PORT", "8080").unset("APP_DEBUG");
///     assert_eq!(std::env::var("APP_PORT").as_deref(), Ok("8080"));
/// }
/// ```
#[derive(Debug)]
pub struct Env {
    /// What variables were before their first change.
    former: Mutex<Vec<(OsString, Option<OsString>)>>,
    _alone: Held,
}

static ENVIRONMENT: Exclusive = Exclusive::new();

impl Env {
    fn new() -> Self {
        Env {
            _alone: ENVIRONMENT.take(),
            former: Mutex::default(),
        }
    }

    /// Sets a variable.
    ///
    /// # Panics
    /// If the name is empty or has `=` or NUL in it, or the value has NUL in it.
    #[track_caller]
    pub fn set(&self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &Self {
        self.change(name.as_ref(), Some(value.as_ref()));
        self
    }

    /// Removes a variable, if it is there.
    ///
    /// # Panics
    /// If the name is empty or has `=` or NUL in it.
    #[track_caller]
    pub fn unset(&self, name: impl AsRef<OsStr>) -> &Self {
        self.change(name.as_ref(), None);
        self
    }

    /// Makes a variable what it was before the test, now instead of after it.
    pub fn restore(&self, name: impl AsRef<OsStr>) -> &Self {
        let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = former.iter().position(|(known, _)| known == name.as_ref()) {
            let (name, value) = former.remove(known);
            set_env(&name, value.as_deref());
        }
        drop(former);
        self
    }

    #[track_caller]
    fn change(&self, name: &OsStr, value: Option<&OsStr>) {
        let bytes = name.as_encoded_bytes();
        let nul = |text: &OsStr| text.as_encoded_bytes().contains(&0);
        assert!(
            !bytes.is_empty() && !bytes.contains(&b'=') && !nul(name) && !value.is_some_and(nul),
            "`{}` cannot be a variable of the environment",
            name.display()
        );
        let mut former = self.former.lock().unwrap_or_else(PoisonError::into_inner);
        if !former.iter().any(|(known, _)| known == name) {
            former.push((name.to_owned(), std::env::var_os(name)));
        }
        set_env(name, value);
    }
}

impl Drop for Env {
    fn drop(&mut self) {
        let former = self
            .former
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        for (name, value) in std::mem::take(former) {
            set_env(&name, value.as_deref());
        }
    }
}

/// The environment, for the test.
#[fixture]
pub fn env() -> Env {
    Env::new()
}

pub(super) fn link() {
    std::hint::black_box(env().def());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_put_back() {
        let var = |name: &str| std::env::var(name).ok();
        const NAMES: [&str; 2] = ["ITEST_ENV_UNIT_A", "ITEST_ENV_UNIT_B"];
        let outer = Env::new();
        outer.set(NAMES[0], "outer");
        drop(outer);
        assert_eq!(var(NAMES[0]), None);

        let env = Env::new();
        env.set(NAMES[0], "1").set(NAMES[0], "2").unset(NAMES[1]);
        assert_eq!(var(NAMES[0]).as_deref(), Some("2"));
        env.restore(NAMES[0]);
        assert_eq!(var(NAMES[0]), None);
        env.set(NAMES[1], "x");
        drop(env);
        assert_eq!(NAMES.map(var), [None, None]);
    }

    #[test]
    fn names_are_checked() {
        for (name, value) in [("", "v"), ("a=b", "v"), ("a\0", "v"), ("a", "v\0")] {
            let env = Env::new();
            let set = std::panic::AssertUnwindSafe(|| env.set(name, value));
            assert!(
                std::panic::catch_unwind(|| {
                    let _ = set();
                })
                .is_err(),
                "{name:?}"
            );
        }
    }
}
