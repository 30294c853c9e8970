//! What the fuzz targets call; in no other build.

use std::ffi::OsString;

use super::config::Config;
use super::expression::Expression;
use super::low::LowArgs;
use super::resolve;

/// Profiles that a file may have, and one that it hardly has.
const PROFILES: [Option<&str>; 4] = [None, Some("default"), Some("ci"), Some("no such")];

/// Reads an expression of markers; what is one means the same when it is written again.
pub fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Expression::parse(text) {
        Ok(expression) => {
            expression.holds_for_markers(&[]);
            expression.holds_for_keywords("m::t", &[]);
            let _ = expression.check_no_arguments();
            let again = Expression::parse(&expression.to_string());
            let again = again.expect("what was read can be read again");
            assert_eq!(expression, again, "{text:?}");
        }
        Err(error) => {
            let end = text.chars().count() + 1;
            assert!((1..=end).contains(&error.column), "{text:?}: {error}");
        }
    }
}

/// Reads a configuration file, and what it means if nothing else is said.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for profile in PROFILES {
        match Config::parse(text, "f", profile) {
            Ok(config) => {
                let resolved = resolve::resolve(LowArgs::default(), &|_| None, config);
                if let Ok(args) = resolved {
                    args.timeout("m::t", &[], None);
                    args.leaks("m::t", &[]);
                    args.guard.refusal([("A".to_owned(), "b".to_owned())]);
                }
            }
            Err(error) => assert!(error.contains(" --> f:"), "{text:?}: {error}"),
        }
    }
}

/// Reads a command line: words that end in NUL, those that begin with a `$` variables.
#[cfg(unix)]
pub fn arguments(bytes: &[u8]) {
    use std::os::unix::ffi::OsStringExt;

    let mut words = vec![OsString::from("tests")];
    let mut variables = vec![("ITEST_CONFIG".to_owned(), OsString::from("0"))];
    for word in bytes.split(|byte| *byte == 0) {
        let variable = word.strip_prefix(b"$").and_then(|word| {
            let at = word.iter().position(|byte| *byte == b'=')?;
            let name = String::from_utf8(word[..at].to_vec()).ok()?;
            Some((name, OsString::from_vec(word[at + 1..].to_vec())))
        });
        match variable {
            Some((name, _)) if name == "ITEST_CONFIG" => {}
            Some(variable) => variables.push(variable),
            None => words.push(OsString::from_vec(word.to_vec())),
        }
    }
    let env = |name: &str| {
        let mut variables = variables.iter();
        variables
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    if let Err(error) = super::parse(words.clone(), &env) {
        let told = error.to_string();
        assert!(told.starts_with("error: "), "{words:?}: {told}");
    }
}
