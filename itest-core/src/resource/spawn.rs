//! Starting a process that is registered before it runs.

use std::io;
use std::process::{Child, Command};

use super::{Registration, Resource};

/// Starts `command`; nothing of its program runs before what `resource` makes of its number is
/// registered.
#[cfg(unix)]
pub(super) fn spawn(
    mut command: Command,
    resource: Box<dyn FnOnce(u32) -> Resource + Send + '_>,
    user: &str,
) -> io::Result<(Child, Registration)> {
    use std::io::{Read, Write};

    let (mut numbers, number) = io::pipe()?;
    let (go_ahead, mut go) = io::pipe()?;
    wait_before_exec(&mut command, number, go_ahead, &go);
    std::thread::scope(|scope| {
        // The child waits for us in the middle of `spawn`, so it is another thread that answers.
        let register = move || {
            let mut pid = [0; 4];
            // If there is no number there is no child, and `spawn` tells why.
            numbers.read_exact(&mut pid).ok()?;
            let registration = resource(u32::from_ne_bytes(pid)).register(user);
            // If it has died meanwhile, `spawn` tells.
            let _ = go.write_all(&[1]);
            Some(registration)
        };
        let registering = std::thread::Builder::new()
            .name("itest-spawn".to_owned())
            .spawn_scoped(scope, register)?;
        let child = command.spawn();
        // Its end of the pipe, which the other thread may wait for.
        drop(command);
        match (child, registering.join()) {
            (Ok(child), Ok(Some(registration))) => Ok((child, registration)),
            (Ok(_), Ok(None)) => Err(io::Error::other("the child did not say its number")),
            (Err(error), Ok(registration)) => {
                if let Some(registration) = registration {
                    registration.release();
                }
                Err(error)
            }
            // The resource was refused; the child did not become the program.
            (_, Err(panic)) => std::panic::resume_unwind(panic),
        }
    })
}

/// Makes the child say its number and wait for an answer; if there is none, it ends.
#[cfg(unix)]
#[expect(unsafe_code, reason = "what runs between fork and exec")]
fn wait_before_exec(
    command: &mut Command,
    number: io::PipeWriter,
    go_ahead: io::PipeReader,
    go: &io::PipeWriter,
) {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::process::CommandExt;

    let go = go.as_raw_fd();
    let wait = move || {
        // SAFETY: this is the child's copy, which nothing of the child uses. Were it open, the
        // child would not see that its parent has died.
        unsafe {
            libc::close(go);
        }
        (&number).write_all(&std::process::id().to_ne_bytes())?;
        match (&go_ahead).read(&mut [0])? {
            0 => Err(io::Error::from_raw_os_error(libc::ECANCELED)),
            _ => Ok(()),
        }
    };
    // SAFETY: only `close`, `write`, `getpid` and `read` are called; nothing is allocated.
    unsafe {
        command.pre_exec(wait);
    }
}

/// Where processes are not cleaned, there is nothing to be first for.
#[cfg(not(unix))]
pub(super) fn spawn(
    mut command: Command,
    resource: Box<dyn FnOnce(u32) -> Resource + Send + '_>,
    user: &str,
) -> io::Result<(Child, Registration)> {
    let child = command.spawn()?;
    let registration = resource(child.id()).register(user);
    Ok((child, registration))
}
