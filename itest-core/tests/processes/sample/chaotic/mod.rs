//! Tests on fixtures of all scopes, each with something outside of its process. `CHAOS` has the name
//! of a test and what that one does.

use std::io::Write;

use itest::prelude::*;
use itest::{Resource, Signal};

use crate::common::event;
use crate::outside::start_registered;

/// A directory, and a process in it for all but tests.
fn register(request: &Request, name: &str, process: bool) {
    let user = request.test_name().replace("::", "-");
    let directory = std::env::temp_dir().join(format!("{name}-{user}-{}", std::process::id()));
    request.register(Resource::directory(&directory));
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("file"), name).unwrap();
    if process {
        let group = |pid| Resource::process_group(pid).signal(Signal::Quit);
        start_registered(request, &format!("{name}-single"), group);
    }
    event(&format!("{name} up"));
}

#[fixture(scope = "session")]
async fn hosted(request: &Request) -> String {
    register(request, "hosted", true);
    provide!("hosted".to_owned());
    event("hosted down");
}

#[fixture(scope = "worker")]
async fn pool(request: &Request, hosted: &String) -> String {
    register(request, "pool", true);
    provide!(hosted.clone());
    event("pool down");
}

#[fixture]
fn row(request: &Request, pool: &String) -> String {
    register(request, "row", false);
    provide!(pool.clone());
    event("row down");
}

fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 1000]);
    if depth == 0 { 0 } else { deeper(depth + 1) + frame[5] }
}

fn act(act: &str) {
    match act {
        "abort" => std::process::abort(),
        "segfault" => unsafe { std::ptr::null_mut::<u8>().write_volatile(1) },
        "overflow" => assert_eq!(deeper(1), 0),
        "exit" => std::process::exit(0),
        "hang" => loop {
            std::hint::spin_loop();
        },
        "panic" => panic!("it does its worst"),
        "close" => unsafe {
            libc::close(1);
            libc::close(2);
        },
        "50 MB" => {
            let line = "x".repeat(999);
            (0..50_000).for_each(|_| println!("{line}"));
        }
        "no UTF-8" => std::io::stdout().write_all(b"\xff\xfe raw \xc3\n").unwrap(),
        "printer" => {
            std::thread::spawn(|| loop {
                print!(".");
                std::thread::yield_now();
            });
        }
        other => panic!("there is no act `{other}`"),
    }
}

fn misbehave(request: &Request) {
    event(&format!("begins {}", request.test_name()));
    let Ok(chaos) = std::env::var("CHAOS") else { return };
    let Some((test, what)) = chaos.split_once(' ') else { return };
    if request.test_name().ends_with(test) && what != "wait" {
        act(what);
    }
}

async fn misbehave_async(request: &Request) {
    misbehave(request);
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    if std::env::var("CHAOS").is_ok_and(|chaos| {
        chaos.strip_suffix(" wait").is_some_and(|test| request.test_name().ends_with(test))
    }) {
        std::future::pending::<()>().await;
    }
}

macro_rules! chaotic {
    ($($sync:ident $asynchronous:ident)*) => { $(
        #[integration(timeout = "3s")]
        fn $sync(row: &String, request: &Request) {
            assert_eq!(row, "hosted");
            misbehave(request);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }

        #[integration(timeout = "3s")]
        async fn $asynchronous(row: &String, request: &Request) {
            assert_eq!(row, "hosted");
            misbehave_async(request).await;
        }
    )* };
}
chaotic! { s0 a0 s1 a1 s2 a2 s3 a3 s4 a4 s5 a5 s6 a6 s7 a7 }
