//! The same in drop-in mode.
mod common;
mod outside;
mod registered;

/// Plain tests, which sweep nothing before they look.
mod doctor {
    #[test]
    #[ignore = "only by itself"]
    fn examines() {
        for owner in itest::doctor::owners() {
            let state = owner.state;
            println!("{} {state:?} fixtures: {:?}", owner.pid, owner.fixtures);
            for held in &owner.resources {
                println!("{state:?} {} of {}", held.what, held.user);
            }
        }
    }

    #[test]
    #[ignore = "only by itself"]
    fn sweeps() {
        for swept in itest::doctor::sweep_now() {
            for held in &swept.owner.resources {
                println!("swept {} of {}", held.what, held.user);
            }
            assert!(swept.errors.is_empty(), "{:?}", swept.errors);
        }
    }
}
