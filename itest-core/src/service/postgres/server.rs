//! [`PrivateServer`]: a server of our own, from a copied data directory to its end.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::cache::{Entry, SUPERUSER};
use super::client::Client;
use super::install::Installation;
use super::url::{Host, PORT, Url};
use crate::service::directory::{ServiceDirectory, clear};
use crate::service::error::{Context, Error, Result};
use crate::service::process::{ServerProcess, StopSignal, free_port};
use crate::service::user::User;

/// What a server's data may grow to before tests add theirs: itself and its write-ahead log.
const ROOM: u64 = 600 << 20;

/// How many ports are tried that turn out to be taken.
const PORTS: usize = 5;

/// The file in a server's directory that says that it goes on after the run.
pub(super) const KEEP: &str = "keep";

/// What makes tests fast: nothing of theirs need survive a crash. Users' settings come after.
const SETTINGS: [(&str, &str); 10] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("autovacuum", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    // More would let a large suite fill the memory that the data directory is in.
    ("max_wal_size", "512MB"),
    ("max_connections", "300"),
    // In the data directory, so that they go with it whatever happens.
    ("dynamic_shared_memory_type", "mmap"),
    ("logging_collector", "off"),
];

/// What a private server shall be like.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) settings: Vec<(String, String)>,
    pub(super) initdb: Vec<String>,
    pub(super) tcp: bool,
    pub(super) port: Option<u16>,
}

/// A running server; dropping it stops it and removes its directory.
#[derive(Debug)]
pub(super) struct PrivateServer {
    process: ServerProcess,
    directory: ServiceDirectory,
    url: Url,
    cache: PathBuf,
}

impl PrivateServer {
    /// Copies an initialised data directory, made if there is none yet, and starts a server on it.
    /// Gives the connection that has found it ready too.
    pub(super) fn start(installation: &Installation, options: &Options) -> Result<(Self, Client)> {
        let user = User::instead_of_root(&["postgres"]);
        let entry = Entry::new(installation, &options.initdb)?;
        let directory = ServiceDirectory::create("pg", ROOM, user)?;
        let data = directory.path().join("data");
        entry.copy_to(&data, user)?;
        let started = match Self::start_in(directory, installation, options) {
            Err(failed) if failed.may_be_the_data => {
                // Made anew, once: whatever has happened to the cache is over then.
                entry.discard()?;
                let directory = ServiceDirectory::create("pg", ROOM, user)?;
                entry.copy_to(&directory.path().join("data"), user)?;
                Self::start_in(directory, installation, options).map_err(|failed| failed.error)
            }
            other => other.map_err(|failed| failed.error),
        };
        let (mut server, client) = started?;
        server.cache = entry.path().to_owned();
        Ok((server, client))
    }

    fn start_in(
        directory: ServiceDirectory,
        installation: &Installation,
        options: &Options,
    ) -> Result<(Self, Client), Failed> {
        let mut tried = 0;
        let mut directory = directory;
        loop {
            tried += 1;
            let port = match options.port {
                Some(port) => port,
                None if options.tcp => free_port()
                    .context(|| "cannot find a free port of 127.0.0.1".to_owned())
                    .map_err(Failed::from)?,
                None => PORT,
            };
            match Self::start_on(port, directory, installation, options) {
                Ok(server) => return Ok(server),
                Err((returned, failed)) => {
                    if !failed.port_is_taken || options.port.is_some() || tried == PORTS {
                        return Err(failed);
                    }
                    directory = returned;
                }
            }
        }
    }

