//! Processes are killed at random moments; whatever happens, nothing is left and it shows.

use std::time::Duration;

use libc::{SIGINT, SIGKILL, SIGTERM};

use crate::process;
use crate::scene::{Ended, Scene, until};

const RUNS: u64 = 30;

/// Steele, Lea and Flood's generator (2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Runner,
    Worker,
    SessionHost,
}

/// What one run does, all of it from its seed.
#[derive(Debug)]
struct Script {
    nextest: bool,
    threads: u64,
    /// After so many tests have started.
    after: u64,
    /// And so long.
    delay: Duration,
    target: Target,
    signal: i32,
}

impl Script {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        // The first numbers of neighbouring seeds are not alike either, but this is cheap.
        random.below(1);
        let nextest = random.below(3) == 0;
        let threads = [1, 2, 8][random.below(3) as usize];
        let (target, signal) = match random.below(5) {
            0 => (Target::Runner, SIGINT),
            1 => (Target::Runner, SIGTERM),
            2 => (Target::Runner, SIGKILL),
            3 => (Target::Worker, SIGKILL),
            _ => (Target::SessionHost, SIGKILL),
        };
        Script {
            nextest,
            threads,
            after: random.below(30),
            delay: Duration::from_micros(random.below(8_000)),
            target,
            signal,
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("`{name}` should be a number")),
    )
}

#[test]
fn kills_at_random_moments() {
    let first = number("ITEST_CHAOS_SEED").unwrap_or(1);
    let runs = number("ITEST_CHAOS_RUNS").unwrap_or(RUNS);
    for seed in first..first + runs {
        let script = Script::new(seed);
        println!("ITEST_CHAOS_SEED={seed} ITEST_CHAOS_RUNS=1: {script:?}");
        play(&script);
    }
}

fn play(script: &Script) {
    let scene = Scene::new();
    let threads = format!("--test-threads={}", script.threads);
    let command = if script.nextest {
        scene.nextest("run", &["signals"]).map(|mut command| {
            command.args(["chaos::", &threads]);
            command
        })
    } else {
        Some(scene.binary("signals", &["chaos::", &threads]))
    };
    let Some(command) = command else {
        return;
    };
    let running = scene.start(command);
    let started = || scene.count("chaos") as u64 >= script.after;
    until(crate::scene::LIMIT, || started().then_some(()));
    std::thread::sleep(script.delay);
    let victims: Vec<u32> = match script.target {
        Target::Runner => vec![running.pid()],
        Target::SessionHost => pids(&scene, |process| process.is_session_host()),
        Target::Worker => pids(&scene, |process| {
            process.is_worker() || process.is_nextest_test()
        }),
    };
    // There is none between two tests.
    let victim = victims.first().copied();
    let killed = victim.is_some_and(|pid| process::signal(pid, script.signal));
    let ended = running.wait();
    judge(script, killed, &scene, &ended);
}

fn pids(scene: &Scene, is: fn(&process::Found) -> bool) -> Vec<u32> {
    let processes = scene.processes().into_iter();
    processes.filter(is).map(|process| process.pid).collect()
}

fn judge(script: &Script, killed: bool, scene: &Scene, ended: &Ended) {
    // A process may be through with its work when it is killed: then nobody need notice.
    let all_ran = ended.says("40 passed") && scene.count("chaos") == 40;
    if killed && !all_ran {
        assert_ne!(ended.code, Some(0), "{script:?} {ended}");
    }
    if matches!(script.target, Target::SessionHost) && script.nextest {
        // Nobody is there to clear up, until the next run comes.
        let left = until(crate::scene::LIMIT, || {
            scene.processes().is_empty().then_some(())
        });
        assert!(left.is_some(), "{script:?} left: {:?}", scene.processes());
        return;
    }
    scene.nothing_is_left();
    let host_was_killed = killed && matches!(script.target, Target::SessionHost);
    if !host_was_killed {
        let (ups, downs) = scene.ups_and_downs("server");
        assert_eq!(ups, downs, "{script:?} {ended}");
    }
    if !killed || script.signal != SIGKILL {
        for fixture in ["pool", "db"] {
            let (ups, downs) = scene.ups_and_downs(fixture);
            assert_eq!(ups, downs, "{fixture} {script:?} {ended}");
        }
    }
}
