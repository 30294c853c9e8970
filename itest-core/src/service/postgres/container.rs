//! A server in a container, where there is no other.

use std::time::{Duration, Instant};

use super::cache::SUPERUSER;
use super::client::Client;
use super::server::{Options, settings};
use super::url::{Host, PORT, Url};
use crate::service::container::{Container, Wait, container};
use crate::service::directory::random;
use crate::service::error::{Context, Result};
use crate::service::probe::Probes;
use crate::service::server::in_container;

/// The variable with another image than PostgreSQL's own.
const IMAGE_VARIABLE: &str = "ITEST_POSTGRES_IMAGE";

/// The version if none is asked for.
const VERSION: &str = "17";

/// How long the server may take after its port is open.
const READY_LIMIT: Duration = Duration::from_secs(30);

/// Starts one, if there is an engine that has the image or can have it; recorded if not.
pub(super) fn start(
    version: Option<&str>,
    options: &Options,
    probes: &mut Probes,
) -> Result<Option<(Container, Url, Client)>> {
    if options.port.is_some() {
        probes.failed("a container is not used, since its port cannot be chosen");
        return Ok(None);
    }
    let image = std::env::var(IMAGE_VARIABLE)
        .unwrap_or_else(|_| format!("postgres:{}", version.unwrap_or(VERSION)));
    // Others on this machine can reach the port.
    let password = format!("{:016x}", random());
    let command = settings(options)
        .into_iter()
        // It runs where the image says, and is reached from outside.
        .filter(|(name, _)| name != "listen_addresses")
        .flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]);
    let builder = container(image)
        .port(PORT)
        .env("POSTGRES_PASSWORD", &password)
        .env("POSTGRES_INITDB_ARGS", options.initdb.join(" "))
        .command(["postgres".to_owned()].into_iter().chain(command))
        .wait_for(Wait::port(PORT));
    let Some(container) = in_container(builder, probes) else {
        return Ok(None);
    };
    let url = Url {
        host: Host::Name(container.host().to_owned()),
        port: container.port(PORT),
        user: SUPERUSER.to_owned(),
        password: Some(password),
        database: SUPERUSER.to_owned(),
        others: Vec::new(),
    };
    let client = connect(&url).context(|| {
        format!(
            "PostgreSQL in a container of `{}` does not answer",
            container.image()
        )
    })?;
    Ok(Some((container, url, client)))
}

/// The port is open a moment before the server takes logins.
fn connect(url: &Url) -> Result<Client, super::client::SqlError> {
    let start = Instant::now();
    loop {
        match Client::connect(url) {
            Err(_) if start.elapsed() < READY_LIMIT => {
                std::thread::sleep(Duration::from_millis(10));
            }
            connected => return connected,
        }
    }
}
