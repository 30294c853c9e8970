fn main() {
    println!("cargo:rustc-env=SAMPLE_OF_BUILD=of the build script");
}
