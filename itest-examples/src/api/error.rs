//! [`ApiError`]: a status, and a body that always looks the same.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::chain;
use crate::external::ExternalError;
use crate::import::{ImportError, StageError};
use crate::model::{FieldError, Invalid};

/// A response that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    body: ErrorBody,
}

/// The body of an [`ApiError`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// Its only member.
    pub error: ErrorBody,
}

/// What an [`ApiError`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// For programs: `not_found`, `conflict`, `validation_failed`, …
    pub code: String,
    /// For people.
    pub message: String,
    /// Which fields are to blame, if any are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = ErrorBody {
            code: code.to_owned(),
            message: message.into(),
            fields: Vec::new(),
        };
        Self { status, body }
    }

    /// The details of an error of ours are for the log, not for the caller.
    fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = chain(error), "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorResponse { error: self.body })).into_response()
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { .. } => {
                Self::new(StatusCode::NOT_FOUND, "not_found", error.to_string())
            }
            Error::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", error.to_string()),
            Error::Invalid(invalid) => invalid.into(),
            Error::MissingReference(_) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "missing_reference",
                error.to_string(),
            ),
            _ => Self::internal(&error),
        }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
            invalid.to_string(),
        );
        error.body.fields = invalid.fields;
        error
    }
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        match error.source {
            StageError::Write {
                source: Error::Conflict(_),
                ..
            } => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                format!("{error}: {}", error.source),
            ),
            StageError::Write { .. } | StageError::Transaction(_) => Self::internal(&error),
            _ => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "import_failed",
                chain(&error),
            ),
        }
    }
}

impl From<ExternalError> for ApiError {
    fn from(error: ExternalError) -> Self {
        match error {
            ExternalError::UnknownCurrency { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_currency",
                error.to_string(),
            ),
            ExternalError::Timeout { .. } => Self::new(
                StatusCode::GATEWAY_TIMEOUT,
                "external_timeout",
                error.to_string(),
            ),
            _ => {
                tracing::error!(error = chain(&error), "external service failed");
                Self::new(
                    StatusCode::BAD_GATEWAY,
                    "external_failed",
                    error.to_string(),
                )
            }
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let code = match rejection {
            JsonRejection::JsonDataError(_) => "validation_failed",
            JsonRejection::MissingJsonContentType(_) => "unsupported_media_type",
            _ => "malformed_body",
        };
        Self::new(rejection.status(), code, rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), "malformed_path", rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), "malformed_query", rejection.body_text())
    }
}
