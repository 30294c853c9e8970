#[test]
#[allow(dead_code)]
fn in_file_beside() {}

mod below;
