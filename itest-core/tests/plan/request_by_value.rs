use itest::prelude::*;

#[integration]
fn t(request: Request) {
    let _ = request;
}
