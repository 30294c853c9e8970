//! What the fuzz targets call; in no other build.

use std::io::{Cursor, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;

use super::directory::Directory;
use super::doing::Doing;
use super::fixtures::Fixtures;
use super::host::Service;
use super::hosts::Hosts;
use super::log::Log;
use super::news::Publisher;
use super::protocol::{News, Reply, Request, Word, read, write};
use super::run::Run;
use crate::json::{FromJson, ToJson};
use crate::plan::Plan;
use crate::run::protocol::{Framed, Order};

/// Reads frames of every sort; what is one comes back from its own bytes.
pub fn frames(bytes: &[u8]) {
    read_all::<Request>(bytes);
    read_all::<Reply>(bytes);
    read_all::<News>(bytes);
    read_all::<Word>(bytes);
    read_all::<Order>(bytes);
    read_all::<Framed>(bytes);
}

fn read_all<T: ToJson + FromJson + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let mut from = Cursor::new(bytes);
    while let Ok(Some(frame)) = read::<T>(&mut from) {
        let mut again = Vec::new();
        write(&mut again, &frame).expect("what was a frame is not too long");
        let back = read::<T>(&mut Cursor::new(&again)).expect("it is a frame");
        let back = back.expect("there is one");
        // Numbers with a fraction may lose their last digit once, not twice.
        let mut stable = Vec::new();
        write(&mut stable, &back).expect("what was a frame is not too long");
        assert_eq!(again, stable, "{frame:?}");
    }
}

/// Says it to a host that has no fixtures; the host hangs up and goes on.
pub fn conversation(bytes: &[u8]) {
    static SERVICE: OnceLock<Arc<Service>> = OnceLock::new();
    let service = SERVICE.get_or_init(service);
    talk(service, bytes);
    let mut hello = Vec::new();
    write(&mut hello, &Request::Hello).expect("a vector takes everything");
    let answer = talk(service, &hello);
    let reply = read::<Reply>(&mut Cursor::new(answer)).expect("it is a frame");
    assert_eq!(reply, Some(Reply::Done));
}

fn service() -> Arc<Service> {
    let nowhere = PathBuf::from("/nowhere");
    let fixtures = Fixtures::new(
        Arc::new(Plan::empty(1)),
        0,
        Hosts::new(Run::owned()),
        Log::new(nowhere.join("log")),
        Doing::new(nowhere.join("doing")),
        Arc::new(Publisher::new(&Directory::at(nowhere), 0)),
    );
    Arc::new(Service::ended(Arc::new(fixtures)))
}

fn talk(service: &Arc<Service>, bytes: &[u8]) -> Vec<u8> {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair should be made");
    let serving = service.clone();
    let conversation = thread::spawn(move || serving.converse(theirs));
    let hearing = ours.try_clone().map(|mut ours| {
        thread::spawn(move || {
            let mut heard = Vec::new();
            let _ = ours.read_to_end(&mut heard);
            heard
        })
    });
    // It may have hung up already.
    let _ = ours.write_all(bytes);
    let _ = ours.shutdown(Shutdown::Write);
    conversation.join().expect("a conversation does not panic");
    let hearing = hearing.expect("the socket is open");
    hearing.join().expect("reading does not panic")
}
