//! The client of another service: exchange rates.
//!
//! It asks once, and once more if the service says it is busy (503). It caches nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Client, StatusCode, Url};
use serde::{Deserialize, Serialize};

use crate::config::ExternalConfig;

/// A client of the service at one address.
#[derive(Debug, Clone)]
pub struct ExternalApi {
    client: Client,
    data_url: Url,
    api_key: String,
    timeout: Duration,
    retry_delay: Duration,
}

/// What the service answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExternalData {
    /// `ok`, if it has nothing to complain about.
    pub status: String,
    /// What one unit of value is worth, by currency code.
    #[serde(default)]
    pub data: BTreeMap<String, f64>,
}

impl ExternalApi {
    /// A client of the service below `base_url`. Connects to nothing yet.
    ///
    /// # Errors
    /// [`ExternalError::BaseUrl`] if that is not a URL of HTTP.
    pub fn new(base_url: &str, api_key: impl Into<String>) -> Result<Self, ExternalError> {
        let bad_url = |reason: String| ExternalError::BaseUrl {
            url: base_url.to_owned(),
            reason,
        };
        let data_url = format!("{}/data", base_url.trim_end_matches('/'));
        let data_url: Url = data_url
            .parse()
            .map_err(|error| bad_url(format!("{error}")))?;
        if data_url.scheme() != "http" {
            return Err(bad_url(format!(
                "its scheme is `{}`, expected `http`",
                data_url.scheme()
            )));
        }
        let mut client = Client::builder();
        if matches!(
            data_url.host_str(),
            Some("localhost" | "127.0.0.1" | "[::1]")
        ) {
            // A proxy from the environment would look for the service on its own machine.
            client = client.no_proxy();
        }
        let client = client.build().map_err(ExternalError::Unreachable)?;
        let (timeout, retry_delay) = (Duration::from_secs(10), Duration::from_millis(100));
        Ok(Self {
            client,
            data_url,
            api_key: api_key.into(),
            timeout,
            retry_delay,
        })
    }

