//! Time limits: `"500ms"`, `"5s"`, `"1m30s"`.

use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;

/// What the text means.
///
/// # Errors
/// The message to show at the literal.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let malformed = || {
        Err(format!(
            "unknown time limit `{text}`\n\
             expected numbers with the units `h`, `m`, `s`, `ms`, largest first, \
             as in `\"500ms\"`, `\"5s\"`, `\"1m30s\"`",
        ))
    };
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut smallest_unit = None;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        let millis: u64 = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return malformed(),
        };
        if number.is_empty() || smallest_unit.is_some_and(|smallest| millis >= smallest) {
            return malformed();
        }
        let part = number
            .parse()
            .ok()
            .and_then(|number: u64| number.checked_mul(millis))
            .map(Duration::from_millis);
        match part.and_then(|part| total.checked_add(part)) {
            Some(sum) => total = sum,
            None => return Err(format!("the time limit `{text}` is too large")),
        }
        smallest_unit = Some(millis);
        rest = tail;
    }
    if smallest_unit.is_none() {
        return malformed();
    }
    if total.is_zero() {
        return Err(String::from(
            "a time limit of zero would stop everything at once\n\
             help: leave the option out for no limit of its own",
        ));
    }
    Ok(total)
}

pub(crate) fn expand_duration(duration: Duration) -> TokenStream {
    let seconds = Literal::u64_unsuffixed(duration.as_secs());
    let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::new(#seconds, #nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_their_combinations() {
        for (text, millis) in [
            ("1ms", 1),
            ("500ms", 500),
            ("5s", 5_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1m30s", 90_000),
            ("1h0m1s5ms", 3_601_005),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_millis(millis)),
                "{text}"
            );
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "", "5", "s", "5 s", "1.5s", "-1s", "5sec", "5S", "30s1m", "1s1s", "5us", "٣s",
        ] {
            let error = parse_duration(text).expect_err(text);
            assert!(error.starts_with("unknown time limit"), "{text}: {error}");
        }
        assert!(parse_duration("0s").is_err_and(|e| e.contains("zero")));
        assert!(parse_duration("0m0s").is_err_and(|e| e.contains("zero")));
        let large = format!("{}h", u64::MAX);
        assert!(parse_duration(&large).is_err_and(|e| e.contains("too large")));
        let larger = format!("{}s", "9".repeat(40));
        assert!(parse_duration(&larger).is_err_and(|e| e.contains("too large")));
    }
}
