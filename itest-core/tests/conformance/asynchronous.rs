//! Async tests and fixtures: the same rules, and what is their own.

mod as_51 {
    use crate::vocabulary::DropIn;

    case! {
        "AS-51": "async fixtures of every scope, async and sync tests",
        events: "+s +w +m +c +f =t1 -f +f =t2 -f -c +c +f =t3 -f -c -m -w -s",
        drop_in: DropIn::Events("+s +w +m +c +f =t1 -f +f =t2 -f +c +f =t3 -f -c -c -m -w -s"),
    }

    mod m1 {
        a_fixture!(async s() { scope = "session" });
        a_fixture!(async w(s) { scope = "worker" });
        a_fixture!(async m(w) { scope = "module" });
        a_fixture!(async c(m) { scope = "group" });
        a_fixture!(async f(c));
        #[itest::integration]
        mod g1 {
            a_test!(async t1(f));
            a_test!(t2(f));
        }
        #[itest::integration]
        mod g2 {
            a_test!(async t3(f));
        }
    }
}

mod as_52 {
    case! {
        "AS-52": "a chain of sync and async fixtures",
        events: "+a +b +c +d =t1 -d -c -b -a +a +b +c +d =t2 -d -c -b -a",
    }

    mod m1 {
        a_fixture!(a());
        a_fixture!(async b(a));
        a_fixture!(c(b));
        a_fixture!(async d(c));
        a_test!(t1(d));
        a_test!(async t2(d));
    }
}

mod as_53 {
    case! {
        "AS-53": "async: order by scope, autouse, uses, parameters",
        events: "+s +m +au +uf +f =t1 -f -uf -au -m -s",
    }

    mod m1 {
        a_fixture!(async f());
        a_fixture!(async uf());
        a_fixture!(async au() { autouse });
        a_fixture!(async m() { scope = "module" });
        a_fixture!(async s() { scope = "session" });
        a_test!(async t1(f, m, s) { uses(uf) });
    }
}

mod as_54 {
    case! {
        "AS-54": "async: a failed session setup is remembered",
        events: "+s =t4",
        outcomes: "t1:error@setup t2:error@setup t3:error@setup",
        texts: &["failed in setup; 3 tests that need it did not run"],
    }

    mod m1 {
        a_fixture!(async s() { scope = "session"; raise });
        a_fixture!(async x(s) { scope = "worker" });
        a_test!(async t1(s));
        a_test!(t2(x));
        a_test!(async t3(x));
        a_test!(async t4());
    }
}

mod as_55 {
    case! {
        "AS-55": "async: a setup fails in the middle, what is set up is torn down",
        events: "+a +b -a",
        outcomes: "t1:error@setup",
    }

    mod m1 {
        a_fixture!(async a());
        a_fixture!(async b(a) { err });
        a_fixture!(async c(b));
        a_test!(async t1(c));
    }
}

mod as_56 {
    case! {
        "AS-56": "async: failing teardowns are reported and the rest runs",
        events: "+a +b +c =t1 -c -b -a",
        outcomes: "t1:failed+error@teardown",
        texts: &["2 teardown errors"],
    }

    mod m1 {
        a_fixture!(async a());
        a_fixture!(async b(a) { raise_td });
        a_fixture!(async c(b) { err_td });
        a_test!(async t1(c) { fail });
    }
}

mod as_57 {
    case! {
        "AS-57": "async: skips and imperative xfails in fixtures and tests",
        events: "+a +s -a +a +x -a +a =t3 -a +a =t4 -a",
        outcomes: "t1:skipped t2:xfailed t3:skipped t4:xfailed",
    }

    mod m1 {
        a_fixture!(async a());
        a_fixture!(async s(a) { skip });
        a_fixture!(async x(a) { xfail });
        a_test!(async t1(s));
        a_test!(async t2(x));
        a_test!(async t3(a) { skip });
        a_test!(async t4(a) { xfail });
    }
}

mod as_58 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event, pause};

    case! {
        "AS-58": "finalizers that wait run one after the other",
        events: "+f =t1 ~y ~x -f ~b ~a",
    }

    mod m1 {
        use super::*;

        fn defer(request: &Request, name: &'static str) {
            request.defer(async move {
                pause().await;
                event("~", name);
                pause().await;
            });
        }

        #[fixture]
        async fn f(request: &Request) -> Made {
            event("+", "f");
            defer(request, "a");
            pause().await;
            defer(request, "b");
            provide!(Made::by("f"));
            event("-", "f");
        }

        #[integration]
        async fn t1(request: &Request, _f: &Made) {
            defer(request, "x");
            pause().await;
            event("=", "t1");
            defer(request, "y");
        }
    }
}

