//! The session host: a process that holds session fixtures for the other processes of a run.

use std::fs;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::client::Client;
use super::directory::{self, Directory};
use super::runner::Runner;
use super::{Reply, Request, offers};
use crate::outcome::FixtureError;
use crate::plan::{NodeId, Plan};
use crate::run::events::Events;
use crate::run::host::fetch;
use crate::run::protocol;
use crate::run::store::{Fetched, Holds, SetupStop, Shared, Store, Upstream};

/// Tells a process that it is a host, and of what.
pub(super) const HOST_VARIABLE: &str = "ITEST_SESSION_HOST";

/// How long test processes may outlive their runner before their fixtures are torn down.
const ORPHAN_LIMIT: Duration = Duration::from_secs(30);

/// What a host was started for.
#[derive(Debug)]
pub(crate) struct Orders {
    host: usize,
    runner: Runner,
    run: String,
    directory: Directory,
}

/// What this process was started for, if it was started as a host.
pub(crate) fn host_if_asked() -> Option<Orders> {
    let text = std::env::var(HOST_VARIABLE).ok()?;
    let mut words = text.splitn(5, ' ');
    let orders = Orders {
        host: words.next()?.parse().ok()?,
        runner: Runner {
            pid: words.next()?.parse().ok()?,
            started: words.next()?.parse().ok()?,
        },
        run: words.next()?.to_owned(),
        directory: Directory::at(PathBuf::from(words.next()?)),
    };
    // What fixtures start is not a host.
    crate::builtin::set_env(HOST_VARIABLE, None);
    Some(orders)
}

enum Message {
    Connected,
    Ask {
        request: Request,
        reply: Sender<Reply>,
    },
    Disconnected,
    RunnerGone,
}

/// The whole life of a host.
pub(crate) fn run_host(orders: Orders, plan: Plan) -> io::Result<()> {
    crate::run::panic::install_hook();
    let Orders {
        host,
        runner,
        run,
        directory,
    } = orders;
    let life = directory::live(&directory.file(host, "life"))?;
    crate::resource::guard_host(runner.identity())?;
    let listener = UnixListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (sender, messages) = mpsc::channel();
    let accepting = sender.clone();
    spawn("itest-accept", move || accept(&listener, &accepting))?;
    spawn("itest-runner", move || {
        // If it cannot be watched, the run ends when nobody is connected any more.
        let _ = runner.wait();
        let _ = sender.send(Message::RunnerGone);
    })?;

    let plan = Arc::new(plan);
    let earlier = Earlier(Client::of_host(run, plan.clone(), host));
    let shared = Shared {
        plan: plan.clone(),
        events: Events::nowhere(),
        on_hung: Arc::new(|_, failure| {
            println!("{failure}");
            // Whoever waits for it sees the connection end.
            std::process::exit(1);
        }),
    };
    let mut store = Store::new(shared, Holds::SessionBut, Some(Arc::new(earlier)));
    let mut log = Log::new(directory.file(host, "log"));
    serve(&mut store, &plan, &messages, &mut log);

    let errors = store.leave(None);
    keep_errors(&errors, &mut log);
    drop(store);
    let _lock = directory.lock()?;
    drop(life);
    directory.remove_host(host);
    Ok(())
}

/// Answers until the runner is gone and nobody is connected.
fn serve(store: &mut Store, plan: &Plan, messages: &Receiver<Message>, log: &mut Log) {
    let offers = offers(plan);
    let mut connected = 0_usize;
    // Whoever started us is about to connect, even if the runner is gone by now.
    let mut awaited = true;
    let mut orphaned: Option<Instant> = None;
    loop {
        if orphaned.is_some() && connected == 0 && !awaited {
            return;
        }
        let message = match orphaned {
            None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(since) => messages.recv_timeout(ORPHAN_LIMIT.saturating_sub(since.elapsed())),
        };
        match message {
            Ok(Message::Connected) => {
                connected += 1;
                awaited = false;
            }
            Ok(Message::Disconnected) => connected = connected.saturating_sub(1),
            Ok(Message::RunnerGone) => orphaned = Some(Instant::now()),
            Ok(Message::Ask { request, reply }) => {
                let found = offers
                    .iter()
                    .find(|(identity, ..)| *identity == request.fixture);
                let Some(&(_, node, test)) = found else {
                    continue;
                };
                let _ = log.cut();
                let answer = fetch(store, node, test).map(|fetched| match fetched {
                    Fetched::Session(value) => value,
                    Fetched::Cell(_) => panic!("itest bug: a session value has no JSON"),
                });
                let output = match answer {
                    Ok(_) => String::new(),
                    Err(_) => log.cut(),
                };
                // Whoever asked may be gone; the value stays for the next one.
                let _ = reply.send(Reply { answer, output });
            }
            Err(_) => return,
        }
    }
}

fn accept(listener: &UnixListener, sender: &Sender<Message>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if !is_ours(&stream) {
            continue;
        }
        // Before the thread starts: a lease counts from the connection on.
        let _ = sender.send(Message::Connected);
        let sending = sender.clone();
        let started = spawn("itest-lease", move || {
            converse(stream, &sending);
            let _ = sending.send(Message::Disconnected);
        });
        if started.is_err() {
            let _ = sender.send(Message::Disconnected);
        }
    }
}

fn converse(stream: UnixStream, sender: &Sender<Message>) {
    let mut stream = BufReader::new(stream);
    // Garbage, and the end, end the conversation.
    while let Ok(Some(request)) = protocol::read(&mut stream) {
        let (reply, answer) = mpsc::channel();
        if sender.send(Message::Ask { request, reply }).is_err() {
            return;
        }
        let Ok(answer) = answer.recv() else { return };
        if protocol::write(stream.get_mut(), &answer).is_err() {
            return;
        }
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

fn spawn(name: &str, life: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(life)?;
    Ok(())
}

/// Asks the hosts before this one.
struct Earlier(Client);

impl Upstream for Earlier {
    fn offers(&self, node: NodeId, test: usize) -> Option<Result<Fetched, SetupStop>> {
        let reply = self.0.ask(node, test)?;
        Some(reply.answer.map(Fetched::Session))
    }

    fn fetch(&self, _: NodeId, _: usize) -> Result<Fetched, SetupStop> {
        panic!("itest bug: a session host was asked for a narrower value")
    }
}

/// What the host and its fixtures print.
struct Log {
    path: PathBuf,
    read: u64,
}

impl Log {
    fn new(path: PathBuf) -> Self {
        Log { path, read: 0 }
    }

    /// What was printed since the last time.
    fn cut(&mut self) -> String {
        use std::io::Write;
        let _ = io::stdout().flush();
        let mut bytes = Vec::new();
        if let Ok(mut file) = fs::File::open(&self.path)
            && file.seek(SeekFrom::Start(self.read)).is_ok()
        {
            let _ = file.read_to_end(&mut bytes);
        }
        self.read += bytes.len() as u64;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Where errors wait for the next run.
pub(super) fn errors_file() -> io::Result<PathBuf> {
    Ok(Directory::of_run("errors")?.path.join("teardown.txt"))
}

fn keep_errors(errors: &[FixtureError], log: &mut Log) {
    use std::io::Write;
    if errors.is_empty() {
        return;
    }
    let mut text: String = errors.iter().map(crate::dropin::teardown_text).collect();
    text.push_str(&log.cut());
    if let Ok(path) = errors_file()
        && let Ok(mut file) = fs::File::options().create(true).append(true).open(path)
    {
        let _ = file.write_all(text.as_bytes());
    }
}
