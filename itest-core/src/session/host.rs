//! The session host: a process that holds session fixtures for the other processes of a run.

use std::fmt;
use std::fs;
use std::io::{self, BufReader};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::directory::{self, DOING, Directory};
use super::doing::Doing;
use super::errors;
use super::fixtures::Fixtures;
use super::hosts::Hosts;
use super::log::Log;
use super::news::Publisher;
use super::protocol::{self, Reply, Request, TeardownError};
use super::run::Run;
use super::runner::Runner;
use crate::channel::{self, Receiver, Sender};
use crate::plan::Plan;
use crate::run::end_group;
use crate::run::locks::Locks;
use crate::run::watchdog::watch;
use crate::thread;

/// Tells a process that it is a host, and of what.
pub(super) const HOST_VARIABLE: &str = "ITEST_SESSION_HOST";

/// How long test processes may outlive their runner before their fixtures are torn down, and how
/// long that may take.
const ORPHAN_LIMIT: Duration = Duration::from_secs(30);

/// How long others may take to leave a host that shall end if nobody needs it.
const LEAVE_LIMIT: Duration = Duration::from_secs(5);

/// What a host was started for.
#[derive(Debug)]
pub(crate) struct Orders {
    host: usize,
    run: Run,
    directory: Directory,
}

impl Orders {
    pub(super) fn new(host: usize, run: &Run, directory: &Directory) -> Self {
        Orders {
            host,
            run: run.clone(),
            directory: directory.clone(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(5, ' ');
        Some(Orders {
            host: words.next()?.parse().ok()?,
            run: Run {
                runner: Runner {
                    pid: words.next()?.parse().ok()?,
                    started: words.next()?.parse().ok()?,
                },
                id: words.next()?.to_owned(),
            },
            directory: Directory::at(PathBuf::from(words.next()?)),
        })
    }
}

impl fmt::Display for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Runner { pid, started } = self.run.runner;
        let (id, path) = (&self.run.id, self.directory.path.display());
        write!(f, "{} {pid} {started} {id} {path}", self.host)
    }
}

/// What this process was started for, if it was started as a host.
pub(crate) fn host_if_asked() -> Option<Orders> {
    let orders = Orders::parse(&std::env::var(HOST_VARIABLE).ok()?)?;
    // What fixtures start is not a host.
    crate::builtin::set_env(HOST_VARIABLE, None);
    Some(orders)
}

enum Message {
    Connected,
    Disconnected,
    RunnerGone,
    Finish(Finish),
}

/// The owner of the run wants it to end.
struct Finish {
    /// Only if nobody else is connected.
    alone: bool,
    /// Takes what went wrong; dropped if the host goes on.
    errors: Sender<Vec<TeardownError>>,
    /// Tells that the owner knows it.
    told: Receiver<()>,
}

/// What all conversations share.
pub(super) struct Service {
    fixtures: Arc<Fixtures>,
    /// Of the run, if this is its first host.
    locks: Locks,
    messages: Sender<Message>,
}

/// The whole life of a host.
pub(crate) fn run_host(orders: Orders, plan: Plan) -> io::Result<()> {
    crate::run::panic::install_hook();
    let Orders {
        host,
        run,
        directory,
    } = orders;
    let life = directory::live(&directory.file(host, "life"))?;
    let listener = UnixListener::from(crate::run::take_stdin()?);
    let runner = run.runner;
    crate::resource::guard_host(runner.identity(), &directory.file(host, "offers"))?;
    let publisher = Arc::new(Publisher::new(&directory, host));
    let fixtures = Arc::new(Fixtures::new(
        Arc::new(plan),
        host,
        Hosts::new(run),
        Log::new(directory.file(host, "log")),
        Doing::new(directory.file(host, DOING)),
        publisher.clone(),
    ));
    publish_offers(&directory, host, &fixtures)?;
    let (sender, messages) = channel::channel();
    let service = Arc::new(Service::new(fixtures.clone(), sender.clone()));
    let accept = move || accept(&listener, &service);
    thread::spawn("itest-accept", Box::new(accept))?;
    let wait = move || {
        // If it cannot be watched, the run ends when nobody is connected any more.
        let _ = runner.wait();
        let _ = sender.send(Message::RunnerGone);
        // Nobody else would ever end what hangs now.
        std::mem::forget(watch(2 * ORPHAN_LIMIT, || end_group()));
    };
    thread::spawn("itest-runner", Box::new(wait))?;

    let asked = until_the_end(&messages);
    let errors = fixtures.end();
    publisher.end();
    match asked {
        None => errors::keep(&errors),
        Some(finish) => {
            let _ = finish.errors.send(errors);
            let _ = finish.told.recv();
        }
    }
    let _lock = directory.lock()?;
    drop(life);
    directory.remove_host(host);
    Ok(())
}

/// Makes it known what can be had here, all at once.
fn publish_offers(directory: &Directory, host: usize, fixtures: &Fixtures) -> io::Result<()> {
    let all: Vec<&str> = fixtures.identities().collect();
    let partial = directory.file(host, "partial");
    fs::write(&partial, all.join("\n"))?;
    fs::rename(partial, directory.file(host, "offers"))
}

