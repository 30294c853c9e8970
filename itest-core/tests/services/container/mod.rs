//! Containers: with an engine that plays its part, and with a real one where there is one.

mod scenes;

use std::os::unix::fs::PermissionsExt;

use itest::prelude::*;

use crate::scene::{Place, Scene};

/// A program that answers as Docker does, and writes down what it was asked.
///
/// Its container "ends" when the file `ended` is there.
const ENGINE: &str = r#"#!/bin/sh
dir=$(dirname "$0")
echo "$@" >>"$dir/calls"
follow() { while [ ! -e "$dir/ended" ]; do sleep 0.02; done; }
case "$1" in
    version) echo 20.10 ;;
    run)
        case "$*" in *no-such-image*)
            echo "Unable to find image 'no-such-image' locally" >&2
            echo "docker: no registry here." >&2
            exit 125 ;;
        esac
        echo 0123456789abcdef ;;
    port) echo "127.0.0.1:$(cat "$dir/port")" ;;
    wait) follow ;;
    ps) echo 0123456789abcdef ;;
    logs) echo "starting up"; echo "now ready" >&2; [ "$2" != --follow ] || follow ;;
    exec) shift 2; exec "$@" ;;
    rm) touch "$dir/ended" "$dir/removed" ;;
    *) ;;
esac
"#;

/// A directory with that engine, and a scene that uses it.
fn engine(name: &str, scene: &str) -> (Place, Scene) {
    let place = Place::new(name);
    place.write("docker", ENGINE);
    let program = format!("{}/docker", place.path());
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("the mode should be set");
    let scene = Scene::of(&format!("container::scenes::{scene}"))
        .env("ITEST_CONTAINER_ENGINE", &program)
        .env("SCENE", place.path());
    (place, scene)
}

fn calls(place: &Place) -> String {
    std::fs::read_to_string(format!("{}/calls", place.path())).expect("it was called")
}

