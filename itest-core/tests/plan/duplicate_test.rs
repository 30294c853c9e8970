use itest::prelude::*;

#[integration]
fn t() {}

const _: () = {
    #[allow(unnameable_test_items)]
    #[integration]
    fn t() {}
};
