//! Filling a database: from an SQL script, from a [`Dataset`], or with many made-up rows.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Database;
use crate::model::{NewResource, NewUser, Profile, User};
use crate::{Error, Result};

/// Users with what they own, and shared resources, as one JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// The users.
    pub users: Vec<DatasetUser>,
    /// Resources without an owner.
    #[serde(default)]
    pub shared_resources: Vec<DatasetResource>,
}

/// A user of a [`Dataset`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetUser {
    /// As in [`NewUser`].
    pub name: String,
    /// As in [`NewUser`].
    pub email: String,
    /// As in [`NewUser`].
    #[serde(default)]
    pub profile: Option<Profile>,
    /// What the user owns.
    #[serde(default)]
    pub resources: Vec<DatasetResource>,
}

/// A resource of a [`Dataset`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetResource {
    /// As in [`NewResource`].
    pub name: String,
    /// As in [`NewResource`].
    pub value: i64,
}

impl Database {
    /// Stores a data set, all of it or nothing; returns the users in its order.
    ///
    /// # Errors
    /// As [`Users::create`](super::Users::create) and [`Resources::create`](super::Resources::create).
    pub async fn seed(&self, data: &Dataset) -> Result<Vec<User>> {
        let mut tx = self.begin().await?;
        let mut users = Vec::with_capacity(data.users.len());
        for DatasetUser {
            name,
            email,
            profile,
            resources,
        } in &data.users
        {
            let user = NewUser {
                id: None,
                name: name.clone(),
                email: email.clone(),
                profile: profile.clone(),
            };
            let user = tx.users().create(&user).await?;
            for DatasetResource { name, value } in resources {
                tx.resources()
                    .create(&NewResource::new(name, *value).owned_by(user.id))
                    .await?;
            }
            users.push(user);
        }
        for DatasetResource { name, value } in &data.shared_resources {
            tx.resources()
                .create(&NewResource::new(name, *value))
                .await?;
        }
        tx.commit().await?;
        Ok(users)
    }

    /// Runs an SQL script from a file in one transaction.
    ///
    /// # Errors
    /// [`Error::Read`] if there is no such file; otherwise as the statements fail.
    pub async fn seed_from_fixtures(&self, file: impl AsRef<Path>) -> Result<()> {
        let path = file.as_ref();
        let script = tokio::fs::read_to_string(path).await;
        let sql = script.map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        self.execute_script(sql).await
    }

    /// Stores `count` shared resources with the values 1 to `count`, by one statement.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn seed_large_dataset(&self, count: u32) -> Result<()> {
        let sql = "INSERT INTO resources (name, value)
                   WITH RECURSIVE numbers (n) AS (
                       SELECT 1 WHERE 1 <= $1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1
                   )
                   SELECT 'resource ' || n, n FROM numbers";
        sqlx::query(sql)
            .bind(i64::from(count))
            .execute(self.pool())
            .await?;
        Ok(())
    }
}
