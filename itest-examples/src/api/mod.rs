//! The HTTP API.
//!
//! | path | methods | |
//! |---|---|---|
//! | `/health` | GET | 200, or 503 if the database does not answer |
//! | `/api/resources` | GET, POST | POST: 201 with `id` |
//! | `/api/resources/{id}` | GET, PUT, DELETE | PUT changes what it mentions; DELETE: 204 |
//! | `/api/resources/{id}/valuation?currency=EUR` | GET | asks the external service |
//! | `/api/users` | GET, POST | the newest version |
//! | `/api/users/{id}` | GET, DELETE | deletes the user's resources too |
//! | `/api/users/{id}/profile` | PUT | |
//! | `/api/users/{id}/resources` | GET | |
//! | `/api/v1/users`, `/api/v1/users/{id}` | GET | id, name and e-mail address |
//! | `/api/v2/users`, `/api/v2/users/{id}` | GET | the same and more |
//! | `/api/import` | POST | CSV or JSON, by content type |
//!
//! Every error is `{"error": {"code": "not_found", "message": "…"}}`, with `"fields"` if fields are to blame:
//! see [`ApiError`].

mod error;
mod extract;
mod import;
mod resources;
mod server;
mod users;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};

pub use error::{ApiError, ErrorBody, ErrorResponse};
pub use server::Server;
pub use users::UserV1;

use crate::database::Database;
use crate::external::ExternalApi;

/// What all requests share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    db: Database,
    external: Option<ExternalApi>,
}

impl AppState {
    /// An application on a migrated database, without an external service.
    pub fn new(db: Database) -> Self {
        Self { db, external: None }
    }

    /// Adds the external service.
    pub fn with_external(mut self, external: ExternalApi) -> Self {
        self.external = Some(external);
        self
    }

    /// The database.
    pub fn db(&self) -> &Database {
        &self.db
    }
}

/// All routes; [`Server`] serves them.
pub fn app(state: AppState) -> Router {
    Router::new()
        .route("/health", get(health))
        .route(
            "/api/resources",
            get(resources::list).post(resources::create),
        )
        .route(
            "/api/resources/{id}",
            get(resources::show)
                .put(resources::update)
                .delete(resources::delete),
        )
        .route("/api/resources/{id}/valuation", get(resources::valuation))
        .route("/api/users", get(users::list).post(users::create))
        .route("/api/users/{id}", get(users::show).delete(users::delete))
        .route("/api/users/{id}/profile", put(users::set_profile))
        .route("/api/users/{id}/resources", get(users::resources))
        .route("/api/v1/users", get(users::list_v1))
        .route("/api/v1/users/{id}", get(users::show_v1))
        .route("/api/v2/users", get(users::list))
        .route("/api/v2/users/{id}", get(users::show))
        .route("/api/import", post(import::import))
        .fallback(async || {
            ApiError::new(StatusCode::NOT_FOUND, "not_found", "there is no such path")
        })
        .method_not_allowed_fallback(async || {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this path has other methods",
            )
        })
        .layer(middleware::from_fn(log))
        .with_state(state)
}

async fn health(State(state): State<AppState>) -> Result<Json<serde_json::Value>, ApiError> {
    match state.db.ping().await {
        Ok(()) => Ok(Json(serde_json::json!({"status": "ok"}))),
        Err(_) => Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the database does not answer",
        )),
    }
}

async fn log(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    tracing::info!(%method, path, status = response.status().as_u16(), "request");
    response
}
