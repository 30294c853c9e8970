//! [`Guard`]: keeps tests from running against production.

use super::toml::{Kind, Table};
use super::{File, Problem, position};

use crate::sort;

/// Patterns of what no variable may have while tests run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Guard(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// A pattern of whole names.
    variable: String,
    /// A pattern of parts of values.
    pattern: String,
    /// `file:line:column`
    place: String,
}

impl Guard {
    pub(super) fn parse(file: &File<'_>, table: &Table) -> Result<Self, Problem> {
        let mut rules = Vec::new();
        for entry in &table.entries {
            let single = std::slice::from_ref(&entry.value);
            let patterns = match &entry.value.kind {
                Kind::Array(array) => &array.values,
                _ => single,
            };
            for value in patterns {
                let pattern = file.string(value)?;
                if pattern.trim_matches('*').is_empty() {
                    return Err(Problem::at(value.at, "a pattern that matches everything"));
                }
                let (line, column) = position(file.text, value.at);
                rules.push(Rule {
                    variable: entry.key.clone(),
                    pattern: pattern.to_owned(),
                    place: format!("{}:{line}:{column}", file.path),
                });
            }
        }
        Ok(Guard(rules))
    }

    /// Why tests must not run, if that is so. The value, often a secret, is not told.
    pub(crate) fn refusal(
        &self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let mut variables: Vec<(String, String)> = variables.into_iter().collect();
        sort::ascending(&mut variables);
        variables.into_iter().find_map(|(name, value)| {
            let mut rules = self.0.iter();
            let rule = rules.find(|rule| rule.forbids(&name, &value))?;
            Some(format!(
                "error: tests do not run against production: `{name}` matches `{}`\n --> {}\n  \
                 help: unset the variable, or let it name something that may be destroyed",
                rule.pattern, rule.place
            ))
        })
    }
}

impl Rule {
    fn forbids(&self, name: &str, value: &str) -> bool {
        matches(&self.variable, name)
            && matches(
                &format!("*{}*", self.pattern.to_lowercase()),
                &value.to_lowercase(),
            )
    }
}

/// Whether the pattern is the whole text, `*` being anything and `?` one character.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on with one more character for the last `*`.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after, from)) => {
                    retry = Some((after, from + 1));
                    p = after;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::matches;

    #[test]
    fn patterns() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        };
        check("", "", true);
        check("", "a", false);
        check("a", "a", true);
        check("a", "ab", false);
        check("*", "", true);
        check("*a*b*", "xxayybzz", true);
        check("*a*b*", "xxbyyazz", false);
        check("a?c", "abc", true);
        check("a?c", "ac", false);
        check("*_URL", "DATABASE_URL", true);
        check("*aab", "aaaab", true);
        check("**", "é", true);
        check(&"*a".repeat(50), &"a".repeat(5_000), true);
        check(&("*a".repeat(50) + "b"), &"a".repeat(5_000), false);
    }

    #[test]
    fn production_is_refused_without_telling_the_value() {
        let text = "[guard]\nDATABASE_URL = [\"prod\", \"live-??.db\"]\n\"*_KEY\" = 'sk_live'\n";
        let config = Config::parse(text, "itest.toml", None).unwrap();
        let refusal = |name: &str, value: &str| {
            let variables = [("HOME".into(), "/prod".into()), (name.into(), value.into())];
            config.guard.refusal(variables)
        };
        assert_eq!(refusal("DATABASE_URL", "postgres://localhost/test"), None);
        assert_eq!(refusal("OTHER", "prod"), None);
        assert_eq!(refusal("DATABASE_URL", "live-1.db"), None);
        let told = refusal("DATABASE_URL", "postgres://me:secret@PROD-1/x").unwrap();
        assert_eq!(
            told,
            "error: tests do not run against production: `DATABASE_URL` matches `prod`\n --> \
             itest.toml:2:17\n  help: unset the variable, or let it name something that may be \
             destroyed"
        );
        assert!(
            refusal("DATABASE_URL", "live-12.db")
                .unwrap()
                .contains("itest.toml:2:25")
        );
        assert!(
            refusal("STRIPE_KEY", "sk_live_1")
                .unwrap()
                .contains("itest.toml:3:11")
        );
        assert!(Config::parse("[guard]\nA = '*'", "f", None).is_err());
        assert!(Config::parse("[guard]\nA = 1", "f", None).is_err());
    }
}
