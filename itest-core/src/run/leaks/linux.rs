//! Descriptors and children of this process, from `/proc`; its environment at a glance.

use std::ffi::{CStr, c_char};
use std::fmt;
use std::fs::{self, File};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::listing::{listing, numbers};
use crate::sort;

/// An open file descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Descriptor {
    number: i32,
    /// What it is, whatever name that has by now: its device and its number there.
    identity: (u64, u64),
}

/// How many descriptors are open, where the kernel tells (since 6.2).
pub(super) fn count_descriptors() -> Option<usize> {
    // Open all the time: to find it takes longer than to ask it.
    static DIRECTORY: OnceLock<Option<File>> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| File::open("/proc/self/fd").ok());
    let size = usize::try_from(stat(directory.as_ref()?)?.st_size).ok()?;
    (size > 0).then_some(size)
}

/// What the system says of a file, all of it as it comes: unoptimised, `metadata` takes as long
/// once more.
#[expect(unsafe_code, reason = "see above")]
fn stat(file: &File) -> Option<libc::stat> {
    let mut stat = MaybeUninit::uninit();
    // SAFETY: `stat` is only written, and read when that went well.
    unsafe {
        match libc::fstat(file.as_raw_fd(), stat.as_mut_ptr()) {
            0 => Some(stat.assume_init()),
            _ => None,
        }
    }
}

/// How many threads there were before any code of the user's ran.
static OUR_THREADS: AtomicU64 = AtomicU64::new(u64::MAX);

/// Takes note of the threads that are there: the fewest were there before the user's.
pub(super) fn count_our_threads() {
    OUR_THREADS.fetch_min(count_threads().unwrap_or(0), Ordering::Relaxed);
}

fn count_threads() -> Option<u64> {
    // As above; each thread is a directory in it.
    static DIRECTORY: OnceLock<Option<File>> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| File::open("/proc/self/task").ok());
    #[allow(
        clippy::useless_conversion,
        reason = "its width depends on the platform"
    )]
    Some(stat(directory.as_ref()?)?.st_nlink.into())
}

/// Whether nobody can change the environment at this moment.
fn is_quiet() -> bool {
    count_threads() == Some(OUR_THREADS.load(Ordering::Relaxed))
}

#[expect(unsafe_code, reason = "std does not give it away")]
unsafe extern "C" {
    static environ: *const *const c_char;
}

/// All variables as C has them, and where.
#[derive(Debug)]
pub(super) struct Environment {
    /// Where each one stands, and null.
    places: Vec<usize>,
    /// Where the list of them stands, if that is where the system has put it.
    given_list: Option<usize>,
    pieces: Vec<Piece>,
}

/// A variable, or several that the system has put one behind the other.
#[derive(Debug)]
struct Piece {
    place: usize,
    /// With the null behind each.
    bytes: Vec<u8>,
    /// It is in [`given`].
    is_given: bool,
}

/// Where the strings are that the system has given to the process: they stay there, to be read.
#[expect(unsafe_code, reason = "std does not give it away")]
fn given() -> Range<usize> {
    // SAFETY: plain look-ups. Between the two are the arguments and the environment.
    let [start, end] = unsafe { [libc::AT_RANDOM, libc::AT_EXECFN].map(|at| libc::getauxval(at)) };
    start as usize..end as usize
}

/// How much the system may put in front of [`given`], lists of what stands there for instance: all
/// of it is the stack of `main` and what is above.
const IN_FRONT: usize = 16 << 20;

/// The environment, if that can be told.
#[expect(unsafe_code, reason = "std copies each variable's name and value")]
pub(super) fn environment() -> Option<Environment> {
    if !is_quiet() {
        return None;
    }
    let given = given();
    let mut all = Environment {
        places: Vec::new(),
        given_list: None,
        pieces: Vec::new(),
    };
    // SAFETY: the list ends with null, its entries are strings, and nobody changes it meanwhile.
    unsafe {
        let mut entry = environ;
        let list = entry as usize;
        if list < given.start && given.start - list < IN_FRONT {
            all.given_list = Some(list);
        }
        while !entry.is_null() && !(*entry).is_null() {
            all.push(*entry as usize, CStr::from_ptr(*entry), &given);
            entry = entry.add(1);
        }
    }
    all.places.push(0);
    Some(all)
}

