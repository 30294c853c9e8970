//! [`search`]: the few among many that are needed for a failure.

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Known to make it fail, in their order.
    pub(super) tests: Vec<usize>,
    /// None of them can be left out; otherwise the tries were used up before that was known.
    pub(super) is_minimal: bool,
}

/// Finds out which of `suspects` it takes.
///
/// `fails` tries some of them, in their order. All of them together are known to make it fail, and
/// none of them not to. Each that is needed costs as many tries as the number of suspects can be
/// halved, and two more: of all suspects the shortest end that still fails begins with one that is
/// needed; then the same with what stands behind that one.
///
/// # Errors
/// The first one of `fails`.
pub(super) fn search<E>(
    suspects: &[usize],
    tries: usize,
    mut fails: impl FnMut(&[usize]) -> Result<bool, E>,
) -> Result<Found, E> {
    let mut left = tries;
    let mut needed: Vec<usize> = Vec::new();
    let mut rest = suspects;
    while !rest.is_empty() {
        if !needed.is_empty() {
            if left == 0 {
                return Ok(Found::so_far(&needed, rest));
            }
            left -= 1;
            if fails(&needed)? {
                break;
            }
        }
        let (mut passes, mut fails_with) = (0, rest.len());
        while fails_with - passes > 1 {
            let middle = passes + (fails_with - passes) / 2;
            if left == 0 {
                return Ok(Found::so_far(&needed, &rest[rest.len() - fails_with..]));
            }
            left -= 1;
            match fails(&joined(&needed, &rest[rest.len() - middle..]))? {
                true => fails_with = middle,
                false => passes = middle,
            }
        }
        let first = rest.len() - fails_with;
        needed.push(rest[first]);
        rest = &rest[first + 1..];
    }
    // One that was needed beside tests that are gone may not be any more.
    let mut index = 0;
    while needed.len() > 1 && index < needed.len() {
        if left == 0 {
            return Ok(Found::so_far(&needed, &[]));
        }
        left -= 1;
        let mut without = needed.clone();
        without.remove(index);
        match fails(&without)? {
            true => needed = without,
            false => index += 1,
        }
    }
    Ok(Found {
        tests: needed,
        is_minimal: true,
    })
}

impl Found {
    fn so_far(needed: &[usize], rest: &[usize]) -> Self {
        Found {
            tests: joined(needed, rest),
            is_minimal: false,
        }
    }
}

/// What is needed stands before what is left of the suspects.
fn joined(needed: &[usize], rest: &[usize]) -> Vec<usize> {
    [needed, rest].concat()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// Searches where all of `culprits` together are needed; gives the tries, too.
    fn found(suspects: usize, tries: usize, culprits: &[usize]) -> (Found, usize) {
        let all: Vec<usize> = (0..suspects).collect();
        let mut count = 0;
        let found = search(&all, tries, |tried| {
            count += 1;
            assert!(tried.is_sorted(), "in their order");
            Ok::<_, Infallible>(culprits.iter().all(|culprit| tried.contains(culprit)))
        });
        let Ok(found) = found;
        (found, count)
    }

    #[test]
    fn one_of_many_takes_as_many_tries_as_halves() {
        for culprit in [0, 1, 250, 498, 499] {
            let (found, tries) = found(500, 200, &[culprit]);
            assert_eq!(found.tests, [culprit]);
            assert!(found.is_minimal);
            assert!(tries <= 10, "{tries}");
        }
        let (found, tries) = found(1, 200, &[0]);
        assert_eq!((found.tests, tries), (vec![0], 0));
    }

    #[test]
    fn several_that_are_needed_together_are_found() {
        let (found, tries) = found(500, 200, &[3, 100, 499]);
        assert_eq!(found.tests, [3, 100, 499]);
        assert!(found.is_minimal);
        assert!(tries <= 3 * 11 + 3, "{tries}");
    }

    /// Either of two will do: one is enough.
    #[test]
    fn one_of_two_culprits_is_found() {
        let all: Vec<usize> = (0..64).collect();
        let found = search(&all, 200, |tried| {
            Ok::<_, Infallible>(tried.contains(&7) || tried.contains(&50))
        });
        let Ok(found) = found;
        assert_eq!(found.tests, [50]);
    }

    /// A test that repairs what another one has done.
    #[test]
    fn a_test_that_repairs_is_left_out() {
        let all: Vec<usize> = (0..64).collect();
        let fails = |tried: &[usize]| {
            let last = |test| tried.iter().rposition(|tried| *tried == test);
            last(40) > last(45) || (last(10).is_some() && last(20) < last(10)) || tried.len() == 64
        };
        let found = search(&all, 200, |tried| Ok::<_, Infallible>(fails(tried)));
        let Ok(found) = found;
        assert!(found.is_minimal && found.tests.len() == 1, "{found:?}");
        assert!(fails(&found.tests));
    }

    #[test]
    fn an_error_ends_the_search() {
        let ended = search(&[1, 2, 3], 200, |_| Err::<bool, _>("no"));
        assert_eq!(ended, Err("no"));
    }

    proptest! {
        /// Whatever fails, what is found was seen to fail, and is minimal or the tries are over.
        #[test]
        fn what_is_found_fails(
            suspects in 1_usize..60,
            tries in 0_usize..120,
            culprits in proptest::collection::btree_set(0_usize..60, 1..5),
        ) {
            let mut culprits: Vec<usize> = culprits.into_iter().collect();
            culprits.retain(|culprit| *culprit < suspects);
            prop_assume!(!culprits.is_empty());
            let (found, count) = found(suspects, tries, &culprits);
            prop_assert!(count <= tries);
            prop_assert!(culprits.iter().all(|culprit| found.tests.contains(culprit)));
            prop_assert!(found.tests.is_sorted());
            if found.is_minimal {
                prop_assert_eq!(found.tests, culprits);
            }
        }
    }
}
