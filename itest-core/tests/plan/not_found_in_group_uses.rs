use itest::prelude::*;

#[integration(uses("seeded"))]
mod group {
    use itest::prelude::*;

    #[integration]
    fn reads() {}
}
