//! A binary of another build of itest, as far as a description goes.

/// Behind a line's end, as such a binary prints it.
const MARKER: &str = "\n{itest-plan} a description of so many bytes: ";

fn main() {
    let body = r#"{"version":"0.1.0","protocol":"00000000000000f0","plan":{"Ok":{"anything":7}}}"#;
    println!("{}{}\n{body}", std::hint::black_box(MARKER), body.len());
}
