//! [`Request`]: who is being set up, and clean-up that belongs to it.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::io;
use std::process::{Child, Command};
use std::rc::Rc;

use crate::def::{FixtureDef, LocalFuture, Marker, TestDef};
use crate::event::{Attachment, Event, TestName};
use crate::outcome::{Failure, FailureKind};
use crate::plan::{Node, path};
use crate::resource::{self, Registration, Resource};
use crate::run::events::Events;
use crate::run::store::For;
use crate::scope::Scope;

/// The built-in fixture `request`: tells a test or fixture about itself, and takes clean-up.
///
/// Take it as `request: &Request`, in tests and in fixtures of any scope.
///
/// ```
/// use itest::prelude::*;
///
/// #[fixture]
/// fn scratch(request: &Request) -> std::io::Result<std::path::PathBuf> {
///     let name = request.test_name().replace("::", "-");
///     let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
///     std::fs::create_dir(&path)?;
///     request.defer({
///         let path = path.clone();
///         async move { std::fs::remove_dir_all(path) }
///     });
///     Ok(path)
/// }
/// ```
#[derive(Clone)]
pub struct Request(Rc<Inner>);

struct Inner {
    test: TestName,
    /// Of the test; `None` in a fixture that is not the test's own.
    def: Option<&'static TestDef>,
    scope: Scope,
    fixture: Option<&'static FixtureDef>,
    /// What the value of the fixture's `#[param]` is called.
    param: Option<&'static str>,
    /// Of the test.
    module_path: &'static str,
    attempt: u32,
    markers: Vec<&'static Marker>,
    events: Events,
    finalizers: RefCell<Vec<Finalizer>>,
    exports: RefCell<Vec<(String, String)>>,
    /// Numbers of registered resources.
    resources: RefCell<Vec<u64>>,
}

impl Inner {
    fn new(user: For<'_>, events: Events) -> Self {
        let test = user.test;
        Inner {
            test: test.name.clone(),
            def: Some(test.def),
            scope: Scope::Test,
            fixture: None,
            param: None,
            module_path: test.def.module_path,
            attempt: user.attempt,
            markers: test.markers.clone(),
            events,
            finalizers: RefCell::default(),
            exports: RefCell::default(),
            resources: RefCell::default(),
        }
    }
}

/// What a test's name has behind that of its function.
fn case<'a>(name: &'a str, def: &TestDef) -> Option<&'a str> {
    let module = def
        .module_path
        .split_once("::")
        .map_or("", |(_, path)| path);
    let rest = name.strip_prefix(module)?;
    let rest = rest.strip_prefix("::").unwrap_or(rest);
    let case = rest.strip_prefix(def.name)?;
    let case = case.strip_prefix("::").unwrap_or(case);
    (!case.is_empty()).then_some(case)
}

/// Clean-up that waits for the end of a scope.
type Finalizer = LocalFuture<Result<(), Failure>>;

impl Request {
    /// The name under which parameters ask for it.
    pub(crate) const NAME: &'static str = "request";

    pub(crate) fn for_test(user: For<'_>, events: Events) -> Self {
        Request(Rc::new(Inner::new(user, events)))
    }

    /// `is_own` says that the fixture is for the one test.
    pub(crate) fn for_fixture(user: For<'_>, node: &Node, is_own: bool, events: Events) -> Self {
        let mut inner = Inner::new(user, events);
        inner.scope = node.def.scope;
        inner.fixture = Some(node.def);
        inner.param = node.param.as_ref().map(|param| param.id);
        if !is_own {
            // It is for more than the one test.
            inner.def = None;
            inner.attempt = 1;
            inner.markers = Vec::new();
        }
        Request(Rc::new(inner))
    }

    /// The test's path in its binary, `api::creates_user`.
    ///
    /// In a fixture wider than a test: of the test that made it start.
    pub fn test_name(&self) -> &str {
        &self.0.test
    }

    /// The scope at whose end deferred clean-up runs; in a test it is [`Scope::Test`].
    pub fn scope(&self) -> Scope {
        self.0.scope
    }

    /// The fixture's name; `None` in a test.
    pub fn fixture_name(&self) -> Option<&str> {
        self.0.fixture.map(|def| def.name)
    }

    /// From 1; counts up with `retries`. In a fixture that is not the test's own it is 1.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// What tells this instance of the test from others of the same function, `case_1` or
    /// `[sqlite]`; `None` if there is one only, and in a fixture that is not the test's own.
    pub fn case(&self) -> Option<&str> {
        case(&self.0.test, self.0.def?)
    }

    /// Whether the test, or a group around it, has a marker of that name. In a fixture that is not
    /// the test's own: `false`.
    pub fn has_marker(&self, name: &str) -> bool {
        self.0.markers.iter().any(|marker| marker.name == name)
    }

