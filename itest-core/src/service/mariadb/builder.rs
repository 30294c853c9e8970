//! [`Builder`]: a server as a fixture wants it, and the order of choices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::MariaDb;
use super::cache;
use super::client::Client;
use crate::service::address::Address;
use crate::service::choice::{self, Choice, Ways};
use crate::service::container::{Builder as ContainerBuilder, Wait};
use crate::service::directory::ServiceDirectory;
use crate::service::error::{Context, Error, Result};
use crate::service::probe::{Probes, binaries};
use crate::service::process::{ServerProcess, StopSignal};
use crate::service::server::{Life, Origin, Running, on_free_port};
use crate::service::user::User;

/// The variable with the server's program, before all others.
const BIN_VARIABLE: &str = "ITEST_MARIADB_BIN";

const SCHEMES: [&str; 2] = ["mysql", "mariadb"];
const PORT: u16 = 3306;
const USER: &str = "itest";

const HELP: &str = "Install MariaDB (Debian: `apt-get install mariadb-server`, macOS: `brew install \
                    mariadb`), or set ITEST_MARIADB_URL to a server where databases named \
                    `itest_…` may be created";

/// What a server's data may grow to before tests add theirs.
const ROOM: u64 = 400 << 20;

/// What makes tests fast: nothing of theirs need survive a crash. Users' settings come after.
const SETTINGS: [&str; 7] = [
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-fast-shutdown=2",
    "--innodb-buffer-pool-size=64M",
    "--sync-binlog=0",
    "--skip-log-bin",
    // Names of clients are asked of nobody.
    "--skip-name-resolve",
];

/// Less to write at the start.
pub(super) const LOG_SIZE: &str = "--innodb-log-file-size=10M";

/// What a [`MariaDb`] shall be like; made by [`MariaDb::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is started before `start`"]
pub struct Builder {
    private: bool,
    settings: Vec<String>,
}

impl Builder {
    /// A system variable of the server, such as `("sql-mode", "ANSI")`; comes after those that make
    /// tests fast, and overrides them.
    ///
    /// Only a private server can have settings: what the environment names is not used then.
    pub fn setting(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.settings
            .push(format!("--{}={}", name.as_ref(), value.as_ref()));
        self
    }

    /// Never a server that the environment names, for a second one beside it.
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Starts it, or finds it: see [`MariaDb`] for the order.
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
    /// use itest::service::MariaDb;
    ///
    /// /// Overrides the built-in one.
    /// #[fixture(scope = "session")]
    /// async fn mariadb() -> Result<MariaDb> {
    ///     Ok(MariaDb::builder().setting("sql-mode", "ANSI").start().await?)
    /// }
    /// ```
    pub async fn start(self) -> Result<MariaDb> {
        match self.try_start().await? {
            Ok(mariadb) => Ok(mariadb),
            Err(reason) => crate::signal::skip(reason),
        }
    }

    /// The same without skipping: the inner `Err` is the reason why there is no server here.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn try_start(self) -> Result<Result<MariaDb, String>> {
        choice::start(self).await
    }
}

impl Choice for Builder {
    type Server = MariaDb;

