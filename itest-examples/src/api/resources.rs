//! Handlers of `/api/resources`.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};

use super::extract::{Id, Json, Parameters};
use super::{ApiError, AppState};
use crate::model::{NewResource, Resource, ResourcePatch};

type Answer<T> = Result<axum::Json<T>, ApiError>;

pub(super) async fn list(State(state): State<AppState>) -> Answer<Vec<Resource>> {
    Ok(axum::Json(state.db.resources().all().await?))
}

pub(super) async fn create(
    State(state): State<AppState>,
    Json(resource): Json<NewResource>,
) -> Result<impl IntoResponse, ApiError> {
    let resource = state.db.resources().create(&resource).await?;
    let location = [(header::LOCATION, format!("/api/resources/{}", resource.id))];
    Ok((StatusCode::CREATED, location, axum::Json(resource)))
}

pub(super) async fn show(State(state): State<AppState>, Id(id): Id) -> Answer<Resource> {
    Ok(axum::Json(state.db.resources().get(id).await?))
}

pub(super) async fn update(
    State(state): State<AppState>,
    Id(id): Id,
    Json(patch): Json<ResourcePatch>,
) -> Answer<Resource> {
    Ok(axum::Json(state.db.resources().update(id, &patch).await?))
}

pub(super) async fn delete(
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    state.db.resources().delete(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(super) struct ValuationQuery {
    currency: String,
}

#[derive(Serialize)]
pub(super) struct Valuation {
    resource_id: i64,
    currency: String,
    amount: f64,
}

pub(super) async fn valuation(
    State(state): State<AppState>,
    Id(id): Id,
    Parameters(ValuationQuery { currency }): Parameters<ValuationQuery>,
) -> Answer<Valuation> {
    let resource = state.db.resources().get(id).await?;
    let Some(external) = &state.external else {
        let message = "no external service is configured";
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_configured",
            message,
        ));
    };
    let amount = resource.value as f64 * external.rate(&currency).await?;
    Ok(axum::Json(Valuation {
        resource_id: id,
        currency,
        amount,
    }))
}
