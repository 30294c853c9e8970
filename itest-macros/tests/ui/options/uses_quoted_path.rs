use itest::prelude::*;

#[integration(uses("common::db"))]
fn test() {}

fn main() {}
