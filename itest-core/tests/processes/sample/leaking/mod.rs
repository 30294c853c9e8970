//! Each leak is planted, and the name of its test says which: `leaks_KIND_…`.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use itest::builtin::{Env, Ports, TmpDir};
use itest::prelude::*;

fn set(name: &str, value: Option<&str>) {
    // SAFETY: no other test runs in this process.
    unsafe {
        match value {
            Some(value) => std::env::set_var(name, value),
            None => std::env::remove_var(name),
        }
    }
}

fn sleep() -> Child {
    let mut command = Command::new("sleep");
    command.arg("600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

async fn for_ever() {
    std::future::pending::<()>().await;
}

mod planted {
    use super::*;

    #[integration]
    fn leaks_cwd() {
        std::env::set_current_dir("/").unwrap();
    }

    #[integration]
    async fn leaks_cwd_async() {
        std::env::set_current_dir("/tmp").unwrap();
    }

    #[integration]
    fn leaks_env() {
        set("SAMPLE_LEAK", Some("secret"));
        set("SAMPLE_CHANGED", Some("secret"));
    }

    #[integration]
    async fn leaks_env_async() {
        set("SAMPLE_CHANGED", Some("another secret"));
        set("PWD", None);
    }

    #[integration]
    fn leaks_fds() {
        std::mem::forget(File::open("/dev/zero").unwrap());
    }

    #[integration]
    async fn leaks_fds_sockets() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        std::mem::forget((listener, stream));
    }

    #[integration]
    fn leaks_children() {
        // Killed with the worker; where nobody else does, it ends by itself.
        std::mem::forget(sleep());
    }

    #[integration]
    async fn leaks_children_zombie() {
        let mut child = sleep();
        child.kill().unwrap();
    }

    #[integration]
    async fn leaks_tasks() {
        tokio::spawn(for_ever());
    }

    /// All threads of the runtime are blocked; run by itself.
    #[integration]
    #[ignore]
    async fn blocks_the_runtime() {
        for _ in 0..64 {
            tokio::spawn(async {
                loop {
                    std::thread::park();
                }
            });
        }
    }

    #[fixture]
    async fn forgets() -> u32 {
        tokio::spawn(for_ever());
        tokio::spawn(for_ever());
        2
    }

    /// Its fixture does.
    #[integration]
    async fn leaks_tasks_of_a_fixture(forgets: &u32) {
        assert_eq!(*forgets, 2);
    }
}

mod clean {
    use super::*;

    #[integration]
    fn uses_what_itest_has(env: &Env, tmp_dir: &TmpDir, ports: &Ports, request: &Request) {
        env.set("SAMPLE_LEAK", "1").unset("HOME");
        std::fs::write(tmp_dir.join("file"), "").unwrap();
        drop(ports.reserve().unwrap());
        request.register(itest::Resource::directory(tmp_dir.path()));
        let mut command = Command::new("sleep");
        command.arg("600");
        let (mut child, _) = request.spawn(command, itest::Resource::process).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[integration]
    fn registers_its_child(request: &Request) {
        let mut command = Command::new("sleep");
        command.arg("600");
        drop(request.spawn(command, itest::Resource::process).unwrap());
    }

    #[integration]
    fn waits_for_its_child() {
        let mut child = sleep();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[integration]
    async fn drops_a_child_of_tokio() {
        let mut command = tokio::process::Command::new("sleep");
        drop(command.arg("600").kill_on_drop(true).spawn().unwrap());
    }

    #[integration]
    async fn awaits_and_aborts() {
        let awaited = tokio::spawn(async { 1 });
        let aborted = tokio::spawn(for_ever());
        assert_eq!(awaited.await.unwrap(), 1);
        aborted.abort();
    }

    /// The server's side of a connection ends a little later.
    #[integration]
    async fn serves_itself() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut byte = [0];
                    while stream.read(&mut byte).await.unwrap() > 0 {
                        stream.write_all(&byte).await.unwrap();
                    }
                });
            }
        });
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        client.write_all(b"x").await.unwrap();
        let mut byte = [0];
        client.read_exact(&mut byte).await.unwrap();
        server.abort();
    }

    #[integration(flavor = "current_thread")]
    async fn has_a_runtime_of_its_own() {
        tokio::spawn(for_ever());
        let mut command = tokio::process::Command::new("true");
        assert!(command.status().await.unwrap().success());
    }

    #[integration(retries = 1)]
    async fn opens_and_closes_each_time(request: &Request) {
        let task = tokio::spawn(for_ever());
        request.defer(async move { task.abort() });
        let _file = File::open("/dev/zero").unwrap();
        assert_eq!(request.attempt(), 2);
    }

    #[integration]
    fn skips_itself() {
        itest::skip!("on purpose");
    }
}

/// Fixtures that outlive the tests, and open things before, between and within them.
mod wide {
    use super::*;

    /// Grows while tests use it.
    struct Pool {
        files: Mutex<Vec<File>>,
        tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
        child: Child,
    }

    impl Pool {
        fn grow(&self) {
            self.files.lock().unwrap().push(File::open("/dev/zero").unwrap());
            self.tasks.lock().unwrap().push(tokio::spawn(for_ever()));
        }
    }

    impl Drop for Pool {
        fn drop(&mut self) {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
            for task in self.tasks.lock().unwrap().drain(..) {
                task.abort();
            }
        }
    }

    #[fixture(scope = "session", autouse)]
    fn exported(request: &Request) -> String {
        request.export_env("SAMPLE_EXPORTED", "1");
        "1".to_owned()
    }

    #[fixture(scope = "module")]
    async fn pool() -> Pool {
        set("SAMPLE_POOL", Some("1"));
        let pool = Pool { files: Mutex::default(), tasks: Mutex::default(), child: sleep() };
        pool.grow();
        pool
    }

    #[integration]
    async fn first_uses_it(pool: &Pool) {
        pool.grow();
    }

    #[integration]
    async fn then_uses_it(pool: &Pool) {
        pool.grow();
        pool.grow();
    }

    #[integration]
    fn has_what_was_exported() {
        assert_eq!(std::env::var("SAMPLE_EXPORTED").as_deref(), Ok("1"));
    }

    /// Told when the pool is gone, where that is before the process ends.
    #[integration]
    async fn late_leaks_fds_and_tasks(pool: &Pool) {
        pool.grow();
        std::mem::forget(File::open("/dev/null").unwrap());
        tokio::spawn(for_ever());
    }

    #[integration]
    fn leaks_env_beside_a_pool(pool: &Pool) {
        set("SAMPLE_BESIDE", Some("1"));
        drop(pool);
    }
}
