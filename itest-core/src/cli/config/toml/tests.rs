//! Compared with the `toml` crate: what it reads is read alike, what it refuses is refused.

use proptest::prelude::*;

use super::*;

/// As the `toml` crate would have it; `None` where there is a date.
fn plain(kind: &Kind) -> ::toml::Value {
    match kind {
        Kind::Str(value) => ::toml::Value::String(value.clone()),
        Kind::Int(value) => ::toml::Value::Integer(*value),
        Kind::Float(value) => ::toml::Value::Float(*value),
        Kind::Bool(value) => ::toml::Value::Boolean(*value),
        Kind::Array(array) => ::toml::Value::Array(
            array
                .values
                .iter()
                .map(|value| plain(&value.kind))
                .collect(),
        ),
        Kind::Table(table) => ::toml::Value::Table(plain_table(table)),
    }
}

fn plain_table(table: &Table) -> ::toml::Table {
    let entries = table.entries.iter();
    entries
        .map(|entry| (entry.key.clone(), plain(&entry.value.kind)))
        .collect()
}

fn has_date(value: &::toml::Value) -> bool {
    match value {
        ::toml::Value::Datetime(_) => true,
        ::toml::Value::Array(values) => values.iter().any(has_date),
        ::toml::Value::Table(table) => table.values().any(has_date),
        _ => false,
    }
}

fn compare(text: &str) -> Result<(), String> {
    let ours = parse(text).map(|table| plain_table(&table));
    let theirs = text.parse::<::toml::Table>();
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            // Not a number is not equal to itself.
            let (ours, theirs) = (format!("{ours:?}"), format!("{theirs:?}"));
            match ours == theirs {
                true => Ok(()),
                false => Err(format!("{ours}\n  instead of {theirs}")),
            }
        }
        (Err(_), Err(_)) => Ok(()),
        (Err(_), Ok(theirs)) if theirs.values().any(has_date) => Ok(()),
        // They let a dotted key into the last table of an array that has headers, which the
        // specification does not.
        (Err(problem), Ok(_)) if problem.message.ends_with("is an array, not a table") => Ok(()),
        (Err(problem), Ok(theirs)) => Err(format!("{problem:?}\n  instead of {theirs:?}")),
        (Ok(ours), Err(error)) => Err(format!("{ours:?}\n  instead of {error}")),
    }
}

#[test]
fn files_are_read_as_others_read_them() {
    for text in [
        "",
        "\u{feff}a = 1",
        "# nothing\r\n\r\n\t# else",
        "a = 1\nb.c = 'x'\n\"d e\".f = \"y\\n\\u00e9\\U0001f600\\x41\\e\"\n",
        "a = 1_000\nb = -0x1\nc = 0xdead_BEEF\nd = 0o17\ne = 0b101\nf = +3\ng = -0\nh = 00",
        "a = 1.5\nb = -1e3\nc = 6.02e-23\nd = inf\ne = -nan\nf = 1_0.0_1\ng = 1.\nh = .1",
        "a = [1, 'b', [true, false,],\n # comment\n {c = 1}]",
        "a = { b = 1, c.d = 2,\n }",
        "a = { b = 1, b.c = 2 }",
        "a = { b.c = 1 , b = { d = 1 } }",
        "a = \"\"\"\nb\\\n   c\"\" \"\"\"\"\"\nd = '''\n'e''''",
        "a = \"\"\"\"\"\"\"\"",
        "a = \"\"\"b\\   \r\n\r\n c\"\"\"",
        "a = '''\r\nb\r\n'''",
        "[a]\nb = 1\n[a.c]\n[[a.d]]\ne = 1\n[[a.d]]\n[a.d.f]\n",
        "[a.b]\n[a]\n[a.c]",
        "[a]\n[a]",
        "[a.b]\n[a]\nb.c = 1",
        "[a.b.c]\n[a]\nb.d = 1",
        "[a]\nb.c = 1\n[a.b]",
        "[a]\nb.c = 1\n[a.b.d]",
        "a.b = 1\n[a.c]\n[a]",
        "a = 1\n[a]",
        "a = []\n[[a]]",
        "a = {}\n[a.b]",
        "a = {}\na.b = 1",
        "[[a]]\n[a]",
        "[a]\n[[a]]",
        "[[a.b]]\n[a]",
        "[[a]]\nb.c = 1\nb.d = 2",
        "a = 1\na = 2",
        "a.b = 1\na.b.c = 2",
        "a.b = 1\na.c = 2",
        "a.b.c = 1\na.b.d = 2\na.b = 3",
        "a",
        "a =",
        "= 1",
        "a = 1 b = 2",
        "a = \"\n\"",
        "a = \"\\q\"",
        "a = \"\\ud800\"",
        "a = 'b",
        "a = [1",
        "a = [,]",
        "a = {,}",
        "a = 2020-01-01",
        "a = 99999999999999999999",
        "a = 1__0",
        "a = 0x",
        "a = 0x_1",
        "a = +0x1",
        "a = tru",
        "a = inf_",
        "[a",
        "[[a]",
        "[ a . b ]\n",
        "[]",
        "[a.]",
        "a..b = 1",
        "a = 1\rb = 2",
        "# \u{7f}",
        "a = \"\u{7f}\"",
        "a = '\t'",
        "\"\" = 1",
        "'' = 1",
        "\"\"\"a\"\"\" = 1",
        "é = 1",
    ] {
        if let Err(difference) = compare(text) {
            panic!("{text:?}\n  {difference}");
        }
    }
}

