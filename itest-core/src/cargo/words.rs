//! [`Words`]: the command line of `cargo itest`, sorted into cargo's part and the tests'.

use std::ffi::OsString;
use std::path::Path;

use super::flags::{FLAGS, Flag, Goes};
use crate::cli::{self, Args, Parsed, Shard, Share};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Run,
    List,
    Fixtures,
    Plan,
    Doctor,
    Init,
    Report,
    Flaky,
    Bisect,
    Completions,
}

impl Command {
    pub(super) const ALL: [Command; 10] = [
        Command::Run,
        Command::List,
        Command::Fixtures,
        Command::Plan,
        Command::Doctor,
        Command::Init,
        Command::Report,
        Command::Flaky,
        Command::Bisect,
        Command::Completions,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Command::Run => "run",
            Command::List => "list",
            Command::Fixtures => "fixtures",
            Command::Plan => "plan",
            Command::Doctor => "doctor",
            Command::Init => "init",
            Command::Report => "report",
            Command::Flaky => "flaky",
            Command::Bisect => "bisect",
            Command::Completions => "completions",
        }
    }

    pub(super) fn about(self) -> &'static str {
        match self {
            Command::Run => "Build, and run the tests of all binaries as one run (the default)",
            Command::List => "List the tests of all binaries; `--json` has a line for each",
            Command::Fixtures => "Show the fixtures, and what overrides what; `--json`",
            Command::Plan => "Show what would be set up, run and torn down; `--json`",
            Command::Doctor => "Look what is there and what was left; `--sweep` cleans",
            Command::Report => "Make reports of what `--events` wrote: `report FILE… --html FILE`",
            Command::Flaky => "Show tests that passed and failed, most changeful first; `--json`",
            Command::Bisect => {
                "Find the tests that make one fail which passes alone: `bisect TEST`"
            }
            Command::Completions => "Print a script of completions for a shell: bash, zsh, fish",
            Command::Init => "Write files of settings to start from; `--force` overwrites",
        }
    }
}

impl Command {
    /// What its own `--help` says besides.
    pub(super) fn more(self) -> &'static str {
        match self {
            Command::Bisect => {
                "
  cargo itest bisect [SELECTION] [--shuffle=SEED] [TEST]
  cargo itest bisect [SELECTION] --in-order FIRST SECOND … TEST
  cargo itest bisect [SELECTION] --from EVENTS [TEST]

Runs TEST alone, then behind all tests that run before it in one worker, in the order of
SEED or as they are written; then behind ever fewer of them. TEST is a name or a part of
one; without it, the only test that failed the last time. Give the selection of the run
that failed, or what it wrote to `--events`: behind what its worker had run. At the end stands a command that shows the failure with as few tests as it
takes. The exit code is 0 if that is found, 1 if not: TEST fails alone, by chance, or not.
"
            }
            Command::Completions => {
                "
  bash    source <(cargo itest completions bash)        # in ~/.bashrc, behind cargo's own
  zsh     cargo itest completions zsh > DIR/_cargo-itest   # DIR in `fpath`; or `source` it
  fish    cargo itest completions fish > ~/.config/fish/conf.d/cargo-itest.fish
"
            }
            _ => "",
        }
    }
}

/// A command line.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) command: Command,
    pub(super) help: bool,
    pub(super) no_run: bool,
    /// For programs.
    pub(super) json: bool,
    /// Overwrite what is there.
    pub(super) force: bool,
    /// Clean what was left.
    pub(super) sweep: bool,
    /// A recorded run whose order is looked at.
    pub(super) from: Option<OsString>,
    /// For `cargo test`.
    pub(super) cargo: Vec<OsString>,
    /// Some of them choose targets.
    pub(super) selects: bool,
    /// For the test binaries.
    pub(super) tests: Vec<OsString>,
    /// What those mean.
    pub(super) args: Box<Args>,
    /// The share of the tests that is wanted, if not all.
    pub(super) shard: Option<Shard>,
}