    const WAYS: Ways = Ways {
        name: "MariaDB",
        url_variable: "ITEST_MARIADB_URL",
        image_variable: "ITEST_MARIADB_IMAGE",
        image: "mariadb:11",
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
        let Some(programs) = Programs::find(probes)? else {
            return Ok(None);
        };
        let user = User::instead_of_root(&["mysql", "mariadb"]);
        let directory = ServiceDirectory::create("maria", ROOM, user)?;
        let data = directory.path().join("data");
        cache::copy_to(&data, &programs, user)?;
        let login = directory.path().join("login.sql");
        // A line each: the server knows no other end of a statement here.
        let sql = format!(
            "CREATE USER '{USER}'@'%' IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n\
             DROP USER 'root'@'localhost';\n"
        );
        fs::write(&login, sql).context(|| format!("cannot write `{}`", login.display()))?;
        directory.hand_over(&login)?;
        let start = |port: u16| {
            let mut command = Command::new(&programs.server);
            command
                .arg("--no-defaults")
                .arg(format!("--datadir={}", data.display()))
                .arg(format!("--socket={}", directory.path().join("s").display()))
                .arg(format!(
                    "--pid-file={}",
                    directory.path().join("pid").display()
                ))
                .arg(format!("--tmpdir={}", directory.path().display()))
                .arg(format!("--init-file={}", login.display()))
                .arg(format!("--port={port}"))
                .args(["--bind-address=127.0.0.1", LOG_SIZE])
                .args(SETTINGS)
                .args(&self.settings);
            let mut process =
                ServerProcess::start("MariaDB", command, &directory, StopSignal::Terminate)?;
            let address = private(port, password.clone());
            let client = Client::local(&address)?;
            // The password is ours alone: whoever takes it is our server.
            process.until_ready(|| client.sql("SELECT 1").ok())?;
            Ok((process, address))
        };
        let started = on_free_port(start);
        if started.is_err() && self.settings.is_empty() {
            // If it was the data's fault, it is gone with the next run.
            cache::discard(&programs);
        }
        let (process, address) = started?;
        Ok(Some((address, Running::Process(process, directory))))
    }

    fn container(&self, builder: ContainerBuilder, password: &str) -> ContainerBuilder {
        let asks = ["mariadb", "-h127.0.0.1", "-uroot", "-e", "SELECT 1"];
        builder
            .env("MARIADB_ROOT_PASSWORD", password)
            .env("MYSQL_PWD", password)
            .wait_for(Wait::command(asks))
    }

    fn address_in_container(host: &str, port: u16, password: String) -> Address {
        Address {
            host: host.to_owned(),
            user: "root".to_owned(),
            ..private(port, password)
        }
    }

    fn server(address: Address, origin: Origin, life: Life) -> Result<MariaDb> {
        let client = match &origin {
            Origin::Container(container) => Client::inside(container),
            Origin::Private { .. } | Origin::Given(_) => Client::local(&address)?,
        };
        if !origin.is_ours() {
            client.sql("SELECT 1")?;
        }
        Ok(MariaDb::new(&address, client, origin, life))
    }
}

fn private(port: u16, password: String) -> Address {
    Address {
        scheme: SCHEMES[0].to_owned(),
        user: USER.to_owned(),
        password: Some(password),
        host: "127.0.0.1".to_owned(),
        port,
        path: "mysql".to_owned(),
    }
}

/// A server's programs.
pub(super) struct Programs {
    pub(super) server: PathBuf,
    pub(super) install: PathBuf,
}

impl Programs {
    /// # Errors
    /// When `ITEST_MARIADB_BIN` names none, or what initialises its data is missing.
    fn find(probes: &mut Probes) -> Result<Option<Self>> {
        const ELSEWHERE: [&str; 5] = [
            "/usr/sbin",
            "/usr/libexec",
            "/usr/local/sbin",
            "/opt/homebrew/opt/mariadb*/bin",
            "/usr/local/opt/mariadb*/bin",
        ];
        let Some(server) = probes.program(BIN_VARIABLE, &["mariadbd"], &ELSEWHERE)? else {
            return Ok(None);
        };
        let beside = |directory: Option<&Path>| {
            let install = directory?.join("../bin/mariadb-install-db");
            crate::condition::is_executable(&install).then_some(install)
        };
        let install = binaries("mariadb-install-db", &ELSEWHERE)
            .into_iter()
            .next()
            .or_else(|| beside(server.parent()));
        match install {
            Some(install) => Ok(Some(Programs { server, install })),
            None => Err(Error::new(format!(
                "there is `{}`, but no `mariadb-install-db` beside it or on PATH",
                server.display()
            ))),
        }
    }
}
