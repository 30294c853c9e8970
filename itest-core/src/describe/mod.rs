//! [`Description`]: what a test binary has and plans to do, as data that another process reads.
//!
//! `cargo itest` asks every full-mode binary for it, with the arguments that the binary's workers
//! will get. The own binary needs none: its plan is at hand.

mod fingerprint;
pub(crate) mod fixtures;
mod form;
pub(crate) mod steps;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::cli::Args;
use crate::def::MainDef;
use crate::json;
use crate::plan::{Plan, PlanError, Verdict};
use crate::registry::{Registry, crate_of};
use crate::run::suite::Summary;
pub(crate) use fingerprint::fingerprint;
use fixtures::FixtureInfo;
use steps::Step;

/// The first argument of a process that shall describe its binary; another harness refuses it.
const ARGUMENT: &str = "--itest-plan";

/// The same with all [`Details`].
const DETAILED: &str = "--itest-plan=details";

/// The argument behind it, where the binary shall describe a part of its tests: a file with their
/// names, one in a line.
const SHARE: &str = "--itest-share=";

/// Stands before the description, whatever else has been printed. Every binary that can describe
/// itself has it in its text.
const MARKER: &[u8] = b"\n{itest-plan} a description of so many bytes: ";

/// What a binary says of itself.
#[derive(Debug)]
pub(crate) struct Description {
    /// Of itest.
    pub(crate) version: Cow<'static, str>,
    /// [`fingerprint`] of what it speaks, which only the same understands; empty before there was
    /// one.
    pub(crate) protocol: String,
    /// Or what is wrong with the plan.
    pub(crate) plan: Result<Summary, String>,
    /// Where they were asked for, and the plan is right.
    pub(crate) details: Option<Details>,
    /// What a run by itself would warn of.
    pub(crate) warnings: Vec<String>,
}

/// What a run does not need.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) fixtures: Vec<FixtureInfo>,
    pub(crate) steps: Vec<Step>,
}

impl Details {
    pub(crate) fn of(registry: &Registry, plan: &Plan, verdicts: &[(usize, Verdict)]) -> Self {
        let first = registry.tests.first();
        let main = first.map_or("", |test| crate_of(test.module_path));
        Details {
            fixtures: fixtures::fixtures(registry, plan, main),
            steps: steps::steps(plan, verdicts),
        }
    }
}

/// How much of a description is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Plan,
    Details,
}

/// What a process was asked for that shall describe its binary.
#[derive(Debug)]
pub(crate) struct Asked {
    wanted: Wanted,
    /// Of these tests only.
    share: Option<PathBuf>,
}

/// Takes the arguments that ask for a description out of the command line.
pub(crate) fn asked(words: &mut Vec<OsString>) -> Option<Asked> {
    let wanted = match words.get(1)?.to_str()? {
        ARGUMENT => Wanted::Plan,
        DETAILED => Wanted::Details,
        _ => return None,
    };
    words.remove(1);
    let share = words
        .get(1)
        .and_then(|word| word.to_str()?.strip_prefix(SHARE));
    let share = share.map(PathBuf::from);
    if share.is_some() {
        words.remove(1);
    }
    Some(Asked { wanted, share })
}

/// Describes this binary to whoever asked for it.
pub(crate) fn answer(
    def: &MainDef,
    registry: &Registry,
    plan: Result<Plan, PlanError>,
    args: &Args,
    asked: &Asked,
) -> io::Result<()> {
    let Asked { wanted, share } = asked;
    let share = share.as_ref().map(std::fs::read_to_string).transpose()?;
    let share: Option<HashSet<&str>> = share.as_ref().map(|names| names.lines().collect());
    let mut details = None;
    let plan = plan.map(|mut plan| {
        let mut verdicts = crate::run::verdicts(&plan, args);
        if let Some(share) = &share {
            verdicts.retain(|(test, _)| share.contains(&*plan.tests[*test].name));
        }
        if *wanted == Wanted::Details {
            details = Some(Details::of(registry, &plan, &verdicts));
        }
        Summary::of(&mut plan, verdicts, true)
    });
    let warnings = def.plain_tests.iter();
    let description = Description {
        version: env!("CARGO_PKG_VERSION").into(),
        protocol: fingerprint(),
        plan: plan.map_err(|error| error.to_string()),
        details,
        warnings: warnings.map(crate::run::plain_test_warning).collect(),
    };
    let body = json::write(&description);
    let mut out = io::stdout().lock();
    // Not folded into the code: the marker is looked for in the binary's file.
    out.write_all(std::hint::black_box(MARKER))?;
    writeln!(out, "{}", body.len())?;
    writeln!(out, "{body}")?;
    out.flush()
}

/// The other side: what is done with an answer.
#[cfg(feature = "cli")]
pub(crate) mod ask {
    use std::ffi::OsString;
    use std::path::Path;

