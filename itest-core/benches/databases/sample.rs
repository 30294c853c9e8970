//! The sample crate: the same two hundred tests with itest and with sqlx.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Its test binaries.
pub(crate) struct Binaries {
    pub(crate) itest: PathBuf,
    pub(crate) sqlx: PathBuf,
}

/// Its files and their text.
const FILES: [(&str, &str); 3] = [
    ("lib.rs", include_str!("sample/lib.rs")),
    (
        "tests/with_itest.rs",
        include_str!("sample/tests/with_itest.rs"),
    ),
    (
        "tests/with_sqlx.rs",
        include_str!("sample/tests/with_sqlx.rs"),
    ),
];

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("databases")
}

/// `cargo COMMAND…` for it.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = Command::new(cargo);
    command.args(words).current_dir(directory());
    command.env("CARGO_TARGET_DIR", directory().join("target"));
    command
}

/// Writes what is not there yet, and builds.
pub(crate) fn build() -> Binaries {
    let core = env!("CARGO_MANIFEST_DIR");
    let manifest = include_str!("sample/Cargo.toml.in").replace("ITEST_CORE", core);
    write("Cargo.toml", &manifest);
    for (path, text) in FILES {
        write(path, text);
    }
    for file in 0..5 {
        write(
            &format!("migrations/{}_tables.sql", file + 1),
            &migration(file),
        );
    }
    // The versions of the workspace are the ones that are there.
    if let Ok(lock) = fs::read_to_string(Path::new(core).join("../Cargo.lock")) {
        write("Cargo.lock", &lock);
    }
    let output = cargo(&["test", "--no-run", "--quiet", "--message-format=json"])
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo should start");
    assert!(output.status.success(), "the sample does not build");
    let text = String::from_utf8_lossy(&output.stdout);
    let binary = |target: &str| {
        text.lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == target)
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .expect("cargo names the executable")
    };
    Binaries {
        itest: binary("with_itest"),
        sqlx: binary("with_sqlx"),
    }
}

/// Four of twenty tables with 250 rows each; the last file has a view of all.
fn migration(file: u32) -> String {
    let mut sql = String::new();
    for table in file * 4 + 1..=file * 4 + 4 {
        let _ = writeln!(
            sql,
            "CREATE TABLE t{table} (id bigserial PRIMARY KEY, name text NOT NULL, value integer \
             NOT NULL);\nCREATE INDEX ON t{table} (value);\nINSERT INTO t{table} (name, value) \
             SELECT 'row ' || n, n FROM generate_series(1, 250) AS n;"
        );
    }
    if file == 4 {
        let all: Vec<String> = (1..=20)
            .map(|table| format!("SELECT id FROM t{table}"))
            .collect();
        let _ = writeln!(sql, "CREATE VIEW all_rows AS {};", all.join(" UNION ALL "));
    }
    sql
}

/// Leaves a file alone that is right, so that nothing is built again.
fn write(path: &str, text: &str) {
    let path = directory().join(path);
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return;
    }
    let written = fs::create_dir_all(path.parent().expect("it has a parent"));
    written
        .and_then(|()| fs::write(&path, text))
        .expect("the target directory is writable");
}
