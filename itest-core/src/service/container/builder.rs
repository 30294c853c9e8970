//! [`Builder`]: what a container shall be like, and its start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::engine::{Engine, LOOPBACK};
use super::wait::{Starting, Wait};
use super::{Container, HELP, Owned};
use crate::resource::Resource;
use crate::service::error::{Context, Error, Result};
use crate::service::probe::Probes;

/// How long a container may take to be ready, unless the builder says otherwise. Pulling its image
/// does not count.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How much of a container's output an error shows.
const SHOWN_LINES: &str = "15";

/// A container to be started; made by [`container`](super::container).
#[derive(Debug, Clone)]
#[must_use = "nothing is started before `start`"]
pub struct Builder {
    image: String,
    ports: Vec<u16>,
    options: Vec<String>,
    command: Vec<String>,
    waits: Vec<Wait>,
    limit: Duration,
}

impl Builder {
    pub(super) fn new(image: String) -> Self {
        Builder {
            image,
            ports: Vec::new(),
            options: Vec::new(),
            command: Vec::new(),
            waits: Vec::new(),
            limit: START_LIMIT,
        }
    }

    /// A TCP port of the container to be reached from here, on a free port of the loopback
    /// interface: [`Container::port`] tells which.
    pub fn port(mut self, port: u16) -> Self {
        if !self.ports.contains(&port) {
            self.ports.push(port);
        }
        self
    }

    /// A variable of the container's environment.
    pub fn env(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        self.option("--env").option(format!("{name}={value}"))
    }

    /// What runs in it, instead of what the image says.
    pub fn command<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.command = words.into_iter().map(Into::into).collect();
        self
    }

    /// Any other option of `docker run`, one word at a time: `--memory=256m`.
    pub fn option(mut self, option: impl Into<String>) -> Self {
        self.options.push(option.into());
        self
    }

    /// When it is ready; several are waited for one after the other. Without any, every port
    /// named by [`port`](Self::port) must accept connections.
    pub fn wait_for(mut self, wait: Wait) -> Self {
        if let Some(port) = wait.needs_port() {
            self = self.port(port);
        }
        self.waits.push(wait);
        self
    }

    /// How long it may take to be ready; a minute unless set.
    pub fn start_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts it. An image that is here already is not asked for anywhere; another one is pulled.
    ///
    /// Where there is no engine, this leaves the fixture or test and skips those that need it, as
    /// [`skip!`](crate::skip) does; see [`try_start`](Self::try_start) for elsewhere.
    ///
    /// # Errors
    /// When the image cannot be had, or the container ends or is not ready in time; with the end of
    /// what it printed.
    ///
    /// # Cancel safety
    /// A container whose start is no longer waited for is removed.
    pub async fn start(self) -> Result<Container> {
        match self.try_start().await? {
            Ok(container) => Ok(container),
            Err(reason) => crate::signal::skip(reason),
        }
    }

    /// The same without skipping: the inner `Err` is the reason why there are no containers here.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn try_start(self) -> Result<Result<Container, String>> {
        let started = tokio::task::spawn_blocking(move || {
            let mut probes = Probes::new("container engine");
            match Engine::find(&mut probes) {
                Some(engine) => self.start_on(&engine).map(Ok),
                None => Ok(Err(probes.reason(HELP))),
            }
        });
        started
            .await
            .context(|| "starting a container panicked".to_owned())?
    }

    /// Blocks until it is ready.
    pub(crate) fn start_on(self, engine: &Engine) -> Result<Container> {
        let host = engine.host();
        // Until its number is known, its label is what it is found by.
        let label = Resource::container_label();
        let labelled = Resource::labelled_containers(engine.program(), &label);
        let labelled = labelled.register_for_process();
        let id = engine
            .call(self.words(&host, &label))
            .context(|| format!("cannot start a container of `{}`", self.image))?;
        // The number comes last; a pull that was needed printed before it.
        let id = id.trim().lines().last().unwrap_or_default().to_owned();
        let owned = Owned::new(Resource::container(engine.program(), &id).register_for_process());
        labelled.release();
        let mut container = Container {
            id,
            image: self.image.clone(),
            engine: engine.program().to_owned(),
            host,
            ports: BTreeMap::new(),
            owned: Some(Arc::new(owned)),
        };
        let ready = self.until_ready(engine, &mut container);
        match ready {
            Ok(()) => Ok(container),
            Err(error) => {
                let printed = container.last_lines(SHOWN_LINES);
                let error = format!("{error:?}\n    it printed:\n    {printed}");
                let what = format!("a container of `{}` did not get ready", self.image);
                Err(Error::new(what).caused_by(error))
            }
        }
    }

    fn until_ready(&self, engine: &Engine, container: &mut Container) -> Result<()> {
        let deadline = Instant::now() + self.limit;
        for port in &self.ports {
            let published = engine
                .call(["port", &container.id, &format!("{port}/tcp")])
                .and_then(|printed| published_port(&printed))
                .context(|| format!("port {port} is not published: it may have ended"))?;
            container.ports.insert(*port, published);
        }
        let of_ports: Vec<Wait> = self.ports.iter().copied().map(Wait::port).collect();
        let starting = Starting {
            engine,
            id: &container.id,
            host: &container.host,
            ports: &container.ports,
            deadline,
        };
        starting.until(match &self.waits[..] {
            [] => &of_ports,
            waits => waits,
        })
    }

    fn words(&self, host: &str, label: &str) -> Vec<String> {
        let mut words = vec!["run".to_owned(), "--detach".to_owned()];
        words.push(format!("--label={label}"));
        for port in &self.ports {
            // Only for this machine, unless the engine is on another one.
            words.push(match host {
                LOOPBACK => format!("--publish={LOOPBACK}::{port}"),
                _ => format!("--publish={port}"),
            });
        }
        words.extend(self.options.iter().cloned());
        words.push(self.image.clone());
        words.extend(self.command.iter().cloned());
        words
    }
}

/// The port of `127.0.0.1:49153`, of the first of several lines.
fn published_port(printed: &str) -> Result<u16> {
    let line = printed.lines().next().unwrap_or_default().trim();
    line.rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| Error::new(format!("the engine says `{line}`, expected `address:port`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_before_the_image_and_the_command_after() {
        let words = super::super::container("redis:7")
            .port(6379)
            .env("MODE", "a b")
            .option("--memory=1g")
            .command(["redis-server", "--save", ""])
            .wait_for(Wait::http(80, "/"))
            .words(LOOPBACK, "itest.run=7-1");
        assert_eq!(
            words,
            [
                "run",
                "--detach",
                "--label=itest.run=7-1",
                "--publish=127.0.0.1::6379",
                "--publish=127.0.0.1::80",
                "--env",
                "MODE=a b",
                "--memory=1g",
                "redis:7",
                "redis-server",
                "--save",
                ""
            ]
        );
    }

    #[test]
    fn published_ports() {
        assert_eq!(published_port("127.0.0.1:49153\n").unwrap(), 49153);
        assert_eq!(published_port("0.0.0.0:1\n[::]:1\n").unwrap(), 1);
        let error = published_port("").unwrap_err().to_string();
        assert!(error.contains("expected `address:port`"), "{error}");
    }
}