    use super::{ARGUMENT, DETAILED, Description, MARKER, SHARE, Wanted};
    use crate::json;

    /// What was printed where a description is expected.
    #[derive(Debug)]
    pub(crate) enum Answer {
        Description(Description),
        /// Of another build, whatever it says.
        Other(Build),
        Garbage(json::Problem),
    }

    /// What every description begins with.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) struct Build {
        /// Of itest.
        pub(crate) version: String,
        /// What it speaks.
        pub(crate) protocol: String,
    }

    /// The first arguments of a process that shall describe its binary, or of its tests those that a
    /// file names.
    pub(crate) fn arguments(wanted: Wanted, share: Option<&Path>) -> Vec<OsString> {
        let wanted = match wanted {
            Wanted::Plan => ARGUMENT,
            Wanted::Details => DETAILED,
        };
        let share = share.map(|file| {
            let mut word = OsString::from(SHARE);
            word.push(file);
            word
        });
        [wanted.into()].into_iter().chain(share).collect()
    }

    /// Whether the file of a binary has the marker, so that it may be asked.
    pub(crate) fn can_be_asked(binary: &[u8]) -> bool {
        find(binary).is_some()
    }

    /// The description in what was printed, if there is a whole one.
    pub(crate) fn read(printed: &[u8]) -> Option<Answer> {
        let (_, rest) = printed.split_at(find(printed)? + MARKER.len());
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let length: usize = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
        let body = rest.get(end + 1..)?.get(..length)?;
        Some(understood(body))
    }

    fn understood(body: &[u8]) -> Answer {
        match json::read(body) {
            Ok(Description {
                version, protocol, ..
            }) if protocol != super::fingerprint() => Answer::Other(Build {
                version: version.into_owned(),
                protocol,
            }),
            Ok(description) => Answer::Description(description),
            // The rest of it may be what has changed.
            Err(error) => match json::read::<Build>(body) {
                Ok(build) if build.protocol != super::fingerprint() => Answer::Other(build),
                Ok(_) | Err(_) => Answer::Garbage(error),
            },
        }
    }

    fn find(bytes: &[u8]) -> Option<usize> {
        // The rare first bytes decide nearly everywhere.
        let head = &MARKER[..2];
        let mut start = 0;
        while let Some(offset) = bytes[start..].windows(2).position(|two| two == head) {
            let at = start + offset;
            if bytes[at..].starts_with(MARKER) {
                return Some(at);
            }
            start = at + 1;
        }
        None
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn an_answer_is_found_among_what_else_is_printed() {
            let protocol = super::super::fingerprint();
            let body = format!(r#"{{"version":"1","protocol":"{protocol}","problem":"no"}}"#);
            let body = body.as_bytes();
            let mut printed = b"{ noise of a constructor\n{".to_vec();
            printed.extend_from_slice(MARKER);
            printed.extend_from_slice(format!("{}\n", body.len()).as_bytes());
            printed.extend_from_slice(body);
            let whole = printed.len();
            printed.extend_from_slice(b"\nnoise at exit\n");
            match read(&printed).expect("it is there") {
                Answer::Description(read) => {
                    assert_eq!(read.version, "1");
                    assert_eq!(read.plan.unwrap_err(), "no");
                }
                other => panic!("it is whole: {other:?}"),
            }
            for cut in 0..whole {
                assert!(super::read(&printed[..cut]).is_none(), "cut at {cut}");
            }
        }

        #[test]
        fn another_build_is_known_by_its_protocol_whatever_else_it_says() {
            let ours = super::super::fingerprint();
            for (body, protocol) in [
                (r#"{"version":"1","problem":"no"}"#, ""),
                (r#"{"version":"1","plan":"as it was once"}"#, ""),
                (r#"{"version":"1","protocol":"f0","problem":"no"}"#, "f0"),
                (r#"{"version":"1","protocol":"f0","tests":[]}"#, "f0"),
            ] {
                let build = Build {
                    version: "1".to_owned(),
                    protocol: protocol.to_owned(),
                };
                match understood(body.as_bytes()) {
                    Answer::Other(other) => assert_eq!(other, build, "{body}"),
                    other => panic!("{body} gives {other:?}"),
                }
            }
            let body = format!(r#"{{"version":"1","protocol":"{ours}","plan":"?"}}"#);
            assert!(matches!(understood(body.as_bytes()), Answer::Garbage(_)));
        }

        #[test]
        fn garbage_is_no_answer() {
            let mut printed = MARKER.to_vec();
            printed.extend_from_slice(b"3\n{]}");
            assert!(matches!(read(&printed), Some(Answer::Garbage(_))));
            printed.truncate(MARKER.len());
            printed.extend_from_slice(b"99999999999999999999999\n");
            assert!(read(&printed).is_none());
        }
    }
}
