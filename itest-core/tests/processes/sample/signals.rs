//! Tests that are under way when a signal comes.
mod common;

use itest::prelude::*;

use crate::common::{event, wait_for, wait_for_async};

itest::main!();

#[fixture(scope = "module")]
async fn table(server: &String) -> String {
    event("table up");
    provide!(server.clone());
    event("table down");
}

#[fixture]
async fn row(table: &String) -> String {
    event("row up");
    provide!(table.clone());
    event("row down");
}

mod asynchronous {
    use super::*;

    #[integration]
    async fn a_waits(row: &String) {
        event(&format!("waits started {}", row.len()));
        wait_for_async("gate").await;
    }

    #[integration]
    fn b_after(row: &String) {
        event(&format!("after started {}", row.len()));
    }
}

mod blocking {
    use super::*;

    #[integration]
    fn a_blocks(row: &String) {
        event(&format!("blocks started {}", row.len()));
        wait_for("gate");
    }

    #[integration]
    fn b_after(row: &String) {
        event(&format!("after started {}", row.len()));
    }
}

mod quick {
    use super::*;

    macro_rules! quick { ($($name:ident)*) => { $(
        #[integration]
        fn $name(row: &String) { assert!(row.starts_with("http://")); }
    )* } }
    quick! { q0 q1 q2 q3 q4 q5 q6 q7 }
}

/// More than a worker runs at once, on fixtures of all scopes, each for a moment.
mod chaos {
    use super::*;

    #[fixture(scope = "worker")]
    async fn pool(server: &String) -> String {
        event("pool up");
        provide!(server.clone());
        event("pool down");
    }

    macro_rules! chaos { ($($synchronous:ident $asynchronous:ident)*) => { $(
        #[integration]
        fn $synchronous(pool: &String) {
            event("chaos");
            println!("{pool}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        #[integration]
        async fn $asynchronous(pool: &String, request: &Request) {
            event("chaos");
            println!("{pool}");
            request.defer(async { event("deferred") });
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    )* } }
    chaos! {
        s0 a0 s1 a1 s2 a2 s3 a3 s4 a4 s5 a5 s6 a6 s7 a7 s8 a8 s9 a9
        t0 b0 t1 b1 t2 b2 t3 b3 t4 b4 t5 b5 t6 b6 t7 b7 t8 b8 t9 b9
    }
}