mod as_59 {
    use std::sync::Mutex;
    use std::sync::mpsc::{self, Receiver, Sender};

    use itest::prelude::*;

    use crate::vocabulary::event;

    case! {
        "AS-59": "what a worker fixture spawned serves later tests, also one that blocks",
        events: "+server =t1 =t2 =t3 -server",
    }

    type Question = (u8, Sender<u8>);

    struct Server(Mutex<Sender<Question>>);

    impl Server {
        fn ask(&self, question: u8) -> Receiver<u8> {
            let (reply, answer) = mpsc::channel();
            self.0.lock().unwrap().send((question, reply)).unwrap();
            answer
        }
    }

    async fn serve(questions: Receiver<Question>) {
        loop {
            match questions.try_recv() {
                // Who asked may be gone.
                Ok((question, reply)) => drop(reply.send(question + 1)),
                Err(mpsc::TryRecvError::Empty) => tokio::task::yield_now().await,
                Err(mpsc::TryRecvError::Disconnected) => return,
            }
        }
    }

    #[fixture(scope = "worker")]
    async fn server() -> Server {
        let (sender, questions) = mpsc::channel();
        let task = tokio::spawn(serve(questions));
        event("+", "server");
        let server = provide!(Server(Mutex::new(sender)));
        drop(server);
        task.await.unwrap();
        event("-", "server");
    }

    mod m1 {
        use super::*;

        #[integration]
        async fn t1(server: &Server) {
            let answer = server.ask(1);
            while answer.try_recv() != Ok(2) {
                tokio::task::yield_now().await;
            }
            event("=", "t1");
        }

        #[integration]
        fn t2(server: &Server) {
            assert_eq!(server.ask(2).recv(), Ok(3));
            event("=", "t2");
        }
    }
    mod m2 {
        use super::*;

        #[integration]
        async fn t3(server: &Server) {
            // It blocks its own thread; the server has others.
            assert_eq!(server.ask(3).recv(), Ok(4));
            event("=", "t3");
        }
    }
}

mod as_60 {
    use itest::prelude::*;
    use tokio::runtime::{Handle, RuntimeFlavor};

    use crate::vocabulary::event;

    case! {
        "AS-60": "current_thread: a runtime for the test and its fixtures; wide ones on the shared",
        events: "+m +f =t1 -f -m",
        drop_in: crate::vocabulary::DropIn::Same,
    }

    fn is_on(flavor: RuntimeFlavor) {
        assert_eq!(Handle::current().runtime_flavor(), flavor);
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "module")]
        async fn m() {
            is_on(RuntimeFlavor::MultiThread);
            event("+", "m");
            provide!(());
            is_on(RuntimeFlavor::MultiThread);
            event("-", "m");
        }

        #[fixture]
        async fn f(_m: &()) -> u64 {
            is_on(RuntimeFlavor::CurrentThread);
            let runtime = Handle::current().id().to_string();
            event("+", "f");
            provide!(runtime.parse().unwrap());
            assert_eq!(Handle::current().id().to_string(), runtime);
            event("-", "f");
        }

        #[integration(flavor = "current_thread")]
        async fn t1(f: &u64) {
            is_on(RuntimeFlavor::CurrentThread);
            assert_eq!(Handle::current().id().to_string(), f.to_string());
            event("=", "t1");
        }
    }
}

mod as_61 {
    use std::cell::Cell;
    use std::rc::Rc;

    use itest::prelude::*;

    use crate::vocabulary::{event, pause};

    case! {
        "AS-61": "test-scoped values and async tests need no `Send`",
        events: "+f =t1 -f +f =t2 -f",
    }

    mod m1 {
        use super::*;

        #[fixture]
        async fn f() -> Rc<Cell<u8>> {
            let cell = Rc::new(Cell::new(1));
            pause().await;
            event("+", "f");
            let back = provide!(cell.clone());
            pause().await;
            assert!(Rc::ptr_eq(&back, &cell));
            assert_eq!(cell.get(), 2);
            event("-", "f");
        }

        #[integration]
        async fn t1(f: &Rc<Cell<u8>>) {
            let own = f.clone();
            pause().await;
            own.set(2);
            event("=", "t1");
        }

