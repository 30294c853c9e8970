#[test]
fn beside_mod_rs() {}
