//! [`Wait`]: when a container is ready to be used.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::engine::Engine;
use crate::service::error::{Context, Error, Result};

/// When a container is ready; what [`Builder::wait_for`](super::Builder::wait_for) takes.
///
/// ```
/// use itest::service::{Wait, container};
///
/// let web = container("nginx:1.27")
///     .port(80)
///     .wait_for(Wait::log("start worker processes"))
///     .wait_for(Wait::http(80, "/"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Port(u16),
    Log(String),
    Http { port: u16, path: String },
    Command(Vec<String>),
}

/// How long to leave an engine, or a server that comes up, alone between two questions.
const PAUSE: Duration = Duration::from_millis(20);

/// How long one question may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// An engine's proxy takes every connection, and hangs up when nobody listens behind it: one that
/// lives for that long is real.
const HANG_UP_LIMIT: Duration = Duration::from_millis(50);

impl Wait {
    /// Until something accepts connections on that port of the container, and keeps them.
    pub fn port(port: u16) -> Self {
        Wait(Kind::Port(port))
    }

    /// Until it has printed a line with that text in it, to stdout or stderr.
    pub fn log(text: impl Into<String>) -> Self {
        Wait(Kind::Log(text.into()))
    }

    /// Until `GET path` on that port is answered with a status of 200 to 299.
    pub fn http(port: u16, path: impl Into<String>) -> Self {
        Wait(Kind::Http {
            port,
            path: path.into(),
        })
    }

    /// Until that command, run inside the container, succeeds.
    pub fn command<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Wait(Kind::Command(words.into_iter().map(Into::into).collect()))
    }

    /// The port that must be published for it.
    pub(super) fn needs_port(&self) -> Option<u16> {
        match &self.0 {
            Kind::Port(port) | Kind::Http { port, .. } => Some(*port),
            Kind::Log(_) | Kind::Command(_) => None,
        }
    }

    /// In words, behind "until".
    pub(super) fn describe(&self) -> String {
        match &self.0 {
            Kind::Port(port) => format!("something listens on port {port}"),
            Kind::Log(text) => format!("it prints `{text}`"),
            Kind::Http { port, path } => format!("`GET {path}` on port {port} succeeds"),
            Kind::Command(words) => format!("`{}` succeeds in it", words.join(" ")),
        }
    }
}

/// A container that comes up.
pub(super) struct Starting<'a> {
    pub(super) engine: &'a Engine,
    pub(super) id: &'a str,
    pub(super) host: &'a str,
    /// Of the container and where it is published.
    pub(super) ports: &'a std::collections::BTreeMap<u16, u16>,
    pub(super) deadline: Instant,
}

impl Starting<'_> {
    /// Waits for all of them, one after the other.
    ///
    /// # Errors
    /// When the container ends before, or the time is over: says what was waited for.
    pub(super) fn until(&self, waits: &[Wait]) -> Result<()> {
        let mut end = self.end()?;
        let outcome = waits.iter().try_for_each(|wait| match &wait.0 {
            Kind::Log(text) => self.until_printed(text, wait),
            Kind::Port(port) => self.ask(&mut end, wait, |at| at.accepts(*port)),
            Kind::Http { port, path } => self.ask(&mut end, wait, |at| at.answers(*port, path)),
            Kind::Command(words) => self.ask(&mut end, wait, |at| {
                let exec = ["exec", at.id].into_iter();
                at.engine
                    .call(exec.chain(words.iter().map(|word| &**word)))
                    .is_ok()
            }),
        });
        let _ = end.kill();
        let _ = end.wait();
        outcome
    }

    /// A process that ends when the container does.
    fn end(&self) -> Result<Child> {
        self.engine
            .command(["wait", self.id])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context(|| "cannot watch the container".to_owned())
    }

    fn ask(&self, end: &mut Child, wait: &Wait, ready: impl Fn(&Self) -> bool) -> Result<()> {
        loop {
            if ready(self) {
                return Ok(());
            }
            if matches!(end.try_wait(), Ok(Some(_))) {
                return Err(self.ended(wait));
            }
            if Instant::now() > self.deadline {
                return Err(self.too_late(wait));
            }
            // Nobody tells when a server inside a container listens.
            thread::sleep(PAUSE);
        }
    }

    fn ended(&self, wait: &Wait) -> Error {
        Error::new(format!(
            "the container ended; waited until {}",
            wait.describe()
        ))
    }

    fn too_late(&self, wait: &Wait) -> Error {
        Error::new(format!(
            "it took too long; waited until {}",
            wait.describe()
        ))
    }

    fn connect(&self, port: u16) -> std::io::Result<TcpStream> {
        let published = self.ports.get(&port).copied().unwrap_or(port);
        let stream = TcpStream::connect((self.host, published))?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        Ok(stream)
    }

    fn accepts(&self, port: u16) -> bool {
        let Ok(mut stream) = self.connect(port) else {
            return false;
        };
        let _ = stream.set_read_timeout(Some(HANG_UP_LIMIT));
        match stream.read(&mut [0]) {
            // It greets.
            Ok(read) => read > 0,
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }

    fn answers(&self, port: u16, path: &str) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = self.connect(port)?;
            let host = self.host;
            write!(
                stream,
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            )?;
            let mut status = String::new();
            BufReader::new(stream).read_line(&mut status)?;
            Ok(status)
        };
        // `HTTP/1.1 200 OK`
        ask().is_ok_and(|status| {
            let mut words = status.split(' ');
            words.next().is_some_and(|word| word.starts_with("HTTP/"))
                && words
                    .next()
                    .is_some_and(|code| code.starts_with('2') && code.len() == 3)
        })
    }

    /// Reads what the container prints until the text comes.
    fn until_printed(&self, text: &str, wait: &Wait) -> Result<()> {
        let failed = || "cannot read what the container prints".to_owned();
        // One pipe for both: a line of either does.
        let (output, input) = std::io::pipe().context(failed)?;
        let second = input.try_clone().context(failed)?;
        let mut command = self.engine.command(["logs", "--follow", self.id]);
        let mut logs = command
            .stdin(Stdio::null())
            .stdout(input)
            .stderr(second)
            .spawn()
            .context(failed)?;
        // Ours are in the command still, and would keep the pipe open.
        drop(command);
        let (sender, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            for line in BufReader::new(output)
                .split(b'\n')
                .map_while(|line| line.ok())
            {
                if sender
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    return;
                }
            }
        });
        let found = loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => break Ok(()),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => break Err(self.too_late(wait)),
                Err(RecvTimeoutError::Disconnected) => break Err(self.ended(wait)),
            }
        };
        drop(lines);
        let _ = logs.kill();
        let _ = logs.wait();
        let _ = reader.join();
        found
    }
}
