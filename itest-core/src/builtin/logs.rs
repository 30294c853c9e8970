//! [`Logs`]: the events of `tracing` that happen during a test.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use tracing_core::dispatcher::{self, DefaultGuard};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber};

use super::exclusive::{Exclusive, Held};
use crate::fixture;
use crate::run::executor;
use crate::run::panic::running_test;

/// The built-in fixture `logs`: the events of `tracing` that happen during the test, for
/// assertions. Behind the feature `tracing`.
///
/// What happens in threads and tasks that the test starts belongs to it. If the test fails, its
/// output has the events.
///
/// In a worker there is one test at a time, so an event during the test is the test's. Where tests
/// share a process, those that have `logs` run one after the other, and what other tests log on
/// their own threads is left out; on threads of a shared runtime that cannot be told.
///
/// `logs` becomes the process's global subscriber, with the first test that asks for it. If there
/// is one already it sees what happens on the test's own thread. Code under test must not insist on
/// setting another: `try_init`, not `init`.
///
/// ```
/// use itest::builtin::{Level, Logs};
/// use itest::prelude::*;
///
/// #[integration]
/// async fn warns_of_slow_queries(logs: &Logs) {
///     // … something with `tracing::warn!(millis = 1200, "slow query")`
///     # if false {
///     logs.assert_contains("slow query");
///     # }
///     logs.assert_none_at(Level::Error);
/// }
/// ```
#[derive(Debug)]
pub struct Logs {
    events: Arc<Mutex<Vec<LogEvent>>>,
    _thread: Option<OwnThread>,
    _alone: Held,
}

/// An event that was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogEvent {
    /// How serious.
    pub level: Level,
    /// Where from: the module, unless given.
    pub target: String,
    /// The text.
    pub message: String,
    /// The other fields, as text, in their order.
    pub fields: Vec<(String, String)>,
    /// The spans around it, outermost first, with their fields: `request{id=7}`.
    pub spans: Vec<String>,
}

/// How serious an event is; what is more serious is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `trace!`
    Trace,
    /// `debug!`
    Debug,
    /// `info!`
    Info,
    /// `warn!`
    Warn,
    /// `error!`
    Error,
}

impl Logs {
    fn new() -> Self {
        let alone = ONE_TEST.take();
        let events = Arc::new(Mutex::new(Vec::new()));
        *SINK.write().unwrap_or_else(PoisonError::into_inner) = Some(Sink {
            test: running_test(),
            events: events.clone(),
        });
        static GLOBAL: OnceLock<bool> = OnceLock::new();
        let is_global = GLOBAL
            .get_or_init(|| dispatcher::set_global_default(Dispatch::new(Capture::new())).is_ok());
        Logs {
            events,
            _thread: (!is_global).then(OwnThread::new),
            _alone: alone,
        }
    }

    /// What was logged so far, in order.
    pub fn events(&self) -> Vec<LogEvent> {
        self.lock().clone()
    }

    /// Those at that level and more serious ones.
    pub fn at_least(&self, level: Level) -> Vec<LogEvent> {
        let mut events = self.events();
        events.retain(|event| event.level >= level);
        events
    }

    /// Whether an event has the text in its message or in a field's value.
    pub fn contains(&self, text: &str) -> bool {
        self.lock().iter().any(|event| event.contains(text))
    }

    /// Forgets what was logged so far.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// # Panics
    /// If no event has the text in its message or in a field's value; the panic lists the events.
    #[track_caller]
    pub fn assert_contains(&self, text: &str) {
        assert!(
            self.contains(text),
            "no event has {text:?}; logged was:\n{self}"
        );
    }

    /// # Panics
    /// If an event has the text in its message or in a field's value.
    #[track_caller]
    pub fn assert_not_contains(&self, text: &str) {
        assert!(
            !self.contains(text),
            "an event has {text:?}; logged was:\n{self}"
        );
    }

    /// # Panics
    /// If there is an event at that level or a more serious one.
    #[track_caller]
    pub fn assert_none_at(&self, level: Level) {
        let found = self.at_least(level);
        assert!(
            found.is_empty(),
            "there are events at level {level} or above:\n{}",
            listed(&found)
        );
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<LogEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        *SINK.write().unwrap_or_else(PoisonError::into_inner) = None;
        if executor::test_failed() {
            print!("{self}");
        }
    }
}

/// A line for each event.
impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&listed(&self.lock()))
    }
}

fn listed(events: &[LogEvent]) -> String {
    let lines = events.iter().map(|event| format!("{event}\n"));
    lines.collect()
}

impl LogEvent {
    /// Whether its message or a field's value has the text.
    pub fn contains(&self, text: &str) -> bool {
        let mut values = self.fields.iter().map(|(_, value)| value);
        self.message.contains(text) || values.any(|value| value.contains(text))
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(field, _)| field == name)?;
        Some(value)
    }
}

