//! Serves the inventory API until Ctrl-C; see [`Config`] for the variables it reads.

use std::error::Error;
use std::process::ExitCode;

use itest_examples::api::{AppState, Server};
use itest_examples::config::Config;
use itest_examples::database::Database;
use itest_examples::error::chain;
use itest_examples::external::ExternalApi;

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let config = Config::from_env()?;
    let db = Database::connect(&config.database_url).await?;
    db.migrate().await?;
    let mut state = AppState::new(db.clone());
    if let Some(external) = &config.external {
        state = state.with_external(ExternalApi::from_config(external)?);
    }
    let server = Server::bind(config.bind, state).await?;
    println!("{} inventory at {}", config.environment, server.url());
    tokio::signal::ctrl_c().await?;
    server.stop().await?;
    db.close().await;
    Ok(())
}