impl Words {
    /// Sorts a command line, the program's name first.
    ///
    /// # Errors
    /// The whole message, without `error: `.
    pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut words = words.into_iter().skip(1).peekable();
        let named = words.peek().and_then(command);
        if named.is_some() {
            words.next();
        }
        let mut sorted = Sorted::default();
        while let Some(word) = words.next() {
            if word == "--" {
                sorted.tests.extend(words);
                break;
            }
            sorted.take(word, &mut words)?;
        }
        let Sorted {
            cargo,
            tests,
            selects,
            help,
            no_run,
            json,
            force,
            sweep,
            from,
        } = sorted;
        let program = OsString::from("cargo-itest");
        let line = std::iter::once(program).chain(tests.iter().cloned());
        // The configuration of the project that is built.
        let manifest = cargo
            .iter()
            .skip_while(|word| *word != "--manifest-path")
            .nth(1);
        let project = manifest
            .and_then(|path| Path::new(path).parent())
            .map(Path::to_owned);
        let variable = |name: &str| match (name, &project) {
            ("CARGO_MANIFEST_DIR", Some(project)) => {
                std::path::absolute(project).ok().map(Into::into)
            }
            _ => std::env::var_os(name),
        };
        let (mut args, asked) = match cli::parse(line, &variable) {
            Ok(Parsed::Run(args)) => (args, false),
            // Behind `--`.
            Ok(Parsed::Help(_)) => (Box::new(cli::no_args()), true),
            Err(error) => {
                let text = error.to_string();
                return Err(text.trim_start_matches("error: ").to_owned());
            }
        };
        // A run of ours is one for all binaries anyway.
        args.share = Share::default();
        // Shares are cut here, of the tests of all binaries.
        let shard = args.shard.take();
        let tests = cli::without(&tests, "shard");
        Ok(Words {
            shard,
            command: named.unwrap_or(Command::Run),
            help: help || asked,
            no_run,
            json,
            force,
            sweep,
            from,
            cargo,
            selects,
            tests,
            args,
        })
    }
}

/// Options of cargo that choose what is tested, or how much is said.
const OF_THE_SELECTION: [&str; 6] = [
    "package",
    "workspace",
    "exclude",
    "quiet",
    "verbose",
    "color",
];

impl Words {
    /// Takes the filters out: what is left selects without them.
    pub(super) fn take_filters(&mut self) -> Vec<String> {
        let about_filters = ["exact", "in-order"];
        self.tests = cli::kept(&self.tests, |flag| !about_filters.contains(&flag));
        self.args.take_filters()
    }

    /// Those for cargo that say how something is built, and not what is run of it.
    pub(super) fn how_to_build(&self) -> Vec<&OsString> {
        let mut kept = Vec::new();
        let mut words = self.cargo.iter().peekable();
        while let Some(word) = words.next() {
            let name = word.to_str().and_then(|word| word.strip_prefix("--"));
            let value = words.next_if(|word| !word.as_encoded_bytes().starts_with(b"--"));
            let selects = FLAGS.iter().any(|flag| {
                name == Some(flag.name)
                    && (flag.goes == Goes::Selects || OF_THE_SELECTION.contains(&flag.name))
            });
            if !selects {
                kept.push(word);
                kept.extend(value);
            }
        }
        kept
    }
}

fn command(word: &OsString) -> Option<Command> {
    let mut all = Command::ALL.into_iter();
    all.find(|command| word == command.name())
}

#[derive(Default)]
struct Sorted {
    cargo: Vec<OsString>,
    tests: Vec<OsString>,
    selects: bool,
    help: bool,
    no_run: bool,
    json: bool,
    force: bool,
    sweep: bool,
    from: Option<OsString>,
}

impl Sorted {
    fn take(
        &mut self,
        word: OsString,
        rest: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), String> {
        let Some(text) = word.to_str() else {
            // Not a flag of anybody.
            self.tests.push(word);
            return Ok(());
        };
        if let Some(long) = text.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(OsString::from(value))),
                None => (long, None),
            };
            match FLAGS.iter().find(|flag| flag.name == name) {
                Some(flag) => self.give(flag, value, rest),
                None => {
                    let takes = value.is_none() && cli::takes_value(name, None);
                    self.tests.push(word);
                    self.tests.extend(rest.take(usize::from(takes)));
                    Ok(())
                }
            }
        } else if let Some(short) = text.strip_prefix('-').and_then(|rest| rest.chars().next()) {
            let value = &text[1 + short.len_utf8()..];
            match FLAGS.iter().find(|flag| flag.short == Some(short)) {
                Some(flag) if flag.value.is_some() || value.is_empty() => {
                    let value = value.strip_prefix('=').unwrap_or(value);
                    self.give(flag, (!value.is_empty()).then(|| value.into()), rest)
                }
                // Several in one word, `-vq`.
                Some(flag) => {
                    let more = format!("-{value}");
                    self.give(flag, None, rest)?;
                    self.take(more.into(), rest)
                }
                None => {
                    let takes = value.is_empty() && cli::takes_value("", Some(short));
                    self.tests.push(word);
                    self.tests.extend(rest.take(usize::from(takes)));
                    Ok(())
                }
            }
        } else {
            self.tests.push(word);
            Ok(())
        }
    }

    fn give(
        &mut self,
        flag: &Flag,
        given: Option<OsString>,
        rest: &mut impl Iterator<Item = OsString>,
    ) -> Result<(), String> {
        let name = flag.name;
        let value = match (flag.value, given) {
            (None, Some(_)) => return Err(format!("`--{name}` does not take a value")),
            (None, None) => None,
            (Some(_), Some(value)) => Some(value),
            (Some(of), None) => Some(
                rest.next()
                    .ok_or_else(|| format!("`--{name}` needs a value: `--{name} {of}`"))?,
            ),
        };
        match flag.goes {
            Goes::ToCargo => push(&mut self.cargo, name, value),
            Goes::Selects => {
                self.selects = true;
                push(&mut self.cargo, name, value);
            }
            Goes::ToBoth => {
                push(&mut self.cargo, name, value.clone());
                push(&mut self.tests, name, value);
            }
            Goes::As(other) => push(&mut self.cargo, other, value),
            Goes::ToTestsAs(word) => self.tests.push(word.into()),
            Goes::Ours => match name {
                "help" => self.help = true,
                "no-run" => self.no_run = true,
                "json" => self.json = true,
                "force" => self.force = true,
                "sweep" => self.sweep = true,
                "from" => self.from = value,
                _ => unreachable!("every flag of ours has its place"),
            },
            Goes::Refused(instead) => {
                return Err(format!("`--{name}` is not for `cargo itest`: {instead}"));
            }
        }
        Ok(())
    }
}

