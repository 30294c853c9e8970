//! The last stage: [`Accepted`] records → the database, in one transaction.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::StageError;
use super::validator::Accepted;
use crate::database::{Database, Transaction};

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whether there was anything to do.
    pub status: Status,
    /// How many records were stored: all.
    pub records_processed: usize,
    /// The new users, in the order of the input.
    pub user_ids: Vec<i64>,
}

/// How an import ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All records are stored.
    Success,
    /// There were no records.
    Empty,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Empty => "empty",
        })
    }
}

/// Stores all records or none.
///
/// # Errors
/// [`StageError::Write`] for the first record that the database refuses, such as a user it has already;
/// [`StageError::Transaction`] if it refuses everything.
pub async fn save(db: &Database, records: Vec<Accepted>) -> Result<Report, StageError> {
    let mut tx = db.begin().await.map_err(StageError::Transaction)?;
    let mut user_ids = Vec::with_capacity(records.len());
    for record in &records {
        let id = save_one(&mut tx, record)
            .await
            .map_err(|source| StageError::Write {
                origin: record.trail.origin().to_owned(),
                source,
            })?;
        user_ids.push(id);
    }
    tx.commit().await.map_err(StageError::Transaction)?;
    let status = if user_ids.is_empty() {
        Status::Empty
    } else {
        Status::Success
    };
    Ok(Report {
        status,
        records_processed: user_ids.len(),
        user_ids,
    })
}

async fn save_one(tx: &mut Transaction, record: &Accepted) -> crate::Result<i64> {
    let user = tx.users().create(&record.user).await?;
    if let Some(resource) = &record.resource {
        tx.resources()
            .create(&resource.clone().owned_by(user.id))
            .await?;
    }
    Ok(user.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{Stage, Trail};
    use crate::model::{NewResource, NewUser};
    use itest::prelude::*;

    fn record() -> Accepted {
        Accepted {
            user: NewUser::new("Ada", "ada@example.com"),
            resource: Some(NewResource::new("engine", 1843)),
            trail: Trail::new(Stage::Loader, "users.csv line 2"),
        }
    }

    /// An ordinary test beside those with fixtures.
    #[test]
    fn reports_say_success_or_empty() {
        assert_eq!(Status::Success.to_string(), "success");
        assert_eq!(Status::Empty.to_string(), "empty");
    }

    #[fixture]
    async fn db() -> Result<Database> {
        let db = provide!(Database::in_memory().await?);
        db.close().await;
    }

    #[integration]
    async fn nothing_to_store_is_no_error(db: &Database) -> Result {
        let report = save(db, Vec::new()).await?;
        assert_eq!(
            (report.status, report.records_processed),
            (Status::Empty, 0)
        );
        Ok(())
    }

    /// `save_one` is private: only a unit test can call it.
    #[integration]
    async fn a_record_is_stored_with_its_resource(db: &Database) -> Result {
        let mut tx = db.begin().await?;
        let id = save_one(&mut tx, &record()).await?;
        let owned = tx.resources().owned_by(id).await?;
        assert_eq!(owned.len(), 1);
        tx.rollback().await?;
        Ok(())
    }

    #[integration]
    async fn the_origin_of_a_refused_record_is_told(db: &Database) {
        let error = save(db, vec![record(), record()]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "writer: cannot store the record from users.csv line 2"
        );
    }
}
