use itest::prelude::*;

#[integration]
fn test(name: &std::borrow::Cow<'a, str>) {}

fn main() {}
