//! Processes outside of the tests' own.
#![allow(dead_code, reason = "not every binary needs all of it")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use itest::Resource;
use itest::prelude::*;

/// Says when it is up, and when it was asked to end.
const SERVER: &str = r#"
    exec 3>&1 >/dev/null 2>&1
    # Whoever waits for it to be ready may be dead.
    trap '' PIPE
    trap 'kill -9 $child; echo "$$ server down $0" >>"$SAMPLE_EVENTS"; exit 0' TERM
    trap 'kill -9 $child; echo "$$ server quit $0" >>"$SAMPLE_EVENTS"; exit 0' QUIT
    sleep 600 3>&- & child=$!
    echo "$$ server up $0" >>"$SAMPLE_EVENTS"
    echo ready >&3
    exec 3>&-
    # The signal for the group may reach the child first.
    while :; do wait $child; sleep 600 & child=$!; done
"#;

/// Starts one and waits until it is up.
pub fn start(name: &str, group: bool) -> u32 {
    let child = command(name, group).spawn().unwrap();
    wait_until_up(child)
}

/// The same, registered before it runs.
pub fn start_registered(
    request: &Request,
    name: &str,
    resource: impl FnOnce(u32) -> Resource + Send,
) {
    let (child, _) = request.spawn(command(name, true), resource).unwrap();
    wait_until_up(child);
}

fn command(name: &str, group: bool) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", SERVER, name]).stdin(Stdio::null()).stdout(Stdio::piped());
    if group {
        command.process_group(0);
    } else {
        // In an OS session of its own nobody else finds it.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                Ok(())
            });
        }
    }
    command
}

fn wait_until_up(mut child: Child) -> u32 {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child.id()
}
