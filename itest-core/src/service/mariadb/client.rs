//! [`Client`]: the server's own command line, for creating and dropping databases.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::service::address::Address;
use crate::service::container::{Container, Engine};
use crate::service::error::{Context, Error, Result};
use crate::service::probe::binaries;

/// How to run SQL on a server; goes to every process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Client {
    /// A program of this machine.
    Local {
        program: PathBuf,
        host: String,
        port: u16,
        user: String,
        password: String,
    },
    /// The one in the container, which knows the password.
    Inside { engine: PathBuf, id: String },
}

impl Client {
    /// # Errors
    /// When there is no such program.
    pub(super) fn local(address: &Address) -> Result<Self> {
        let elsewhere = [
            "/opt/homebrew/opt/mariadb*/bin",
            "/usr/local/opt/mariadb*/bin",
        ];
        let program = ["mariadb", "mysql"]
            .iter()
            .find_map(|name| binaries(name, &elsewhere).into_iter().next())
            .ok_or_else(|| {
                Error::new(
                    "no `mariadb` on PATH, which creates the databases of tests; install MariaDB's \
                     client (Debian: `apt-get install mariadb-client`)",
                )
            })?;
        Ok(Client::Local {
            program,
            host: address.host.clone(),
            port: address.port,
            user: address.user.clone(),
            password: address.password.clone().unwrap_or_default(),
        })
    }

    pub(super) fn inside(container: &Container) -> Self {
        Client::Inside {
            engine: container.engine().to_owned(),
            id: container.id().to_owned(),
        }
    }

    /// Runs statements; what they gave, columns parted by tabs.
    ///
    /// # Errors
    /// With the server's words, and the line of the statement.
    pub(super) fn sql(&self, sql: &str) -> Result<String> {
        self.run(&[], sql)
    }

    /// The same in a database.
    pub(super) fn sql_in(&self, database: &str, sql: &str) -> Result<String> {
        self.run(&[database], sql)
    }

    fn run(&self, more: &[&str], sql: &str) -> Result<String> {
        const BATCH: [&str; 3] = ["--no-defaults", "--batch", "--skip-column-names"];
        let mut command = match self {
            Client::Local {
                program,
                host,
                port,
                user,
                password,
            } => {
                let mut command = Command::new(program);
                command
                    .args(BATCH)
                    .args(["--protocol=tcp", "--connect-timeout=10"])
                    .arg(format!("--host={host}"))
                    .arg(format!("--port={port}"))
                    .arg(format!("--user={user}"))
                    // In the arguments everybody could see it.
                    .env("MYSQL_PWD", password);
                command
            }
            Client::Inside { engine, id } => {
                let exec = ["exec", "--interactive", id, "mariadb"];
                let login = ["--host=127.0.0.1", "--user=root"];
                Engine::of(engine).command(exec.into_iter().chain(BATCH).chain(login))
            }
        };
        let failed = || "cannot run `mariadb`".to_owned();
        let mut child = command
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context(failed)?;
        let mut input = child.stdin.take().expect("stdin is piped");
        let sql = sql.to_owned();
        // In its own thread: it may print before it has read everything.
        let writer = std::thread::spawn(move || input.write_all(sql.as_bytes()));
        let output = child.wait_with_output().context(failed)?;
        // If it did not read to the end, it has said why.
        let _ = writer.join();
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Error::new(said.trim().to_owned()))
    }
}
