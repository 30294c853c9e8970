//! `cargo itest bisect`: the tests that make one fail which passes alone.
//!
//! What is tried is decided by [`search`](self::search), each try is a run of its own: [`trial`]. The
//! order that is looked at is the one in which one thread runs the selected tests ([`target`]).

mod recorded;
mod search;
mod target;
mod trial;

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use self::recorded::Before;
use self::search::{Found, search};
use self::target::{Harness, Target, find, last_failed, targets};
use self::trial::{Ended, Trials, announce};
use super::binary::{binaries, probe_all};
use super::words::Words;
use super::{Stop, artifacts, record};
use crate::cli::Ignored;
use crate::describe::Wanted;
use crate::event::TestName;
use crate::run::{exit, interrupt, refusal, say};

/// The exit code where the question has no such answer.
const NOT_FOUND: u8 = 1;

/// So many runs at most, those apart that confirm what was found.
const TRIES: usize = 200;

/// So often it must fail again behind what was found, and pass alone.
const CONFIRMATIONS: usize = 2;

/// What there is to find out.
struct Question<'a> {
    target: &'a Target,
    victim: TestName,
    /// In their order.
    suspects: Vec<TestName>,
    /// How many of them run before it; the others can be tried before it, too.
    before: usize,
}

pub(super) fn bisect(mut words: Words) -> Result<ExitCode, Stop> {
    if let Some(refusal) = refusal(&words.args) {
        say(&refusal);
        return Err(Stop::Said);
    }
    let (exact, in_order) = (words.args.exact, words.args.in_order);
    let mut named = words.take_filters();
    let wanted = named.pop();
    if !in_order && !named.is_empty() {
        return Err(Stop::Error(
            "one test at a time\n  help: `cargo itest bisect TEST` with the selection of the run \
             that failed; `--in-order FIRST … TEST` for an order of your own"
                .to_owned(),
        ));
    }
    let recorded = match &words.from {
        Some(_) if in_order => {
            let what = "`--from` and `--in-order` both say in which order the tests ran";
            return Err(Stop::Error(what.to_owned()));
        }
        Some(file) => Some(recorded::read(file, wanted.as_deref()).map_err(Stop::Error)?),
        None => None,
    };
    let built = artifacts::build(&words)?;
    let binaries = binaries(record::records(&words)?, &built);
    let found = probe_all(&binaries, &words, Wanted::Plan, |_| None);
    let targets = targets(binaries, found, &words);
    let question = match recorded {
        Some(before) => Question::recorded(&targets, before)?,
        None => {
            let (number, victim) = match &wanted {
                Some(wanted) => find(&targets, wanted, exact),
                None => last_failed(&targets),
            }
            .map_err(Stop::Error)?;
            match in_order {
                true => Question::in_order(&targets, number, victim, &named)?,
                false => Question::of(&targets[number], victim),
            }
        }
    };
    watch();
    question.answer(&words)
}

/// A signal ends the run that is under way, and then us; another one ends us at once.
fn watch() {
    interrupt::watch(|signal| {
        if interrupt::interrupted().is_some() {
            exit::expected();
            std::process::exit(128 + signal);
        }
        say("\ninterrupted: the run is ended; once more to end at once");
        interrupt::interrupt(signal);
    });
}

impl<'a> Question<'a> {
    fn of(target: &'a Target, victim: usize) -> Self {
        let name = target.tests[victim].clone();
        let (before, after) = target.tests.split_at(victim);
        let after = match target.harness {
            Harness::Full => &after[1..],
            // It has an order of its own.
            Harness::Libtest => &[],
        };
        Question {
            target,
            victim: name,
            suspects: [before, after].concat(),
            before: before.len(),
        }
    }

