//! What each system tells about a process.

/// A process as it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// When it started, as the system counts; 0 where it does not tell.
    pub(super) started: u64,
    pub(super) group: u32,
    pub(super) session: u32,
    /// It has ended and waits for its parent to notice.
    pub(super) zombie: bool,
}

/// `None` if there is no such process.
#[cfg(target_os = "linux")]
pub(super) fn look(pid: u32) -> Option<Seen> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may have blanks and brackets in it.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some(Seen {
        started: fields.get(19)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok()?,
        zombie: matches!(*fields.first()?, "Z" | "X" | "x"),
    })
}

/// All processes.
#[cfg(target_os = "linux")]
pub(super) fn all() -> Vec<u32> {
    crate::listing::numbers(std::path::Path::new("/proc"))
}

#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "std does not look at other processes")]
pub(super) fn look(pid: u32) -> Option<Seen> {
    let pid = i32::try_from(pid).ok()?;
    let mut info = std::mem::MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    let size = i32::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    // SAFETY: `info` is as long as is said.
    let read = unsafe {
        libc::proc_pidinfo(
            pid,
            libc::PROC_PIDTBSDINFO,
            0,
            info.as_mut_ptr().cast(),
            size,
        )
    };
    if read != size {
        // A zombie has no more to tell.
        return None;
    }
    // SAFETY: zeroed is a valid value, and the call has filled it.
    let info = unsafe { info.assume_init() };
    // SAFETY: a plain system call.
    let session = unsafe { libc::getsid(pid) };
    Some(Seen {
        started: info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec,
        group: info.pbi_pgid,
        session: u32::try_from(session).unwrap_or(0),
        zombie: info.pbi_status == libc::SZOMB,
    })
}

/// Others do not tell when a process started: it is known while its owner lives, not later.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[expect(unsafe_code, reason = "std does not look at other processes")]
pub(super) fn look(pid: u32) -> Option<Seen> {
    let pid = i32::try_from(pid).ok()?;
    // SAFETY: plain system calls; signal 0 only asks whether the process is there.
    let (there, group, session) = unsafe {
        (
            libc::kill(pid, 0) == 0,
            libc::getpgid(pid),
            libc::getsid(pid),
        )
    };
    there.then(|| Seen {
        started: 0,
        group: u32::try_from(group).unwrap_or(0),
        session: u32::try_from(session).unwrap_or(0),
        zombie: false,
    })
}
