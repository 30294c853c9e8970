//! [`Ports`]: ports of TCP for servers that tests start.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use crate::fixture;

/// The built-in fixture `ports`: free ports of the loopback interface.
///
/// A [`listener`](Ports::listener) is the better way where the server can take one: nobody can get
/// its port in between. For a server that wants a number there is [`reserve`](Ports::reserve).
///
/// ```
/// use itest::builtin::Ports;
/// use itest::prelude::*;
///
/// #[integration]
/// fn answers(ports: &Ports) -> std::io::Result<()> {
///     let listener = ports.listener()?;
///     let url = format!("http://{}", listener.local_addr()?);
///     assert!(url.starts_with("http://127.0.0.1:"));
///
///     let port = ports.reserve()?;
///     assert_eq!(format!("--port={port}"), format!("--port={}", port.number()));
///     Ok(())
/// }
/// ```
///
/// It lives as long as its worker. A session fixture, which cannot ask for it, writes
/// `Ports::default()`.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ports {}

/// A port that no other process that uses itest gets while this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// Locked.
    _file: File,
}

/// Below the ports that systems give to those who ask for any: only somebody who wants just this
/// one can come in between.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

impl Ports {
    /// A listener on a free port, already bound.
    ///
    /// For tokio: `listener.set_nonblocking(true)?` and `tokio::net::TcpListener::from_std`.
    ///
    /// # Errors
    /// When the system has no port left.
    pub fn listener(&self) -> io::Result<TcpListener> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
    }

    /// A free port, for a server that is started with its number.
    ///
    /// It is reserved for as long as the returned value lives: other processes with itest, of
    /// this user, do not get it, and no program that asks the system for any free port does.
    ///
    /// # Errors
    /// When none is left, and when the reservation cannot be written.
    pub fn reserve(&self) -> io::Result<Port> {
        let directory = directory()?;
        let first = first();
        let ports = (first..RANGE.end).chain(RANGE.start..first);
        for number in ports {
            let path = directory.join(number.to_string());
            let file = File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            if file.try_lock().is_err() {
                continue;
            }
            if TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                NEXT.store(number + 1, Ordering::Relaxed);
                return Ok(Port {
                    number,
                    _file: file,
                });
            }
        }
        Err(io::Error::new(
            io::ErrorKind::AddrNotAvailable,
            format!("no port from {} to {} is free", RANGE.start, RANGE.end - 1),
        ))
    }
}

impl Port {
    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// With the loopback interface: `127.0.0.1:23456`.
    pub fn address(&self) -> std::net::SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}

/// The number.
impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.number.fmt(f)
    }
}

/// Where to go on looking; 0 where nobody has looked yet.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// Processes begin at different places, so that they seldom meet.
fn first() -> u16 {
    match NEXT.load(Ordering::Relaxed) {
        next if RANGE.contains(&next) => next,
        _ => {
            let offset = std::process::id().wrapping_mul(101) % u32::from(RANGE.end - RANGE.start);
            RANGE.start + u16::try_from(offset).unwrap_or(0)
        }
    }
}

/// A file for each port that was ever reserved; it is reserved while it is locked.
fn directory() -> io::Result<PathBuf> {
    #[cfg(unix)]
    let path = crate::session::shared_directory("ports")?;
    #[cfg(not(unix))]
    let path = std::env::temp_dir().join("itest-ports");
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// Free ports.
#[fixture(scope = "worker")]
pub fn ports() -> Ports {
    Ports::default()
}

pub(super) fn link() {
    std::hint::black_box(ports().def());
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ports_are_reserved_once() {
        let reserve = || Ports::default().reserve().unwrap();
        let many: Vec<Port> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..25).map(|_| reserve()).collect::<Vec<_>>()))
                .collect();
            let reserved = threads.into_iter().map(|thread| thread.join().unwrap());
            reserved.flatten().collect()
        });
        let numbers: HashSet<u16> = many.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), 200);
        for port in &many {
            assert!(TcpListener::bind(port.address()).is_ok());
        }
    }

    #[test]
    fn a_port_that_is_used_is_not_reserved() {
        let port = Ports::default().reserve().unwrap();
        let number = port.number();
        let listener = TcpListener::bind(port.address()).unwrap();
        drop(port);
        NEXT.store(number, Ordering::Relaxed);
        assert_ne!(Ports::default().reserve().unwrap().number(), number);
        drop(listener);
    }
}
