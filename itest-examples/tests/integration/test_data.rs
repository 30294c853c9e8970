//! Data from files under `tests/data`: JSON for values, SQL for rows.
//!
//! A path starts at the root of the package, wherever the test runs. A mistake in a file is shown
//! with its line.

use itest::data;
use itest::prelude::*;
use itest::service::sqlite::SqliteTemplate;
use itest_examples::database::{Database, Dataset};
use itest_examples::model::User;

/// A data set, and the database that it is in. For reading: all tests of this module share it.
struct TestData {
    set: Dataset,
    users: Vec<User>,
    db: Database,
}

/// Loaded once for this module.
#[fixture(scope = "module")]
async fn test_data(sqlite_template: &SqliteTemplate) -> Result<TestData> {
    let file = sqlite_template.create()?;
    let db = Database::open(file.path()).await?;
    let set: Dataset = data!("tests/data/integration_test_data.json");
    let users = db.seed(&set).await?;

    let test_data = provide!(TestData { set, users, db });

    // Nobody may have changed what everybody reads.
    assert_eq!(test_data.db.users().all().await?, test_data.users);
    test_data.db.close().await;
}

/// For writing: every test gets its own. `from` says which database, whoever overrides `db`.
#[fixture]
async fn populated_db(#[from(crate::db)] db: &Database) -> Result<Database> {
    db.seed_from_fixtures(data::path("tests/data/test_fixtures.sql"))
        .await?;
    let db = provide!(db.clone());
    db.truncate_all().await?;
}

#[integration(markers(integration))]
mod from_json {
    use super::*;

    #[integration]
    async fn users_are_as_in_the_file(test_data: &TestData) -> Result {
        let stored = test_data.db.users().all().await?;
        let names = stored.iter().map(|user| &user.name);
        assert!(names.eq(test_data.set.users.iter().map(|user| &user.name)));
        Ok(())
    }

    #[integration]
    async fn owners_have_their_resources(test_data: &TestData) -> Result {
        for (user, expected) in test_data.users.iter().zip(&test_data.set.users) {
            let owned = test_data.db.resources().owned_by(user.id).await?;
            assert_eq!(owned.len(), expected.resources.len(), "{}", user.name);
        }
        Ok(())
    }
}

#[integration(markers(integration))]
mod from_sql {
    use super::*;

    #[integration]
    async fn rows_are_as_in_the_script(populated_db: &Database) -> Result {
        let barbara = populated_db
            .users()
            .find_by_email("barbara@example.com")
            .await?;
        let barbara = barbara.expect("the script inserts her");
        assert_eq!(
            populated_db.resources().owned_by(barbara.id).await?.len(),
            1
        );
        Ok(())
    }

    #[integration]
    async fn a_test_may_change_them(populated_db: &Database) -> Result {
        for user in populated_db.users().all().await? {
            populated_db.users().delete(user.id).await?;
        }
        let left = populated_db.resources().all().await?;
        assert_eq!(left.len(), 1, "only the shared resource is left: {left:?}");
        Ok(())
    }

    /// `uses` sets a fixture up whose value the test does not need.
    #[integration(uses(populated_db))]
    async fn ids_go_on_behind_them(db: &Database) -> Result {
        let set: Dataset = data!("tests/data/integration_test_data.json");
        let users = db.seed(&set).await?;
        assert_eq!(users[0].id, 3);
        Ok(())
    }
}
