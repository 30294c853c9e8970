//! [`Builder`]: a server as a fixture wants it, and the order of choices.

use super::Postgres;
use super::client::Client;
use super::container;
use super::install::Installation;
use super::server::{Options, PrivateServer};
use super::url::Url;
use crate::service::address::{ALLOW_VARIABLE, allowed, looks_like_production};
use crate::service::error::{Context, Result};
use crate::service::probe::Probes;

/// The variable with a server that is there for tests.
const URL_VARIABLE: &str = "ITEST_POSTGRES_URL";

/// The variable that applications read; used if it cannot be anybody's real database.
const APPLICATION_VARIABLE: &str = "DATABASE_URL";

const HELP: &str = "Install PostgreSQL (Debian: `apt-get install postgresql`, macOS: `brew install \
                    postgresql@17`), or set ITEST_POSTGRES_URL to a server where databases named \
                    `itest_…` may be created";

/// What a [`Postgres`] shall be like; made by [`Postgres::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started before `start`"]
pub struct Builder {
    version: Option<String>,
    private: bool,
    options: Options,
}

impl Builder {
    /// A server of that version, such as `15` or `15.4`, where several are installed.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// A setting of `postgresql.conf`; comes after those that make tests fast, and overrides them.
    ///
    /// Only a private server can have settings: what the environment names is not used then.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.settings.push((name.into(), value.into()));
        self
    }

    /// An option of `initdb`, such as `--locale=de_DE.UTF-8` (the default is `--locale=C`, whose
    /// sort order is the same everywhere). The server is a private one then.
    pub fn initdb(mut self, option: impl Into<String>) -> Self {
        self.options.initdb.push(option.into());
        self
    }

    /// Whether it listens on a free port of `127.0.0.1` too, for what cannot use a Unix socket.
    /// The server is a private one then, and its URL has the port.
    pub fn tcp(mut self, tcp: bool) -> Self {
        self.options.tcp = tcp;
        self
    }

    /// Listens on that port of `127.0.0.1`; it is an error if somebody else does.
    pub fn port(mut self, port: u16) -> Self {
        self.options.tcp = true;
        self.options.port = Some(port);
        self
    }

    /// Never a server that the environment names, for a second one beside it.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Starts it, or finds it: see [`Postgres`] for the order.
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
    /// use itest::service::Postgres;
    ///
    /// /// Overrides the built-in one: a server where queries are logged.
    /// #[fixture(scope = "session")]
    /// async fn postgres() -> Result<Postgres> {
    ///     Ok(Postgres::builder().setting("log_statement", "all").start().await?)
    /// }
    /// ```
    pub async fn start(self) -> Result<Postgres> {
        match self.try_start().await? {
            Ok(postgres) => Ok(postgres),
            Err(reason) => crate::signal::skip(reason),
        }
    }

    /// The same without skipping: the inner `Err` is the reason why there is no server here.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn try_start(self) -> Result<Result<Postgres, String>> {
        let started = tokio::task::spawn_blocking(move || self.choose());
        started
            .await
            .context(|| "starting PostgreSQL panicked".to_owned())?
    }

    fn choose(self) -> Result<Result<Postgres, String>> {
        let mut probes = Probes::new("PostgreSQL");
        let asks_for_nothing =
            !self.options.tcp && self.options.settings.is_empty() && self.options.initdb.is_empty();
        if !self.private
            && asks_for_nothing
            && let Some(postgres) = self.of_environment(&mut probes)?
        {
            return Ok(Ok(postgres));
        }
        if let Some(found) = Installation::find(self.version.as_deref(), &mut probes)? {
            let mut options = self.options.clone();
            if !options
                .initdb
                .iter()
                .any(|option| option.starts_with("--l"))
            {
                options.initdb.push("--locale=C".to_owned());
            }
            // Less to copy; what tests write is small.
            if found.major() >= 11 {
                options.initdb.push("--wal-segsize=1".to_owned());
            }
            let (server, client) = PrivateServer::start(&found, &options)?;
            return Postgres::of_private(server, client).map(Ok);
        }
        let version = self.version.as_deref();
        match container::start(version, &self.options, &mut probes)? {
            Some((container, url, client)) => {
                Postgres::of_container(container, &url, client).map(Ok)
            }
            None => Ok(Err(probes.reason(HELP))),
        }
    }

    /// The server that a variable names.
    fn of_environment(&self, probes: &mut Probes) -> Result<Option<Postgres>> {
        let allowed = allowed();
        if let Some(text) = probes.variable(URL_VARIABLE) {
            let url = Url::parse(&text).context(|| format!("cannot use {URL_VARIABLE}"))?;
            if let Some(why) = url.production().filter(|_| !allowed) {
                let otherwise = format!("set {ALLOW_VARIABLE}=1");
                return Err(looks_like_production(URL_VARIABLE, &why, &otherwise));
            }
            let client = Client::connect(&url)
                .context(|| format!("cannot connect to {URL_VARIABLE} ({})", url.place()))?;
            return self.fitting(URL_VARIABLE, &url, client, probes);
        }
        let Some(text) = probes.variable(APPLICATION_VARIABLE) else {
            return Ok(None);
        };
        let Ok(url) = Url::parse(&text) else {
            probes.failed(format!("{APPLICATION_VARIABLE} is not one of PostgreSQL"));
            return Ok(None);
        };
        if let Some(why) = url.production() {
            if allowed {
                let otherwise = format!("set {URL_VARIABLE} to it too");
                return Err(looks_like_production(
                    APPLICATION_VARIABLE,
                    &why,
                    &otherwise,
                ));
            }
            probes.failed(format!(
                "{APPLICATION_VARIABLE} looks like production ({why}), not used"
            ));
            return Ok(None);
        }
        if !url.is_local() && !allowed {
            probes.failed(format!(
                "{APPLICATION_VARIABLE} is not on this machine, not used \
                 ({ALLOW_VARIABLE}=1 allows it)"
            ));
            return Ok(None);
        }
        match Client::connect(&url) {
            Ok(client) => self.fitting(APPLICATION_VARIABLE, &url, client, probes),
            Err(error) => {
                probes.failed(format!(
                    "{APPLICATION_VARIABLE} ({}) does not answer: {error}",
                    url.place()
                ));
                Ok(None)
            }
        }
    }

    fn fitting(
        &self,
        variable: &str,
        url: &Url,
        client: Client,
        probes: &mut Probes,
    ) -> Result<Option<Postgres>> {
        let numbers = crate::service::probe::numbers;
        if let Some(wanted) = &self.version
            && !numbers(client.version()).starts_with(&numbers(wanted))
        {
            let version = client.version();
            probes.failed(format!("{variable} is of version {version}, not {wanted}"));
            return Ok(None);
        }
        Postgres::of_given(variable, url, client).map(Some)
    }
}
