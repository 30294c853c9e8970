//! [`Publisher`]: a host's way to the owner of its run.

use std::io::BufReader;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::directory::Directory;
use super::protocol::{self, News, Word};
use crate::event::Event;
use crate::run::interrupt;

/// Tells what happens, if anybody wants to know.
pub(super) struct Publisher(Option<Mutex<Link>>);

struct Link {
    owner: UnixStream,
    /// That the owner has passed the last news on.
    seen: Receiver<()>,
}

impl Publisher {
    /// To the owner of that run, if it listens.
    pub(super) fn new(directory: &Directory, host: usize) -> Self {
        let publisher = Publisher(Self::connect(directory).map(Mutex::new));
        let binary = crate::run::binary_id().into();
        publisher.tell(&News::Started { host, binary });
        publisher
    }

    fn connect(directory: &Directory) -> Option<Link> {
        let owner = UnixStream::connect(directory.owner()).ok()?;
        let mut words = BufReader::new(owner.try_clone().ok()?);
        let (sender, seen) = mpsc::channel();
        let listen = move || {
            while let Ok(Some(word)) = protocol::read(&mut words) {
                match word {
                    Word::Seen => drop(sender.send(())),
                    Word::Cancel => interrupt::interrupt(libc::SIGINT),
                }
            }
        };
        let thread = thread::Builder::new().name("itest-owner".to_owned());
        thread.spawn(listen).ok()?;
        Some(Link { owner, seen })
    }

    /// Tells it and waits until it has been passed on, so that what follows from it comes after.
    pub(super) fn send(&self, event: Event) {
        self.tell(&News::Event(Box::new(event)));
    }

    fn tell(&self, news: &News) {
        let Some(link) = &self.0 else { return };
        let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
        if protocol::write(&mut link.owner, news).is_ok() {
            // If the owner is gone, nobody wants to know.
            let _ = link.seen.recv();
        }
    }

    /// Nothing else will happen.
    pub(super) fn end(&self) {
        let Some(link) = &self.0 else { return };
        let mut link = link.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = protocol::write(&mut link.owner, &News::Ends);
        let _ = link.owner.shutdown(Shutdown::Write);
    }
}
