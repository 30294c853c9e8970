//! [`Users`]: the tables `users` and `profiles`.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row as _};

use super::connection::Source;
use crate::model::{NewUser, Profile, User};
use crate::{Error, Result};

/// Selects users with their profiles, as [`User`]'s `FromRow` wants them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT users.id, users.name, users.email, users.created_at, ",
            "profiles.display_name, profiles.location, profiles.bio ",
            "FROM users LEFT JOIN profiles ON profiles.user_id = users.id ",
            $rest
        )
    };
}

/// Operations on users; from [`Database::users`](super::Database::users) or [`Transaction::users`](super::Transaction::users).
#[derive(Debug)]
pub struct Users<'a>(pub(super) Source<'a>);

impl Users<'_> {
    /// Stores a user, with the profile if there is one.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a rule is broken; [`Error::Conflict`] if the e-mail address or the id is taken.
    pub async fn create(self, user: &NewUser) -> Result<User> {
        user.validate()?;
        let mut tx = self.0.begin().await?;
        let insert = match user.id {
            Some(id) => sqlx::query(
                "INSERT INTO users (id, name, email) VALUES ($1, $2, $3) RETURNING id, created_at",
            )
            .bind(id),
            None => sqlx::query(
                "INSERT INTO users (name, email) VALUES ($1, $2) RETURNING id, created_at",
            ),
        };
        let (name, email) = (user.name.trim(), normal(&user.email));
        let row = insert.bind(name).bind(&email).fetch_one(&mut *tx).await?;
        let id = row.try_get("id")?;
        if let Some(profile) = &user.profile {
            upsert_profile(&mut tx, id, profile).await?;
        }
        tx.commit().await?;
        tracing::debug!(id, "created user");
        Ok(User {
            id,
            name: name.to_owned(),
            email,
            created_at: row.try_get("created_at")?,
            profile: user.profile.clone(),
        })
    }

    /// The user with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub async fn get(self, id: i64) -> Result<User> {
        let query = sqlx::query_as(select!("WHERE users.id = $1")).bind(id);
        query
            .fetch_optional(&mut *self.0.connection().await?)
            .await?
            .ok_or(not_found(id))
    }

    /// The user with this e-mail address, in whatever case.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn find_by_email(self, email: &str) -> Result<Option<User>> {
        let query = sqlx::query_as(select!("WHERE users.email = $1")).bind(normal(email));
        Ok(query
            .fetch_optional(&mut *self.0.connection().await?)
            .await?)
    }

    /// All users, by id.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn all(self) -> Result<Vec<User>> {
        let query = sqlx::query_as(select!("ORDER BY users.id"));
        Ok(query.fetch_all(&mut *self.0.connection().await?).await?)
    }

    /// How many users there are.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn count(self) -> Result<i64> {
        let query = sqlx::query_scalar("SELECT count(*) FROM users");
        Ok(query.fetch_one(&mut *self.0.connection().await?).await?)
    }

    /// Adds or replaces a user's profile.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a rule is broken; [`Error::NotFound`] if there is no such user.
    pub async fn set_profile(self, id: i64, profile: &Profile) -> Result<User> {
        profile.validate()?;
        let mut tx = self.0.begin().await?;
        let user: Option<User> = sqlx::query_as(select!("WHERE users.id = $1"))
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let user = user.ok_or(not_found(id))?;
        upsert_profile(&mut tx, id, profile).await?;
        tx.commit().await?;
        Ok(User {
            profile: Some(profile.clone()),
            ..user
        })
    }

    /// Deletes a user, the profile and all owned resources.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such user.
    pub async fn delete(self, id: i64) -> Result<()> {
        let mut tx = self.0.begin().await?;
        let deleted = sqlx::query("DELETE FROM users WHERE id = $1")
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        if deleted.rows_affected() == 0 {
            Err(not_found(id))
        } else {
            Ok(())
        }
    }
}

async fn upsert_profile(connection: &mut AnyConnection, id: i64, profile: &Profile) -> Result<()> {
    let sql = "INSERT INTO profiles (user_id, display_name, location, bio) VALUES ($1, $2, $3, $4)
               ON CONFLICT (user_id) DO UPDATE SET
               display_name = excluded.display_name, location = excluded.location, bio = excluded.bio";
    let query = sqlx::query(sql)
        .bind(id)
        .bind(&profile.display_name)
        .bind(&profile.location)
        .bind(&profile.bio);
    query.execute(connection).await?;
    Ok(())
}

/// An e-mail address as it is stored and looked up.
fn normal(email: &str) -> String {
    email.trim().to_lowercase()
}

fn not_found(id: i64) -> Error {
    Error::NotFound { entity: "user", id }
}

impl FromRow<'_, AnyRow> for User {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let display_name: Option<String> = row.try_get("display_name")?;
        let profile = match display_name {
            Some(display_name) => Some(Profile {
                display_name,
                location: row.try_get("location")?,
                bio: row.try_get("bio")?,
            }),
            None => None,
        };
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            email: row.try_get("email")?,
            created_at: row.try_get("created_at")?,
            profile,
        })
    }
}
