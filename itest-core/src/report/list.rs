//! [`list`]: the tests that a command line selects, without running them.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use super::json::Object;
use super::style::count;
use crate::cli::{Args, Format};
use crate::def::Location;

/// A selected test.
#[derive(Debug, Clone)]
pub(crate) struct Listed<'a> {
    /// As filters see it.
    pub(crate) name: &'a str,
    /// The function's name, which stands at `location`.
    pub(crate) function: &'a str,
    /// It is ignored or skipped.
    pub(crate) ignored: bool,
    /// Why; may be empty.
    pub(crate) reason: &'a str,
    /// Where the function's name stands.
    pub(crate) location: Location,
}

/// Lists the tests, in the order given.
///
/// With `--format=terse` there is nothing but `name: test` lines, as nextest needs it.
pub(crate) fn list(args: &Args, tests: &[Listed<'_>], out: &mut dyn Write) -> io::Result<()> {
    if let Some(path) = &args.logfile {
        let mut log = BufWriter::new(File::create(path)?);
        for test in tests {
            writeln!(log, "test {}", test.name)?;
        }
        log.flush()?;
    }
    let mut out = BufWriter::new(out);
    match args.format {
        Format::Json => json(tests, &mut out)?,
        Format::Terse => lines(tests, &mut out)?,
        // libtest lists so for `junit` too.
        Format::Pretty | Format::Junit => {
            lines(tests, &mut out)?;
            if !tests.is_empty() {
                writeln!(out)?;
            }
            writeln!(out, "{}, 0 benchmarks", count(tests.len(), "test"))?;
        }
    }
    out.flush()
}

fn lines(tests: &[Listed<'_>], out: &mut dyn Write) -> io::Result<()> {
    for test in tests {
        writeln!(out, "{}: test", test.name)?;
    }
    Ok(())
}

fn json(tests: &[Listed<'_>], out: &mut dyn Write) -> io::Result<()> {
    Object::new("suite").text("event", "discovery").write(out)?;
    for test in tests {
        let Location { file, line, column } = test.location;
        Object::new("test")
            .text("event", "discovered")
            .text("name", test.name)
            .flag("ignore", test.ignored)
            .text("ignore_message", test.reason)
            .text("source_path", file)
            .number("start_line", line)
            .number("start_col", column)
            .number("end_line", line)
            .number("end_col", column as usize + test.function.chars().count())
            .write(out)?;
    }
    let ignored = tests.iter().filter(|test| test.ignored).count();
    Object::new("suite")
        .text("event", "completed")
        .number("tests", tests.len())
        .number("benchmarks", 0)
        .number("total", tests.len())
        .number("ignored", ignored)
        .write(out)
}
