//! A module per way of a test to go wrong: `b_victim` does it, the others are its neighbours.
mod common;

use itest::prelude::*;

use crate::common::event;

itest::main!();

#[fixture(scope = "module")]
fn table(server: &String) -> String {
    event("table up");
    provide!(server.clone());
    event("table down");
}

#[fixture]
fn row(table: &String) -> String {
    event("row up");
    provide!(table.clone());
    event("row down");
}

/// The neighbours use what the victim uses. Their names are given: tests run in the order in
/// which their names stand in the source.
macro_rules! victim {
    ($module:ident $before:ident { $($victim:item)* } $after:ident) => {
        mod $module {
            use itest::prelude::*;
            #[integration]
            fn $before(row: &String, server: &String) { assert_eq!(row, server); }
            $($victim)*
            #[integration]
            fn $after(row: &String, server: &String) { assert_eq!(row, server); }
        }
    };
}

victim! { aborts a_before {
    #[integration]
    fn b_victim(row: &String) { println!("{}", row.len()); std::process::abort() }
} c_after }
victim! { exits_0 a_before {
    #[integration]
    fn b_victim(_row: &String) { print!("no newline"); std::process::exit(0) }
} c_after }
victim! { exits_3 a_before {
    #[integration]
    fn b_victim(_row: &String) { eprintln!("last words"); std::process::exit(3) }
} c_after }
victim! { segfaults a_before {
    #[integration]
    fn b_victim(_row: &String) { unsafe { std::ptr::null_mut::<u8>().write_volatile(1) } }
} c_after }
victim! { overflows_stack a_before {
    fn deeper(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 1000]);
        if depth == 0 { 0 } else { deeper(depth + 1) + frame[5] }
    }
    #[integration]
    fn b_victim(_row: &String) { assert_eq!(deeper(1), 0); }
} c_after }
victim! { hangs a_before {
    #[integration(timeout = "200ms")]
    fn b_victim(_row: &String) { println!("hanging"); loop { std::hint::spin_loop() } }
} c_after }
victim! { blocks_in_async a_before {
    #[integration(timeout = "200ms")]
    async fn b_victim(_row: &String) {
        println!("blocking");
        tokio::task::yield_now().await;
        std::thread::sleep(std::time::Duration::from_secs(600));
    }
} c_after }
victim! { waits_in_async a_before {
    #[integration(timeout = "200ms")]
    async fn b_victim(_row: &String) { println!("waiting"); std::future::pending().await }
} c_after }
victim! { kills_itself a_before {
    #[integration]
    fn b_victim(_row: &String) { unsafe { libc::raise(libc::SIGKILL); } }
} c_after }
victim! { closes_output a_before {
    #[integration]
    fn b_victim(_row: &String) {
        // What opens files next must not find the numbers free.
        let null = std::fs::File::options().write(true).open("/dev/null").unwrap();
        let null = std::os::fd::AsRawFd::as_raw_fd(&null);
        unsafe { libc::dup2(null, 1); libc::dup2(null, 2); }
        println!("unseen");
    }
} c_after }
victim! { leaves_output_closed a_before {
    #[integration]
    fn b_victim(_row: &String) { unsafe { libc::close(1); libc::close(2); } println!("unseen"); }
} c_after }
victim! { prints_20_mb a_before {
    #[integration]
    fn b_victim(_row: &String) {
        let line = "x".repeat(999);
        (0..20_000).for_each(|_| println!("{line}"));
        panic!("after 20 MB");
    }
} c_after }
victim! { prints_no_utf8 a_before {
    #[integration]
    fn b_victim(_row: &String) {
        std::io::Write::write_all(&mut std::io::stdout(), b"\xff\xfe raw\n").unwrap();
        panic!("after \u{fffd}");
    }
} c_after }
victim! { leaves_a_thread a_before {
    #[integration]
    fn b_victim(_row: &String) {
        std::thread::spawn(|| loop { print!("."); std::thread::yield_now(); });
    }
} c_after }
victim! { has_a_child a_before {
    #[integration]
    fn b_victim(_row: &String) {
        let status = std::process::Command::new("sh").args(["-c", "echo child; echo child >&2"]).status();
        assert!(status.unwrap().success());
    }
} c_after }
victim! { calls_puts a_before {
    #[integration]
    fn b_victim(_row: &String) { unsafe { libc::puts(c"from C".as_ptr()); } }
} c_after }
victim! { panics_with_a_thread_that_holds_stdout a_before {
    #[integration]
    fn b_victim(_row: &String) {
        let (sender, locked) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut out = std::io::stdout().lock();
            std::io::Write::write_all(&mut out, b"half a line").unwrap();
            sender.send(()).unwrap();
            drop(out);
            panic!("a thread of the test");
        });
        locked.recv().unwrap();
        panic!("the test");
    }
} c_after }

/// By itself: what it leaves is nobody's in particular.
#[integration]
fn leaves_a_child() {
    std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .unwrap();
    event("child left");
}

/// These run beside the victims, on other workers.
mod bystanders {
    use itest::prelude::*;

    macro_rules! bystanders { ($($name:ident)*) => { $(
        #[integration]
        async fn $name(server: &String) { assert!(server.starts_with("http://")); }
    )* } }
    bystanders! { s0 s1 s2 s3 s4 s5 s6 s7 }
}

/// Behind all others.
#[integration]
fn fails_at_last() {
    println!("said before");
    panic!("fails");
}
