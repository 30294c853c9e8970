use itest::prelude::*;

#[fixture]
fn port() -> u16 {
    80
}

mod inner {
    use itest::prelude::*;

    #[fixture]
    fn port(port: &u16) -> u16 {
        port + 1
    }

    #[integration]
    fn t(port: u16, #[from(super::port)] outer: &u16, request: &Request) {
        let _ = (port, outer, request);
    }
}
