//! [`channel`]: values on their way from some threads to one other, as [`std::sync::mpsc`] has it.
//!
//! What is sent is boxed and waits in a queue without a type, which is compiled once; a channel of
//! the standard library is compiled for each type, in three flavours.

use std::any::Any;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Both ends of a new channel.
pub(crate) fn channel<T: Send + 'static>() -> (Sender<T>, Receiver<T>) {
    let queue = Arc::new(Queue {
        state: Mutex::new(State {
            waiting: VecDeque::new(),
            senders: 1,
            is_heard: true,
        }),
        changed: Condvar::new(),
    });
    let sender = Sender {
        end: SendingEnd(queue.clone()),
        of: PhantomData,
    };
    let receiver = Receiver {
        end: ReceivingEnd(queue),
        of: PhantomData,
    };
    (sender, receiver)
}

/// The end where values go in.
pub(crate) struct Sender<T> {
    end: SendingEnd,
    of: PhantomData<fn(T)>,
}

/// The end where they come out.
pub(crate) struct Receiver<T> {
    end: ReceivingEnd,
    of: PhantomData<fn() -> T>,
}

/// Nobody receives any more.
#[derive(Debug)]
pub(crate) struct Unheard;

impl<T: Send + 'static> Sender<T> {
    /// Never waits.
    ///
    /// # Errors
    /// When the receiver is gone.
    pub(crate) fn send(&self, value: T) -> Result<(), Unheard> {
        self.end.0.put(Box::new(value))
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender {
            end: self.end.clone(),
            of: PhantomData,
        }
    }
}

impl<T: 'static> Receiver<T> {
    /// Waits for the next value.
    ///
    /// # Errors
    /// When there is none and all senders are gone.
    pub(crate) fn recv(&self) -> Result<T, RecvError> {
        match self.end.0.take(None) {
            Ok(value) => Ok(known(value)),
            Err(_) => Err(RecvError),
        }
    }

    /// Waits for the next value for so long.
    ///
    /// # Errors
    /// As [`Receiver::recv`], and when there is none in time.
    pub(crate) fn recv_timeout(&self, limit: Duration) -> Result<T, RecvTimeoutError> {
        self.end.0.take(Some(limit)).map(known)
    }

    /// The next value, if there is one already.
    ///
    /// # Errors
    /// As [`Receiver::recv`], and when there is none now.
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.end.0.take(Some(Duration::ZERO)) {
            Ok(value) => Ok(known(value)),
            Err(RecvTimeoutError::Timeout) => Err(TryRecvError::Empty),
            Err(RecvTimeoutError::Disconnected) => Err(TryRecvError::Disconnected),
        }
    }
}

type Boxed = Box<dyn Any + Send>;

fn known<T: 'static>(value: Boxed) -> T {
    match value.downcast() {
        Ok(value) => *value,
        Err(_) => panic!("itest bug: a value of another type was sent"),
    }
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: VecDeque<Boxed>,
    senders: usize,
    is_heard: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, value: Boxed) -> Result<(), Unheard> {
        let mut state = self.lock();
        if !state.is_heard {
            return Err(Unheard);
        }
        state.waiting.push_back(value);
        self.changed.notify_one();
        Ok(())
    }

    fn take(&self, limit: Option<Duration>) -> Result<Boxed, RecvTimeoutError> {
        let started = Instant::now();
        let mut state = self.lock();
        loop {
            if let Some(value) = state.waiting.pop_front() {
                return Ok(value);
            }
            if state.senders == 0 {
                return Err(RecvTimeoutError::Disconnected);
            }
            state = match limit {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(limit) => {
                    let rest = limit.saturating_sub(started.elapsed());
                    if rest.is_zero() {
                        return Err(RecvTimeoutError::Timeout);
                    }
                    let waited = self.changed.wait_timeout(state, rest);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Counts the senders.
struct SendingEnd(Arc<Queue>);

impl Clone for SendingEnd {
    fn clone(&self) -> Self {
        self.0.lock().senders += 1;
        SendingEnd(self.0.clone())
    }
}

impl Drop for SendingEnd {
    fn drop(&mut self) {
        self.0.lock().senders -= 1;
        self.0.changed.notify_one();
    }
}

struct ReceivingEnd(Arc<Queue>);

impl Drop for ReceivingEnd {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_heard = false;
        // Dropped without the lock: they may have ends of channels in them.
        let unheard = std::mem::take(&mut state.waiting);
        drop(state);
        drop(unheard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_order_from_all_senders() {
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let sender = sender.clone();
                scope.spawn(move || {
                    for number in 0..1000 {
                        sender.send((thread, number)).unwrap();
                    }
                });
            }
            drop(sender);
            let mut next = [0; 4];
            while let Ok((thread, number)) = receiver.recv() {
                assert_eq!(number, next[thread]);
                next[thread] += 1;
            }
            assert_eq!(next, [1000; 4]);
        });
    }

    #[test]
    fn what_was_sent_comes_before_the_end() {
        let (sender, receiver) = channel();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        let nothing = receiver.recv_timeout(Duration::from_millis(1));
        assert_eq!(nothing, Err(RecvTimeoutError::Timeout));
        sender.send(1).unwrap();
        drop(sender);
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(receiver.recv(), Err(RecvError));
        let ended = receiver.recv_timeout(Duration::MAX);
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
    }

    #[test]
    fn a_receiver_that_is_gone_takes_with_it_what_it_did_not_receive() {
        let (sender, receiver) = channel();
        let (reply, answer) = channel::<()>();
        sender.send(reply.clone()).unwrap();
        drop(receiver);
        assert!(sender.send(reply).is_err());
        assert_eq!(answer.recv(), Err(RecvError));
    }
}
