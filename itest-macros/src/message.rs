//! The wording that several errors share.

/// An unknown word where only some are accepted.
///
/// `what` names it in full (`fixture scope`), `noun` in short (`scope`).
pub(crate) fn unknown(what: &str, noun: &str, found: &str, accepted: &[&str]) -> String {
    let mut message = format!("unknown {what} `{found}`\n{}", one_of(accepted));
    if let Some(similar) = closest(found, accepted) {
        message.push_str(&format!(
            "\nhelp: there is {} {noun} with a similar name: `{similar}`",
            article(noun),
        ));
    }
    message
}

/// ``expected one of: `a`, `b` ``
pub(crate) fn one_of(accepted: &[&str]) -> String {
    match accepted {
        [one] => format!("expected `{one}`"),
        _ => format!("expected one of: {}", list(accepted)),
    }
}

/// `` `a`, `b` ``
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// Tokens as they were written, more or less, short enough for a message.
pub(crate) fn shown(tokens: &impl quote::ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    if text.chars().count() <= 40 {
        return text;
    }
    let start: String = text.chars().take(39).collect();
    format!("{start}…")
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    }
}

/// The accepted word that the user probably meant.
pub(crate) fn closest<'a>(found: &str, accepted: &[&'a str]) -> Option<&'a str> {
    let found = found.to_lowercase();
    let most = (found.chars().count() / 3).max(1);
    accepted
        .iter()
        .map(|word| (edit_distance(&found, word), *word))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Insertions, deletions, replacements and swaps of neighbours.
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_gets_the_list_and_the_nearest() {
        assert_eq!(
            unknown("fixture scope", "scope", "sesion", &["test", "session"]),
            "unknown fixture scope `sesion`\n\
             expected one of: `test`, `session`\n\
             help: there is a scope with a similar name: `session`",
        );
        assert_eq!(
            unknown("option", "option", "zzz", &["timeout"]),
            "unknown option `zzz`\nexpected `timeout`",
        );
    }

    #[test]
    fn only_near_words_are_suggested() {
        let accepted = ["timeout", "retries", "serial"];
        assert_eq!(closest("time_out", &accepted), Some("timeout"));
        assert_eq!(closest("tiemout", &accepted), Some("timeout"));
        assert_eq!(closest("Serial", &accepted), Some("serial"));
        assert_eq!(closest("scope", &accepted), None);
        assert_eq!(closest("x", &["root"]), None);
    }
}
