//! [`Builder`]: a server as a fixture wants it, and the order of choices.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;

use super::Nats;
use crate::service::address::Address;
use crate::service::choice::{self, Choice, Ways};
use crate::service::container::{Builder as ContainerBuilder, Wait};
use crate::service::directory::ServiceDirectory;
use crate::service::error::{Context, Error, Result};
use crate::service::probe::Probes;
use crate::service::process::{ServerProcess, StopSignal};
use crate::service::server::{Life, Origin, Running};
use crate::service::user::User;

/// The variable with the server's program, before all others.
const BIN_VARIABLE: &str = "ITEST_NATS_BIN";

const SCHEMES: [&str; 1] = ["nats"];
const PORT: u16 = 4222;
const USER: &str = "itest";

const HELP: &str = "Install NATS (Debian: `apt-get install nats-server`, macOS: `brew install \
                    nats-server`), or set ITEST_NATS_URL to a server for tests";

/// What tests may put into streams, at most, as long as they are in memory anyway.
const ROOM: u64 = 64 << 20;

/// How long a server may take to greet.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What a [`Nats`] shall be like; made by [`Nats::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started before `start`"]
pub struct Builder {
    private: bool,
    jetstream: bool,
    settings: Vec<String>,
}

impl Builder {
    /// Whether it has JetStream, its streams in a directory of its own. The server is a private
    /// one then.
    pub fn jetstream(mut self, jetstream: bool) -> Self {
        self.jetstream = jetstream;
        self
    }

    /// A line of the server's configuration file, such as `max_payload: 64KB`. The server is a
    /// private one then.
    pub fn setting(mut self, line: impl Into<String>) -> Self {
        self.settings.push(line.into());
        self
    }

    /// Never a server that the environment names, for a second one beside it.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Starts it, or finds it: see [`Nats`] for the order.
    ///
    /// Where there is none, this leaves the fixture or test and skips those that need it, as
    /// [`skip!`](crate::skip) does; see [`try_start`](Self::try_start) for elsewhere.
    ///
    /// # Errors
    /// When there is one, and it cannot be used: it does not start, a URL is refused.
    ///
    /// # Cancel safety
    /// A server whose start is no longer waited for is stopped.
    ///
    /// # Examples
    /// ```
    /// use itest::prelude::*;
    /// use itest::service::Nats;
    ///
    /// /// Overrides the built-in one.
    /// #[fixture(scope = "session")]
    /// async fn nats() -> Result<Nats> {
    ///     Ok(Nats::builder().jetstream(true).start().await?)
    /// }
    /// ```
    pub async fn start(self) -> Result<Nats> {
        match self.try_start().await? {
            Ok(nats) => Ok(nats),
            Err(reason) => crate::signal::skip(reason),
        }
    }

    /// The same without skipping: the inner `Err` is the reason why there is no server here.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn try_start(self) -> Result<Result<Nats, String>> {
        choice::start(self).await
    }
}

impl Choice for Builder {
    type Server = Nats;

    const WAYS: Ways = Ways {
        name: "NATS",
        url_variable: "ITEST_NATS_URL",
        image_variable: "ITEST_NATS_IMAGE",
        image: "nats:2",
        schemes: &SCHEMES,
        port: PORT,
        help: HELP,
    };

    fn takes_given(&self) -> bool {
        !self.private && !self.jetstream && self.settings.is_empty()
    }

    fn takes_container(&self) -> bool {
        self.settings.is_empty()
    }

    fn start_program(
        &self,
        password: String,
        probes: &mut Probes,
    ) -> Result<Option<(Address, Running)>> {
        let Some(program) = find(probes)? else {
            return Ok(None);
        };
        let user = User::instead_of_root(&["nats"]);
        let directory = ServiceDirectory::create("nats", ROOM, user)?;
        let place = directory.path().display();
        let mut lines = vec![
            "host: \"127.0.0.1\"".to_owned(),
            // It picks a free one.
            "port: -1".to_owned(),
            format!("ports_file_dir: \"{place}\""),
            format!("authorization {{ user: {USER}, password: \"{password}\" }}"),
        ];
        if self.jetstream {
            lines.push(format!("jetstream {{ store_dir: \"{place}/streams\" }}"));
        }
        lines.extend(self.settings.iter().cloned());
        let config = directory.path().join("nats.conf");
        fs::write(&config, lines.join("\n") + "\n")
            .context(|| format!("cannot write `{}`", config.display()))?;
        directory.hand_over(&config)?;
        let mut command = Command::new(&program);
        command.arg("--config").arg(&config);
        let mut process = ServerProcess::start("NATS", command, &directory, StopSignal::Terminate)?;
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let ports = directory
            .path()
            .join(format!("{name}_{}.ports", process.pid()));
        let port = process.until_ready(|| port_in(&ports))?;
        let address = private(port, Some(password));
        process.until_ready(|| greeting(&address).ok())?;
        Ok(Some((address, Running::Process(process, directory))))
    }

    fn container(&self, builder: ContainerBuilder, _: &str) -> ContainerBuilder {
        let builder = builder.wait_for(Wait::log("Server is ready"));
        match self.jetstream {
            true => builder.command(["--jetstream"]),
            false => builder,
        }
    }

    fn address_in_container(host: &str, port: u16, _: String) -> Address {
        Address {
            host: host.to_owned(),
            ..private(port, None)
        }
    }

    fn server(address: Address, origin: Origin, life: Life) -> Result<Nats> {
        if !origin.is_ours() {
            greeting(&address)?;
        }
        Ok(Nats::new(&address, origin, life))
    }
}

fn private(port: u16, password: Option<String>) -> Address {
    Address {
        scheme: SCHEMES[0].to_owned(),
        user: password.as_ref().map_or("", |_| USER).to_owned(),
        password,
        host: "127.0.0.1".to_owned(),
        port,
        path: String::new(),
    }
}

/// The port that the server wrote into its file, when it has.
fn port_in(file: &Path) -> Option<u16> {
    #[derive(Deserialize)]
    struct Ports {
        nats: Vec<String>,
    }
    let text = fs::read_to_string(file).ok()?;
    let ports: Ports = serde_json::from_str(&text).ok()?;
    let address = Address::parse(ports.nats.first()?, &SCHEMES, PORT).ok()?;
    Some(address.port)
}

/// Connects, and reads the line with which every server of NATS begins.
fn greeting(address: &Address) -> Result<()> {
    let failed = || format!("cannot connect to {}", address.place());
    let places = (&*address.host, address.port)
        .to_socket_addrs()
        .context(failed)?;
    let mut outcome = Err(Error::new("the host's name has no address"));
    for place in places {
        match TcpStream::connect_timeout(&place, ANSWER_LIMIT) {
            Ok(stream) => {
                stream
                    .set_read_timeout(Some(ANSWER_LIMIT))
                    .context(failed)?;
                let mut line = String::new();
                BufReader::new(stream)
                    .read_line(&mut line)
                    .context(failed)?;
                if line.starts_with("INFO ") {
                    return Ok(());
                }
                return Err(Error::new(format!(
                    "what listens on {} is not NATS",
                    address.place()
                )));
            }
            Err(error) => outcome = Err(error).context(|| place.to_string()),
        }
    }
    outcome.context(failed)
}

/// The server's program.
///
/// # Errors
/// When `ITEST_NATS_BIN` names none.
fn find(probes: &mut Probes) -> Result<Option<PathBuf>> {
    let elsewhere = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/opt/homebrew/bin",
        "/usr/local/bin",
    ];
    probes.program(BIN_VARIABLE, &["nats-server"], &elsewhere)
}
