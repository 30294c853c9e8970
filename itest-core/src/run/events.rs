//! [`Events`]: where stores and executors send what happens.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use crate::event::{Event, TestName};
use crate::outcome::Failure;

/// To the dispatcher, or to nobody where libtest reports.
#[derive(Debug, Clone)]
pub(crate) struct Events(Option<Sender<Message>>);

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
        Events(Some(dispatcher))
    }

    pub(crate) fn nowhere() -> Self {
        Events(None)
    }

    pub(crate) fn send(&self, event: impl FnOnce() -> Event) {
        if self.0.is_some() {
            self.message(Message::Event(event()));
        }
    }

    pub(crate) fn message(&self, message: Message) {
        if let Some(dispatcher) = &self.0 {
            // The dispatcher is gone only when the process is about to end.
            let _ = dispatcher.send(message);
        }
    }
}

/// What to do about user code that overran its limit and does not yield.
pub(crate) type OnHung = Arc<dyn Fn(&TestName, Failure) + Send + Sync>;
