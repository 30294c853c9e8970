//! What is slow to make, made once: fixtures of session and worker scope.
//!
//! A session fixture says where something is (a path, a URL), so that every process can use it.

use std::path::PathBuf;

use itest::prelude::*;
use reqwest::{Client, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A directory for the whole run.
#[fixture(scope = "session")]
pub(crate) fn data_dir() -> Result<PathBuf> {
    let dir = tempfile::Builder::new()
        .prefix("itest-examples-")
        .tempdir()?;
    provide!(dir.path().to_owned());
    // Dropping it would do, but would not tell if something is still in use.
    dir.close()?;
}

/// One connection pool per process; a session cannot have it, since sockets do not travel.
#[fixture(scope = "worker")]
pub(crate) fn http() -> Result<Client> {
    // Everything is on loopback, where a proxy from the environment has no business.
    Ok(Client::builder().no_proxy().build()?)
}

/// Requests by path, to one server.
pub(crate) struct ApiClient {
    http: Client,
    base_url: String,
}

impl ApiClient {
    pub(crate) fn new(http: &Client, base_url: &str) -> Self {
        Self {
            http: http.clone(),
            base_url: base_url.to_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.http.get(self.url(path)).send().await
    }

    /// What is at `path`, which must be there.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, path: &str) -> reqwest::Result<T> {
        self.get(path).await?.error_for_status()?.json().await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> reqwest::Result<Response> {
        self.http.post(self.url(path)).json(body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: &impl Serialize) -> reqwest::Result<Response> {
        self.http.put(self.url(path)).json(body).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> reqwest::Result<Response> {
        self.http.delete(self.url(path)).send().await
    }

    /// Sends a file of CSV to be imported.
    pub(crate) async fn import_csv(&self, csv: String) -> reqwest::Result<Response> {
        let request = self.http.post(self.url("/api/import"));
        request
            .header("content-type", "text/csv")
            .body(csv)
            .send()
            .await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}
