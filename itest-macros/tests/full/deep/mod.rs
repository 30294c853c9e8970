mod leaf;

#[allow(dead_code)]
fn helper() {}

#[::core::prelude::v1::test]
#[allow(dead_code)]
fn in_mod_rs() {
    helper();
}
