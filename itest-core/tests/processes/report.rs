//! What a report says.

use std::collections::BTreeMap;

use crate::scene::Ended;

impl Ended {
    /// Each test with the word behind its name: `ok`, `FAILED`, …
    pub(crate) fn results(&self) -> BTreeMap<&str, &str> {
        let lines = self.stdout.lines();
        let results = lines.filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
        results.collect()
    }

    /// `passed`, `failed` of the last line.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let line = self
            .stdout
            .lines()
            .rfind(|line| line.starts_with("test result: "));
        let line = line.unwrap_or_else(|| panic!("no result line; {self}"));
        let number = |word: &str| {
            let (before, _) = line.split_once(word).expect("the line is as libtest's");
            let number = before.split_whitespace().next_back();
            number
                .and_then(|number| number.parse().ok())
                .expect("there is a number")
        };
        (number(" passed"), number(" failed"))
    }

    /// What is shown of that test.
    pub(crate) fn section(&self, test: &str) -> &str {
        let head = format!("---- {test} stdout ----\n");
        let Some((_, body)) = self.stdout.split_once(&head) else {
            return "";
        };
        // The next section, or the list of names.
        let end = ["\n---- ", "\nfailures:\n", "\nsuccesses:\n", "\nerrors:\n"];
        let end = end.iter().filter_map(|text| body.find(text)).min();
        &body[..end.unwrap_or(body.len())]
    }

    /// Whether either stream has it.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }

    #[track_caller]
    pub(crate) fn must_say(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.says(text), "it does not say {text:?}; {self}");
        }
    }

    #[track_caller]
    pub(crate) fn must_exit(&self, code: i32) {
        assert_eq!(self.code, Some(code), "the exit code; {self}");
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: &str| -> String {
            let skipped = text.lines().count().saturating_sub(80);
            let lines = text.lines().skip(skipped);
            let line = |line: &str| format!("  {}\n", line.chars().take(200).collect::<String>());
            lines.map(line).collect()
        };
        write!(
            f,
            "exit code {:?}\nstdout:\n{}",
            self.code,
            cut(&self.stdout)
        )?;
        write!(f, "stderr:\n{}", cut(&self.stderr))
    }
}
