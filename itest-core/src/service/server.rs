//! [`Running`]: a server that a value started, whatever runs it, and [`Life`], which ends it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::container::{Builder as ContainerBuilder, Container, Engine};
use super::directory::ServiceDirectory;
use super::error::{Context, Error, Result};
use super::probe::Probes;
use super::process::{ServerProcess, free_port};

/// How many ports are tried that turn out to be taken.
const PORTS: usize = 5;

/// What runs a server; dropping it stops the server and removes what was its.
#[derive(Debug)]
pub(crate) enum Running {
    /// A program of this machine. The process goes before its directory does.
    Process(
        ServerProcess,
        #[allow(dead_code, reason = "for its drop")] ServiceDirectory,
    ),
    /// A container.
    Container(Container),
}

impl Running {
    fn stop(&mut self) -> Result<()> {
        match self {
            Running::Process(process, _) => process.stop(),
            Running::Container(container) => container.remove(),
        }
    }

    /// For people who look for it.
    pub(crate) fn origin(&self) -> Origin {
        match self {
            Running::Process(process, _) => Origin::Private {
                log: process.log().display().to_string(),
            },
            Running::Container(container) => Origin::Container(container.clone()),
        }
    }
}

/// Where a server came from; goes to every process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// A process that we started.
    Private { log: String },
    /// A container that we started.
    Container(Container),
    /// The variable that named it.
    Given(String),
}

impl Origin {
    /// What the server has logged so far, if that can be known here.
    pub(crate) async fn log(&self) -> Option<String> {
        match self {
            Origin::Private { log } => {
                let bytes = std::fs::read(Path::new(log)).ok()?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Origin::Container(container) => container.logs().await.ok(),
            Origin::Given(_) => None,
        }
    }

    /// Whether nobody else's data can be there.
    pub(crate) fn is_ours(&self) -> bool {
        !matches!(self, Origin::Given(_))
    }
}

/// What ends a server that a value started. Copies in other processes, and values of servers that
/// were there before, have nothing to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life(Option<Arc<Mutex<Option<Running>>>>);

impl Life {
    pub(crate) fn of(running: Running) -> Self {
        Life(Some(Arc::new(Mutex::new(Some(running)))))
    }

    /// Ends it now, and says whether that went well.
    pub(crate) async fn end(self, service: &'static str) -> Result<()> {
        let Some(running) = self.0 else {
            return Ok(());
        };
        let ended = tokio::task::spawn_blocking(move || {
            let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
            running.take().map_or(Ok(()), |mut running| running.stop())
        });
        ended.await.unwrap_or_else(|panicked| {
            Err(Error::new(format!("stopping {service} panicked")).caused_by(panicked))
        })
    }
}

/// Starts something on a free port of `127.0.0.1`; with another one if that is taken meanwhile.
pub(crate) fn on_free_port<T>(mut start: impl FnMut(u16) -> Result<T>) -> Result<T> {
    let mut tried = 0;
    loop {
        tried += 1;
        let port = free_port().context(|| "cannot find a free port of 127.0.0.1".to_owned())?;
        match start(port) {
            Err(error) if tried < PORTS && is_taken(&error) => {}
            other => return other,
        }
    }
}

/// Every server says it in the system's words.
fn is_taken(error: &Error) -> bool {
    format!("{error:?}")
        .to_lowercase()
        .contains("address already in use")
}

/// The last way to have a service: a container, if there is an engine and it has the image or can
/// pull it. Recorded if not.
pub(crate) fn in_container(builder: ContainerBuilder, probes: &mut Probes) -> Option<Container> {
    let engine = Engine::find(probes)?;
    match builder.start_on(&engine) {
        Ok(container) => Some(container),
        Err(error) => {
            // An engine without this image, and without a way to it, is no way to the service.
            let mut cause = &error as &dyn std::error::Error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            let cause = cause.to_string();
            let first = cause.lines().next().unwrap_or_default();
            probes.failed(format!("{error}: {first}"));
            None
        }
    }
}

/// Runs what blocks in a place for it.
pub(crate) async fn blocking<T: Send + 'static>(
    service: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .context(|| format!("starting {service} panicked"))?
}
