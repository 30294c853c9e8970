//! [`Memory`]: a file as memory, which a worker shares with the dispatcher.
//!
//! What a worker leaves there takes no call to the system, and is there even if it dies at once.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;

use super::protocol::PassedTests;
use crate::run::note;

/// What the file has.
#[repr(C)]
struct Content {
    note: [u8; note::LENGTH],
    passed: PassedTests,
}

/// The file's length.
pub(super) const LENGTH: usize = size_of::<Content>();

/// Mapped as long as it is not dropped.
#[derive(Debug)]
pub(super) struct Memory(NonNull<Content>);

#[expect(unsafe_code, reason = "memory of several processes has no owner")]
// SAFETY: threads have of it what other processes have: atomic numbers.
unsafe impl Send for Memory {}

#[expect(unsafe_code, reason = "std does not map files")]
impl Memory {
    /// Of a file of that [`LENGTH`], which nobody makes shorter.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        // SAFETY: plain arguments; the system chooses where.
        let place = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                LENGTH,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        match NonNull::new(place.cast::<Content>()) {
            Some(content) if place != libc::MAP_FAILED => Ok(Memory(content)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// The dispatcher's part: what the worker adds there.
    pub(super) fn passed(&self) -> &PassedTests {
        // SAFETY: it is mapped as long as we are, any bytes are such numbers, and they are atomic.
        unsafe { &(*self.0.as_ptr()).passed }
    }

    /// The worker's part, for as long as it lives; to be asked for once.
    pub(super) fn forever(self) -> (&'static mut [u8; note::LENGTH], &'static PassedTests) {
        let content = self.0.as_ptr();
        std::mem::forget(self);
        // SAFETY: it is never unmapped now. Nothing else of this process refers to the note, which
        // the dispatcher reads, from the file, when the process has ended. For the rest, see above.
        unsafe { (&mut (*content).note, &(*content).passed) }
    }
}

#[expect(unsafe_code, reason = "std does not map files")]
impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and references to it cannot live longer than we do.
        unsafe {
            libc::munmap(self.0.as_ptr().cast(), LENGTH);
        }
    }
}
