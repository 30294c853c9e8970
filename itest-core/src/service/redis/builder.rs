//! [`Builder`]: a server as a fixture wants it, and the order of choices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Redis;
use super::client::Client;
use crate::service::address::Address;
use crate::service::choice::{self, Choice, Ways};
use crate::service::container::{Builder as ContainerBuilder, Wait};
use crate::service::directory::ServiceDirectory;
use crate::service::error::{Context, Result};
use crate::service::probe::Probes;
use crate::service::process::{ServerProcess, StopSignal};
use crate::service::server::{Life, Origin, Running, on_free_port};
use crate::service::user::User;

/// The variable with the server's program, before all others.
const BIN_VARIABLE: &str = "ITEST_REDIS_BIN";

const SCHEMES: [&str; 2] = ["redis", "valkey"];
const PORT: u16 = 6379;

const HELP: &str = "Install Redis (Debian: `apt-get install redis-server`, macOS: `brew install \
                    redis`), or set ITEST_REDIS_URL to a server for tests";

/// What tests may put into a server, at most, as long as it is in memory anyway.
const ROOM: u64 = 64 << 20;

/// What makes it one for tests. Users' settings come after, and win.
const SETTINGS: [&str; 4] = [
    "save \"\"",
    "appendonly no",
    "daemonize no",
    // One for every test that runs, and for those whose process died.
    "databases 1000",
];

/// What a [`Redis`] shall be like; made by [`Redis::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started before `start`"]
pub struct Builder {
    private: bool,
    settings: Vec<String>,
}

impl Builder {
    /// A line of `redis.conf`, such as `("maxmemory", "10mb")`; comes after those that make it one
    /// for tests, and overrides them.
    ///
    /// Only a private server can have settings: what the environment names is not used then.
    pub fn setting(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.settings
            .push(format!("{} {}", name.as_ref(), value.as_ref()));
        self
    }

    /// Never a server that the environment names, for a second one beside it.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Starts it, or finds it: see [`Redis`] for the order.
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
    /// use itest::service::Redis;
    ///
    /// /// Overrides the built-in one: a server that forgets early.
    /// #[fixture(scope = "session")]
    /// async fn redis() -> Result<Redis> {
    ///     let small = Redis::builder().setting("maxmemory", "10mb");
    ///     Ok(small.setting("maxmemory-policy", "allkeys-lru").start().await?)
    /// }
    /// ```
    pub async fn start(self) -> Result<Redis> {
        match self.try_start().await? {
            Ok(redis) => Ok(redis),
            Err(reason) => crate::signal::skip(reason),
        }
    }

    /// The same without skipping: the inner `Err` is the reason why there is no server here.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn try_start(self) -> Result<Result<Redis, String>> {
        choice::start(self).await
    }
}

impl Choice for Builder {
    type Server = Redis;

    const WAYS: Ways = Ways {
        name: "Redis",
        url_variable: "ITEST_REDIS_URL",
        image_variable: "ITEST_REDIS_IMAGE",
        image: "redis:7",
        schemes: &SCHEMES,
        port: PORT,
        help: HELP,
    };

    fn takes_given(&self) -> bool {
        !self.private && self.settings.is_empty()
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
        on_free_port(|port| self.start_on(port, &program, password.clone())).map(Some)
    }

    fn container(&self, builder: ContainerBuilder, _: &str) -> ContainerBuilder {
        builder.wait_for(Wait::log("Ready to accept connections"))
    }

    fn address_in_container(host: &str, port: u16, _: String) -> Address {
        address(host, port, None)
    }

    fn server(address: Address, origin: Origin, life: Life) -> Result<Redis> {
        if !origin.is_ours() {
            Client::connect(&address)?;
        }
        Ok(Redis::new(address, origin, life))
    }
}

impl Builder {
    fn start_on(&self, port: u16, program: &Path, password: String) -> Result<(Address, Running)> {
        let user = User::instead_of_root(&["redis", "valkey"]);
        let directory = ServiceDirectory::create("redis", ROOM, user)?;
        let mut lines: Vec<String> = SETTINGS.map(str::to_owned).to_vec();
        lines.extend([
            "bind 127.0.0.1".to_owned(),
            format!("port {port}"),
            format!("requirepass {password}"),
            format!("dir \"{}\"", directory.path().display()),
        ]);
        lines.extend(self.settings.iter().cloned());
        let config = directory.path().join("redis.conf");
        fs::write(&config, lines.join("\n") + "\n")
            .context(|| format!("cannot write `{}`", config.display()))?;
        directory.hand_over(&config)?;
        let mut command = Command::new(program);
        command.arg(&config);
        let mut process =
            ServerProcess::start("Redis", command, &directory, StopSignal::Terminate)?;
        let address = address("127.0.0.1", port, Some(password));
        // The password is ours alone: whoever takes it is our server.
        process.until_ready(|| Client::connect(&address).ok())?;
        Ok((address, Running::Process(process, directory)))
    }
}

fn address(host: &str, port: u16, password: Option<String>) -> Address {
    Address {
        scheme: SCHEMES[0].to_owned(),
        // The user that a plain password is for; some clients do not take a password alone.
        user: password.as_ref().map_or("", |_| "default").to_owned(),
        password,
        host: host.to_owned(),
        port,
        path: "0".to_owned(),
    }
}

/// The server's program.
///
/// # Errors
/// When `ITEST_REDIS_BIN` names none.
fn find(probes: &mut Probes) -> Result<Option<PathBuf>> {
    let elsewhere = [
        "/usr/sbin",
        "/usr/local/sbin",
        "/opt/homebrew/bin",
        "/usr/local/bin",
    ];
    probes.program(BIN_VARIABLE, &["redis-server", "valkey-server"], &elsewhere)
}
