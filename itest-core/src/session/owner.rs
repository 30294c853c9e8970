//! [`Owner`]: the side of the process whose run it is: it starts hosts early, hears what happens
//! in them, and has them finish.

use std::fs;
use std::io::{self, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::hosts::{Connection, Hosts, Program};
use super::protocol::{self, News, Reply, Request, TeardownError, Wanted, Word};
use crate::event::Event;
use crate::outcome::{Failure, FailureKind};
use crate::run::events::Events;
use crate::thread;

/// Owns a run, and with it all of its hosts; or is a guest in a run that ends without it.
#[derive(Debug)]
pub(crate) struct Owner {
    hosts: Arc<Hosts>,
    is_guest: bool,
    listeners: Arc<Listeners>,
    preparing: Mutex<Vec<JoinHandle<()>>>,
    finishing: Arc<AtomicBool>,
}

/// What went wrong in the hosts of a run. Whoever has subscribed has heard of it already.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) errors: Vec<TeardownError>,
    /// Hosts that were not there any more to tear down.
    pub(crate) died: Vec<Failure>,
    /// A host goes on, since it was to end only if nobody else needs it.
    pub(super) in_use: bool,
}

impl Ended {
    /// The text of each error.
    pub(crate) fn texts(&self) -> Vec<String> {
        let errors = self.errors.iter().map(super::errors::text);
        let died = self.died.iter().map(|failure| format!("Error: {failure}"));
        errors.chain(died).collect()
    }
}

/// The hosts that tell us what happens in them.
#[derive(Debug, Default)]
struct Listeners {
    state: Mutex<Listening>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Listening {
    cancelled: bool,
    /// Hosts that are connected, each with the way to it.
    connected: Vec<(u64, UnixStream)>,
    next: u64,
}

impl Owner {
    /// Of the run that `hosts` is of, which this process owns.
    ///
    /// # Errors
    /// When the directory of the run cannot be made.
    pub(crate) fn new(hosts: Arc<Hosts>) -> io::Result<Self> {
        super::errors::tell();
        crate::resource::guard_run(hosts.run.runner.identity())?;
        super::directory::Directory::of_owned(&hosts.run.id)?;
        Ok(Owner::of(hosts, false))
    }

    /// In the run that `hosts` is of, which goes on after this process.
    pub(crate) fn guest(hosts: Arc<Hosts>) -> Self {
        Owner::of(hosts, true)
    }

    fn of(hosts: Arc<Hosts>, is_guest: bool) -> Self {
        Owner {
            hosts,
            is_guest,
            listeners: Arc::default(),
            preparing: Mutex::default(),
            finishing: Arc::default(),
        }
    }

    /// Sends what happens in all hosts to `events`. To be called before the first one starts.
    ///
    /// What a host's fixture causes, a test's start for instance, comes after the fixture's event.
    ///
    /// # Errors
    /// When we cannot listen.
    pub(crate) fn subscribe(&self, events: Events) -> io::Result<()> {
        let socket = self.hosts.directory()?.owner();
        if self.is_guest {
            // The guest before us has left it.
            let _ = fs::remove_file(&socket);
        }
        let listener = UnixListener::bind(socket)?;
        let (hosts, listeners) = (self.hosts.clone(), self.listeners.clone());
        let accept = move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let Ok(id) = listeners.add(&stream) else {
                    continue;
                };
                let (hosts, events) = (hosts.clone(), events.clone());
                let listening = listeners.clone();
                let listen = move || {
                    listen(stream, &hosts, &events);
                    listening.remove(id);
                };
                if thread::spawn("itest-session-events", Box::new(listen)).is_err() {
                    listeners.remove(id);
                }
            }
        };
        thread::spawn("itest-session-accept", Box::new(accept))?;
        Ok(())
    }

    /// Has a host ready for these fixtures, on a thread of its own; where none offers them,
    /// `program` becomes one. With `set_up` they are set up, at the same time, and when that is
    /// over, it is called.
    ///
    /// What goes wrong is told to the tests that need them.
    pub(crate) fn prepare(
        &self,
        program: Program,
        wanted: Vec<Wanted>,
        set_up: Option<Box<dyn FnOnce() + Send>>,
    ) {
        let (hosts, finishing) = (self.hosts.clone(), self.finishing.clone());
        let prepare = move || {
            let mut by_host: Vec<(usize, Vec<Wanted>)> = Vec::new();
            for wanted in wanted {
                match hosts.host_for(&wanted.fixture, Some(&program)) {
                    Ok(Some(host)) => match by_host.iter_mut().find(|(known, _)| *known == host) {
                        Some((_, all)) => all.push(wanted),
                        None => by_host.push((host, vec![wanted])),
                    },
                    Ok(None) | Err(_) => break,
                }
            }
            let Some(set_up) = set_up else { return };
            let is_over = || finishing.load(Ordering::Acquire);
            let ask = &|host, wanted| {
                if let Ok(mut connection) = hosts.connect(host) {
                    let _ = connection.ask_until(&Request::Prefetch(wanted), &is_over);
                }
            };
            // All hosts at once: the first setups start when they are asked, not when we wait.
            std::thread::scope(|scope| {
                for (host, wanted) in by_host {
                    let ask: Box<dyn FnOnce() + Send> = Box::new(move || ask(host, wanted));
                    scope.spawn(ask);
                }
            });
            set_up();
        };
        if let Ok(thread) = thread::spawn("itest-session-start", Box::new(prepare)) {
            let mut preparing = self
                .preparing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            preparing.push(thread);
        }
    }

    /// Cancels setups: the run is interrupted. A guest's end is not the run's.
    pub(crate) fn cancel(&self) {
        if self.is_guest {
            return;
        }
        let mut state = self.listeners.lock();
        if !std::mem::replace(&mut state.cancelled, true) {
            for (_, stream) in &mut state.connected {
                // One that is gone needs no word.
                let _ = protocol::write(stream, &Word::Cancel);
            }
        }
    }

    /// Has all hosts tear down, the last one first, since it may build on earlier ones; gives
    /// what went wrong. A guest leaves them as they are.
    ///
    /// # Errors
    /// When one of them takes longer than `limit`; it goes on by itself.
    pub(crate) fn finish(&self, limit: Option<Duration>) -> io::Result<Ended> {
        self.finishing.store(true, Ordering::Release);
        let preparing = std::mem::take(
            &mut *self
                .preparing
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        for thread in preparing {
            // A panic there is a bug that has been printed.
            let _ = thread.join();
        }
        if self.is_guest {
            return Ok(Ended::default());
        }
        let end = limit.map(|limit| Instant::now() + limit);
        let is_over = || end.is_some_and(|end| Instant::now() >= end);
        let ended = finish(&self.hosts, &Request::Finish, &is_over)?;
        self.listeners.wait_for_silence();
        let _ = fs::remove_dir_all(self.hosts.directory()?.path);
        Ok(ended)
    }
}

