#[test]
#[allow(dead_code)]
fn in_directory_of_inline() {}
