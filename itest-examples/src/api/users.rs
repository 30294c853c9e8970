//! Handlers of `/api/users` and of its versions 1 and 2. The unversioned paths are the newest version.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::extract::{Id, Json};
use super::{ApiError, AppState};
use crate::model::{NewUser, Profile, Resource, User};

/// A user as version 1 shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserV1 {
    /// As in [`User`].
    pub id: i64,
    /// As in [`User`].
    pub name: String,
    /// As in [`User`].
    pub email: String,
}

impl From<User> for UserV1 {
    fn from(
        User {
            id, name, email, ..
        }: User,
    ) -> Self {
        Self { id, name, email }
    }
}

pub(super) async fn list_v1(
    State(state): State<AppState>,
) -> Result<Answer<Vec<UserV1>>, ApiError> {
    let users = state.db.users().all().await?;
    Ok(Answer(users.into_iter().map(UserV1::from).collect()))
}

pub(super) async fn show_v1(
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<Answer<UserV1>, ApiError> {
    Ok(Answer(state.db.users().get(id).await?.into()))
}

pub(super) async fn list(State(state): State<AppState>) -> Result<Answer<Vec<User>>, ApiError> {
    Ok(Answer(state.db.users().all().await?))
}

pub(super) async fn show(
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<Answer<User>, ApiError> {
    Ok(Answer(state.db.users().get(id).await?))
}

pub(super) async fn create(
    State(state): State<AppState>,
    Json(user): Json<NewUser>,
) -> Result<impl IntoResponse, ApiError> {
    let user = state.db.users().create(&user).await?;
    let location = [(header::LOCATION, format!("/api/users/{}", user.id))];
    Ok((StatusCode::CREATED, location, Answer(user)))
}

pub(super) async fn set_profile(
    State(state): State<AppState>,
    Id(id): Id,
    Json(profile): Json<Profile>,
) -> Result<Answer<User>, ApiError> {
    Ok(Answer(state.db.users().set_profile(id, &profile).await?))
}

pub(super) async fn resources(
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<Answer<Vec<Resource>>, ApiError> {
    state.db.users().get(id).await?;
    Ok(Answer(state.db.resources().owned_by(id).await?))
}

pub(super) async fn delete(
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    state.db.users().delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
