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
