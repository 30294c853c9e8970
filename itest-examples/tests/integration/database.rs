//! The database itself: what transactions promise, and that tests do not meet in it.

use itest::prelude::*;
use itest_examples::database::Database;
use itest_examples::model::{NewResource, NewUser};
use itest_examples::{Error, Result as AppResult};

#[integration(markers(integration))]
mod transactions {
    use super::*;

    #[integration]
    async fn an_error_undoes_everything(db: &Database) -> Result {
        let outcome = db
            .transaction(async |tx| {
                let user = tx
                    .users()
                    .create(&NewUser::new("test", "test@example.com"))
                    .await?;
                let duplicate = NewUser::new("duplicate", "other@example.com").with_id(user.id);
                tx.users().create(&duplicate).await
            })
            .await;

        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
        assert_eq!(db.users().all().await?, []);
        Ok(())
    }

    #[integration]
    async fn one_that_is_dropped_leaves_nothing(db: &Database) -> Result {
        let mut tx = db.begin().await?;
        tx.users()
            .create(&NewUser::new("test", "test@example.com"))
            .await?;
        assert_eq!(tx.users().count().await?, 1);
        drop(tx);

        assert_eq!(db.users().count().await?, 0);
        Ok(())
    }

    #[integration]
    async fn nobody_sees_it_before_the_commit(db: &Database) -> Result {
        let mut tx = db.begin().await?;
        tx.users()
            .create(&NewUser::new("test", "test@example.com"))
            .await?;
        assert_eq!(db.users().count().await?, 0);
        tx.commit().await?;
        assert_eq!(db.users().count().await?, 1);
        Ok(())
    }
}

#[integration(markers(integration))]
mod cascades {
    use super::*;

    #[integration]
    async fn children_go_with_their_parent(db: &Database) -> Result {
        let parent = db
            .users()
            .create(&NewUser::new("parent", "parent@example.com"))
            .await?;
        for child in ["child 1", "child 2"] {
            let child = NewResource::new(child, 1).owned_by(parent.id);
            db.resources().create(&child).await?;
        }
        let orphan = db
            .resources()
            .create(&NewResource::new("shared", 1))
            .await?;

        db.users().delete(parent.id).await?;

        assert_eq!(db.resources().owned_by(parent.id).await?, []);
        assert_eq!(db.resources().all().await?, [orphan]);
        Ok(())
    }

    #[integration]
    async fn a_child_needs_a_parent(db: &Database) {
        let child = NewResource::new("child", 1).owned_by(99);
        let outcome = db.resources().create(&child).await;
        assert!(
            matches!(outcome, Err(Error::MissingReference(_))),
            "{outcome:?}"
        );
    }
}

/// The same test three times: in whatever order, or all at once, each finds an empty database.
#[integration(markers(integration, parallel_safe))]
mod isolation {
    use super::*;

    #[integration]
    async fn the_first_is_alone(db: &Database) -> AppResult<()> {
        becomes_user_one(db).await
    }

    #[integration]
    async fn the_second_is_alone(db: &Database) -> AppResult<()> {
        becomes_user_one(db).await
    }

    #[integration]
    async fn the_third_is_alone(db: &Database) -> AppResult<()> {
        becomes_user_one(db).await
    }

    async fn becomes_user_one(db: &Database) -> AppResult<()> {
        let user = db
            .users()
            .create(&NewUser::new("test", "test@example.com"))
            .await?;
        assert_eq!(user.id, 1);
        Ok(())
    }
}
