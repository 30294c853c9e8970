itest::main!(harness = false);
