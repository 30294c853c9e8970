//! [`Events`]: where stores and executors send what happens.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::event::{Event, TestName};
use crate::outcome::Failure;

/// To the dispatcher, or to nobody where libtest reports.
#[derive(Clone)]
pub(crate) struct Events(Option<Send>);

type Send = Arc<dyn Fn(Message) + std::marker::Send + Sync>;

/// What reaches the dispatcher.
#[derive(Debug)]
pub(crate) enum Message {
    Event(Event),
    /// An executor has run its last test and torn down what it had.
    ExecutorDone,
    /// User code overran its time limit and cannot be cancelled.
    Hung {
        test: TestName,
        failure: Failure,
    },
}

impl Events {
    pub(crate) fn to(dispatcher: Sender<Message>) -> Self {
        Events::with(Arc::new(move |message| {
            // The dispatcher is gone only when the process is about to end.
            let _ = dispatcher.send(message);
        }))
    }

    pub(crate) fn with(send: Send) -> Self {
        Events(Some(send))
    }

    pub(crate) fn nowhere() -> Self {
        Events(None)
    }

    pub(crate) fn send(&self, event: impl FnOnce() -> Event) {
        if let Some(send) = &self.0 {
            send(Message::Event(event()));
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

/// What to do about user code that overran its limit and does not yield.
pub(crate) type OnHung = Arc<dyn Fn(&TestName, Failure) + std::marker::Send + Sync>;
