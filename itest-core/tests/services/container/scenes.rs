//! What other tests run, with an engine of theirs.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::Duration;

use itest::prelude::*;
use itest::service::{Container, Wait, container};

/// Listens where the engine says that the container's port is.
fn listen() -> Result<TcpListener> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let file = format!("{}/port", std::env::var("SCENE")?);
    std::fs::write(file, listener.local_addr()?.port().to_string())?;
    Ok(listener)
}

/// In whatever process.
#[fixture(scope = "session")]
async fn web() -> Result<Container> {
    // Without an engine nobody asks where.
    let listener = std::env::var_os("SCENE").map(|_| listen()).transpose()?;
    let web = container("image:1")
        .port(80)
        .env("MODE", "test")
        .command(["serve", "now"])
        .start()
        .await?;
    drop(listener);
    Ok(web)
}

#[integration]
#[ignore = "a scene"]
async fn used(web: &Container) -> Result {
    assert_eq!(web.id(), "0123456789abcdef");
    assert_eq!(web.address(80), format!("127.0.0.1:{}", web.port(80)));
    assert_eq!(web.logs().await?, "starting up\nnow ready\n");
    assert_eq!(web.exec(["echo", "inside"]).await?, "inside\n");
    let error = std::panic::catch_unwind(|| web.port(81)).unwrap_err();
    let error = error.downcast_ref::<String>().expect("a text");
    assert!(error.contains("add `.port(81)`"), "{error}");
    Ok(())
}

#[integration]
#[ignore = "a scene"]
async fn log() -> Result {
    container("image:1")
        .wait_for(Wait::log("now ready"))
        .start()
        .await?;
    Ok(())
}

#[integration]
#[ignore = "a scene"]
async fn command() -> Result {
    container("image:1")
        .wait_for(Wait::command(["true"]))
        .start()
        .await?;
    Ok(())
}

#[integration]
#[ignore = "a scene"]
async fn http() -> Result {
    let listener = listen()?;
    let serving = std::thread::spawn(move || -> std::io::Result<String> {
        let mut asked = String::new();
        // First it is busy.
        for status in ["503 Service Unavailable", "200 OK"] {
            let (stream, _) = listener.accept()?;
            // To its end: closing before would take the answer back.
            let lines = BufReader::new(&stream).lines();
            let head = lines.take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
            asked = head.collect::<std::io::Result<Vec<_>>>()?.remove(0);
            write!(&stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")?;
        }
        Ok(asked)
    });
    container("image:1")
        .wait_for(Wait::http(80, "/health"))
        .start()
        .await?;
    let asked = serving.join().expect("it should not panic")?;
    assert_eq!(asked, "GET /health HTTP/1.1");
    Ok(())
}

#[integration]
#[ignore = "a scene"]
async fn ends() -> Result {
    std::fs::write(format!("{}/ended", std::env::var("SCENE")?), "")?;
    container("image:1")
        .wait_for(Wait::log("never"))
        .start()
        .await?;
    Ok(())
}

#[integration]
#[ignore = "a scene"]
async fn late() -> Result {
    let builder = container("image:1").wait_for(Wait::command(["false"]));
    builder
        .start_limit(Duration::from_millis(50))
        .start()
        .await?;
    Ok(())
}

#[integration]
#[ignore = "a scene"]
async fn image() -> Result {
    container("no-such-image").start().await?;
    Ok(())
}

#[integration]
#[ignore = "a scene"]
async fn dies() -> Result {
    let container = container("image:1").start().await?;
    assert_eq!(container.image(), "image:1");
    std::process::abort();
}

#[cfg(feature = "redis")]
#[integration]
#[ignore = "a scene"]
async fn redis(redis_database: &itest::service::RedisDatabase) {
    assert!(redis_database.number() > 0);
}

/// Started by somebody else, who dies over it.
#[fixture]
async fn foreign(request: &Request) -> Result<String> {
    let [(name, value)] = itest::service::container_labels(request).await;
    let label = format!("--label={name}={value}");
    let engine = itest::service::container_engine().await;
    let run = [
        "run",
        "--detach",
        "--publish=127.0.0.1::80",
        &label,
        "image:1",
    ];
    let output = std::process::Command::new(engine).args(run).output()?;
    Ok(String::from_utf8(output.stdout)?)
}

#[integration]
#[ignore = "a scene"]
fn labelled(foreign: &String) {
    assert_eq!(foreign.trim(), "0123456789abcdef");
}

#[integration]
#[ignore = "a scene"]
fn labelled_and_killed(foreign: &String) {
    let _ = foreign;
    std::process::abort();
}
