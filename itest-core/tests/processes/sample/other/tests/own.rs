//! A harness of its own, which does not know arguments: prints how it was started.

fn main() {
    for (name, value) in std::env::vars_os() {
        println!("variable {}={}", name.display(), value.display());
    }
    let directory = std::env::current_dir().expect("there is one");
    println!("directory {}", directory.display());
    for argument in std::env::args_os().skip(1) {
        println!("argument {}", argument.display());
    }
    if std::env::var_os("SAMPLE_FAILS").is_some() {
        std::process::exit(3);
    }
}
