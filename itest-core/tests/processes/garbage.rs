//! A session host is asked what makes no sense: it goes on for those that ask properly.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::chaos::Random;
use crate::scene::Scene;

/// What is sent to a host.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let frame = |body: &str| {
        let length = u32::try_from(body.len()).expect("it is short");
        [&length.to_le_bytes()[..], body.as_bytes()].concat()
    };
    let mut random = Random::new(7);
    let noise = (0..4096).map(|_| random.below(256) as u8).collect();
    vec![
        ("nothing", Vec::new()),
        ("noise", noise),
        ("half a length", vec![1, 0]),
        (
            "half a frame",
            frame("{\"fixture\":\"x\",\"test\":\"y\"}")[..12].to_vec(),
        ),
        ("the greatest length", vec![0xff; 4]),
        (
            "the greatest length that is taken",
            (256_u32 << 20).to_le_bytes().to_vec(),
        ),
        ("a frame without a body", vec![0; 4]),
        ("no JSON", frame("fixture")),
        ("other JSON", frame("[1, 2, 3]")),
        ("deep JSON", frame(&"[".repeat(100_000))),
        (
            "an unknown fixture",
            frame("{\"fixture\":\"x\",\"test\":\"y\"}"),
        ),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ]
}

#[test]
fn a_host_goes_on_when_it_is_sent_garbage() {
    let scene = Scene::new();
    let Some(mut command) = scene.nextest("run", &["one"]) else {
        return;
    };
    command.arg("--test-threads=2");
    let running = scene.start(command);
    scene.wait_for("gated started");
    let sockets = scene.sockets();
    let [socket] = &sockets[..] else {
        panic!("one host, one socket: {sockets:?}");
    };
    // Those that send half a frame and no end stay connected.
    let waiting: Vec<UnixStream> = garbage()
        .iter()
        .map(|(_, bytes)| connect(socket, bytes))
        .collect();
    for (what, bytes) in garbage() {
        answer(connect(socket, &bytes), what);
    }
    scene.open_gate();
    let ended = running.wait();
    ended.must_exit(0);
    ended.must_say(&["101 tests run: 101 passed"]);
    drop(waiting);
    scene.nothing_is_left();
    assert_eq!(scene.ups_and_downs("server"), (1, 1));
    assert_eq!(scene.ups_and_downs("db"), (1, 1));
}

fn connect(socket: &Path, bytes: &[u8]) -> UnixStream {
    let mut stream = UnixStream::connect(socket).expect("the host should listen");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("the limit is not zero");
    // The host may hang up before it has read everything.
    let _ = stream.write_all(bytes);
    stream
}

/// The host hangs up, and gives nothing.
fn answer(mut stream: UnixStream, what: &str) {
    // It may have done so already.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => assert_eq!(answer, b"", "the answer to {what}"),
        Err(error) => assert_eq!(
            error.kind(),
            std::io::ErrorKind::ConnectionReset,
            "the host should hang up after {what}"
        ),
    }
}
