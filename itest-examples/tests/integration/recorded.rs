//! Another service as it answered once: recorded, and replayed ever after.
//!
//! Replaying is the default and needs no network. To record anew, ask the real service:
//!
//! ```text
//! RECORD=1 EXTERNAL_API_URL=http://… EXTERNAL_API_KEY=… cargo test --test integration recorded
//! ```

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::{Json, Router};
use itest::data;
use itest::prelude::*;
use itest_examples::external::{ExternalApi, ExternalError};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

/// The exchange service, from its recording. A request that is not in it fails the test that this
/// fixture served, at the teardown.
#[fixture]
async fn exchange(http: &Client) -> Result<Recording> {
    let file = data::path("tests/data/recorded/exchange.json");
    let upstream = match env::var_os("RECORD") {
        Some(_) => Some(env::var("EXTERNAL_API_URL")?),
        None => None,
    };
    let recording = provide!(Recording::open(http, file, upstream).await?);
    recording.finish()?;
}

#[fixture]
fn external_api(exchange: &Recording) -> Result<ExternalApi> {
    let key = env::var("EXTERNAL_API_KEY").unwrap_or_else(|_| "any key".to_owned());
    Ok(ExternalApi::new(&exchange.url, key)?)
}

#[integration(markers(integration), timeout = "10s")]
mod replayed {
    use super::*;

    #[integration]
    async fn rates_are_as_they_were(external_api: &ExternalApi) -> Result {
        assert!(external_api.rate("EUR").await? > 0.0);
        let unknown = external_api.rate("XXX").await;
        assert!(
            matches!(unknown, Err(ExternalError::UnknownCurrency { .. })),
            "{unknown:?}"
        );
        Ok(())
    }

    #[integration]
    async fn what_was_not_recorded_is_told(http: &Client) -> Result {
        let file = data::path("tests/data/recorded/exchange.json");
        let recording = Recording::open(http, file, None).await?;
        let response = http
            .get(format!("{}/history?days=3", recording.url))
            .send()
            .await?;
        assert_eq!(response.status(), StatusCode::NOT_IMPLEMENTED);
        let error = recording.finish().unwrap_err().to_string();
        assert!(
            error.contains("`GET /history?days=3` is not recorded"),
            "{error}"
        );
        Ok(())
    }

    /// There and back: what a service says is what the recording says, without the secret.
    #[integration]
    async fn a_recording_says_what_the_service_said(http: &Client) -> Result {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("exchange.json");
        let service = MockServer::builder().start().await;
        let rates = json!({"status": "ok", "data": {"EUR": 0.25}});
        Mock::given(matchers::bearer_token("secret key"))
            .respond_with(ResponseTemplate::new(200).set_body_json(rates))
            .expect(1)
            .mount(&service)
            .await;

        let recording = Recording::open(http, file.clone(), Some(service.uri())).await?;
        let rate = ExternalApi::new(&recording.url, "secret key")?
            .rate("EUR")
            .await?;
        assert_eq!(rate, 0.25);
        recording.finish()?;
        assert!(!std::fs::read_to_string(&file)?.contains("secret"));

        // `expect(1)`: this time nobody asks the service.
        let replay = Recording::open(http, file, None).await?;
        let rate = ExternalApi::new(&replay.url, "another key")?
            .rate("EUR")
            .await?;
        assert_eq!(rate, 0.25);
        replay.finish()?;
        service.verify().await;
        Ok(())
    }
}

/// A request, and what was answered. Headers are not kept: there are secrets in them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Exchange {
    method: String,
    path: String,
    status: u16,
    body: Value,
}

/// A server on the loopback interface that answers from a file, or writes it.
struct Recording {
    url: String,
    file: PathBuf,
    shared: Arc<Shared>,
    serving: JoinHandle<std::io::Result<()>>,
}

struct Shared {
    http: Client,
    /// Whom to ask, when recording.
    upstream: Option<String>,
    exchanges: Mutex<Vec<Exchange>>,
    missing: Mutex<Vec<String>>,
}

impl Recording {
    async fn open(http: &Client, file: PathBuf, upstream: Option<String>) -> Result<Self> {
        let exchanges = match &upstream {
            Some(_) => Vec::new(),
            None => data::json(&file)?,
        };
        let shared = Arc::new(Shared {
            http: http.clone(),
            upstream,
            exchanges: Mutex::new(exchanges),
            missing: Mutex::default(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Router::new().fallback(answer).with_state(shared.clone());
        let serving = tokio::spawn(axum::serve(listener, app).into_future());
        Ok(Self {
            url,
            file,
            shared,
            serving,
        })
    }

    /// Writes the file when recording; says what was missing when replaying.
    fn finish(self) -> Result {
        self.serving.abort();
        if self.shared.upstream.is_some() {
            let exchanges = self.shared.exchanges.lock().expect("nobody panicked");
            std::fs::write(self.file, serde_json::to_string_pretty(&*exchanges)? + "\n")?;
            return Ok(());
        }
        let missing = self.shared.missing.lock().expect("nobody panicked");
        match missing.first() {
            Some(request) => Err(format!(
                "`{request}` is not recorded in {}: record it with RECORD=1",
                self.file.display()
            )
            .into()),
            None => Ok(()),
        }
    }
}

/// Every request.
async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let exchange = match &shared.upstream {
        Some(upstream) => shared.record(upstream, method, uri, headers, body).await,
        None => shared.replay(method, uri),
    };
    let status = StatusCode::from_u16(exchange.status).expect("it was one");
    (status, Json(exchange.body))
}

impl Shared {
    async fn record(
        &self,
        upstream: &str,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Exchange {
        let mut request = self
            .http
            .request(method.clone(), format!("{upstream}{uri}"));
        if let Some(login) = headers.get("authorization") {
            request = request.header("authorization", login);
        }
        let response = request.body(body).send().await;
        let response = response.expect("the real service should answer");
        let exchange = Exchange {
            method: method.to_string(),
            path: uri.to_string(),
            status: response.status().as_u16(),
            body: response.json().await.unwrap_or_default(),
        };
        let mut exchanges = self.exchanges.lock().expect("nobody panicked");
        if !exchanges.contains(&exchange) {
            exchanges.push(exchange.clone());
        }
        exchange
    }

    fn replay(&self, method: Method, uri: Uri) -> Exchange {
        let (method, path) = (method.to_string(), uri.to_string());
        let exchanges = self.exchanges.lock().expect("nobody panicked");
        let recorded = exchanges
            .iter()
            .find(|one| (&one.method, &one.path) == (&method, &path));
        recorded.cloned().unwrap_or_else(|| {
            let mut missing = self.missing.lock().expect("nobody panicked");
            missing.push(format!("{method} {path}"));
            Exchange {
                method,
                path,
                status: StatusCode::NOT_IMPLEMENTED.as_u16(),
                body: Value::Null,
            }
        })
    }
}
