//! Containers: any image, started when a fixture asks for it, gone when the run ends.
//!
//! Driven by the command line of Docker or Podman, which costs no dependency. The process that
//! starts a container owns it: a session fixture's is the session host, so that there is one for
//! all test processes of a run. It is labelled with its owner, and registered.

mod builder;
mod engine;
mod wait;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

pub use self::builder::Builder;
pub(crate) use self::engine::Engine;
pub use self::wait::Wait;
use super::directory::random;
use super::error::{Context, Error, Result};
use super::probe::Probes;
use crate::Request;
use crate::resource::{Registration, Resource};

/// The name of the label that [`container_labels`] makes.
const LABEL: &str = "itest.fixture";

const HELP: &str = "Install Docker or Podman and start its engine; ITEST_CONTAINER_ENGINE names \
                    its program if that is not on PATH";

/// Starts with a container of that image: `redis:7`, a name with a registry, or what was imported
/// locally.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::{Container, Wait, container};
///
/// /// One for the whole run; without an engine, the tests that need it are skipped.
/// #[fixture(scope = "session", timeout = "2m")]
/// async fn search() -> Result<Container> {
///     let search = container("opensearchproject/opensearch:2")
///         .port(9200)
///         .env("discovery.type", "single-node")
///         .wait_for(Wait::http(9200, "/_cluster/health"));
///     Ok(search.start().await?)
/// }
///
/// #[integration]
/// async fn finds_nothing_in_nothing(search: &Container) {
///     let url = format!("http://{}", search.address(9200));
///     // …
/// #   let _ = url;
/// }
/// ```
pub fn container(image: impl Into<String>) -> Builder {
    Builder::new(image.into())
}

