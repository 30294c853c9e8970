//! What a child process costs: wall time, CPU seconds with its own children, peak memory.

use std::io;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Of one process that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Seconds.
    pub(crate) wall: f64,
    /// Seconds, user and system, of the process and of the children that it waited for.
    pub(crate) cpu: f64,
    /// Bytes, of the largest process.
    pub(crate) peak: f64,
}

/// One [`Cost`] for each round.
pub(crate) type Series = Vec<Cost>;

/// Runs a command to its successful end; its output goes nowhere, its errors are shown.
pub(crate) fn measure(command: &mut Command) -> Cost {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    let (success, cpu, peak) = run(command).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let wall = started.elapsed().as_secs_f64();
    assert!(success, "{command:?} failed");
    Cost { wall, cpu, peak }
}

/// Runs a command; whether it succeeded, its CPU seconds and its peak.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std tells no resource usage")]
pub(crate) fn run(command: &mut Command) -> io::Result<(bool, f64, f64)> {
    let child = command.spawn()?;
    let id = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    // SAFETY: all-zero is a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live locals; the child is ours and nobody else waits for it.
    if unsafe { libc::wait4(id, &mut status, 0, &mut usage) } != id {
        return Err(io::Error::last_os_error());
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    // Linux counts in KiB, Apple in bytes.
    let unit = if cfg!(target_vendor = "apple") {
        1.0
    } else {
        1024.0
    };
    Ok((
        status == 0,
        seconds(usage.ru_utime) + seconds(usage.ru_stime),
        usage.ru_maxrss as f64 * unit,
    ))
}

/// Without the CPU seconds and the peak, which take a dependency to read.
#[cfg(not(unix))]
pub(crate) fn run(command: &mut Command) -> io::Result<(bool, f64, f64)> {
    Ok((command.status()?.success(), f64::NAN, f64::NAN))
}

/// Measures each side in turns, so that what else the machine does meets them alike.
pub(crate) fn interleave<const N: usize>(
    rounds: usize,
    mut sides: [&mut dyn FnMut() -> Cost; N],
) -> [Series; N] {
    let mut series = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (side, costs) in sides.iter_mut().zip(&mut series) {
            costs.push(side());
        }
    }
    series
}
