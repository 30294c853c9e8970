//! The handler of `/api/import`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};

use super::{ApiError, AppState};
use crate::import::loader::Source;
use crate::import::pipeline;
use crate::import::writer::Report;

pub(super) async fn import(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Report>), ApiError> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let source = match content_type.split(';').next().unwrap_or_default().trim() {
        "text/csv" => Source::csv("request", body),
        "application/json" => Source::json("request", body),
        _ => {
            let message = "expected one of: `text/csv`, `application/json`";
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                message,
            ));
        }
    };
    let report = pipeline::run(&state.db, source).await?;
    Ok((StatusCode::CREATED, Json(report)))
}
