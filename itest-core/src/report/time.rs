//! Points in time as text, in the form of RFC 3339 and in UTC.

use std::fmt::{self, Display};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::json::Problem;

const DAY: i64 = 24 * 60 * 60;

/// `2026-11-25T19:47:22.123Z`
pub(crate) struct Timestamp(pub(crate) SystemTime);

impl Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut seconds, mut millis) = match self.0.duration_since(UNIX_EPOCH) {
            Ok(since) => (since.as_secs() as i64, i64::from(since.subsec_millis())),
            Err(error) => {
                let before = error.duration();
                (
                    -(before.as_secs() as i64),
                    -i64::from(before.subsec_millis()),
                )
            }
        };
        if millis < 0 {
            (seconds, millis) = (seconds - 1, millis + 1000);
        }
        let (year, month, day) = date(seconds.div_euclid(DAY));
        let time = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
        )
    }
}

/// The date of a day counted from 1970, in the Gregorian calendar.
///
/// Years are taken to begin in March, so that the day that leap years have is their last.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The inverse of [`date`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn parse(text: &str) -> Option<SystemTime> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let mut date = date.splitn(3, '-');
    let mut number = || date.next()?.parse::<i64>().ok();
    let (year, month, day) = (number()?, number()?, number()?);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut clock = clock.splitn(3, ':');
    let mut number = || clock.next()?.parse::<i64>().ok();
    let (hour, minute, second) = (number()?, number()?, number()?);
    let in_range = (1970..10_000).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    if !in_range || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let fraction: f64 = format!("0.{fraction}").parse().ok()?;
    let millis = (fraction * 1000.0).round() as u64;
    let since = Duration::from_secs(u64::try_from(seconds).ok()?) + Duration::from_millis(millis);
    Some(UNIX_EPOCH + since)
}

/// Reads a [`Timestamp`].
pub(crate) fn read(text: &str) -> Result<SystemTime, Problem> {
    parse(text).ok_or_else(|| Problem(format!("`{text}` is not a time like 2026-11-25T19:47:22Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_799, "2000-02-29T23:59:59.000Z"),
            (1_764_100_042, "2025-11-25T19:47:22.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(Timestamp(time).to_string(), text);
            assert_eq!(parse(text), Some(time));
        }
        let time = UNIX_EPOCH + Duration::from_millis(1_764_100_042_123);
        assert_eq!(Timestamp(time).to_string(), "2025-11-25T19:47:22.123Z");
        assert_eq!(parse("2025-11-25T19:47:22.123Z"), Some(time));
        let before = UNIX_EPOCH - Duration::from_millis(1);
        assert_eq!(Timestamp(before).to_string(), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_day_is_there_and_back() {
        for day in (0..200_000).step_by(13) {
            let (year, month, day_of_month) = date(day);
            assert_eq!(days(year, month, day_of_month), day);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026",
            "2026-11-25",
            "2026-13-25T00:00:00Z",
            "2026-11-25T24:00:00Z",
            "2026-11-25T00:00:00",
            "2026-11-25T00:00:00.x1Z",
            "1969-11-25T00:00:00Z",
            "2026-11-25T00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
