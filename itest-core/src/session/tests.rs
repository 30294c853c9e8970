//! The protocol against bytes that nobody meant, and a host's conversations.

use std::io::{Cursor, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;

use super::directory::Directory;
use super::doing::Doing;
use super::fixtures::Fixtures;
use super::host::Service;
use super::hosts::Hosts;
use super::log::Log;
use super::news::Publisher;
use super::protocol::{Fetch, News, Reply, Request, TeardownError, Wanted, Word, read, write};
use super::run::Run;
use crate::json::{FromJson, ToJson};
use crate::outcome::{Failure, FailureKind, FixtureError};
use crate::plan::{HeldLock, Plan};
use crate::run::protocol::{Framed, Order};
use crate::run::store::{SessionValue, SetupStop};

fn any_lock() -> impl Strategy<Value = HeldLock> {
    (any::<String>(), any::<bool>()).prop_map(|(name, exclusive)| HeldLock { name, exclusive })
}

fn any_wanted() -> impl Strategy<Value = Wanted> {
    let texts = (any::<String>(), any::<String>());
    texts.prop_map(|(fixture, test)| Wanted { fixture, test })
}

fn any_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::Hello),
        any_wanted().prop_map(Request::Fetch),
        vec(any_wanted(), 0..4).prop_map(Request::Prefetch),
        vec(any_lock(), 0..4).prop_map(Request::Acquire),
        Just(Request::Release),
        Just(Request::Finish),
        Just(Request::FinishAlone),
    ]
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let value = (
        any::<String>(),
        vec((any::<String>(), any::<String>()), 0..3),
    );
    let value = value.prop_map(|(json, exports)| {
        let json = json.into();
        Ok(SessionValue { json, exports })
    });
    let stop = prop_oneof![
        any_error().prop_map(SetupStop::Failed),
        (any::<String>(), any::<String>(), any_error()).prop_map(|(name, reason, place)| {
            SetupStop::Skipped {
                name,
                reason,
                place: Box::new(place),
            }
        }),
        any::<String>().prop_map(SetupStop::Xfailed),
    ];
    let answer = prop_oneof![value, stop.prop_map(Err)];
    let torn_down = (any_error(), any::<String>());
    let torn_down = torn_down.prop_map(|(error, output)| TeardownError { error, output });
    prop_oneof![
        Just(Reply::Done),
        (answer, any::<String>())
            .prop_map(|(answer, output)| Reply::Fetched(Fetch { answer, output })),
        vec(torn_down, 0..3).prop_map(Reply::Finished),
        Just(Reply::InUse),
    ]
}

fn any_error() -> impl Strategy<Value = FixtureError> {
    (any::<String>(), any::<bool>()).prop_map(|(text, remembered)| FixtureError {
        fixture: text.clone(),
        location: text.clone(),
        chain: vec![text.clone()],
        remembered,
        failures: vec![Failure::new(FailureKind::Crash, text)],
    })
}

fn bytes_of<T: ToJson>(frames: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        write(&mut bytes, frame).expect("a vector takes everything");
    }
    bytes
}

/// Reads to the end, or to what is no frame.
fn read_all<T: FromJson>(bytes: &[u8]) -> (Vec<T>, bool) {
    let mut from = Cursor::new(bytes);
    let mut frames = Vec::new();
    loop {
        match read(&mut from) {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, true),
            Err(_) => return (frames, false),
        }
    }
}

/// Bytes that get further than noise: a length that fits, or not quite, and some JSON.
fn nearly_a_frame() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        vec(any::<u8>(), 0..64),
        "[\\[\\]{}\":,a-zA-Z0-9 ]{0,64}".prop_map(String::into_bytes),
        any_request().prop_map(|request| bytes_of(&[request])[4..].to_vec()),
    ];
    let off = prop_oneof![4 => Just(0_i64), 1 => -3..4_i64, 1 => any::<u32>().prop_map(i64::from)];
    (body, off).prop_map(|(body, off)| {
        let length = (body.len() as i64 + off).clamp(0, i64::from(u32::MAX));
        [&(length as u32).to_le_bytes()[..], &body].concat()
    })
}

