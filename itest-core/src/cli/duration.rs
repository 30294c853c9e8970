//! Durations as the attributes have them: `500ms`, `5s`, `1m30s`.

use std::time::Duration;

/// Reads one; `0` needs no unit.
///
/// # Errors
/// With what is accepted.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let refused = || {
        format!(
            "`{text}` should be numbers with the units `h`, `m`, `s`, `ms`, largest first, as in \
             `500ms`, `5s`, `1m30s`"
        )
    };
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut smallest = None;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(refused)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let millis: u64 = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1_000,
            "ms" => 1,
            _ => return Err(refused()),
        };
        let number: u64 = number.parse().map_err(|_| refused())?;
        if smallest.is_some_and(|smallest| millis >= smallest) {
            return Err(refused());
        }
        let part = number.checked_mul(millis).map(Duration::from_millis);
        let sum = part.and_then(|part| total.checked_add(part));
        total = sum.ok_or_else(|| format!("`{text}` is too long"))?;
        smallest = Some(millis);
        rest = tail;
    }
    match smallest {
        Some(_) => Ok(total),
        None => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let check = |text: &str, millis: Option<u64>| {
            let expected = millis.map(Duration::from_millis);
            assert_eq!(duration(text).ok(), expected, "{text:?}");
        };
        check("0", Some(0));
        check("0s", Some(0));
        check("250ms", Some(250));
        check("1m30s", Some(90_000));
        check("1h1ms", Some(3_600_001));
        for text in [
            "",
            "5",
            "s",
            "-1s",
            "1d",
            "1s2",
            "1.5s",
            "1s1m",
            "1s1s",
            " 1s",
            "1s ",
            "00",
            "é",
            "18446744073709551615h",
            "99999999999999999999999ms",
            "1µs",
        ] {
            check(text, None);
        }
    }
}
