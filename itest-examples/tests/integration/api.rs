//! Whole workflows over HTTP, as a client sees them.

use itest::prelude::*;
use itest_examples::api::ErrorResponse;
use itest_examples::database::Database;
use itest_examples::model::{Resource, User};
use reqwest::{Response, StatusCode};
use serde_json::json;

use crate::common::ApiClient;

// A stuck server fails these tests instead of stopping the suite.
#[integration(markers(integration), timeout = "10s")]
mod workflows {
    use super::*;

    #[integration]
    async fn a_resource_from_creation_to_deletion(client: &ApiClient) -> Result {
        // Create
        let response = client
            .post("/api/resources", &json!({"name": "test", "value": 42}))
            .await?;
        assert_eq!(response.status(), StatusCode::CREATED);
        let created: Resource = response.json().await?;
        let path = format!("/api/resources/{}", created.id);

        // Read
        let read: Resource = client.fetch(&path).await?;
        assert_eq!(read.name, "test");
        assert_eq!(read, created);

        // Update
        let response = client.put(&path, &json!({"value": 100})).await?;
        assert_eq!(response.status(), StatusCode::OK);
        let updated: Resource = client.fetch(&path).await?;
        assert_eq!((updated.name.as_str(), updated.value), ("test", 100));

        // Delete
        let response = client.delete(&path).await?;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);

        // Verify the deletion
        let response = client.get(&path).await?;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        Ok(())
    }

    #[integration]
    async fn a_user_takes_owned_resources_along(client: &ApiClient, db: &Database) -> Result {
        let ada = json!({"name": "Ada", "email": "ada@example.com"});
        let response = client.post("/api/users", &ada).await?;
        let location = response.headers()["location"].to_str()?.to_owned();
        let ada: User = response.json().await?;
        let engine = json!({"name": "engine", "value": 1843, "owner_id": ada.id});
        client
            .post("/api/resources", &engine)
            .await?
            .error_for_status()?;

        let owned: Vec<Resource> = client.fetch(&format!("{location}/resources")).await?;
        assert_eq!(owned.len(), 1);
        assert_eq!(
            client.delete(&location).await?.status(),
            StatusCode::NO_CONTENT
        );

        // `db` is the one that the server behind `client` uses: both asked for the same fixture.
        assert!(db.resources().all().await?.is_empty());
        Ok(())
    }
}

/// Straight into the router, without a server. It is faster, and a debugger sees one stack; what only
/// connections have (limits of size and time, keep-alive) is not tested so.
#[integration(markers(integration), timeout = "10s")]
mod without_a_socket {
    use super::*;
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::{Method, Request, header};
    use itest_examples::api::{AppState, app};
    use serde_json::Value;
    use tower::ServiceExt;

    struct InProcessClient(Router);

    #[fixture]
    fn in_process(db: &Database) -> InProcessClient {
        InProcessClient(app(AppState::new(db.clone())))
    }

    impl InProcessClient {
        async fn send(
            &self,
            method: Method,
            path: &str,
            body: Value,
        ) -> Result<(StatusCode, Value)> {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string()))?;
            let response = self.0.clone().oneshot(request).await?;
            let status = response.status();
            let body = to_bytes(response.into_body(), 1 << 20).await?;
            Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
        }
    }

    #[integration]
    async fn a_resource_from_creation_to_deletion(in_process: &InProcessClient) -> Result {
        let thing = json!({"name": "test", "value": 42});
        let (status, created) = in_process
            .send(Method::POST, "/api/resources", thing)
            .await?;
        assert_eq!(status, StatusCode::CREATED);
        let path = format!("/api/resources/{}", created["id"]);
        let (_, read) = in_process.send(Method::GET, &path, Value::Null).await?;
        assert_eq!(read, created);
        let (status, _) = in_process.send(Method::DELETE, &path, Value::Null).await?;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let (status, _) = in_process.send(Method::GET, &path, Value::Null).await?;
        assert_eq!(status, StatusCode::NOT_FOUND);
        Ok(())
    }

    /// `db` is the one that the application has.
    #[integration]
    async fn what_a_handler_stores_is_there(in_process: &InProcessClient, db: &Database) -> Result {
        let ada = json!({"name": "Ada", "email": "ada@example.com"});
        in_process.send(Method::POST, "/api/users", ada).await?;
        assert_eq!(db.users().count().await?, 1);
        Ok(())
    }
}

#[integration(markers(integration), timeout = "10s")]
mod errors {
    use super::*;

    async fn code(response: Response) -> Result<(StatusCode, String)> {
        let status = response.status();
        let body: ErrorResponse = response.json().await?;
        Ok((status, body.error.code))
    }

    fn refused(status: StatusCode, code: &str) -> (StatusCode, String) {
        (status, code.to_owned())
    }

    #[integration]
    async fn every_broken_rule_is_reported_at_once(client: &ApiClient) -> Result {
        let user = json!({"name": "", "email": "nobody"});
        let response = client.post("/api/users", &user).await?;

        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let body: ErrorResponse = response.json().await?;
        let fields: Vec<_> = body
            .error
            .fields
            .iter()
            .map(|error| error.field.as_str())
            .collect();
        assert_eq!(fields, ["name", "email"]);
        Ok(())
    }

    #[integration]
    async fn an_email_address_is_taken_once(client: &ApiClient) -> Result {
        let ada = json!({"name": "Ada", "email": "ada@example.com"});
        client.post("/api/users", &ada).await?.error_for_status()?;
        let again = json!({"name": "Another", "email": "ADA@example.com"});
        let response = client.post("/api/users", &again).await?;
        assert_eq!(
            code(response).await?,
            refused(StatusCode::CONFLICT, "conflict")
        );
        Ok(())
    }

    #[integration]
    async fn what_does_not_exist_is_not_found(client: &ApiClient) -> Result {
        for path in ["/api/users/1", "/api/resources/1", "/no/such/path"] {
            let response = client.get(path).await?;
            assert_eq!(
                code(response).await?,
                refused(StatusCode::NOT_FOUND, "not_found"),
                "{path}"
            );
        }
        Ok(())
    }

    #[integration]
    async fn a_lost_database_is_unavailable(client: &ApiClient, db: &Database) -> Result {
        assert_eq!(client.get("/health").await?.status(), StatusCode::OK);
        db.close().await;
        let response = client.get("/health").await?;
        let unavailable = refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable");
        assert_eq!(code(response).await?, unavailable);
        Ok(())
    }
}