/// `WARN shop::db: request{id=7}: slow query millis=1200`
impl fmt::Display for LogEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5} {}: ", self.level, self.target)?;
        for span in &self.spans {
            write!(f, "{span}: ")?;
        }
        f.write_str(&self.message)?;
        for (name, value) in &self.fields {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        })
    }
}

impl From<tracing_core::Level> for Level {
    fn from(level: tracing_core::Level) -> Self {
        match level {
            tracing_core::Level::TRACE => Level::Trace,
            tracing_core::Level::DEBUG => Level::Debug,
            tracing_core::Level::INFO => Level::Info,
            tracing_core::Level::WARN => Level::Warn,
            tracing_core::Level::ERROR => Level::Error,
        }
    }
}

/// Of the tests in a process that have `logs`, one runs at a time.
static ONE_TEST: Exclusive = Exclusive::new();

/// Where events go now.
static SINK: RwLock<Option<Sink>> = RwLock::new(None);

struct Sink {
    /// The test whose events they are.
    test: Option<String>,
    events: Arc<Mutex<Vec<LogEvent>>>,
}

/// Makes our subscriber that of one thread, and must end there.
struct OwnThread(#[expect(dead_code, reason = "it is dropped at the end")] DefaultGuard);

impl OwnThread {
    fn new() -> Self {
        OwnThread(dispatcher::set_default(&Dispatch::new(Capture::new())))
    }
}

impl fmt::Debug for OwnThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OwnThread(_) = self;
        f.write_str("OwnThread")
    }
}

/// The subscriber: keeps spans, and events while a test wants them.
struct Capture {
    next: AtomicU64,
    spans: Mutex<HashMap<u64, Span>>,
}

struct Span {
    text: String,
    has_fields: bool,
    parent: Option<u64>,
    metadata: &'static Metadata<'static>,
    /// Handles that are left.
    count: usize,
}

thread_local! {
    /// The spans that this thread is in, innermost last.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl Capture {
    fn new() -> Self {
        Capture {
            next: AtomicU64::new(1),
            spans: Mutex::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current() -> Option<u64> {
        ENTERED.with_borrow(|entered| entered.last().copied())
    }

    /// From the outermost to that one.
    fn path(&self, innermost: Option<u64>) -> Vec<String> {
        let spans = self.lock();
        let mut path = Vec::new();
        let mut next = innermost;
        while let Some(span) = next.and_then(|id| spans.get(&id)) {
            path.push(match span.has_fields {
                true => format!("{}}}", span.text),
                false => span.text.clone(),
            });
            next = span.parent;
        }
        path.reverse();
        path
    }
}

impl Span {
    fn add(&mut self, fields: Fields) {
        let message = fields
            .message
            .map(|message| ("message".to_owned(), message));
        for (name, value) in message.into_iter().chain(fields.others) {
            let separator = if self.has_fields { ' ' } else { '{' };
            // Writing to a string cannot fail.
            let _ = write!(self.text, "{separator}{name}={value}");
            self.has_fields = true;
        }
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_contextual() => Capture::current(),
            None => None,
        };
        let mut span = Span {
            text: attributes.metadata().name().to_owned(),
            has_fields: false,
            parent,
            metadata: attributes.metadata(),
            count: 1,
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.add(fields);
        self.lock().insert(id, span);
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = self.lock().get_mut(&id.into_u64()) {
            span.add(fields);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let sink = SINK.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sink) = &*sink else { return };
        // On another test's own thread.
        if running_test().is_some_and(|running| sink.test.as_ref() != Some(&running)) {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let innermost = match event.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if event.is_contextual() => Capture::current(),
            None => None,
        };
        let logged = LogEvent {
            level: (*event.metadata().level()).into(),
            target: event.metadata().target().to_owned(),
            message: fields.message.unwrap_or_default(),
            fields: fields.others,
            spans: self.path(innermost),
        };
        let mut events = sink.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(logged);
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            let innermost = entered
                .iter()
                .rposition(|entered| *entered == id.into_u64());
            innermost.map(|index| entered.remove(index))
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.lock().get_mut(&id.into_u64()) {
            span.count += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.lock();
        let Some(span) = spans.get_mut(&id.into_u64()) else {
            return false;
        };
        span.count -= 1;
        let is_last = span.count == 0;
        if is_last {
            spans.remove(&id.into_u64());
        }
        is_last
    }

    fn current_span(&self) -> Current {
        let spans = self.lock();
        match Capture::current().and_then(|id| Some((id, spans.get(&id)?))) {
            Some((id, span)) => Current::new(Id::from_u64(id), span.metadata),
            None => Current::none(),
        }
    }
}

/// Fields as text.
#[derive(Default)]
struct Fields {
    message: Option<String>,
    others: Vec<(String, String)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = Some(value),
            name => self.others.push((name.to_owned(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, value.to_string());
    }
}

/// What the test logs.
#[fixture]
pub fn logs() -> Logs {
    Logs::new()
}

pub(super) fn link() {
    std::hint::black_box(logs().def());
}
