use itest::prelude::*;

#[fixture(params(1, "two"))]
fn wrong(#[param] a: u32) -> u32 { a }

#[derive(Debug)]
enum Backend { Sqlite }

#[fixture(params(Sqlite, Postgres))]
fn variant(#[param] backend: Backend) -> String { format!("{backend:?}") }

fn main() {}
