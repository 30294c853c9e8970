//! [`Publisher`]: a host's way to the owner of its run, or to one guest after the other.

use std::io::BufReader;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::directory::Directory;
use super::protocol::{self, News, Word};
use crate::channel::{self, Receiver};
use crate::event::Event;
use crate::run::interrupt;
use crate::thread;

/// Tells what happens, if anybody wants to know.
pub(super) struct Publisher {
    directory: Directory,
    host: usize,
    link: Mutex<Option<Link>>,
}

struct Link {
    owner: UnixStream,
    /// That the owner has passed the last news on.
    seen: Receiver<()>,
}

impl Publisher {
    /// To the owner of that run, if it listens.
    pub(super) fn new(directory: &Directory, host: usize) -> Self {
        let publisher = Publisher {
            directory: directory.clone(),
            host,
            link: Mutex::default(),
        };
        publisher.connect(&mut publisher.link());
        publisher
    }

    fn link(&self) -> MutexGuard<'_, Option<Link>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Introduces the host.
    fn connect(&self, link: &mut Option<Link>) {
        *link = Link::to(&self.directory.owner());
        if let Some(new) = link {
            let binary = crate::run::binary_id().into();
            let host = self.host;
            new.tell(&News::Started { host, binary });
        }
    }

    /// Tells it and waits until it has been passed on, so that what follows from it comes after.
    pub(super) fn send(&self, event: Event) {
        let news = News::Event(Box::new(event));
        let mut link = self.link();
        if !link.as_mut().is_some_and(|link| link.tell(&news)) {
            // The guest who listened may be gone, and another there.
            self.connect(&mut link);
            if let Some(link) = &mut *link {
                link.tell(&news);
            }
        }
    }

    /// Nothing else will happen.
    pub(super) fn end(&self) {
        if let Some(link) = &mut *self.link() {
            let _ = protocol::write(&mut link.owner, &News::Ends);
            let _ = link.owner.shutdown(Shutdown::Write);
        }
    }
}

impl Link {
    fn to(owner: &Path) -> Option<Self> {
        let owner = UnixStream::connect(owner).ok()?;
        let mut words = BufReader::new(owner.try_clone().ok()?);
        let (sender, seen) = channel::channel();
        let listen = move || {
            while let Ok(Some(word)) = protocol::read(&mut words) {
                match word {
                    Word::Seen => drop(sender.send(())),
                    Word::Cancel => interrupt::interrupt(libc::SIGINT),
                }
            }
        };
        thread::spawn("itest-owner", Box::new(listen)).ok()?;
        Some(Link { owner, seen })
    }

    /// Whether it has been passed on.
    fn tell(&mut self, news: &News) -> bool {
        protocol::write(&mut self.owner, news).is_ok() && self.seen.recv().is_ok()
    }
}
