//! Modules together: loader → processor → validator → writer.

use itest::data;
use itest::prelude::*;
use itest_examples::database::Database;
use itest_examples::error::chain;
use itest_examples::import::loader::Source;
use itest_examples::import::writer::{Report, Status};
use itest_examples::import::{Stage, loader, pipeline, processor, validator, writer};
use itest_examples::model::{NewUser, User};
use reqwest::StatusCode;

use crate::common::ApiClient;

#[integration(markers(integration))]
mod import_pipeline {
    use super::*;

    /// Each stage takes what the one before made.
    #[integration]
    async fn data_flows_through_every_stage(db: &Database) -> Result {
        let raw = loader::load(data::path("tests/data/users.csv")).await?;
        let loaded = raw.len();
        let candidates = processor::transform(raw)?;
        let accepted = validator::check(candidates)?;
        let report = writer::save(db, accepted).await?;

        assert_eq!(report.status, Status::Success);
        assert_eq!(report.records_processed, loaded);
        assert_eq!(db.users().count().await?, 4);
        // The processor's work has arrived in the database.
        let katherine = db.users().find_by_email("katherine@example.com").await?;
        assert_eq!(
            katherine.expect("she was imported").name,
            "Katherine Johnson"
        );
        Ok(())
    }

    /// An error says what went wrong, and through which modules the data came before.
    #[integration]
    async fn an_error_has_the_context_of_all_stages(db: &Database) -> Result {
        let bad_data = Source::json("bad data", r#"{"invalid": "data"}"#);
        let error = pipeline::run(db, bad_data).await.unwrap_err();

        assert_eq!(error.stage(), Stage::Validator);
        assert_eq!(
            chain(&error),
            "import of `bad data` failed: validator: 1 of 1 records rejected: \
             bad data record 1: `name` must not be empty; `email` must be an e-mail address: \
             processor: understood as ` <>`: loader: bad data record 1"
        );
        assert_eq!(db.users().count().await?, 0);
        Ok(())
    }

    /// Every file is bad in a way that another stage finds; each is a test of its own.
    #[integration]
    #[case::ragged("tests/data/ragged_users.csv", Stage::Loader)]
    #[case::unparsable("tests/data/unparsable_users.csv", Stage::Processor)]
    #[case::without_names("tests/data/bad_users.csv", Stage::Validator)]
    async fn each_stage_refuses_what_it_knows_about(
        db: &Database,
        #[case] file: &str,
        #[case] stage: Stage,
    ) -> Result {
        let error = pipeline::run(db, data::path(file)).await.unwrap_err();
        assert_eq!(error.stage(), stage, "{}", chain(&error));
        assert_eq!(db.users().count().await?, 0);
        Ok(())
    }

    /// The writer refuses the last record, when the others are already written.
    #[integration]
    async fn a_late_conflict_undoes_the_import(db: &Database) -> Result {
        let barbara = NewUser::new("Barbara", "barbara.l@example.com");
        let barbara = db.users().create(&barbara).await?;
        let error = pipeline::run(db, data::path("tests/data/users.csv"))
            .await
            .unwrap_err();

        assert_eq!(error.stage(), Stage::Writer);
        assert!(
            chain(&error).contains("users.csv line 5"),
            "{}",
            chain(&error)
        );
        assert_eq!(db.users().all().await?, [barbara]);
        Ok(())
    }

    /// The whole way: HTTP → import → database → HTTP.
    #[integration]
    async fn imported_users_can_be_read_by_others(client: &ApiClient) -> Result {
        let response = client
            .import_csv(data::text("tests/data/users.csv")?)
            .await?;
        assert_eq!(response.status(), StatusCode::CREATED);
        let report: Report = response.json().await?;

        for id in report.user_ids {
            let user: User = client.fetch(&format!("/api/users/{id}")).await?;
            assert_eq!(user.id, id);
        }
        Ok(())
    }
}
