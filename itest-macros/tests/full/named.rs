//! Named by `#[path]`.

#[test]
fn by_path() {}