    /// The markers of the test and of the groups around it, as they were written: `external`,
    /// `load(level = 3)`. In a fixture that is not the test's own there are none.
    pub fn markers(&self) -> Vec<String> {
        let markers = self.0.markers.iter();
        markers
            .map(|marker| marker.written().into_owned())
            .collect()
    }

    /// The number of the worker that runs this, from 0; no two workers of a run have the same at a
    /// time. `None` in a session fixture, and where libtest runs the tests.
    ///
    /// ```
    /// use itest::prelude::*;
    ///
    /// #[fixture(scope = "worker")]
    /// fn schema(request: &Request) -> String {
    ///     format!("test_{}", request.worker().unwrap_or(0))
    /// }
    /// ```
    pub fn worker(&self) -> Option<u32> {
        self.0.events.worker()
    }

    /// Tells this run from others, on this machine: for names of what outlives a process, a
    /// directory or a database for instance. It has letters, digits and `-`.
    pub fn run_id(&self) -> String {
        match self.0.events.run_id() {
            Some(id) => id.to_owned(),
            // Where libtest reports.
            None => crate::dropin::run_id(),
        }
    }

    /// Adds something to the reports of the test: a response, a log, a screenshot.
    ///
    /// The HTML report shows texts and images and offers the rest for download; `--events` and
    /// `--ctrf` have it too. What is larger than 8 MiB is mentioned there and not kept. What a
    /// wide fixture attaches goes to the test that made it start. Where libtest reports, nothing
    /// becomes of it.
    ///
    /// ```
    /// use itest::prelude::*;
    ///
    /// #[integration]
    /// fn lists_users(request: &Request) {
    ///     let body = r#"{"users": []}"#;
    ///     request.attach("response.json", body);
    ///     assert!(body.starts_with('{'));
    /// }
    /// # fn main() {}
    /// ```
    pub fn attach(&self, name: impl Into<String>, content: impl AsRef<[u8]>) {
        self.0.events.send(|| Event::Attached {
            test: self.0.test.clone(),
            fixture: self
                .0
                .fixture
                .map(|def| path(def, self.0.param, self.0.module_path)),
            attachment: Attachment::new(name.into(), content.as_ref()),
        });
    }

    /// Runs `cleanup` when the scope of the asking test or fixture ends, whatever happened.
    ///
    /// What was deferred last runs first, after the code behind a `provide!`, before the
    /// fixtures that the asking one was built on are torn down. It runs also when the setup fails
    /// further on. An `Err` or a panic is a teardown error; the rest still runs.
    pub fn defer<F>(&self, cleanup: F)
    where
        F: Future + 'static,
        F::Output: IntoTeardown,
    {
        self.0
            .finalizers
            .borrow_mut()
            .push(Box::pin(async move { cleanup.await.into_teardown() }));
    }

    /// Makes sure that a process, directory or container does not stay, whatever happens.
    ///
    /// What is still there when the scope has ended is cleaned after the code behind `provide!`
    /// and after deferred clean-up, what was registered last first; also if the setup fails
    /// further on, and if this process is killed. See [`Resource`].
    ///
    /// # Panics
    /// If the resource must not be cleaned (this very process or its group, the root of the file
    /// system, your home, the current directory, the directory for temporary files, and what they
    /// are in), if a container's name cannot be one, and if nothing can be written to the
    /// directory for temporary files.
    ///
    /// ```
    /// use itest::Resource;
    /// use itest::prelude::*;
    ///
    /// #[fixture]
    /// fn scratch(request: &Request) -> std::io::Result<std::path::PathBuf> {
    ///     let name = request.test_name().replace("::", "-");
    ///     let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    ///     request.register(Resource::directory(&path));
    ///     std::fs::create_dir(&path)?;
    ///     Ok(path)
    /// }
    /// ```
    #[track_caller]
    pub fn register(&self, resource: Resource) -> Registration {
        let registration = resource.register(self.user());
        self.0.resources.borrow_mut().push(registration.id());
        registration
    }

    /// Starts a program that is registered before it runs: even if this process is killed at that
    /// very moment, it does not stay.
    ///
    /// `resource` makes the resource from the number of the process: [`Resource::process`], or
    /// [`Resource::process_group`] for a command with `process_group(0)`. It is cleaned as
    /// [`Request::register`] says.
    ///
    /// # Errors
    /// When the program cannot be started.
    ///
    /// # Panics
    /// As [`Request::register`] does; the program then does not run.
    ///
    /// ```no_run
    /// use std::process::Command;
    ///
    /// use itest::prelude::*;
    /// use itest::{Resource, Signal};
    ///
    /// #[fixture(scope = "session")]
    /// fn cache(request: &Request) -> std::io::Result<u16> {
    ///     let mut command = Command::new("redis-server");
    ///     command.args(["--port", "7777"]);
    ///     request.spawn(command, |pid| Resource::process(pid).signal(Signal::Interrupt))?;
    ///     Ok(7777)
    /// }
    /// ```
    pub fn spawn(
        &self,
        command: Command,
        resource: impl FnOnce(u32) -> Resource + Send,
    ) -> io::Result<(Child, Registration)> {
        let (child, registration) = resource::spawn(command, resource, self.user())?;
        self.0.resources.borrow_mut().push(registration.id());
        Ok((child, registration))
    }

