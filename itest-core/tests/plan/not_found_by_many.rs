use itest::prelude::*;

#[integration]
fn first(nothing: &String) {
    let _ = nothing;
}

#[integration]
fn second(nothing: &String) {
    let _ = nothing;
}

#[integration]
fn third(nothing: &String) {
    let _ = nothing;
}
