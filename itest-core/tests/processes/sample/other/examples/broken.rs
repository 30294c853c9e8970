//! Does not compile.

fn main() {
    let _: u32 = "text";
}
