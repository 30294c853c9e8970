//! [`Live`]: a line at the bottom of a terminal that says how far the run is and what runs.
//!
//! It goes around another report. Whatever that one writes goes above the line: the line is erased
//! first and drawn again when nothing more is about to come. All who print to the terminal
//! erase it with [`clear`].

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::naming::Naming;
use super::style::{Style, Tone};
use super::tally::Tally;
use super::{Out, Reporter, Wants};
use crate::event::{Event, Record, TestId, TestName};

/// How many columns the line takes that stands on the terminal, 0 if none does.
static DRAWN: Mutex<usize> = Mutex::new(0);

/// See the [module](self).
pub(super) struct Live {
    report: Box<dyn Reporter>,
    progress: Arc<Mutex<Progress>>,
}

/// What the line tells.
struct Progress {
    style: Style,
    naming: Naming,
    tally: Tally,
    /// In the order of their start.
    running: Vec<Running>,
    /// Of the last record, or of the last look at the clock.
    now: Duration,
    /// The report stands at the beginning of a line.
    at_line_start: bool,
    over: bool,
}

struct Running {
    id: TestId,
    name: TestName,
    start: Duration,
}

impl Live {
    /// Around the report that `new` makes for the terminal.
    pub(super) fn new(
        style: Style,
        terminal: Box<dyn Write + Send>,
        new: impl FnOnce(Out) -> Box<dyn Reporter>,
    ) -> Self {
        let progress = Arc::new(Mutex::new(Progress {
            style,
            naming: Naming::default(),
            tally: Tally::default(),
            running: Vec::new(),
            now: Duration::ZERO,
            at_line_start: true,
            over: false,
        }));
        let above = Above {
            terminal,
            progress: progress.clone(),
        };
        Live {
            report: new(Out::new(Box::new(above))),
            progress,
        }
    }

    /// Whether it makes sense on this terminal.
    pub(super) fn suits_terminal() -> bool {
        cfg!(unix)
            && std::env::var_os("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
    }
}

impl Reporter for Live {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        lock(&self.progress).record(record);
        self.report.record(record)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.report.flush()
    }

    fn tick(&mut self, now: Duration) -> io::Result<()> {
        lock(&self.progress).now = now;
        self.report.flush()
    }

    fn wants(&self) -> Wants {
        Wants {
            starts: true,
            ..self.report.wants()
        }
    }

    fn is_live(&self) -> bool {
        true
    }
}

impl Progress {
    fn record(&mut self, record: &Record) {
        self.tally.record(record);
        self.now = self.now.max(record.at);
        match &record.event {
            Event::RunStarted(run) => self.naming = Naming::of(run),
            Event::TestStarted { test } => {
                // It starts once more where another test's fixture took its worker away.
                self.ended(record, test);
                self.running.push(Running {
                    id: record.id(test),
                    name: self.naming.name(record, test),
                    start: record.at,
                });
            }
            Event::TestFinished { test, .. } => self.ended(record, test),
            Event::RunFinished { .. } => self.over = true,
            _ => (),
        }
    }

    fn ended(&mut self, record: &Record, test: &TestName) {
        let is_it =
            |running: &Running| running.id.name == *test && running.id.binary == record.binary;
        if let Some(index) = self.running.iter().position(is_it) {
            self.running.remove(index);
        }
    }

    /// The line, and how many columns it takes: fewer than there are, so that there is room for
    /// the `^C` with which a terminal answers to Ctrl-C, and for the cursor.
    fn line(&self, columns: usize) -> (String, usize) {
        let tally = &self.tally;
        let done = tally.selected - tally.missing();
        let mut line = Line::new(columns.saturating_sub(3));
        line.add(&format!("{done}/{} ", tally.selected));
        let failed = tally.as_failed() + tally.errors_beside_tests();
        if failed > 0 {
            line.paint(self.style, Tone::Bad, &format!("{failed} failed "));
        }
        line.add(&format!("[{}]", seconds(self.now)));
        let mut separator = " ";
        for running in &self.running {
            let time = seconds(self.now.saturating_sub(running.start));
            let tone = (self.now.saturating_sub(running.start) >= SLOW).then_some(Tone::Odd);
            if !line.add_name(
                separator,
                &running.name,
                &time,
                tone.map(|tone| (self.style, tone)),
            ) {
                break;
            }
            separator = ", ";
        }
        if self.running.is_empty() && done == tally.selected {
            line.add(" tearing down");
        }
        (line.text, line.used)
    }
}