    /// Of the order of a recorded run. libtest has an order of its own.
    fn recorded(targets: &'a [Target], recorded: Before) -> Result<Self, Stop> {
        let Before {
            binary,
            victim,
            in_worker,
            elsewhere,
        } = recorded;
        let of_binary = targets.iter().find(|target| target.binary.id == binary);
        let Some(target) = of_binary else {
            return Err(Stop::Error(format!(
                "`{victim}` of `{binary}` failed in the recorded run, and `{binary}` is not in the \
                 selection\n  help: give the selection of that run, with its `-p` and `--test`"
            )));
        };
        let own = std::slice::from_ref(target);
        let (_, index) = find(own, &victim, true).map_err(Stop::Error)?;
        let count = in_worker.len() + elsewhere.len();
        let known: HashSet<&TestName> = match target.harness {
            Harness::Full => target.tests.iter().collect(),
            Harness::Libtest => target.tests[..index].iter().collect(),
        };
        let is_known = |test: &TestName| known.contains(test);
        let mut suspects: Vec<TestName> = in_worker.into_iter().filter(is_known).collect();
        let before = suspects.len();
        suspects.extend(elsewhere.into_iter().filter(is_known));
        let left_out = count - suspects.len();
        if left_out > 0 && target.harness == Harness::Full {
            say(&format!(
                "note: {left_out} tests of the recorded run are not there now, or do not run"
            ));
        }
        Ok(Question {
            target,
            victim,
            suspects,
            before,
        })
    }

    /// Of an order that the user has given.
    fn in_order(
        targets: &'a [Target],
        number: usize,
        victim: usize,
        named: &[String],
    ) -> Result<Self, Stop> {
        let target = &targets[number];
        if target.harness == Harness::Libtest {
            return Err(Stop::Error(format!(
                "libtest runs the tests of `{}` in the order of their names\n  help: leave out \
                 `--in-order`",
                target.binary.id
            )));
        }
        let own = std::slice::from_ref(target);
        let suspects = named.iter().map(|name| {
            let (_, index) = find(own, name, true)?;
            Ok(target.tests[index].clone())
        });
        let suspects: Vec<TestName> = suspects.collect::<Result<_, _>>().map_err(Stop::Error)?;
        Ok(Question {
            target,
            victim: target.tests[victim].clone(),
            before: suspects.len(),
            suspects,
        })
    }

    fn answer(&self, words: &Words) -> Result<ExitCode, Stop> {
        let victim = &self.victim;
        println_out(&format!(
            "`{victim}` of `{}`: {} before it",
            self.target.binary.id,
            match self.before {
                1 => "1 test runs".to_owned(),
                many => format!("{many} tests run"),
            }
        ))?;
        let mut runs = Runs {
            trials: Trials::new(self.target, victim, words)?,
            number: 0,
            failure: String::new(),
        };
        match runs.run(&[])? {
            Ended::Passed => {}
            Ended::Failed(_) => {
                println_out(&format!(
                    "\n`{victim}` fails alone: no other test is needed for it\n{}\n    {}",
                    indented(&runs.failure),
                    self.command(words, &[])
                ))?;
                return Ok(ExitCode::from(NOT_FOUND));
            }
            Ended::Unknown(why) => return Err(Stop::Error(format!("`{victim}`: {why}"))),
        }
        let Some(suspects) = self.that_fail_together(&mut runs)? else {
            return Ok(ExitCode::from(NOT_FOUND));
        };
        let numbers: Vec<usize> = (0..suspects.len()).collect();
        let names = |numbers: &[usize]| -> Vec<TestName> {
            let names = numbers.iter().map(|number| suspects[*number].clone());
            names.collect()
        };
        let found = search(&numbers, TRIES, |tried| runs.fails(&names(tried)))?;
        let tests = names(&found.tests);
        // What happens by chance is not told from what the tests do.
        let mut is_certain = true;
        for _ in 0..CONFIRMATIONS {
            is_certain = is_certain && runs.fails(&tests)? && !runs.fails(&[])?;
        }
        self.tell(words, &found, &tests, is_certain, &runs.failure)
    }