    /// A client as configured.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_config(config: &ExternalConfig) -> Result<Self, ExternalError> {
        Self::new(&config.base_url, &config.api_key)
    }

    /// How long to wait for each answer; 10 s unless set.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long to wait before asking again; 100 ms unless set.
    pub fn with_retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = delay;
        self
    }

    /// Asks for everything: `GET /data`, with the key as bearer token.
    ///
    /// # Errors
    /// Every [`ExternalError`] but the first and the last.
    pub async fn fetch_data(&self) -> Result<ExternalData, ExternalError> {
        let mut answer = self.ask().await?;
        if answer.0 == StatusCode::SERVICE_UNAVAILABLE {
            tracing::warn!(url = %self.data_url, "external service is busy, asking again");
            tokio::time::sleep(self.retry_delay).await;
            answer = self.ask().await?;
        }
        let (status, body) = answer;
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ExternalError::KeyRefused),
            StatusCode::SERVICE_UNAVAILABLE => Err(ExternalError::Unavailable { attempts: 2 }),
            status if !status.is_success() => {
                let body = String::from_utf8_lossy(&body).into_owned();
                Err(ExternalError::Status {
                    status: status.as_u16(),
                    body,
                })
            }
            _ => serde_json::from_slice(&body).map_err(ExternalError::Malformed),
        }
    }

    /// Asks for what one unit of value is worth in one currency.
    ///
    /// # Errors
    /// As [`fetch_data`](Self::fetch_data); [`ExternalError::UnknownCurrency`] if the service has no such rate.
    pub async fn rate(&self, currency: &str) -> Result<f64, ExternalError> {
        let data = self.fetch_data().await?.data;
        let unknown = || ExternalError::UnknownCurrency {
            currency: currency.to_owned(),
        };
        data.get(currency).copied().ok_or_else(unknown)
    }

    async fn ask(&self) -> Result<(StatusCode, Vec<u8>), ExternalError> {
        let classify = |error: reqwest::Error| match error.is_timeout() {
            true => ExternalError::Timeout {
                after: self.timeout,
            },
            false => ExternalError::Unreachable(error),
        };
        let request = self
            .client
            .get(self.data_url.clone())
            .bearer_auth(&self.api_key)
            .timeout(self.timeout);
        let response = request.send().await.map_err(classify)?;
        let status = response.status();
        Ok((status, response.bytes().await.map_err(classify)?.into()))
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExternalError {
    /// The service's address is none.
    #[error("`{url}` is not the address of an HTTP service: {reason}")]
    BaseUrl {
        /// What was given.
        url: String,
        /// Why not.
        reason: String,
    },
    /// Nothing answers there, or not in HTTP.
    #[error("the external service cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It takes too long.
    #[error("the external service did not answer within {after:?}")]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// It does not like the key.
    #[error("the external service refused the API key")]
    KeyRefused,
    /// It is busy.
    #[error("the external service is unavailable after {attempts} attempts")]
    Unavailable {
        /// How often it was asked.
        attempts: u32,
    },
    /// It answered with a status that means no.
    #[error("the external service answered with status {status}")]
    Status {
        /// The status.
        status: u16,
        /// The answer's text.
        body: String,
    },
    /// It answered with something else than it promised.
    #[error("the answer of the external service is malformed")]
    Malformed(#[source] serde_json::Error),
    /// It knows many currencies but not this one.
    #[error("the external service has no rate for `{currency}`")]
    UnknownCurrency {
        /// This one.
        currency: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

    #[tokio::test]
    async fn asks_a_busy_service_twice() -> Result<(), Box<dyn std::error::Error>> {
        let service = MockServer::start().await;
        let get = || Mock::given(matchers::path("/data")).and(matchers::bearer_token("key"));
        get()
            .respond_with(ResponseTemplate::new(503))
            .up_to_n_times(1)
            .expect(1)
            .mount(&service)
            .await;
        let body = serde_json::json!({"status": "ok", "data": {"EUR": 0.5}});
        get()
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .expect(1)
            .mount(&service)
            .await;

        let api = ExternalApi::new(&service.uri(), "key")?.with_retry_delay(Duration::ZERO);
        assert_eq!(api.rate("EUR").await?, 0.5);
        Ok(())
    }

    #[tokio::test]
    async fn types_its_errors() -> Result<(), Box<dyn std::error::Error>> {
        let service = MockServer::start().await;
        let api = ExternalApi::new(&service.uri(), "key")?
            .with_retry_delay(Duration::ZERO)
            .with_timeout(Duration::from_millis(50));
        let answer = async |response: ResponseTemplate| {
            service.reset().await;
            Mock::given(matchers::any())
                .respond_with(response)
                .mount(&service)
                .await;
            api.rate("EUR").await.unwrap_err()
        };
        let ok = ResponseTemplate::new(200);
        assert!(matches!(
            answer(ResponseTemplate::new(503)).await,
            ExternalError::Unavailable { attempts: 2 }
        ));
        assert!(matches!(
            answer(ResponseTemplate::new(401)).await,
            ExternalError::KeyRefused
        ));
        assert!(matches!(
            answer(ResponseTemplate::new(404)).await,
            ExternalError::Status { status: 404, .. }
        ));
        assert!(matches!(
            answer(ok.clone().set_body_string("<html>")).await,
            ExternalError::Malformed(_)
        ));
        assert!(matches!(
            answer(ok.clone().set_delay(Duration::from_secs(5))).await,
            ExternalError::Timeout { .. }
        ));
        let no_rates = ok.set_body_json(serde_json::json!({"status": "ok"}));
        assert!(matches!(
            answer(no_rates).await,
            ExternalError::UnknownCurrency { .. }
        ));
        assert!(matches!(
            ExternalApi::new("localhost:1", ""),
            Err(ExternalError::BaseUrl { .. })
        ));
        Ok(())
    }
}