proptest! {
    #[test]
    fn frames_come_back(requests in vec(any_request(), 0..6), replies in vec(any_reply(), 0..6)) {
        prop_assert_eq!(read_all(&bytes_of(&requests)), (requests, true));
        prop_assert_eq!(read_all(&bytes_of(&replies)), (replies, true));
    }

    #[test]
    fn what_is_cut_off_is_not_taken_for_whole(
        requests in vec(any_request(), 1..4),
        at in any::<prop::sample::Index>(),
    ) {
        let bytes = bytes_of(&requests);
        let end = at.index(bytes.len());
        let (read, is_whole) = read_all::<Request>(&bytes[..end]);
        prop_assert!(read.len() < requests.len());
        prop_assert_eq!(&read[..], &requests[..read.len()]);
        // It may end between two frames.
        prop_assert_eq!(is_whole, bytes_of(&read).len() == end);
    }

    #[test]
    fn noise_is_refused(bytes in prop_oneof![vec(any::<u8>(), 0..256), nearly_a_frame()]) {
        read_all::<Request>(&bytes);
        read_all::<Reply>(&bytes);
        read_all::<News>(&bytes);
        read_all::<Word>(&bytes);
        read_all::<Order>(&bytes);
        read_all::<Framed>(&bytes);
    }

    /// Whoever says something senseless is left alone, and whoever asks properly gets an answer.
    #[test]
    fn a_conversation_ends_with_what_makes_no_sense(bytes in nearly_a_frame()) {
        let service = service();
        let asked = talk(&service, &bytes_of(&[Request::Hello, Request::Release]));
        prop_assert_eq!(asked, bytes_of(&[Reply::Done, Reply::Done]));
        let answer = talk(&service, &bytes);
        let (replies, _) = read_all::<Reply>(&answer);
        prop_assert!(replies.len() <= 1, "{replies:?}");
    }
}

/// Of a host without fixtures, which has ended: nobody hears that it shall finish.
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

/// Says all of that, then hears what there is to hear until the host hangs up.
fn talk(service: &Arc<Service>, bytes: &[u8]) -> Vec<u8> {
    let (mut ours, theirs) = UnixStream::pair().expect("a pair should be made");
    let serving = service.clone();
    let conversation = thread::spawn(move || serving.converse(theirs));
    // It may have hung up already.
    let _ = ours.write_all(bytes);
    let _ = ours.shutdown(Shutdown::Write);
    let mut heard = Vec::new();
    let _ = ours.read_to_end(&mut heard);
    conversation.join().expect("a conversation does not panic");
    heard
}

/// A holder that goes without a word lets go of what it held.
#[test]
fn the_end_of_a_conversation_releases() {
    let service = service();
    let lock = HeldLock {
        name: "name it".to_owned(),
        exclusive: true,
    };
    let acquire = bytes_of(&[Request::Acquire(vec![lock])]);
    let (first, theirs) = UnixStream::pair().expect("a pair should be made");
    let serving = service.clone();
    let holding = thread::spawn(move || serving.converse(theirs));
    let mut held = first.try_clone().expect("it is open");
    held.write_all(&acquire).expect("the host should read");
    let reply: Option<Reply> = read(&mut held).expect("there should be a reply");
    assert_eq!(reply, Some(Reply::Done));

    let serving = service.clone();
    let (waiting, theirs) = UnixStream::pair().expect("a pair should be made");
    let second = thread::spawn(move || serving.converse(theirs));
    let mut waiting = waiting;
    waiting.write_all(&acquire).expect("the host should read");
    drop((first, held));
    let reply: Option<Reply> = read(&mut waiting).expect("there should be a reply");
    assert_eq!(reply, Some(Reply::Done), "the second one has it");
    drop(waiting);
    for conversation in [holding, second] {
        conversation.join().expect("a conversation does not panic");
    }
}