    fn start_on(
        port: u16,
        directory: ServiceDirectory,
        installation: &Installation,
        options: &Options,
    ) -> Result<(Self, Client), (ServiceDirectory, Failed)> {
        let socket = Url {
            host: Host::Socket(directory.path().to_owned()),
            port,
            user: SUPERUSER.to_owned(),
            password: None,
            database: SUPERUSER.to_owned(),
            others: Vec::new(),
        };
        let command = command(port, directory.path(), installation, options);
        let started = ServerProcess::start("PostgreSQL", command, &directory, StopSignal::Quit);
        let mut process = match started {
            Ok(process) => process,
            Err(error) => return Err((directory, error.into())),
        };
        let ready = process.until_ready(|| Client::connect(&socket).ok());
        let client = match ready {
            Ok(client) => client,
            Err(error) => {
                let failed = Failed::new(error, process.log(), options);
                drop(process);
                return Err((directory, failed));
            }
        };
        let url = match options.tcp {
            true => Url {
                host: Host::Name("127.0.0.1".to_owned()),
                ..socket
            },
            false => socket,
        };
        let server = PrivateServer {
            process,
            directory,
            url,
            cache: PathBuf::new(),
        };
        Ok((server, client))
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The cached data directory that its data is a copy of.
    pub(super) fn cache(&self) -> &Path {
        &self.cache
    }

    pub(super) fn log(&self) -> &Path {
        self.process.log()
    }

    /// Stops it and removes its directory, unless somebody has said that it stays.
    pub(super) fn end(mut self) -> Result<()> {
        if self.directory.path().join(KEEP).exists() {
            self.process.leave();
            self.directory.keep();
            return Ok(());
        }
        let stopped = self.process.stop();
        if stopped.is_err() {
            remove_segment(&self.directory.path().join("data/postmaster.pid"));
        }
        // The databases of all tests.
        clear(&self.directory.path().join("data/base"));
        stopped
    }
}

/// Removes the shared memory by which a server shows that its data is in use. Only one that was
/// killed leaves it behind.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std has no shared memory")]
fn remove_segment(pid_file: &Path) {
    let text = std::fs::read_to_string(pid_file).unwrap_or_default();
    let pid: Option<libc::pid_t> = text.lines().next().and_then(|pid| pid.parse().ok());
    // Its key and its number.
    let line = text.lines().nth(6).unwrap_or_default();
    let id = line
        .split_whitespace()
        .nth(1)
        .and_then(|id| id.parse().ok());
    let (Some(pid), Some(id)) = (pid, id) else {
        return;
    };
    // SAFETY: all zeros is a value of this struct of numbers, which the first call fills. The
    // segment is removed only if that very server made it.
    unsafe {
        let mut segment: libc::shmid_ds = std::mem::zeroed();
        if libc::shmctl(id, libc::IPC_STAT, &raw mut segment) == 0 && segment.shm_cpid == pid {
            libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut());
        }
    }
}

#[cfg(not(unix))]
fn remove_segment(_: &Path) {}

fn command(port: u16, directory: &Path, installation: &Installation, options: &Options) -> Command {
    let mut command = Command::new(&installation.postgres);
    command
        .arg("-D")
        .arg(directory.join("data"))
        .arg("-k")
        .arg(directory)
        .args(["-p", &port.to_string()]);
    for (name, value) in settings(options) {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    // Nothing of the environment decides where it is.
    command.env_remove("PGDATA").env_remove("PGPORT");
    command
}

/// Ours, and then those that the user wants.
pub(super) fn settings(options: &Options) -> Vec<(String, String)> {
    let listen = match options.tcp {
        true => "127.0.0.1",
        false => "",
    };
    let ours = SETTINGS
        .iter()
        .copied()
        .chain([("listen_addresses", listen)]);
    let ours = ours.map(|(name, value)| (name.to_owned(), value.to_owned()));
    ours.chain(options.settings.iter().cloned()).collect()
}

/// Why a server did not start.
struct Failed {
    error: Error,
    may_be_the_data: bool,
    port_is_taken: bool,
}

impl Failed {
    fn new(error: Error, log: &Path, options: &Options) -> Self {
        let log = std::fs::read(log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let port_is_taken = log.contains("could not bind IPv4");
        // What the server says of settings is not the fault of its data.
        let of_settings = [
            "parameter",
            "configuration",
            "shared memory",
            "could not bind",
        ];
        let may_be_the_data = !of_settings.iter().any(|word| log.contains(word));
        let error = match options.port {
            Some(port) if port_is_taken => Error::new(format!(
                "port {port} of 127.0.0.1 is taken by another program"
            ))
            .caused_by(error),
            _ => error,
        };
        Failed {
            error,
            may_be_the_data,
            port_is_taken,
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed {
            error,
            may_be_the_data: false,
            port_is_taken: false,
        }
    }
}