/// From then on the line shows a test in colour.
const SLOW: Duration = Duration::from_secs(10);

fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{} s", duration.as_secs()),
        seconds => format!("{}:{:02} min", seconds / 60, seconds % 60),
    }
}

/// Text that does not get longer than it may.
struct Line {
    text: String,
    used: usize,
    most: usize,
}

impl Line {
    fn new(most: usize) -> Self {
        Line {
            text: String::new(),
            used: 0,
            most,
        }
    }

    /// Adds what there is room for.
    fn add(&mut self, text: &str) {
        for c in text.chars().take(self.most - self.used) {
            // What moves the cursor would spoil the line.
            self.text.push(if c.is_control() { ' ' } else { c });
            self.used += 1;
        }
    }

    fn paint(&mut self, style: Style, tone: Tone, text: &str) {
        let shown: String = text.chars().take(self.most - self.used).collect();
        self.used += shown.chars().count();
        let _ = write!(self.text, "{}", style.paint(tone, shown));
    }

    /// Adds a test, its name's end if there is no room for all of it; tells whether there was some.
    fn add_name(
        &mut self,
        separator: &str,
        name: &str,
        time: &str,
        paint: Option<(Style, Tone)>,
    ) -> bool {
        /// A shorter piece of a name says nothing.
        const LEAST: usize = 12;
        let around = separator.len() + time.len() + 3;
        let room = (self.most - self.used).saturating_sub(around);
        let length = name.chars().count();
        if room < LEAST.min(length) {
            return false;
        }
        self.add(separator);
        if length <= room {
            self.add(name);
        } else {
            self.add("…");
            let tail: String = name.chars().skip(length + 1 - room).collect();
            self.add(&tail);
        }
        self.add(" ");
        match paint {
            Some((style, tone)) => self.paint(style, tone, &format!("({time})")),
            None => self.add(&format!("({time})")),
        }
        true
    }
}

/// The terminal for the report: what is written to it goes above the line.
struct Above {
    terminal: Box<dyn Write + Send>,
    progress: Arc<Mutex<Progress>>,
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        erase(&mut self.terminal, &mut drawn)?;
        let written = self.terminal.write(bytes)?;
        if let Some(last) = bytes[..written].last() {
            lock(&self.progress).at_line_start = *last == b'\n';
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = lock(&self.progress);
        if progress.at_line_start {
            erase(&mut self.terminal, &mut drawn)?;
            if !progress.over && progress.tally.selected > 0 {
                let (line, used) = progress.line(columns());
                self.terminal.write_all(line.as_bytes())?;
                *drawn = used;
            }
        }
        self.terminal.flush()
    }
}

/// Removes the line, so that something else can be printed.
pub(crate) fn clear() {
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    if *drawn > 0 {
        let _ = erase(&mut io::stdout(), &mut drawn).and_then(|()| io::stdout().flush());
    }
}

/// Also where the terminal has been made narrower, so that the line takes several of its lines.
fn erase(terminal: &mut dyn Write, drawn: &mut usize) -> io::Result<()> {
    let used = std::mem::take(drawn);
    if used == 0 {
        return Ok(());
    }
    match (used - 1) / columns() {
        0 => terminal.write_all(b"\r\x1b[K"),
        above => write!(terminal, "\x1b[{above}A\r\x1b[J"),
    }
}

fn lock(progress: &Mutex<Progress>) -> std::sync::MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How wide the terminal is now.
#[cfg(unix)]
#[expect(unsafe_code, reason = "std does not know terminals")]
pub(super) fn columns() -> usize {
    let mut size = std::mem::MaybeUninit::<libc::winsize>::zeroed();
    // SAFETY: a plain system call that fills `size`, which is valid as zeros too.
    let columns = unsafe {
        let result = libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, size.as_mut_ptr());
        if result == 0 {
            size.assume_init().ws_col
        } else {
            0
        }
    };
    match columns {
        0 => 80,
        columns => usize::from(columns),
    }
}

