#[rstest::rstest]
#[cfg(any())]
#[case(1)]
fn below_beside(#[case] _number: u8) {}
