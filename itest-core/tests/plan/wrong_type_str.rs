use itest::prelude::*;

#[fixture]
fn url() -> String {
    String::new()
}

#[fixture]
fn other_name() -> &'static str {
    "x"
}

#[integration]
fn connects(url: &&'static str) {
    let _ = url;
}