impl Environment {
    fn push(&mut self, place: usize, variable: &CStr, given: &Range<usize>) {
        self.places.push(place);
        let bytes = variable.to_bytes_with_nul();
        let is_given = given.contains(&place);
        match self.pieces.last_mut() {
            Some(last) if is_given && last.is_given && last.place + last.bytes.len() == place => {
                last.bytes.extend_from_slice(bytes);
            }
            _ => self.pieces.push(Piece {
                place,
                bytes: bytes.to_vec(),
                is_given,
            }),
        }
    }

    /// Whether it is still that, if that can be told; a copy takes longer than most tests.
    #[expect(unsafe_code, reason = "std copies each variable's name and value")]
    pub(super) fn is_unchanged(&self) -> bool {
        if !is_quiet() {
            return false;
        }
        // SAFETY: nobody changes it meanwhile.
        let list = unsafe { environ };
        self.is_list_unchanged(list) && self.pieces.iter().all(Piece::is_unchanged)
    }

    #[expect(unsafe_code, reason = "std copies each variable's name and value")]
    fn is_list_unchanged(&self, list: *const *const c_char) -> bool {
        if list.is_null() {
            return self.places.len() == 1;
        }
        if self.given_list == Some(list as usize) {
            let length = size_of_val(&*self.places);
            // SAFETY: the list was so long, and what the system has given stays to be read.
            return unsafe { libc::memcmp(list.cast(), self.places.as_ptr().cast(), length) } == 0;
        }
        let mut entry = list;
        for place in &self.places {
            // SAFETY: the list ends with null, and so does what was known of it.
            if unsafe { *entry } as usize != *place {
                return false;
            }
            entry = entry.wrapping_add(1);
        }
        true
    }
}

impl Piece {
    /// For where variables still stand.
    #[expect(unsafe_code, reason = "std copies each variable's name and value")]
    fn is_unchanged(&self) -> bool {
        let now = self.place as *const c_char;
        let known: *const c_char = self.bytes.as_ptr().cast();
        // SAFETY: a string stands there now, and what the system has given can be read at any time.
        let difference = unsafe {
            match self.is_given {
                true => libc::memcmp(now.cast(), known.cast(), self.bytes.len()),
                false => libc::strcmp(now, known),
            }
        };
        difference == 0
    }
}

/// Whether that is the working directory.
#[expect(unsafe_code, reason = "std makes a new string each time")]
pub(super) fn is_directory(known: &Path) -> bool {
    let mut buffer = MaybeUninit::<[c_char; libc::PATH_MAX as usize]>::uninit();
    // SAFETY: what comes is not longer, and it ends with a null.
    let now = unsafe {
        let now = libc::getcwd(buffer.as_mut_ptr().cast(), size_of_val(&buffer));
        if now.is_null() {
            return false;
        }
        CStr::from_ptr(now)
    };
    now.to_bytes() == known.as_os_str().as_bytes()
}

/// All descriptors, but for the one that is needed to list them.
pub(super) fn descriptors() -> Vec<Descriptor> {
    let mut all = Vec::new();
    // When they are all known, the one that lists them is closed.
    for number in numbers(Path::new("/proc/self/fd")) {
        all.extend(Descriptor::of(number as i32));
    }
    sort::by_key(&mut all, |descriptor| descriptor.number);
    all
}

fn path(number: i32) -> String {
    format!("/proc/self/fd/{number}")
}

impl Descriptor {
    fn of(number: i32) -> Option<Self> {
        let meta = fs::metadata(path(number)).ok()?;
        let identity = (meta.dev(), meta.ino());
        Some(Descriptor { number, identity })
    }

    pub(super) fn is_at_place_of(&self, other: &Descriptor) -> bool {
        self.number == other.number
    }

    /// Whether it still is what it was.
    pub(super) fn is_open(&self) -> bool {
        Descriptor::of(self.number).as_ref() == Some(self)
    }

