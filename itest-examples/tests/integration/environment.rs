//! The environment of the tests, and of what they start.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use itest::prelude::*;
use itest_examples::config::Config;
use reqwest::Client;

/// Set before any test of this binary runs, in all of its processes, and put back at the end.
#[fixture(scope = "session", autouse = "crate")]
fn test_environment(request: &Request, data_dir: &PathBuf) -> Result {
    if env::var("ENVIRONMENT").is_ok_and(|name| name == "production") {
        return Err("ENVIRONMENT is `production`: tests do not belong there".into());
    }
    request.export_env("ENVIRONMENT", "test");
    request.export_env("BIND", "127.0.0.1:0");
    let file = data_dir.join("application.db");
    request.export_env("DATABASE_URL", format!("sqlite:{}", file.display()));
    Ok(())
}

/// The service itself, started as its users start it: with an environment and nothing else.
#[fixture]
fn application() -> Result<Child> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inventory-api"));
    let mut application = provide!(command.stdout(Stdio::piped()).spawn()?);
    application.kill()?;
    application.wait()?;
}

#[integration(markers(integration))]
mod configuration {
    use super::*;

    #[integration]
    fn tests_have_settings_of_their_own() -> Result {
        assert_eq!(env::var("ENVIRONMENT")?, "test");
        let config = Config::from_env()?;
        assert_eq!(config.environment, "test");
        assert_eq!(config.bind.port(), 0);
        assert!(config.database_url.ends_with("application.db"));
        Ok(())
    }

    #[integration(timeout = "20s")]
    async fn the_application_starts_with_it(application: &mut Child, http: &Client) -> Result {
        let stdout = application.stdout.take().ok_or("stdout is piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line
            .trim()
            .strip_prefix("test inventory at ")
            .ok_or("it did not start")?;

        let response = http.get(format!("{url}/health")).send().await?;
        assert!(response.status().is_success());
        Ok(())
    }
}