        #[integration]
        fn t2(f: &Rc<Cell<u8>>) {
            f.set(2);
            event("=", "t2");
        }
    }
}

mod as_62 {
    use itest::prelude::*;
    use tokio::runtime::Handle;

    use crate::vocabulary::{Made, event};

    case! {
        "AS-62": "sync code of an async test's fixtures, drops too, can reach the runtime",
        events: "+a +f =t1 -f -a",
    }

    struct NeedsRuntime;

    impl Drop for NeedsRuntime {
        fn drop(&mut self) {
            // It may or may not run before the process ends.
            drop(Handle::current().spawn(async {}));
            event("-", "f");
        }
    }

    mod m1 {
        use super::*;

        a_fixture!(async a());

        #[fixture]
        fn f(_a: &Made) -> NeedsRuntime {
            let _ = Handle::current();
            event("+", "f");
            NeedsRuntime
        }

        #[integration]
        fn t1(_f: &NeedsRuntime) {
            let _ = Handle::current();
            event("=", "t1");
        }
    }
}

mod as_63 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "AS-63": "async fixtures without `provide!`: torn down by drop, errors as ever",
        events: "+a +b =t1 -b +a +e",
        outcomes: "t2:error@setup",
        texts: &["caused by: no luck"],
    }

    mod m1 {
        use super::*;
        use crate::vocabulary::Dropped;

        a_fixture!(async a() { returns });

        #[fixture]
        async fn b(_a: &Made) -> Dropped {
            event("+", "b");
            Dropped("b")
        }

        #[fixture]
        async fn e(_a: &Made) -> Result<u8> {
            event("+", "e");
            Err("no luck")?
        }

        #[integration]
        async fn t1(_b: &Dropped) {
            event("=", "t1");
        }

        #[integration]
        async fn t2(_e: &u8) {
            event("=", "t2");
        }
    }
}

mod as_64 {
    use std::sync::Mutex;

    use itest::prelude::*;
    use tokio::task::JoinHandle;

    use crate::vocabulary::event;

    case! {
        "AS-64": "a task that a test spawned goes on after the test",
        events: "+tasks =t1 =t2 -tasks",
    }

    mod m1 {
        use super::*;

        #[fixture(scope = "module")]
        async fn tasks() -> Mutex<Option<JoinHandle<u8>>> {
            event("+", "tasks");
            provide!(Mutex::default());
            event("-", "tasks");
        }

        #[integration]
        async fn t1(tasks: &Mutex<Option<JoinHandle<u8>>>) {
            let task = tokio::spawn(async {
                tokio::task::yield_now().await;
                42
            });
            *tasks.lock().unwrap() = Some(task);
            event("=", "t1");
        }

        #[integration]
        async fn t2(tasks: &Mutex<Option<JoinHandle<u8>>>) {
            let task = tasks.lock().unwrap().take().unwrap();
            assert_eq!(task.await.unwrap(), 42);
            event("=", "t2");
        }
    }
}

mod as_65 {
    use itest::prelude::*;

    use crate::vocabulary::{Made, event};

    case! {
        "AS-65": "flavor = \"multi_thread\": a test may block in place",
        events: "+f =t1 -f",
    }

    mod m1 {
        use super::*;

        a_fixture!(async f());

        #[integration(flavor = "multi_thread", worker_threads = 2)]
        async fn t1(_f: &Made) {
            let answer = tokio::task::block_in_place(|| 42);
            assert_eq!(answer, 42);
            event("=", "t1");
        }
    }
}

mod as_66 {
    use itest::prelude::*;
    use tokio::runtime::{Builder, Runtime};

    use crate::vocabulary::{Made, event};

    case! {
        "AS-66": "a sync fixture and a sync test may have runtimes of their own",
        events: "+a +own =t1 -own -a +a +own =t2 -own -a",
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    mod m1 {
        use super::*;

        a_fixture!(async a());

        #[fixture]
        fn own(_a: &Made) -> Runtime {
            event("+", "own");
            let own = provide!(runtime());
            own.block_on(async { event("-", "own") });
        }

        #[integration]
        fn t1(own: &Runtime) {
            own.block_on(async { event("=", "t1") });
            runtime().block_on(async {});
        }

        #[integration]
        async fn t2(own: &Runtime) {
            drop(own.spawn(async {}));
            event("=", "t2");
        }
    }
}