/// The program by which containers are run, such as `/usr/bin/docker`, for fixtures that build an
/// image with it.
///
/// Where there is no engine, this leaves the fixture or test and skips those that need it, as
/// [`skip!`](crate::skip) does.
///
/// ```no_run
/// use itest::prelude::*;
/// use itest::service::{Container, container, container_engine};
///
/// /// Built once for the whole run.
/// #[fixture(scope = "session", timeout = "10m")]
/// async fn app() -> Result<Container> {
///     let mut build = std::process::Command::new(container_engine().await);
///     let context = itest::data::path("docker");
///     let built = build.args(["build", "--tag", "app:test"]).arg(context).status()?;
///     assert!(built.success());
///     Ok(container("app:test").port(8080).start().await?)
/// }
/// ```
pub async fn container_engine() -> PathBuf {
    let found = tokio::task::spawn_blocking(|| {
        let mut probes = Probes::new("container engine");
        let engine = Engine::find(&mut probes);
        engine.ok_or_else(|| probes.reason(HELP))
    });
    match found.await {
        Ok(Ok(engine)) => engine.program().to_owned(),
        Ok(Err(reason)) => crate::signal::skip(reason),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// A label for containers that a library starts, such as `testcontainers`: whatever has it is
/// removed after the teardown of the fixture or test whose `request` this is, and by the reaper if
/// the process is killed.
///
/// It is registered before there is a container, so there is no moment at which one would stay. It
/// goes to testcontainers as it is, of whatever version. Containers are looked for and removed by
/// the command line of Docker or Podman; where there is none, this leaves the fixture or test and
/// skips those that need it, as [`skip!`](crate::skip) does.
///
/// ```
/// use itest::prelude::*;
/// use itest::service::container_labels;
/// # mod testcontainers_modules {
/// #     pub mod redis {
/// #         #[derive(Default)]
/// #         pub struct Redis;
/// #         impl Redis {
/// #             pub fn with_labels(self, _: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self { self }
/// #             pub async fn start(self) -> itest::prelude::Result<Self> { Ok(self) }
/// #             pub async fn get_host_port_ipv4(&self, _: u16) -> itest::prelude::Result<u16> { Ok(1) }
/// #             pub async fn rm(self) -> itest::prelude::Result { Ok(()) }
/// #         }
/// #     }
/// #     pub mod testcontainers { pub trait ImageExt {} pub mod runners { pub trait AsyncRunner {} } }
/// # }
/// use testcontainers_modules::redis::Redis;
/// use testcontainers_modules::testcontainers::{ImageExt, runners::AsyncRunner};
///
/// #[fixture(scope = "session", timeout = "2m")]
/// async fn redis_url(request: &Request) -> Result<String> {
///     let labels = container_labels(request).await;
///     let container = Redis::default().with_labels(labels).start().await?;
///     let port = container.get_host_port_ipv4(6379).await?;
///     provide!(format!("redis://127.0.0.1:{port}"));
///     container.rm().await?;
/// }
/// # fn main() {}
/// ```
///
/// # Panics
/// As [`Request::register`] does.
pub async fn container_labels(request: &Request) -> [(String, String); 1] {
    let engine = container_engine().await;
    // Of this fixture alone: others in this process have theirs.
    let value = format!("{:016x}", random());
    let label = format!("{LABEL}={value}");
    request.register(Resource::labelled_containers(engine, label));
    [(LABEL.to_owned(), value)]
}

/// A running container, started by [`container`].
///
/// The value goes to every test process as a copy. The one that started it removes it, with its
/// volumes, when it is dropped, which a session fixture does at the end of the run; if its process
/// is killed before, the reaper does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Container {
    id: String,
    image: String,
    engine: PathBuf,
    host: String,
    ports: BTreeMap<u16, u16>,
    #[serde(skip)]
    owned: Option<Arc<Owned>>,
}

impl Container {
    /// The engine's number of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// As it was asked for.
    pub fn image(&self) -> &str {
        &self.image
    }

    #[cfg(feature = "mariadb")]
    pub(crate) fn engine(&self) -> &std::path::Path {
        &self.engine
    }

    /// Where its ports are: `127.0.0.1`, or the host of `DOCKER_HOST`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port on [`host`](Self::host) that leads to a port of the container.
    ///
    /// # Panics
    /// If the builder did not name that port.
    #[track_caller]
    pub fn port(&self, port: u16) -> u16 {
        match self.ports.get(&port) {
            Some(published) => *published,
            None => panic!(
                "port {port} of the container of `{}` was not asked for\n  help: add \
                 `.port({port})` before `.start()`",
                self.image
            ),
        }
    }

    /// Host and port that lead to a port of the container: `127.0.0.1:49153`.
    ///
    /// # Panics
    /// If the builder did not name that port.
    #[track_caller]
    pub fn address(&self, port: u16) -> String {
        let published = self.port(port);
        match self.host.contains(':') {
            true => format!("[{}]:{published}", self.host),
            false => format!("{}:{published}", self.host),
        }
    }

    /// What it has printed so far, stdout and stderr in turn.
    ///
    /// # Errors
    /// When the engine does not tell.
    pub async fn logs(&self) -> Result<String> {
        let container = self.clone();
        let logs = tokio::task::spawn_blocking(move || container.read_logs(&[]));
        logs.await
            .context(|| "reading a container's log panicked".to_owned())?
    }

    fn read_logs(&self, options: &[&str]) -> Result<String> {
        let failed = || format!("cannot read what `{}` printed", self.image);
        let (mut output, input) = std::io::pipe().context(failed)?;
        let second = input.try_clone().context(failed)?;
        let words = ["logs"].iter().chain(options).copied().chain([&*self.id]);
        let mut command = Engine::of(&self.engine).command(words);
        let mut logs = command
            .stdin(Stdio::null())
            .stdout(input)
            .stderr(second)
            .spawn()
            .context(failed)?;
        drop(command);
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut output, &mut text).context(failed)?;
        logs.wait().context(failed)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// For an error, indented.
    fn last_lines(&self, count: &str) -> String {
        match self.read_logs(&["--tail", count]) {
            Ok(text) if text.trim().is_empty() => "nothing".to_owned(),
            Ok(text) => text.trim_end().replace('\n', "\n    "),
            Err(error) => error.to_string(),
        }
    }

    /// Runs a command in it; what it printed to stdout.
    ///
    /// # Errors
    /// When it fails, with what it printed to stderr.
    pub async fn exec<S: Into<String>>(
        &self,
        words: impl IntoIterator<Item = S>,
    ) -> Result<String> {
        let engine = Engine::of(&self.engine);
        let mut exec = vec!["exec".to_owned(), self.id.clone()];
        exec.extend(words.into_iter().map(Into::into));
        let ran = tokio::task::spawn_blocking(move || engine.call(exec));
        ran.await
            .context(|| "running a command in a container panicked".to_owned())?
    }

    /// Removes a container that this value started, and tells whether that went well; without it,
    /// dropping does the same silently. Of any other handle it does nothing.
    ///
    /// # Errors
    /// When the engine cannot.
    pub async fn stop(mut self) -> Result<()> {
        let Some(owned) = self.owned.take() else {
            return Ok(());
        };
        let removed = tokio::task::spawn_blocking(move || owned.remove());
        removed
            .await
            .context(|| "removing a container panicked".to_owned())?
    }

    /// The same, blocking.
    #[cfg(any(
        feature = "mariadb",
        feature = "nats",
        feature = "postgres",
        feature = "redis",
    ))]
    pub(crate) fn remove(&self) -> Result<()> {
        match &self.owned {
            Some(owned) => owned.remove(),
            None => Ok(()),
        }
    }
}

/// What removes a container that we started.
#[derive(Debug)]
struct Owned(Mutex<Option<Registration>>);

impl Owned {
    fn new(registration: Registration) -> Self {
        Owned(Mutex::new(Some(registration)))
    }

    fn remove(&self) -> Result<()> {
        let registration = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match registration {
            Some(registration) => registration
                .clean()
                .map_err(|error| Error::new("a container stays").caused_by(error)),
            None => Ok(()),
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.remove();
    }
}