fn push(words: &mut Vec<OsString>, name: &str, value: Option<OsString>) {
    words.push(format!("--{name}").into());
    words.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(line: &str) -> Result<(String, String), String> {
        let words = std::iter::once("cargo-itest").chain(line.split_whitespace());
        let words = Words::parse(words.map(OsString::from))?;
        let join = |words: &[OsString]| {
            let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
            words.join(" ")
        };
        Ok((join(&words.cargo), join(&words.tests)))
    }

    #[test]
    fn words_go_to_cargo_or_to_the_tests() {
        let check = |line: &str, cargo: &str, tests: &str| {
            let expected = Ok((cargo.to_owned(), tests.to_owned()));
            assert_eq!(sorted(line), expected, "{line}");
        };
        check("", "", "");
        check("run", "", "");
        check("run run", "", "run");
        check("api --exact", "", "api --exact");
        check(
            "-p one --package=two api",
            "--package one --package two",
            "api",
        );
        check("-pone -j4 -r", "--package one --jobs 4 --release", "");
        check("--test it -- --test", "--test it", "--test");
        check("--skip --lib --lib", "--lib", "--skip --lib");
        check("--test-threads 3 x", "", "--test-threads 3 x");
        check("--cargo-profile ci", "--profile ci", "");
        check(
            "-q --color never",
            "--quiet --color never",
            "--quiet --color never",
        );
        check("-vq", "--verbose --quiet", "--quiet");
        check("a --no-fail-fast -- -- b", "", "a --max-fail=0 -- b");
        check(
            "-Z unstable-options --ignored",
            "",
            "-Z unstable-options --ignored",
        );
    }

    #[test]
    fn how_to_build_is_told_from_what() {
        let line = "cargo-itest -p one --test=it --release -F a,b -q --color never --workspace \
                    --manifest-path x/Cargo.toml --lib --cargo-config a.b=1";
        let words = Words::parse(line.split_whitespace().map(OsString::from));
        let kept = words.expect("it can be followed");
        let kept: Vec<_> = kept.how_to_build();
        let expected = [
            "--release",
            "--features",
            "a,b",
            "--manifest-path",
            "x/Cargo.toml",
            "--config",
            "a.b=1",
        ];
        assert_eq!(kept, expected);
    }

    #[test]
    fn flags_reach_drop_in_tests_as_variables() {
        let words = [
            "-m",
            "not slow",
            "x",
            "--retries=2",
            "--exact",
            "--in-process",
        ];
        let found = cli::variables(&words.map(OsString::from));
        let expected = [
            ("ITEST_MARKERS", "not slow"),
            ("ITEST_RETRIES", "2"),
            ("ITEST_IN_PROCESS", "1"),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name, value.into())));
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let check = |line: &str, part: &str| {
            let error = sorted(line).expect_err(line);
            assert!(error.contains(part), "{line}: {error}");
        };
        check("--doc", "cargo test --doc");
        check("--message-format=json", "--format");
        check("-p", "`--package` needs a value");
        check("--lib=x", "does not take a value");
        check("--exat", "similar name: `--exact`");
        check("-- --test-threads=0", "must not be 0");
    }
}
