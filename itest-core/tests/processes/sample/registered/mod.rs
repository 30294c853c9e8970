//! Fixtures of several scopes that register what they start, and tear down nothing themselves.

use itest::prelude::*;
use itest::{Resource, Signal};

use crate::common::{event, wait_for};
use crate::outside::start;

/// A directory, a process, a process group and a container, all in the name of one fixture.
fn register(request: &Request, name: &str) -> String {
    let directory = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
    request.register(Resource::directory(&directory));
    std::fs::create_dir_all(directory.join("deep/deeper")).unwrap();
    std::fs::write(directory.join("deep/file"), name).unwrap();
    event(&format!("directory up {name}"));
    let group = start(&format!("{name}-group"), true);
    request.register(Resource::process_group(group));
    let single = start(&format!("{name}-single"), false);
    request.register(Resource::process(single).signal(Signal::Quit));
    let container = format!("{name}-{}", std::process::id());
    event(&format!("container up {container}"));
    request.register(Resource::container("docker", container));
    name.to_owned()
}

#[fixture(scope = "session")]
fn hosted(request: &Request) -> String {
    register(request, "hosted")
}

#[fixture(scope = "worker")]
fn shared(request: &Request) -> String {
    register(request, "shared")
}

#[fixture]
fn own(request: &Request) -> String {
    register(request, "own")
}

#[integration]
fn a_passes(hosted: &String, shared: &String, own: &String) {
    assert_eq!([hosted, shared, own], ["hosted", "shared", "own"]);
}

#[integration]
fn b_registers_itself(request: &Request) {
    register(request, "test");
}

#[fixture(scope = "worker")]
fn breaks(request: &Request) -> Result<String> {
    register(request, "breaks");
    Err("no value".into())
}

#[integration]
fn c_has_a_fixture_that_fails(_breaks: &String) {}

#[fixture]
async fn panics(request: &Request) -> String {
    register(request, "panics");
    panic!("no value")
}

#[integration]
fn d_has_a_fixture_that_panics(_panics: &String) {}

#[integration]
fn e_panics(_own: &String) {
    panic!("the test")
}

#[integration]
fn f_waits(_hosted: &String, _shared: &String, _own: &String) {
    event("waits");
    wait_for("gate");
}

/// Without a request: the process has them.
#[integration]
fn g_leaves_it_to_the_process() {
    let directory = std::env::temp_dir().join(format!("left-{}", std::process::id()));
    Resource::directory(&directory).register_for_process();
    std::fs::create_dir(&directory).unwrap();
    let group = start("left", true);
    Resource::process_group(group).register_for_process();
    event("left");
}

/// Torn down by itself, released and cleaned early.
#[integration]
fn h_needs_no_cleaning(request: &Request) {
    let directory = std::env::temp_dir().join(format!("early-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    request.register(Resource::directory(&directory)).clean().unwrap();
    assert!(!directory.exists());
    let kept = std::env::temp_dir().join(format!("kept-{}", std::process::id()));
    std::fs::create_dir(&kept).unwrap();
    let registration = request.register(Resource::directory(&kept));
    registration.release();
    request.defer(async move {
        assert!(kept.exists());
        std::fs::remove_dir(kept)
    });
}

/// On its own: nothing of it is registered before the gate is open.
#[integration]
#[ignore = "waits for two gates"]
fn i_registers_late(request: &Request) {
    event("late");
    wait_for("gate");
    register(request, "late");
    event("waits");
    wait_for("end");
}

/// Whoever waits for its children waits for nobody else.
#[integration]
#[ignore = "only by itself"]
fn j_sees_its_children(request: &Request) {
    let process = start("only-group", true);
    request.register(Resource::process_group(process));
    let children = std::fs::read_to_string(format!(
        "/proc/{0}/task/{0}/children",
        std::process::id()
    ))
    .unwrap();
    let all: Vec<&str> = children.split_whitespace().collect();
    assert_eq!(all, [process.to_string()]);
}