/// Has all hosts of a run tear down, the last one first, since it may build on earlier ones.
///
/// # Errors
/// When `is_over` before all have.
pub(super) fn finish(
    hosts: &Hosts,
    request: &Request,
    is_over: &dyn Fn() -> bool,
) -> io::Result<Ended> {
    let directory = hosts.directory()?;
    let mut ended = Ended::default();
    for host in (0..directory.hosts()).rev() {
        let asked = Connection::new(&directory, host).and_then(|mut connection| {
            let reply = connection.ask_until(request, is_over)?;
            Ok((connection, reply))
        });
        match asked {
            Ok((connection, Some(Reply::Finished(errors)))) => {
                ended.errors.extend(errors);
                connection.wait_for_end();
                hosts.wait(host);
            }
            Ok((_, Some(_))) => ended.in_use = true,
            Ok((_, None)) => return Err(io::ErrorKind::TimedOut.into()),
            Err(error) => ended.died.push(death(hosts, host, &error)),
        }
    }
    Ok(ended)
}

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, Listening> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, stream: &UnixStream) -> io::Result<u64> {
        let mut stream = stream.try_clone()?;
        let mut state = self.lock();
        if state.cancelled {
            protocol::write(&mut stream, &Word::Cancel)?;
        }
        let id = state.next;
        state.next += 1;
        state.connected.push((id, stream));
        Ok(id)
    }

    fn remove(&self, id: u64) {
        let mut state = self.lock();
        state.connected.retain(|(known, _)| *known != id);
        self.changed.notify_all();
    }

    /// Waits until all that hosts had to say has been passed on.
    fn wait_for_silence(&self) {
        let mut state = self.lock();
        while !state.connected.is_empty() {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Passes on what a host tells, to its end.
fn listen(stream: UnixStream, hosts: &Hosts, events: &Events) {
    let Ok(mut answers) = stream.try_clone() else {
        return;
    };
    let mut news = BufReader::new(stream);
    let mut started = None;
    while let Ok(Some(next)) = protocol::read(&mut news) {
        match next {
            News::Started { host, binary } => started = Some((host, events.of_binary(&binary))),
            News::Event(event) => match &started {
                Some((_, events)) => events.send(|| *event),
                None => return,
            },
            News::Ends => return,
        }
        if protocol::write(&mut answers, &Word::Seen).is_err() {
            break;
        }
    }
    // Garbage of somebody who is not a host is no news.
    if let Some((host, events)) = started {
        events.send(|| died(hosts, host));
    }
}

fn death(hosts: &Hosts, host: usize, error: &io::Error) -> Failure {
    let mut failure = Failure::new(FailureKind::Crash, super::DIED);
    failure.causes.push(hosts.how_it_ended(host, error));
    failure
}

fn died(hosts: &Hosts, host: usize) -> Event {
    let ended = io::ErrorKind::UnexpectedEof.into();
    let failure = death(hosts, host, &ended);
    let log = hosts
        .directory()
        .map(|directory| directory.file(host, "log"));
    let output = log.and_then(fs::read).unwrap_or_default();
    // The end of it is what tells why.
    let output = &output[output.len().saturating_sub(LAST_WORDS)..];
    Event::ProcessFailed {
        failure,
        output: String::from_utf8_lossy(output).into_owned(),
    }
}

/// So many bytes of the output of a host that died are shown.
const LAST_WORDS: usize = 16 << 10;
