//! [`Server`]: the application behind a port, until it is told to stop.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{AppState, app};

/// A running application. Dropped, it stops accepting; [`stop`](Self::stop) also waits.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    url: String,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Serves on a free port of the loopback interface.
    ///
    /// # Errors
    /// What the system says if there is none.
    pub async fn start(state: AppState) -> io::Result<Self> {
        Self::bind((Ipv4Addr::LOCALHOST, 0).into(), state).await
    }

    /// Serves on this address. When this returns, connections are accepted.
    ///
    /// # Errors
    /// What the system says if the address is taken or not ours.
    pub async fn bind(address: SocketAddr, state: AppState) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let serve = axum::serve(listener, app(state)).with_graceful_shutdown(async {
            // A dropped sender means stop, too.
            let _ = stopped.await;
        });
        let serving = tokio::spawn(serve.into_future());
        tracing::info!(%address, "serving");
        Ok(Self {
            address,
            url: format!("http://{address}"),
            stop,
            serving,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as `http://host:port`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops accepting, and waits until all requests are answered.
    ///
    /// # Errors
    /// What ended the server before.
    pub async fn stop(self) -> io::Result<()> {
        let _ = self.stop.send(());
        self.serving.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Database;
    use reqwest::{Client, Method};
    use serde_json::{Value, json};

    async fn start() -> Result<Server, Box<dyn std::error::Error>> {
        let db = Database::in_memory().await?;
        db.seed(&itest::data!("tests/data/integration_test_data.json"))
            .await?;
        Ok(Server::start(AppState::new(db)).await?)
    }

    #[tokio::test]
    async fn answers() -> Result<(), Box<dyn std::error::Error>> {
        let server = start().await?;
        let client = Client::builder().no_proxy().build()?;
        let call = async |method: Method, path: &str, body: Option<Value>| {
            let mut request = client.request(method, format!("{}{path}", server.url()));
            if let Some(body) = body {
                request = request.json(&body);
            }
            let response = request.send().await?;
            let status = response.status().as_u16();
            let text = response.text().await?;
            Ok::<_, reqwest::Error>((
                status,
                serde_json::from_str(&text).unwrap_or(Value::String(text)),
            ))
        };
        let code = |answer: (u16, Value)| {
            (
                answer.0,
                answer.1["error"]["code"].as_str().unwrap_or("").to_owned(),
            )
        };
        let expect = |status: u16, code: &str| (status, code.to_owned());

        assert_eq!(
            call(Method::GET, "/health", None).await?,
            (200, json!({"status": "ok"}))
        );
        let (status, thing) = call(
            Method::POST,
            "/api/resources",
            Some(json!({"name": "test", "value": 42})),
        )
        .await?;
        assert_eq!(status, 201);
        let path = format!("/api/resources/{}", thing["id"]);
        let (status, changed) = call(Method::PUT, &path, Some(json!({"value": 100}))).await?;
        assert_eq!(
            (status, &changed["name"], &changed["value"]),
            (200, &json!("test"), &json!(100))
        );
        assert_eq!(call(Method::GET, &path, None).await?, (200, changed));
        assert_eq!(call(Method::DELETE, &path, None).await?, (204, json!("")));
        assert_eq!(
            code(call(Method::GET, &path, None).await?),
            expect(404, "not_found")
        );

        for (method, path, body, expected) in [
            (
                Method::POST,
                "/api/users",
                Some(json!({"name": "", "email": "x"})),
                expect(422, "validation_failed"),
            ),
            (
                Method::POST,
                "/api/users",
                Some(json!({"nam": 1})),
                expect(422, "validation_failed"),
            ),
            (
                Method::POST,
                "/api/users",
                Some(json!({"name": "A", "email": "Ada@example.com"})),
                expect(409, "conflict"),
            ),
            (
                Method::POST,
                "/api/resources",
                Some(json!({"name": "x", "value": 1, "owner_id": 99})),
                expect(422, "missing_reference"),
            ),
            (
                Method::POST,
                "/api/resources",
                None,
                expect(415, "unsupported_media_type"),
            ),
            (
                Method::POST,
                "/api/import",
                None,
                expect(415, "unsupported_media_type"),
            ),
            (
                Method::POST,
                "/api/import",
                Some(json!({"invalid": "data"})),
                expect(422, "import_failed"),
            ),
            (
                Method::GET,
                "/api/users/x",
                None,
                expect(400, "malformed_path"),
            ),
            (
                Method::GET,
                "/api/users/1/valuation",
                None,
                expect(404, "not_found"),
            ),
            (
                Method::GET,
                "/api/resources/1/valuation",
                None,
                expect(400, "malformed_query"),
            ),
            (
                Method::GET,
                "/api/resources/1/valuation?currency=EUR",
                None,
                expect(503, "not_configured"),
            ),
            (
                Method::DELETE,
                "/health",
                None,
                expect(405, "method_not_allowed"),
            ),
        ] {
            assert_eq!(code(call(method, path, body).await?), expected, "{path}");
        }
        server.stop().await?;
        Ok(())
    }
}
