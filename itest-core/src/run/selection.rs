//! Which of the tests that could run do: those that failed last, or one machine's share.

use std::time::Duration;

use super::binary_id;
use crate::cli::{Args, Shard};
use crate::history::History;
use crate::plan::{Plan, Verdict};
use crate::sort;

/// Leaves out what `--last-failed` and `--shard` do not want.
pub(super) fn select(
    plan: &Plan,
    verdicts: Vec<(usize, Verdict)>,
    args: &Args,
) -> Vec<(usize, Verdict)> {
    if !args.last_failed && args.shard.is_none() {
        return verdicts;
    }
    let binary = binary_id();
    let history = History::load([&*binary]);
    let mut verdicts = verdicts;
    if args.last_failed && history.any_failure() {
        verdicts.retain(|(index, _)| {
            let last = history.last(&binary, &plan.tests[*index].name);
            last.is_some_and(|past| past.is_failure())
        });
    }
    if let Some(shard) = args.shard {
        let tests = verdicts.iter().map(|(index, verdict)| {
            let name = &*plan.tests[*index].name;
            let time = match verdict {
                Verdict::Run => history.duration(&binary, name),
                _ => Some(Duration::ZERO),
            };
            (name, time)
        });
        let tests: Vec<_> = tests.collect();
        let mut shards = assign(&tests, shard.of, &binary).into_iter();
        verdicts.retain(|_| shards.next() == Some(shard.number - 1));
    }
    verdicts
}

impl Shard {
    /// `2/3`
    pub(crate) fn parse(text: &str) -> Option<Shard> {
        let (number, of) = text.split_once('/')?;
        let shard = Shard {
            number: number.parse().ok()?,
            of: of.parse().ok()?,
        };
        (1..=shard.of).contains(&shard.number).then_some(shard)
    }
}

/// The shard of each test, from 0: the longest first, each to the shard that has least to do.
///
/// Every machine that knows the same times comes to the same result, whatever shard it runs. A
/// test whose time is not known counts as the median of the others.
pub(crate) fn assign(
    tests: &[(&str, Option<Duration>)],
    shards: usize,
    binary: &str,
) -> Vec<usize> {
    let mut known: Vec<Duration> = tests.iter().filter_map(|(_, time)| *time).collect();
    known.retain(|time| !time.is_zero());
    sort::ascending(&mut known);
    let median = known.get(known.len() / 2).copied();
    let median = median.unwrap_or(Duration::from_millis(1));
    let time = |index: usize| tests[index].1.unwrap_or(median);
    let mut order: Vec<usize> = (0..tests.len()).collect();
    sort::by(&mut order, |&a, &b| {
        time(b)
            .cmp(&time(a))
            .then_with(|| tests[a].0.cmp(tests[b].0))
    });
    // So that the first shard does not get the longest test of every binary.
    let first = binary.bytes().fold(0_usize, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    let mut loads = vec![(Duration::ZERO, 0_usize); shards];
    let mut result = vec![0; tests.len()];
    for index in order {
        let least = (0..shards).min_by_key(|&shard| (loads[shard], shard));
        let least = least.unwrap_or_default();
        loads[least].0 = loads[least].0.saturating_add(time(index));
        loads[least].1 += 1;
        result[index] = (least + first) % shards;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|index| format!("t{index}")).collect()
    }

    #[test]
    fn shards_are_written_so() {
        let shard = |number, of| Some(Shard { number, of });
        assert_eq!(Shard::parse("1/1"), shard(1, 1));
        assert_eq!(Shard::parse("2/3"), shard(2, 3));
        for text in [
            "", "1", "0/2", "3/2", "1/0", "a/2", "1/2/3", "-1/2", "1 / 2",
        ] {
            assert_eq!(Shard::parse(text), None, "{text}");
        }
    }

    /// Two hundred tests whose times differ by three orders of magnitude.
    #[test]
    fn shards_are_complete_stable_and_balanced() {
        let names = names(200);
        let times: Vec<Duration> = (0..200_u64)
            .map(|index| Duration::from_millis(1 + (index * 7919) % 1000 * ((index % 5) + 1)))
            .collect();
        let tests: Vec<(&str, Option<Duration>)> = names
            .iter()
            .zip(&times)
            .map(|(name, time)| (&**name, Some(*time)))
            .collect();
        for shards in [1, 2, 3, 7, 16] {
            let assigned = assign(&tests, shards, "binary");
            assert_eq!(assigned, assign(&tests, shards, "binary"));
            assert!(assigned.iter().all(|shard| *shard < shards));
            let mut loads = vec![Duration::ZERO; shards];
            for (shard, time) in assigned.iter().zip(&times) {
                loads[*shard] += *time;
            }
            let ideal = times.iter().sum::<Duration>() / u32::try_from(shards).unwrap();
            for load in loads {
                let off = load.abs_diff(ideal).as_secs_f64() / ideal.as_secs_f64();
                assert!(off < 0.1, "{shards} shards: {load:?} instead of {ideal:?}");
            }
        }
    }

    #[test]
    fn the_order_of_the_tests_does_not_matter() {
        let names = names(50);
        let time =
            |index: usize| (!index.is_multiple_of(3)).then(|| Duration::from_millis(index as u64));
        let tests: Vec<_> = (0..50).map(|index| (&*names[index], time(index))).collect();
        let reversed: Vec<_> = tests.iter().rev().copied().collect();
        let assigned = assign(&tests, 4, "b");
        let again: Vec<usize> = assign(&reversed, 4, "b").into_iter().rev().collect();
        assert_eq!(assigned, again);
    }

    #[test]
    fn unknown_times_are_shared_evenly() {
        let names = names(10);
        let tests: Vec<_> = names.iter().map(|name| (&**name, None)).collect();
        let assigned = assign(&tests, 3, "b");
        let mut counts = [0; 3];
        assigned.iter().for_each(|shard| counts[*shard] += 1);
        counts.sort_unstable();
        assert_eq!(counts, [3, 3, 4]);
        assert!(assign(&[], 3, "b").is_empty());
    }
}