#[test]
fn positions_and_messages() {
    let check = |text: &str, line: usize, column: usize, message: &str| {
        let problem = parse(text).expect_err(text);
        let found = (problem.position(text), &*problem.message);
        assert_eq!(found, ((line, column), message), "{text:?}");
    };
    check("a = 1\n  b 2", 2, 5, "expected `=`, found `2`");
    check("a = ja", 1, 5, "`ja` is no value: a text needs quotes");
    check(
        "a = 2020-01-01",
        1,
        5,
        "`2020-01-01`: dates and times are not used here",
    );
    check("a = \"é", 1, 7, "expected `\"`, found the end of the file");
    check("a = [1\nb", 2, 1, "expected `,` or `]`, found `b`");
    check("[a]\n[a]", 2, 2, "`a` is there already");
    check("a = 1\na.b = 1", 2, 1, "`a` is a whole number, not a table");
    check(
        "a = 1 # b\u{1}",
        1,
        10,
        "expected no control characters in comments, found `\\u{1}`",
    );
    check(
        "[[b.b.a]]\n[b.b]\na.a.a = 1",
        3,
        1,
        "`a` is an array, not a table",
    );
    let deep = format!("a = {}", "[".repeat(100_000));
    check(&deep, 1, 85, "more than 80 brackets within each other");
    let keys = format!("{}a = 1", "a.".repeat(100_000));
    check(&keys, 1, 161, "more than 80 parts of a key");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn anything_is_read_as_others_read_it(
        text in r#"([a-c\[\]{}.=,"'\\#_ \t\n0-3+xeuE-]|\r\n|"""|'''|true|inf|a = |\[a\]|\n\[\[b\]\]\n){0,40}|\PC{0,40}"#
    ) {
        if let Err(difference) = compare(&text) {
            prop_assert!(false, "{:?}\n  {}", text, difference);
        }
    }

    #[test]
    fn tables_are_made_as_others_make_them(
        lines in prop::collection::vec(
            r"(\[?\[[ab](\.[ab]){0,2}\]\]?|[ab](\.[ab]){0,2} = (1|\{\}|\[\]|\{a.b = 1\}|\[\{\}\]))",
            0..6,
        )
    ) {
        let text = lines.join("\n");
        if let Err(difference) = compare(&text) {
            prop_assert!(false, "{}\n  {}", text, difference);
        }
    }
}
