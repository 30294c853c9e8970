use itest::prelude::*;

#[integration]
#[with]
fn bare() {}

#[integration]
#[with(db)]
fn no_value() {}

#[integration]
#[with(db())]
fn no_values() {}

#[integration]
#[with(db = 1, db = 2)]
fn twice() {}

#[integration]
#[with("db" = 1)]
fn text() {}

fn main() {}
