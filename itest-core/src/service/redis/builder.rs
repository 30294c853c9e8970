//! [`Builder`]: a server as a fixture wants it, and the order of choices.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::Redis;
use super::client::Client;
use crate::service::address::Address;
use crate::service::container::{Wait, container};
use crate::service::directory::{ServiceDirectory, random};
use crate::service::error::{Context, Result};
use crate::service::probe::Probes;
use crate::service::process::{ServerProcess, StopSignal};
use crate::service::server::{Life, Origin, Running, blocking, in_container, on_free_port};
use crate::service::user::User;

/// The variable with a server that is there for tests.
const URL_VARIABLE: &str = "ITEST_REDIS_URL";

/// The variable with the server's program, before all others.
const BIN_VARIABLE: &str = "ITEST_REDIS_BIN";

/// The variable with another image than this one.
const IMAGE_VARIABLE: &str = "ITEST_REDIS_IMAGE";
const IMAGE: &str = "redis:7";

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
        blocking("Redis", move || self.choose()).await
    }

    fn choose(self) -> Result<Result<Redis, String>> {
        let mut probes = Probes::new("Redis");
        if !self.private
            && self.settings.is_empty()
            && let Some(text) = probes.variable(URL_VARIABLE)
        {
            let address = Address::of_variable(URL_VARIABLE, &text, &SCHEMES, PORT)?;
            Client::connect(&address).context(|| format!("cannot use {URL_VARIABLE}"))?;
            let origin = Origin::Given(URL_VARIABLE.to_owned());
            return Ok(Ok(Redis::new(address, origin, Life::default())));
        }
        if let Some(program) = find(&mut probes)? {
            return on_free_port(|port| self.start_program(&program, port)).map(Ok);
        }
        if !self.settings.is_empty() {
            probes.failed("a container is not used, since it cannot have the settings asked for");
            return Ok(Err(probes.reason(HELP)));
        }
        let image = std::env::var(IMAGE_VARIABLE).unwrap_or_else(|_| IMAGE.to_owned());
        let ready = Wait::log("Ready to accept connections");
        let builder = container(image).port(PORT).wait_for(ready);
        match in_container(builder, &mut probes) {
            Some(container) => {
                let address = address(container.host(), container.port(PORT), None);
                let running = Running::Container(container);
                let origin = running.origin();
                Ok(Ok(Redis::new(address, origin, Life::of(running))))
            }
            None => Ok(Err(probes.reason(HELP))),
        }
    }

    fn start_program(&self, program: &PathBuf, port: u16) -> Result<Redis> {
        let user = User::instead_of_root(&["redis", "valkey"]);
        let directory = ServiceDirectory::create("redis", ROOM, user)?;
        // Others on this machine can reach the port.
        let password = format!("{:016x}{:016x}", random(), random());
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
        let running = Running::Process(process, directory);
        let origin = running.origin();
        Ok(Redis::new(address, origin, Life::of(running)))
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
