//! Another service: mocked always, real where a key for it is configured.

use std::time::Duration;

use itest::prelude::*;
use itest_examples::api::{AppState, Server};
use itest_examples::config::Config;
use itest_examples::database::Database;
use itest_examples::external::{ExternalApi, ExternalError};
use itest_examples::model::NewResource;
use reqwest::StatusCode;
use serde_json::{Value, json};
use wiremock::matchers::{bearer_token, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::ApiClient;

/// The exchange service. Each test says which requests it expects; the teardown checks them.
#[fixture]
async fn exchange() -> MockServer {
    // Those of `MockServer::start` come from a pool, and stay open behind the test.
    let exchange = provide!(MockServer::builder().start().await);
    // Panics if a request is missing, which is reported with the test that this fixture served.
    exchange.verify().await;
}

/// A client of it that does not wait between attempts.
#[fixture]
fn external_api(exchange: &MockServer) -> Result<ExternalApi> {
    let api = ExternalApi::new(&exchange.uri(), "test key")?;
    Ok(api.with_retry_delay(Duration::ZERO))
}

/// Overrides `server` in this module: the application knows the exchange service. `client` is still
/// the crate's, and talks to this one.
#[fixture]
async fn server(db: &Database, external_api: &ExternalApi) -> Result<Server> {
    let state = AppState::new(db.clone()).with_external(external_api.clone());
    let server = provide!(Server::start(state).await?);
    server.stop().await?;
}

/// What the service is asked.
fn data_request() -> wiremock::MockBuilder {
    Mock::given(method("GET"))
        .and(path("/data"))
        .and(bearer_token("test key"))
}

fn rates() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"status": "ok", "data": {"EUR": 0.5}}))
}

#[integration(markers(integration, external))]
mod external_services {
    use super::*;

    #[integration]
    async fn data_is_fetched_once(exchange: &MockServer, external_api: &ExternalApi) -> Result {
        data_request()
            .respond_with(rates())
            .expect(1)
            .mount(exchange)
            .await;

        let result = external_api.fetch_data().await?;

        assert_eq!(result.status, "ok");
        let requests = exchange
            .received_requests()
            .await
            .expect("they are recorded");
        assert_eq!(requests.len(), 1);
        Ok(())
    }

    #[integration]
    async fn a_busy_service_is_asked_again(
        exchange: &MockServer,
        external_api: &ExternalApi,
    ) -> Result {
        let busy = ResponseTemplate::new(503);
        data_request()
            .respond_with(busy)
            .up_to_n_times(1)
            .expect(1)
            .mount(exchange)
            .await;
        data_request()
            .respond_with(rates())
            .expect(1)
            .mount(exchange)
            .await;

        assert_eq!(external_api.rate("EUR").await?, 0.5);
        Ok(())
    }

    #[integration]
    async fn a_slow_service_is_given_up(exchange: &MockServer, external_api: &ExternalApi) {
        let late = rates().set_delay(Duration::from_secs(60));
        // No `expect`: on a slow machine it may give up before it has asked.
        data_request().respond_with(late).mount(exchange).await;

        let impatient = external_api.clone().with_timeout(Duration::from_millis(50));
        let outcome = impatient.fetch_data().await;
        assert!(
            matches!(outcome, Err(ExternalError::Timeout { .. })),
            "{outcome:?}"
        );
    }

    /// Through the whole application: our API asks theirs.
    #[integration]
    async fn a_resource_is_valued_at_the_current_rate(
        exchange: &MockServer,
        client: &ApiClient,
        db: &Database,
    ) -> Result {
        data_request()
            .respond_with(rates())
            .expect(1)
            .mount(exchange)
            .await;
        let gold = db.resources().create(&NewResource::new("gold", 42)).await?;

        let path = format!("/api/resources/{}/valuation?currency=EUR", gold.id);
        let valuation: Value = client.fetch(&path).await?;
        assert_eq!(valuation["amount"], 21.0);
        Ok(())
    }

    #[integration]
    async fn their_failure_is_not_ours(
        exchange: &MockServer,
        client: &ApiClient,
        db: &Database,
    ) -> Result {
        let broken = ResponseTemplate::new(500);
        data_request()
            .respond_with(broken)
            .expect(1)
            .mount(exchange)
            .await;
        let gold = db.resources().create(&NewResource::new("gold", 42)).await?;

        let path = format!("/api/resources/{}/valuation?currency=EUR", gold.id);
        assert_eq!(client.get(&path).await?.status(), StatusCode::BAD_GATEWAY);
        Ok(())
    }

    /// What the teardown of `exchange` does when a test did not ask as it said it would.
    #[integration]
    #[should_panic(expected = "Verifications failed")]
    async fn a_missing_request_is_noticed() {
        let exchange = MockServer::builder().start().await;
        data_request()
            .respond_with(rates())
            .expect(1)
            .mount(&exchange)
            .await;
        exchange.verify().await;
    }

    /// The real thing. A network may fail for a moment, hence the retries.
    #[integration(timeout = "30s", retries = 2)]
    #[skip_if(
        not(all(env = "EXTERNAL_API_URL", env = "EXTERNAL_API_KEY")),
        reason = "set EXTERNAL_API_URL and EXTERNAL_API_KEY to ask the real exchange service"
    )]
    async fn the_real_service_answers() -> Result {
        let config = Config::from_env()?
            .external
            .expect("both variables are set");
        let result = ExternalApi::from_config(&config)?.fetch_data().await?;
        assert!(!result.data.is_empty());
        Ok(())
    }
}