/// What a library starts is found by its label, also if nobody is left who knows of it.
#[integration]
fn labelled_containers_are_removed() {
    for (name, code) in [("labelled", 0), ("labelled_and_killed", 101)] {
        let (place, scene) = engine(name, name);
        scene.arg("--exact").run().ended_with(code);
        // The run may end before the reaper does.
        let removed = std::path::Path::new(place.path()).join("removed");
        let start = std::time::Instant::now();
        while !removed.exists() {
            assert!(start.elapsed().as_secs() < 60, "{}", calls(&place));
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let calls = calls(&place);
        let (_, label) = calls.split_once("--label=itest.fixture=").expect("a label");
        let label = label.split_whitespace().next().unwrap_or_default();
        let asked = format!("--filter label=itest.fixture={label}");
        assert!(calls.contains(&asked), "{calls}");
        assert!(calls.contains("rm -f -v 0123456789abcdef"), "{calls}");
    }
}

#[integration]
fn a_container_is_started_used_and_removed() {
    let (place, scene) = engine("used", "used");
    scene.run().ended_with(0);
    let calls = calls(&place);
    assert!(calls.contains("run --detach --label=itest.run="), "{calls}");
    assert!(calls.contains("--publish=127.0.0.1::80"), "{calls}");
    assert!(
        calls.contains("--env MODE=test image:1 serve now"),
        "{calls}"
    );
    assert!(calls.contains("rm -f -v 0123456789abcdef"), "{calls}");
}

#[integration]
fn each_wait_ends_when_it_may() {
    for scene in ["log", "command", "http"] {
        let (place, scene) = engine(scene, scene);
        scene.run().ended_with(0);
        assert!(calls(&place).contains("rm -f -v"));
    }
}

#[integration]
fn an_end_before_it_is_ready_shows_what_it_printed() {
    let (_place, scene) = engine("ends", "ends");
    scene
        .run()
        .ended_with(101)
        .says_once("a container of `image:1` did not get ready")
        .says("the container ended; waited until it prints `never`")
        .says("now ready");
}

#[integration]
fn too_late_is_told() {
    let (_place, scene) = engine("late", "late");
    scene
        .run()
        .ended_with(101)
        .says("it took too long; waited until `false` succeeds in it");
}

#[integration]
fn an_image_that_cannot_be_had_is_told() {
    let (_place, scene) = engine("image", "image");
    scene
        .run()
        .ended_with(101)
        .says("cannot start a container of `no-such-image`")
        .says("no registry here");
}

#[integration]
fn one_whose_process_dies_is_removed() {
    let (place, scene) = engine("dies", "dies");
    scene.run().ended_with(101);
    let calls = calls(&place);
    assert!(calls.contains("rm -f -v"), "{calls}");
}

#[integration]
fn no_engine_is_a_skip_that_tells_what_was_tried() {
    let place = Place::new("empty");
    Scene::of("container::scenes::used")
        .env("PATH", place.path())
        .run()
        .ended_with(0)
        .says("no container engine here: no `docker` or `podman` on PATH. Install Docker");
    Scene::of("container::scenes::used")
        .env("ITEST_CONTAINER_ENGINE", "/bin/false")
        .run()
        .ended_with(0)
        .says("no container engine here: `false` has no engine:");
}

/// With a real engine, and an image that is made of this machine's files.
#[cfg(feature = "redis")]
#[integration(timeout = "2m")]
mod with_an_engine {
    use std::process::Command;

    use itest::service::{Container, Redis, Wait, container};

    use super::*;

    const IMAGE: &str = "itest/redis:local";

    /// The image, if there is an engine and what it is made of.
    #[fixture(scope = "session", timeout = "2m")]
    #[skip_if(
        not(all(command = "docker", command = "redis-server", command = "busybox")),
        reason = "needs Docker, and `redis-server` and `busybox` to make an image of"
    )]
    fn image() -> Result<String> {
        if !Command::new("docker")
            .arg("version")
            .output()?
            .status
            .success()
        {
            itest::skip!("`docker` has no engine");
        }
        let script = "../itest-examples/tests/data/containers/build-redis-image.sh";
        let output = Command::new(itest::data::path(script)).output()?;
        assert!(output.status.success(), "{output:?}");
        Ok(IMAGE.to_owned())
    }

    /// Owned by the session host.
    #[fixture(scope = "session")]
    async fn cache(image: &String) -> Result<Container> {
        let cache = container(image).port(6379);
        Ok(cache.wait_for(Wait::log("Ready to accept")).start().await?)
    }

    fn inspect(id: &str, what: &str) -> Result<String> {
        let words = ["inspect", "--format", what, id];
        let output = Command::new("docker").args(words).output()?;
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    #[integration]
    async fn it_runs_with_its_label(cache: &Container) -> Result {
        let label = inspect(cache.id(), "{{index .Config.Labels \"itest.run\"}}")?;
        assert!(!label.is_empty());
        assert!(cache.logs().await?.contains("Ready to accept"));
        let answer = cache.exec(["busybox", "echo", "from inside"]).await?;
        assert_eq!(answer.trim(), "from inside");
        let answer = cache.exec(["busybox", "false"]).await;
        assert!(answer.is_err());
        Ok(())
    }

    #[integration]
    async fn it_is_reached_from_here(cache: &Container) -> Result {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(cache.address(6379))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        assert_eq!(&answer, b"+PONG\r\n");
        Ok(())
    }

    #[integration]
    async fn waiting_for_a_port_and_a_command(image: &String) -> Result {
        let ping = ["sh", "-c", "busybox nc 127.0.0.1 6379 </dev/null"];
        let builder = container(image)
            .wait_for(Wait::port(6379))
            .wait_for(Wait::command(ping));
        let running = builder.start().await?;
        let id = running.id().to_owned();
        running.stop().await?;
        assert_eq!(inspect(&id, "{{.Id}}")?, "");
        Ok(())
    }

    #[integration]
    async fn one_that_ends_shows_what_it_printed(image: &String) {
        let builder = container(image)
            .command(["sh", "-c", "echo why; exit 3"])
            .wait_for(Wait::log("never"));
        let error = format!("{:?}", builder.try_start().await.unwrap_err());
        assert!(error.contains("the container ended"), "{error}");
        assert!(error.contains("why"), "{error}");
    }

    /// The last way to a Redis.
    #[integration]
    fn redis_is_had_from_a_container(_image: &String) {
        let docker = std::env::var("PATH").expect("a path");
        let docker = std::env::split_paths(&docker)
            .find(|directory| directory.join("docker").exists())
            .expect("it was found before");
        let place = Place::new("path");
        let link = format!("{}/docker", place.path());
        std::os::unix::fs::symlink(docker.join("docker"), link).expect("a link");
        Scene::of("container::scenes::redis")
            .env("PATH", place.path())
            .env("ITEST_REDIS_IMAGE", IMAGE)
            .arg("--require=redis")
            .run()
            .ended_with(0)
            .says("test result: ok. 1 passed");
    }

    #[integration]
    async fn a_database_in_it_is_a_tests_own(image: &String) -> Result {
        let _ = image;
        let redis = Redis::builder().private().start().await?;
        assert_ne!(redis.database().await?.number(), 0);
        redis.stop().await?;
        Ok(())
    }
}