/// Waits until the owner of the run asks for the end, or until the runner is gone and nobody is
/// connected.
fn until_the_end(messages: &Receiver<Message>) -> Option<Finish> {
    let mut connected = 0_usize;
    // Whoever started us is about to connect, even if the runner is gone by now.
    let mut awaited = true;
    let mut orphaned: Option<Instant> = None;
    let mut asked: Option<(Finish, Instant)> = None;
    loop {
        if let Some((finish, _)) = asked.take_if(|_| connected <= 1) {
            return Some(finish);
        }
        if orphaned.is_some() && connected == 0 && !awaited {
            return None;
        }
        let limit = match (&asked, orphaned) {
            (Some((_, since)), _) => Some((*since, LEAVE_LIMIT)),
            (None, Some(since)) => Some((since, ORPHAN_LIMIT)),
            (None, None) => None,
        };
        let message = match limit {
            None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some((since, limit)) => messages.recv_timeout(limit.saturating_sub(since.elapsed())),
        };
        match message {
            Ok(Message::Connected) => {
                connected += 1;
                awaited = false;
            }
            Ok(Message::Disconnected) => connected = connected.saturating_sub(1),
            Ok(Message::RunnerGone) => orphaned = Some(Instant::now()),
            Ok(Message::Finish(finish)) if finish.alone => asked = Some((finish, Instant::now())),
            Ok(Message::Finish(finish)) => return Some(finish),
            // Who has asked for it learns that it goes on.
            Err(RecvTimeoutError::Timeout) if asked.is_some() => asked = None,
            Err(_) => return None,
        }
    }
}

fn accept(listener: &UnixListener, service: &Arc<Service>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if !is_ours(&stream) {
            continue;
        }
        // Before the thread starts: a lease counts from the connection on.
        let _ = service.messages.send(Message::Connected);
        let serving = service.clone();
        let serve = move || {
            serving.converse(stream);
            let _ = serving.messages.send(Message::Disconnected);
        };
        if thread::spawn("itest-lease", Box::new(serve)).is_err() {
            let _ = service.messages.send(Message::Disconnected);
        }
    }
}

impl Service {
    fn new(fixtures: Arc<Fixtures>, messages: Sender<Message>) -> Self {
        Service {
            fixtures,
            locks: Locks::default(),
            messages,
        }
    }

    /// Of a host that has ended: nobody hears that it shall finish.
    #[cfg(any(test, fuzzing))]
    pub(super) fn ended(fixtures: Arc<Fixtures>) -> Self {
        Service::new(fixtures, channel::channel().0)
    }

    /// Answers one request after the other. Garbage, and the end, end the conversation.
    pub(super) fn converse(&self, stream: UnixStream) {
        let mut stream = BufReader::new(stream);
        let mut held = None;
        while let Ok(Some(request)) = protocol::read(&mut stream) {
            let reply = match request {
                Request::Hello => Reply::Done,
                Request::Fetch(wanted) => match self.fixtures.fetch(&wanted) {
                    Some(fetch) => Reply::Fetched(fetch),
                    None => return,
                },
                Request::Prefetch(all) => {
                    self.fixtures.prefetch(&all);
                    Reply::Done
                }
                Request::Acquire(locks) => {
                    // All at once: what was held before is not needed any more.
                    drop(held.take());
                    held = Some(self.locks.acquire(&locks));
                    Reply::Done
                }
                Request::Release => {
                    drop(held.take());
                    Reply::Done
                }
                Request::Finish => return self.finish(false, stream.get_mut()),
                Request::FinishAlone => return self.finish(true, stream.get_mut()),
            };
            if protocol::write(stream.get_mut(), &reply).is_err() {
                return;
            }
        }
    }

    fn finish(&self, alone: bool, stream: &mut UnixStream) {
        let (sender, errors) = channel::channel();
        let (tell, told) = channel::channel();
        let finish = Finish {
            alone,
            errors: sender,
            told,
        };
        if self.messages.send(Message::Finish(finish)).is_err() {
            return;
        }
        let Ok(errors) = errors.recv() else {
            let _ = protocol::write(stream, &Reply::InUse);
            return;
        };
        if protocol::write(stream, &Reply::Finished(errors.clone())).is_err() {
            errors::keep(&errors);
        }
        let _ = tell.send(());
        // The end of the process ends the connection, which tells that all is done.
        let _ = io::Read::read(stream, &mut [0]);
    }
}

/// Whether the other side is the same user. The directory lets nobody else in anyway.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "std does not tell who is connected")]
fn is_ours(stream: &UnixStream) -> bool {
    let mut peer = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: `peer` is as long as is said.
    let asked = unsafe {
        libc::getsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut length,
        )
    };
    asked == 0 && peer.uid == directory::user()
}

#[cfg(not(target_os = "linux"))]
#[expect(unsafe_code, reason = "std does not tell who is connected")]
fn is_ours(stream: &UnixStream) -> bool {
    let (mut user, mut group) = (u32::MAX, u32::MAX);
    // SAFETY: both are written by the call.
    let asked = unsafe { libc::getpeereid(stream.as_raw_fd(), &raw mut user, &raw mut group) };
    asked == 0 && user == directory::user()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_survive_the_way() {
        let directory = Directory::at(PathBuf::from("/tmp/a directory/run-1-2"));
        let orders = Orders::new(7, &Run::owned(), &directory);
        let parsed = Orders::parse(&orders.to_string()).expect("it is complete");
        assert_eq!((parsed.host, &parsed.run), (7, &orders.run));
        assert_eq!(parsed.directory.path, directory.path);
    }
}
