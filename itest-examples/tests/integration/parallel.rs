//! Tests run in parallel, in threads and processes, unless they say what must not meet.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use itest::prelude::*;
use itest_examples::api::{AppState, Server};
use itest_examples::database::Database;
use itest_examples::model::NewUser;

/// Markers are for choosing tests; any name will do. A test knows its own.
#[integration(markers(integration, parallel_safe))]
mod marked {
    use super::*;

    #[integration(markers(smoke))]
    async fn a_test_has_the_markers_of_its_group(request: &Request, db: &Database) -> Result {
        assert!(request.has_marker("parallel_safe") && request.has_marker("smoke"));
        assert!(!request.has_marker("external"));
        db.ping().await?;
        Ok(())
    }

    #[integration]
    async fn many_writers_share_a_database(db: &Database, #[values(1, 8)] many: i64) -> Result {
        let mut writers = tokio::task::JoinSet::new();
        for n in 0..many {
            let db = db.clone();
            let user = NewUser::new("test", format!("test{n}@example.com"));
            writers.spawn(async move { db.users().create(&user).await });
        }
        for created in writers.join_all().await {
            created?;
        }
        assert_eq!(db.users().count().await?, many);
        Ok(())
    }
}

/// A file that the whole run shares. Who names the lock is kept apart: writers from everybody,
/// readers from writers only.
#[integration(markers(integration))]
mod locks {
    use super::*;

    #[fixture(scope = "session")]
    async fn ledger(data_dir: &PathBuf) -> Result<PathBuf> {
        let ledger = data_dir.join("ledger.txt");
        tokio::fs::write(&ledger, "0").await?;
        Ok(ledger)
    }

    async fn balance(ledger: &PathBuf) -> Result<i64> {
        Ok(tokio::fs::read_to_string(ledger).await?.parse()?)
    }

    /// Without the lock, two of these could read the same balance.
    async fn book(ledger: &PathBuf, amount: i64) -> Result {
        let before = balance(ledger).await?;
        tokio::fs::write(ledger, (before + amount).to_string()).await?;
        assert_eq!(balance(ledger).await?, before + amount);
        Ok(())
    }

    #[integration(exclusive("ledger"))]
    async fn a_deposit_is_booked(ledger: &PathBuf) -> Result {
        book(ledger, 100).await
    }

    #[integration(exclusive("ledger"))]
    async fn a_withdrawal_is_booked(ledger: &PathBuf) -> Result {
        book(ledger, -100).await
    }

    #[integration(shared("ledger"))]
    async fn readers_see_a_quiet_balance(ledger: &PathBuf) -> Result {
        assert_eq!(balance(ledger).await?, balance(ledger).await?);
        Ok(())
    }

    #[integration(shared("ledger"))]
    async fn readers_do_not_wait_for_readers(ledger: &PathBuf) -> Result {
        assert_eq!(balance(ledger).await? % 100, 0);
        Ok(())
    }
}

/// `&mut` of a wide fixture is a lock too, and the compiler knows it.
#[integration(markers(integration))]
mod exclusive_borrows {
    use super::*;

    #[fixture(scope = "worker")]
    async fn shared_server() -> Result<Server> {
        let db = Database::in_memory().await?;
        let server = provide!(Server::start(AppState::new(db.clone())).await?);
        server.stop().await?;
        db.close().await;
    }

    /// One connection that is kept alive: two requests at a time would garble each other.
    #[fixture(scope = "worker")]
    fn connection(shared_server: &Server) -> Result<TcpStream> {
        Ok(TcpStream::connect(shared_server.address())?)
    }

    /// Blocking is fine in a plain `fn`: the server has threads of its own.
    fn get(connection: &mut TcpStream, path: &str) -> Result<String> {
        connection.write_all(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes())?;
        let mut response = BufReader::new(connection);
        let mut length = 0;
        loop {
            let mut line = String::new();
            response.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse()?,
                None if line == "\r\n" => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        response.read_exact(&mut body)?;
        Ok(String::from_utf8(body)?)
    }

    #[integration]
    fn a_connection_serves_one_request(connection: &mut TcpStream) -> Result {
        assert_eq!(get(connection, "/health")?, r#"{"status":"ok"}"#);
        Ok(())
    }

    #[integration]
    fn a_connection_serves_one_after_the_other(connection: &mut TcpStream) -> Result {
        assert_eq!(get(connection, "/api/users")?, "[]");
        assert_eq!(get(connection, "/api/resources")?, "[]");
        Ok(())
    }
}

#[integration(markers(integration))]
mod alone {
    use super::*;

    static RUNNING: AtomicU32 = AtomicU32::new(0);

    /// Counts a test while it lives.
    struct Running;

    impl Drop for Running {
        fn drop(&mut self) {
            RUNNING.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// Every test of this module has it without asking.
    #[fixture(autouse)]
    fn running() -> Running {
        RUNNING.fetch_add(1, Ordering::SeqCst);
        Running
    }

    /// Nothing else of this binary runs meanwhile: for what changes the machine or measures time.
    #[integration(serial)]
    async fn nothing_runs_beside_it(db: &Database) -> Result {
        db.ping().await?;
        assert_eq!(RUNNING.load(Ordering::SeqCst), 1);
        Ok(())
    }

    #[integration]
    async fn others_run_before_or_after_it(db: &Database) -> Result {
        assert!(RUNNING.load(Ordering::SeqCst) >= 1);
        db.ping().await?;
        Ok(())
    }
}
