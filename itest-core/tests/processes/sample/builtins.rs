//! Built-in fixtures, and what goes to reports in files.

use std::net::TcpListener;
use std::process::Command;

use itest::builtin::{Env, Output, Ports, TmpDir};
use itest::prelude::*;

#[integration]
fn gets_a_directory(tmp_dir: &TmpDir) -> Result {
    assert_eq!(std::fs::read_dir(tmp_dir)?.count(), 0);
    std::fs::write(tmp_dir.join("file"), "")?;
    println!("DIRECTORY {}", tmp_dir.display());
    Ok(())
}

#[integration]
fn fails_with_a_directory(tmp_dir: &TmpDir) {
    std::fs::write(tmp_dir.join("evidence"), "it was so").unwrap();
    panic!("on purpose");
}

#[fixture(scope = "module")]
fn shared_dir(request: &Request) -> Result<TmpDir> {
    Ok(TmpDir::new(request)?)
}

#[integration]
fn shares_a_directory(shared_dir: &TmpDir, tmp_dir: &TmpDir) {
    assert!(shared_dir.is_dir());
    assert_ne!(shared_dir.path(), tmp_dir.path());
}

const NAME: &str = "SAMPLE_BUILTIN";

#[integration]
fn sets_a_variable(env: &Env) {
    assert_eq!(std::env::var_os(NAME), None);
    env.set(NAME, "1");
    assert_eq!(std::env::var(NAME).as_deref(), Ok("1"));
}

#[integration]
fn sets_it_otherwise(env: &Env) {
    assert_eq!(std::env::var_os(NAME), None);
    env.set(NAME, "2").set("PATH", "/nowhere").unset("HOME");
    assert_eq!(std::env::var(NAME).as_deref(), Ok("2"));
}

#[integration]
fn sees_the_environment_as_it_was(env: &Env) {
    assert_eq!(std::env::var_os(NAME), None);
    assert_ne!(std::env::var("PATH").as_deref(), Ok("/nowhere"));
    drop(env);
}

#[integration]
fn reads_its_output(output: &Output) -> Result {
    assert!(!output.text()?.contains("DIRECTORY"), "of another test");
    println!("stdout");
    eprintln!("stderr");
    Command::new("echo").arg("from a child").status()?;
    print!("no newline");
    assert_eq!(output.lines()?, ["stdout", "stderr", "from a child", "no newline"]);
    Ok(())
}

#[integration]
fn reserves_ports(ports: &Ports) -> Result {
    let (first, second) = (ports.reserve()?, ports.reserve()?);
    assert_ne!(first.number(), second.number());
    let listener = TcpListener::bind(first.address())?;
    assert_eq!(listener.local_addr()?, first.address());
    assert_ne!(ports.listener()?.local_addr()?.port(), 0);
    Ok(())
}

#[fixture]
fn described(request: &Request) -> String {
    format!("{:?} {}", request.markers(), request.attempt())
}

#[fixture(scope = "session")]
fn run(request: &Request) -> String {
    request.run_id()
}

#[integration(markers(external, load(level = 3)), retries = 1)]
fn tells_about_itself(request: &Request, described: &String, run: &String) {
    let told = format!("[\"external\", \"load(level = 3)\"] {}", request.attempt());
    assert_eq!(*described, told);
    assert_eq!(request.case(), None);
    assert!(!request.run_id().is_empty());
    assert_eq!(*run, request.run_id());
    request.attach("worker.txt", format!("{:?}", request.worker()));
    request.attach("run.txt", request.run_id());
    assert!(request.attempt() > 1, "tried again");
}

itest::main!();
