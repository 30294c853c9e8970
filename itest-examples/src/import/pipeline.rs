//! All four stages in a row.

use super::loader::Source;
use super::writer::Report;
use super::{ImportError, StageError, loader, processor, validator, writer};
use crate::database::Database;

/// Reads, transforms, checks and stores.
///
/// # Errors
/// [`ImportError`]; then nothing is stored.
pub async fn run(db: &Database, source: impl Into<Source>) -> Result<Report, ImportError> {
    let source = source.into();
    let name = source.name();
    match stages(db, source).await {
        Ok(report) => {
            tracing::info!(name, records = report.records_processed, "imported");
            Ok(report)
        }
        Err(source) => Err(ImportError { name, source }),
    }
}

async fn stages(db: &Database, source: Source) -> Result<Report, StageError> {
    let raw = loader::load(source).await?;
    let candidates = processor::transform(raw)?;
    let accepted = validator::check(candidates)?;
    writer::save(db, accepted).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    #[tokio::test]
    async fn imports_all_or_nothing() -> Result<(), Box<dyn std::error::Error>> {
        let db = Database::in_memory().await?;
        let report = run(&db, itest::data::path("tests/data/users.csv")).await?;
        assert_eq!(
            (report.status.to_string().as_str(), report.records_processed),
            ("success", 4)
        );
        assert_eq!(db.resources().summary().await?.count, 3);
        assert!(
            db.users()
                .find_by_email("katherine@example.com")
                .await?
                .is_some()
        );

        let again = run(&db, itest::data::path("tests/data/users.csv"))
            .await
            .unwrap_err();
        let again = chain(&again);
        let start = "import of `users.csv` failed: writer: cannot store the record from users.csv line 2: \
                     it conflicts with one that exists: ";
        assert!(again.starts_with(start), "{again}");
        assert_eq!(db.users().count().await?, 4);
        Ok(())
    }

    #[tokio::test]
    async fn errors_tell_the_whole_way() -> Result<(), Box<dyn std::error::Error>> {
        let db = Database::in_memory().await?;
        let check = async |source: Source, expected: &str| {
            let error = run(&db, source).await.unwrap_err();
            assert_eq!(chain(&error), expected);
        };
        check(
            itest::data::path("tests/data/bad_users.csv").into(),
            "import of `bad_users.csv` failed: validator: 3 of 4 records rejected: \
             bad_users.csv line 3: `email` must be an e-mail address: \
             processor: understood as `Nobody <nobody-at-example.com>`: loader: bad_users.csv line 3",
        )
        .await;
        check(
            Source::json("bad data", r#"{"invalid": "data"}"#),
            "import of `bad data` failed: validator: 1 of 1 records rejected: \
             bad data record 1: `name` must not be empty; `email` must be an e-mail address: \
             processor: understood as ` <>`: loader: bad data record 1",
        )
        .await;
        check(
            itest::data::path("tests/data/unparsable_users.csv").into(),
            "import of `unparsable_users.csv` failed: processor: `value` is `many`, not a whole number: \
             loader: unparsable_users.csv line 2",
        )
        .await;
        check(
            itest::data::path("tests/data/ragged_users.csv").into(),
            "import of `ragged_users.csv` failed: loader: the data is not CSV: \
             CSV error: record 1 (line: 2, byte: 35): found record with 2 fields, but the previous record has 5 fields",
        )
        .await;
        check(
            Source::json("numbers", "[{}, 7]"),
            "import of `numbers` failed: loader: numbers record 2 is not a JSON object",
        )
        .await;
        check(
            std::path::Path::new("notes.txt").into(),
            "import of `notes.txt` failed: loader: unknown kind of file; expected one of: `.csv`, `.json`",
        )
        .await;
        Ok(())
    }
}