    /// The suspects behind which it fails, if all of them suffice.
    fn that_fail_together(&self, runs: &mut Runs<'_>) -> Result<Option<&[TestName]>, Stop> {
        let before = &self.suspects[..self.before];
        if !before.is_empty() && runs.fails(before)? {
            return Ok(Some(before));
        }
        // With several threads, or another seed, the others may have been before it.
        if self.suspects.len() > self.before && runs.fails(&self.suspects)? {
            return Ok(Some(&self.suspects));
        }
        let victim = &self.victim;
        let help = match self.target.harness {
            Harness::Full => {
                "give the selection and the `--shuffle=SEED` of the run that failed, or an order of \
                 your own: `--in-order FIRST … TEST`. What needs several tests at the same time, or \
                 tests of another binary, is not found this way"
            }
            Harness::Libtest => {
                "libtest with one thread runs tests in the order of their names, so no others can be \
                 tried before it; a target with `harness = false` and `itest::main!()` has any order. \
                 What needs several tests at the same time is not found this way"
            }
        };
        println_out(&format!(
            "\n`{victim}` did not fail: nothing is found\n  help: {help}"
        ))?;
        Ok(None)
    }

    fn tell(
        &self,
        words: &Words,
        found: &Found,
        tests: &[TestName],
        is_certain: bool,
        failure: &str,
    ) -> Result<ExitCode, Stop> {
        let victim = &self.victim;
        let command = self.command(words, tests);
        let head = match (is_certain, found.is_minimal, tests) {
            (false, ..) => format!(
                "`{victim}` fails by chance: of runs with the same tests some pass. It failed at \
                 least once so:"
            ),
            (_, false, _) => format!(
                "`{victim}` fails behind {} tests; after {TRIES} runs it is not known which of them \
                 are needed:",
                tests.len()
            ),
            (_, _, [only]) => format!("`{only}` makes `{victim}` fail:"),
            _ => {
                let names: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
                format!("{} together make `{victim}` fail:", names.join(", "))
            }
        };
        println_out(&format!("\n{head}\n{}\n    {command}", indented(failure)))?;
        Ok(match is_certain {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(NOT_FOUND),
        })
    }

    /// What runs those tests and then the one that is looked at.
    fn command(&self, words: &Words, before: &[TestName]) -> String {
        let mut line: Vec<OsString> = vec!["cargo".into(), "test".into()];
        line.extend(self.target.words());
        line.extend(words.how_to_build().into_iter().cloned());
        line.push("--".into());
        match self.target.harness {
            Harness::Full => {
                line.extend(trial::kept(words));
                line.push(
                    if before.is_empty() {
                        "--exact"
                    } else {
                        "--in-order"
                    }
                    .into(),
                );
            }
            Harness::Libtest => {
                if words.args.ignored != Ignored::No {
                    line.push("--include-ignored".into());
                }
                line.extend(["--test-threads=1", "--exact"].map(OsString::from));
            }
        }
        line.extend(before.iter().map(|name| OsString::from(&**name)));
        line.push((&*self.victim).into());
        let line: Vec<String> = line
            .iter()
            .map(|word| quoted(&word.to_string_lossy()))
            .collect();
        line.join(" ")
    }
}

/// Runs that are told to the user.
struct Runs<'a> {
    trials: Trials<'a>,
    number: usize,
    /// The last one.
    failure: String,
}

impl Runs<'_> {
    fn run(&mut self, before: &[TestName]) -> Result<Ended, Stop> {
        self.number += 1;
        announce(self.number, before.len())?;
        let ended = self.trials.run(before);
        println_out(match &ended {
            Ok(Ended::Passed) => "ok",
            Ok(Ended::Failed(_)) => "FAILED",
            Ok(Ended::Unknown(_)) => "no result",
            Err(_) => "",
        })?;
        if let Ok(Ended::Failed(failure)) = &ended {
            self.failure.clone_from(failure);
        }
        ended
    }

    fn fails(&mut self, before: &[TestName]) -> Result<bool, Stop> {
        Ok(match self.run(before)? {
            Ended::Passed => false,
            Ended::Failed(_) => true,
            // Another test has ended the run, or something like that.
            Ended::Unknown(why) => {
                println_out(&format!("    {why}"))?;
                false
            }
        })
    }
}

fn println_out(line: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}")
}

fn indented(text: &str) -> String {
    let lines = text.trim_end().trim_start_matches('\n').lines();
    lines.map(|line| format!("    | {line}\n")).collect()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.,:/=+@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("m::t"), "m::t");
        assert_eq!(quoted("t[a b]"), "'t[a b]'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
