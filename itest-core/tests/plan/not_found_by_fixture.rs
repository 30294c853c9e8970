use itest::prelude::*;

#[fixture]
fn app(config: &String) -> usize {
    config.len()
}

#[integration]
fn first(app: &usize) {
    let _ = app;
}

#[integration]
fn second(app: &usize) {
    let _ = app;
}