    /// A copy, to ask it.
    #[expect(unsafe_code, reason = "the descriptor is somebody else's")]
    fn copy(&self) -> Option<OwnedFd> {
        // SAFETY: it is only duplicated, which fails if it is not open any more.
        let borrowed = unsafe { BorrowedFd::borrow_raw(self.number) };
        borrowed.try_clone_to_owned().ok()
    }

    /// Where a socket is, and whom it is connected to.
    fn socket(&self) -> String {
        let Some(copy) = self.copy() else {
            return "a socket".to_owned();
        };
        let socket = TcpStream::from(copy);
        let Ok(local) = socket.local_addr() else {
            let socket = UnixStream::from(OwnedFd::from(socket));
            let path = |address: std::os::unix::net::SocketAddr| {
                address.as_pathname().map(|path| path.display().to_string())
            };
            let peer = socket.peer_addr().ok().and_then(path);
            return match peer.or_else(|| socket.local_addr().ok().and_then(path)) {
                Some(path) => format!("a Unix socket, {path}"),
                None => "a Unix socket".to_owned(),
            };
        };
        match socket.peer_addr() {
            Ok(peer) => format!("a socket, from {local} to {peer}"),
            Err(_) => format!("a socket at {}", shown(local)),
        }
    }
}

fn shown(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("port {}", address.port()),
        false => address.to_string(),
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file descriptor {} is open: ", self.number)?;
        let target = fs::read_link(path(self.number)).unwrap_or_default();
        match &*target.to_string_lossy() {
            socket if socket.starts_with("socket:") => f.write_str(&self.socket()),
            pipe if pipe.starts_with("pipe:") => f.write_str("a pipe"),
            // `anon_inode:[eventfd]`, or a path.
            target => f.write_str(target.strip_prefix("anon_inode:").unwrap_or(target)),
        }
    }
}

/// A child process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Child {
    pid: u32,
    /// The name of its program. Its arguments may have secrets.
    program: String,
    has_ended: bool,
    /// It was killed, and is not dead yet.
    is_dying: bool,
}

/// The children, those that have ended and were not waited for among them.
pub(super) fn children() -> Vec<u32> {
    if !has_children() {
        return Vec::new();
    }
    let mut all: Vec<u32> = Vec::new();
    for thread in listing(Path::new("/proc/self/task")) {
        let line = fs::read_to_string(thread.join("children")).unwrap_or_default();
        for pid in line.split_whitespace() {
            all.extend(pid.parse::<u32>().ok());
        }
    }
    sort::ascending(&mut all);
    all
}

/// Costs one system call, in contrast to listing them.
#[expect(unsafe_code, reason = "std waits for children that it knows only")]
pub(super) fn has_children() -> bool {
    let mut info = MaybeUninit::zeroed();
    let how = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is only written; whoever ended stays there to be waited for.
    unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), how) == 0 }
}

impl Child {
    pub(super) fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (start, rest) = stat.rsplit_once(')')?;
        let (_, program) = start.split_once('(')?;
        // From `state` on, the third field of the line.
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        if number(1) != Some(u64::from(std::process::id())) {
            return None;
        }
        let has_ended = matches!(fields.first(), Some(&"Z"));
        let is_exiting = number(6)? & PF_EXITING != 0;
        let is_killed = number(28)? & (1 << (libc::SIGKILL - 1)) != 0;
        Some(Child {
            pid,
            program: program.to_owned(),
            has_ended,
            is_dying: !has_ended && (is_exiting || is_killed),
        })
    }

    /// Whether it is there, and not waited for; looks again how it is.
    pub(super) fn is_there(&mut self) -> bool {
        match Child::of(self.pid) {
            Some(now) => {
                // A zombie's name is that of its thread.
                self.has_ended = now.has_ended;
                self.is_dying = now.is_dying;
                true
            }
            None => false,
        }
    }

    pub(super) fn is_dying(&self) -> bool {
        self.is_dying
    }
}

/// A flag of the kernel's in `stat`.
const PF_EXITING: u64 = 4;

impl fmt::Display for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Child { pid, program, .. } = self;
        match self.has_ended {
            true => write!(f, "child process {pid} (`{program}`) was not waited for"),
            false => write!(f, "child process {pid} (`{program}`) still runs"),
        }
    }
}
