itest::main!(crate = "itest");
