//! [`look`]: the binaries of a selection, and what of their tests is wanted.

use super::binary::{Binary, Found, binaries, probe_all};
use super::plain::Plain;
use super::shard::Shares;
use super::words::Words;
use super::{Stop, artifacts, record};
use crate::describe::{Description, Wanted};
use crate::run::Broken;

/// A binary with what there is to run of it.
pub(super) enum Looked {
    /// It has `itest::main!()`.
    Full(Binary, Description),
    /// It runs by itself.
    Alone(Plain),
    Broken(Box<Broken>),
}

/// Builds, and looks at all binaries; `None` if they are only to be built.
pub(super) fn look(words: &Words, wanted: Wanted) -> Result<Option<Vec<Looked>>, Stop> {
    let built = artifacts::build(words)?;
    if words.no_run {
        return Ok(None);
    }
    let mut binaries = binaries(record::records(words)?, &built);
    let shares = match words.shard {
        None => None,
        Some(shard) => {
            for binary in &mut binaries {
                // Cut here, not once more there.
                let environment = &mut binary.record.environment;
                environment.push(("ITEST_SHARD".into(), "".into()));
            }
            let found = probe_all(&binaries, words, Wanted::Plan, |_| None);
            Some(Shares::cut(&binaries, &found, words, shard)?)
        }
    };
    let share = |index: usize| Some(shares.as_ref()?.file(index));
    let found = probe_all(&binaries, words, wanted, share);
    let both = binaries.into_iter().zip(found).enumerate();
    let all = both.map(|(index, (binary, found))| {
        let plain = match found {
            Found::Full(description) => return Looked::Full(binary, description),
            Found::Libtest => Plain::libtest(binary, words),
            Found::Other => Ok(Plain::other(binary, &words.args)),
            Found::Failed(broken) => Err(broken),
        };
        match plain {
            Ok(mut plain) => {
                if let Some(shares) = &shares {
                    plain.keep(|test| shares.has(index, test));
                }
                Looked::Alone(plain)
            }
            Err(broken) => Looked::Broken(broken),
        }
    });
    Ok(Some(all.collect()))
}
