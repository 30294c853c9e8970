//! The service's configuration, read from environment variables.

use std::net::SocketAddr;

/// What the service needs to know to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ENVIRONMENT`: `development` unless set.
    pub environment: String,
    /// `DATABASE_URL`: the file `inventory.db` in the working directory unless set.
    pub database_url: String,
    /// `BIND`: `127.0.0.1:8080` unless set.
    pub bind: SocketAddr,
    /// `EXTERNAL_API_URL` and `EXTERNAL_API_KEY`: where exchange rates come from, if anywhere.
    pub external: Option<ExternalConfig>,
}

/// Where exchange rates come from.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalConfig {
    /// The address below which the service's paths are.
    pub base_url: String,
    /// The secret that the service wants to see.
    pub api_key: String,
}

// A configuration is logged at start; the secret must not be.
impl std::fmt::Debug for ExternalConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalConfig")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// As [`from_lookup`](Self::from_lookup).
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads variables from `lookup`; an empty one counts as not set.
    ///
    /// # Errors
    /// [`ConfigError::Bind`] if `BIND` is not an address and a port;
    /// [`ConfigError::ApiKey`] if `EXTERNAL_API_URL` is set without `EXTERNAL_API_KEY`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let lookup = |name| lookup(name).filter(|value| !value.is_empty());
        let or = |name, default: &str| lookup(name).unwrap_or_else(|| default.to_owned());

        let bind = or("BIND", "127.0.0.1:8080");
        let external = match (lookup("EXTERNAL_API_URL"), lookup("EXTERNAL_API_KEY")) {
            (Some(base_url), Some(api_key)) => Some(ExternalConfig { base_url, api_key }),
            (Some(_), None) => return Err(ConfigError::ApiKey),
            (None, _) => None,
        };
        Ok(Self {
            environment: or("ENVIRONMENT", "development"),
            database_url: or("DATABASE_URL", "sqlite:inventory.db"),
            bind: bind.parse().map_err(|source| ConfigError::Bind {
                value: bind.clone(),
                source,
            })?,
            external,
        })
    }
}

/// Why the environment is not a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// `BIND` is not an address.
    #[error("`BIND` is `{value}`; expected an address and a port, such as `127.0.0.1:8080`")]
    Bind {
        /// What it is.
        value: String,
        /// What the parser says.
        source: std::net::AddrParseError,
    },
    /// There is an external service but no key for it.
    #[error("`EXTERNAL_API_URL` is set but `EXTERNAL_API_KEY` is not")]
    ApiKey,
}
