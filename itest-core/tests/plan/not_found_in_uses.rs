use itest::prelude::*;

#[integration(uses(seeded))]
fn reads() {}