/// How wide the terminal is, as far as one knows.
#[cfg(not(unix))]
pub(super) fn columns() -> usize {
    80
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::RunInfo;
    use crate::outcome::{Failure, FailureKind, Outcome};

    fn progress(events: Vec<(u64, Event)>) -> Progress {
        let mut progress = Progress {
            style: Style { color: false },
            naming: Naming::default(),
            tally: Tally::default(),
            running: Vec::new(),
            now: Duration::ZERO,
            at_line_start: true,
            over: false,
        };
        for (second, event) in events {
            progress.record(&Record {
                at: Duration::from_secs(second),
                binary: "shop".into(),
                worker: Some(0),
                event,
            });
        }
        progress
    }

    fn start() -> Event {
        Event::RunStarted(Box::new(RunInfo {
            tests: 3,
            ..RunInfo::default()
        }))
    }

    fn started(test: &str) -> Event {
        Event::TestStarted { test: test.into() }
    }

    fn failed(test: &str) -> Event {
        Event::TestFinished {
            test: test.into(),
            outcome: Outcome::Failed {
                failure: Failure::new(FailureKind::Error, "boom"),
            },
            attempts: 1,
            teardown_errors: vec![],
            duration: Duration::ZERO,
            output: String::new(),
        }
    }

    #[test]
    fn the_line_tells_what_runs() {
        let mut progress = progress(vec![
            (0, start()),
            (0, started("api::deletes_user_with_orders")),
            (0, started("api::creates_user")),
            (1, started("a")),
            (2, failed("a")),
            (3, started("api::deletes_user_with_orders")),
        ]);
        progress.now = Duration::from_secs(75);
        let line = |columns| progress.line(columns).0;
        assert_eq!(
            line(120),
            "1/3 1 failed [1:15 min] api::creates_user (1:15 min), \
             api::deletes_user_with_orders (1:12 min)"
        );
        assert_eq!(
            line(80),
            "1/3 1 failed [1:15 min] api::creates_user (1:15 min), …with_orders (1:12 min)"
        );
        assert_eq!(
            line(60),
            "1/3 1 failed [1:15 min] api::creates_user (1:15 min)"
        );
    }

    #[test]
    fn the_line_is_never_too_long() {
        let name = "ü\u{1b}[2J\n".repeat(30);
        let progress = progress(vec![(0, start()), (0, started(&name)), (1, started("b"))]);
        for columns in 0..300 {
            let (line, used) = progress.line(columns);
            assert_eq!(line.chars().count(), used);
            assert!(used <= columns.saturating_sub(3), "{columns}: {line}");
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }

    /// What the report writes stands above the line, which is gone in the end.
    #[test]
    fn the_line_gives_way() {
        struct Echo(Out);
        impl Reporter for Echo {
            fn record(&mut self, record: &Record) -> io::Result<()> {
                match &record.event {
                    Event::TestFinished { test, .. } => writeln!(self.0, "{test} ended"),
                    Event::RunFinished { .. } => writeln!(self.0, "summary"),
                    _ => Ok(()),
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                self.0.flush()
            }
            fn wants(&self) -> Wants {
                Wants::NOTHING
            }
        }
        #[derive(Clone, Default)]
        struct Terminal(Arc<Mutex<Vec<u8>>>);
        impl Write for Terminal {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let terminal = Terminal::default();
        let style = Style { color: false };
        let mut live = Live::new(style, Box::new(terminal.clone()), |out| Box::new(Echo(out)));
        let end = Event::RunFinished {
            duration: Duration::ZERO,
            interrupted: false,
        };
        for event in [start(), started("a"), failed("a"), end] {
            let record = Record {
                at: Duration::ZERO,
                binary: "shop".into(),
                worker: None,
                event,
            };
            live.record(&record).unwrap();
            live.flush().unwrap();
        }
        let bytes = terminal.0.lock().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            "0/3 [0 s]\r\x1b[K0/3 [0 s] a (0 s)\r\x1b[Ka ended\n1/3 1 failed [0 s]\r\x1b[Ksummary\n"
        );
    }
}
