//! A private NATS server, and a prefix of subjects for each test.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use itest::prelude::*;
use itest::service::{Nats, NatsPrefix};

use crate::scene::Scene;

/// A connection that speaks the protocol's lines.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("nats://").ok_or("not a URL of NATS")?;
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = login.split_once(':').unwrap_or(("", ""));
        let stream = TcpStream::connect(place)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut connection = Connection(BufReader::new(stream));
        assert!(connection.line()?.starts_with("INFO "));
        let options = serde_json::json!({"verbose": false, "user": user, "pass": password});
        connection.send(&format!("CONNECT {options}\r\nPING\r\n"))?;
        Ok(connection)
    }

    fn send(&mut self, text: &str) -> Result {
        Ok(self.0.get_mut().write_all(text.as_bytes())?)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

#[integration]
async fn the_server_wants_a_login(nats: &Nats) -> Result {
    assert_eq!(Connection::open(nats.url())?.line()?, "PONG");
    let (_, place) = nats.url().rsplit_once('@').ok_or("no login")?;
    let refused = Connection::open(&format!("nats://{place}"))?.line()?;
    assert!(refused.contains("Authorization Violation"), "{refused}");
    let log = nats.log().await.ok_or("it is ours")?;
    assert!(log.contains("Server is ready"), "{log}");
    Ok(())
}

/// Each sees its own messages and nobody else's, on the same subject.
macro_rules! alone {
    ($($name:ident)*) => { $(
        #[integration]
        async fn $name(nats: &Nats, nats_prefix: &NatsPrefix) -> Result {
            let mut connection = Connection::open(nats.url())?;
            assert_eq!(connection.line()?, "PONG");
            let (all, subject) = (nats_prefix.subject("orders.>"), nats_prefix.subject("orders.new"));
            connection.send(&format!("SUB {all} 1\r\nPUB {subject} 2\r\nhi\r\nPING\r\n"))?;
            assert_eq!(connection.line()?, format!("MSG {subject} 1 2"));
            assert_eq!(connection.line()?, "hi");
            assert_eq!(connection.line()?, "PONG");
            Ok(())
        }
    )* };
}

alone!(the_first_is_alone the_second_is_alone the_third_is_alone);

#[integration]
async fn jetstream_and_settings_are_had_by_asking() -> Result {
    let builder = Nats::builder().jetstream(true);
    let nats = builder.setting("max_payload: 4KB").start().await?;
    let rest = nats.url().rsplit_once('@').ok_or("no login")?.1;
    let mut stream = BufReader::new(TcpStream::connect(rest)?);
    let mut info = String::new();
    stream.read_line(&mut info)?;
    assert!(info.contains("\"jetstream\":true"), "{info}");
    assert!(info.contains("\"max_payload\":4096"), "{info}");
    nats.stop().await?;
    Ok(())
}

#[integration]
fn names_have_no_dots() {
    let prefix = NatsPrefix::new();
    assert_ne!(prefix, NatsPrefix::new());
    assert!(!prefix.name("orders").contains('.'));
}

#[integration]
async fn one_that_is_named_is_used(nats: &Nats) {
    Scene::of("nats::scenes")
        .env("ITEST_NATS_URL", nats.url())
        .arg("--show-output")
        .run()
        .ended_with(0)
        .says(nats.url());
    Scene::of("nats::scenes")
        .env("ITEST_NATS_URL", "nats://127.0.0.1:1")
        .run()
        .ended_with(101)
        .says_once("cannot connect to 127.0.0.1:1");
}

#[integration]
fn nothing_there_is_a_skip_that_tells_what_was_tried() {
    let nothing = || Scene::of("nats::scenes").env("PATH", "/nowhere");
    // Debian's stands where we look beside PATH too.
    let reason = "no NATS here: ITEST_NATS_URL is not set; no `nats-server` on PATH";
    if !std::path::Path::new("/usr/sbin/nats-server").exists() {
        nothing().run().ended_with(0).says(reason);
        nothing().arg("--require=nats").run().ended_with(101);
    }
    Scene::of("nats::scenes")
        .env("ITEST_NATS_BIN", "/bin/false")
        .run()
        .ended_with(101)
        .says_once("NATS did not start");
}

mod scenes {
    use super::*;

    #[integration]
    #[ignore = "a scene"]
    async fn prints_where_it_is(nats: &Nats) {
        println!("{}", nats.url());
        assert!(Connection::open(nats.url()).is_ok());
    }
}
