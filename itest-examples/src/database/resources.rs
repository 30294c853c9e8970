//! [`Resources`]: the table `resources`.

use sqlx::any::AnyRow;
use sqlx::{FromRow, Row as _};

use super::connection::Source;
use crate::model::{NewResource, Resource, ResourcePatch, Summary};
use crate::{Error, Result};

/// Operations on resources; from [`Database::resources`](super::Database::resources) or
/// [`Transaction::resources`](super::Transaction::resources).
#[derive(Debug)]
pub struct Resources<'a>(pub(super) Source<'a>);

impl Resources<'_> {
    /// Stores a resource.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a rule is broken; [`Error::MissingReference`] if the owner does not exist;
    /// [`Error::Conflict`] if the owner has a resource of that name.
    pub async fn create(self, resource: &NewResource) -> Result<Resource> {
        resource.validate()?;
        let mut tx = self.0.begin().await?;
        let sql = "INSERT INTO resources (owner_id, name, value) VALUES ($1, $2, $3)
                   RETURNING id, owner_id, name, value";
        let query = sqlx::query_as(sql)
            .bind(resource.owner_id)
            .bind(resource.name.trim())
            .bind(resource.value);
        let created: Resource = query.fetch_one(&mut *tx).await?;
        tx.commit().await?;
        tracing::debug!(id = created.id, "created resource");
        Ok(created)
    }

    /// The resource with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is none.
    pub async fn get(self, id: i64) -> Result<Resource> {
        let query = sqlx::query_as("SELECT id, owner_id, name, value FROM resources WHERE id = $1")
            .bind(id);
        query
            .fetch_optional(&mut *self.0.connection().await?)
            .await?
            .ok_or(not_found(id))
    }

    /// All resources, by id.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn all(self) -> Result<Vec<Resource>> {
        let query = sqlx::query_as("SELECT id, owner_id, name, value FROM resources ORDER BY id");
        Ok(query.fetch_all(&mut *self.0.connection().await?).await?)
    }

    /// The resources of one user, by id; none if there is no such user.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn owned_by(self, user_id: i64) -> Result<Vec<Resource>> {
        let sql = "SELECT id, owner_id, name, value FROM resources WHERE owner_id = $1 ORDER BY id";
        Ok(sqlx::query_as(sql)
            .bind(user_id)
            .fetch_all(&mut *self.0.connection().await?)
            .await?)
    }

    /// Count, sum and maximum, as the database computes them.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn summary(self) -> Result<Summary> {
        // PostgreSQL's sum of a BIGINT is a NUMERIC, hence the cast.
        let sql = "SELECT count(*) AS count, CAST(coalesce(sum(value), 0) AS BIGINT) AS total,
                   coalesce(max(value), 0) AS largest FROM resources";
        let row = sqlx::query(sql)
            .fetch_one(&mut *self.0.connection().await?)
            .await?;
        Ok(Summary {
            count: row.try_get("count")?,
            total: row.try_get("total")?,
            largest: row.try_get("largest")?,
        })
    }

    /// Changes what the patch mentions.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a rule is broken; [`Error::NotFound`] if there is no such resource;
    /// [`Error::Conflict`] if the owner has another resource of that name.
    pub async fn update(self, id: i64, patch: &ResourcePatch) -> Result<Resource> {
        patch.validate()?;
        let mut tx = self.0.begin().await?;
        let sql = "UPDATE resources SET name = coalesce($1, name), value = coalesce($2, value) WHERE id = $3
                   RETURNING id, owner_id, name, value";
        let query = sqlx::query_as(sql)
            .bind(patch.name.as_deref().map(str::trim))
            .bind(patch.value)
            .bind(id);
        let updated = query.fetch_optional(&mut *tx).await?.ok_or(not_found(id))?;
        tx.commit().await?;
        Ok(updated)
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such resource.
    pub async fn delete(self, id: i64) -> Result<()> {
        let mut tx = self.0.begin().await?;
        let deleted = sqlx::query("DELETE FROM resources WHERE id = $1")
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

fn not_found(id: i64) -> Error {
    Error::NotFound {
        entity: "resource",
        id,
    }
}

impl FromRow<'_, AnyRow> for Resource {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            owner_id: row.try_get("owner_id")?,
            name: row.try_get("name")?,
            value: row.try_get("value")?,
        })
    }
}