    /// Who registers something.
    fn user(&self) -> &str {
        self.fixture_name().unwrap_or(&self.0.test)
    }

    /// Sets a variable of the environment for every test of the run.
    ///
    /// Only in a session fixture; make it `autouse` so that it is in place before any test code.
    /// The variable's former value is put back when the session ends.
    ///
    /// # Panics
    /// In a test or a fixture of another scope, and if the name is empty or has `=` or NUL in it,
    /// or the value has NUL in it.
    ///
    /// ```
    /// use itest::prelude::*;
    ///
    /// #[fixture(scope = "session", autouse = "crate")]
    /// fn test_environment(request: &Request) {
    ///     request.export_env("ENVIRONMENT", "test");
    /// }
    /// ```
    #[track_caller]
    pub fn export_env(&self, name: &str, value: impl AsRef<str>) {
        let value = value.as_ref();
        assert!(
            self.0.scope == Scope::Session,
            "`export_env` works only in a session fixture: the variable reaches every test process"
        );
        assert!(
            !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0'),
            "`{name}` cannot be a variable of the environment"
        );
        let former = std::env::var_os(name);
        set_env(name, Some(value.as_ref()));
        self.0
            .exports
            .borrow_mut()
            .push((name.to_owned(), value.to_owned()));
        let name = name.to_owned();
        self.defer(async move { set_env(&name, former.as_deref()) });
    }

    /// What was exported so far.
    pub(crate) fn exports(&self) -> Vec<(String, String)> {
        self.0.exports.borrow().clone()
    }

    /// Whether anything was registered.
    pub(crate) fn has_resources(&self) -> bool {
        !self.0.resources.borrow().is_empty()
    }

    /// Whether there is anything to clean up.
    pub(crate) fn has_left_anything(&self) -> bool {
        self.has_resources() || !self.0.finalizers.borrow().is_empty()
    }

    /// Cleans what was registered and is left; gives what could not be cleaned.
    pub(crate) fn clean_resources(&self) -> Vec<Failure> {
        let mut failures = Vec::new();
        loop {
            let next = self.0.resources.borrow_mut().pop();
            let Some(id) = next else { return failures };
            if let Err(error) = resource::clean(id) {
                failures.push(Failure::new(FailureKind::Error, error));
            }
        }
    }

    /// Those deferred so far, in the order in which they must run.
    pub(crate) fn next_finalizer(&self) -> Option<Finalizer> {
        self.0.finalizers.borrow_mut().pop()
    }
}

/// Sets what a session fixture of another process exported.
pub(crate) fn import_env(exports: &[(String, String)]) {
    for (name, value) in exports {
        if std::env::var_os(name).is_none_or(|now| *now != **value) {
            set_env(name, Some(value.as_ref()));
        }
    }
}

#[expect(unsafe_code, reason = "the environment is process-wide")]
pub(crate) fn set_env(name: impl AsRef<std::ffi::OsStr>, value: Option<&std::ffi::OsStr>) {
    // SAFETY: called by session fixtures, and by tests for themselves: a worker runs one at a time.
    // The tests that need such a fixture wait for it,
    // and an autouse one is set up before any test code runs; tests that do not have it and read
    // the environment through C at that very moment are the documented limit of one process.
    unsafe {
        match value {
            Some(value) => std::env::set_var(name.as_ref(), value),
            None => std::env::remove_var(name.as_ref()),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("test", &self.0.test)
            .field("scope", &self.0.scope)
            .field("fixture", &self.0.fixture)
            .finish_non_exhaustive()
    }
}

/// What deferred clean-up may end with: `()` or `Result<(), E>`.
#[diagnostic::on_unimplemented(
    message = "deferred clean-up ends with `()` or `Result<(), E>`, not with `{Self}`",
    note = "`E` is any error, `String` or `&str`"
)]
pub trait IntoTeardown {
    /// As the framework wants it.
    #[doc(hidden)]
    fn into_teardown(self) -> Result<(), Failure>;
}

impl IntoTeardown for () {
    fn into_teardown(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> IntoTeardown for Result<(), E> {
    fn into_teardown(self) -> Result<(), Failure> {
        self.map_err(|error| Failure::from_error(&*error.into()))
    }
}

impl From<std::convert::Infallible> for Failure {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::new(FailureKind::Misuse, message)
    }
}
