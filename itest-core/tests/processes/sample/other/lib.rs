//! Unit tests that libtest runs.

#[cfg(test)]
mod tests {
    #[test]
    fn passes() {}

    #[test]
    #[ignore = "not today"]
    fn ignored() {
        panic!("it was not to run");
    }

    #[test]
    #[should_panic(expected = "as it must")]
    fn panics() {
        panic!("as it must");
    }

    #[test]
    fn fails_where_it_shall() {
        println!("on the way");
        let shall = std::env::var_os("SAMPLE_FAILS").is_some();
        assert!(!shall, "it shall\nfail");
    }

    #[test]
    fn waits_where_it_shall() {
        if std::env::var_os("SAMPLE_WAITS").is_none() {
            return;
        }
        let events = std::env::var_os("SAMPLE_EVENTS").expect("it is set");
        let line = format!("{} unit test waits\n", std::process::id());
        let file = std::fs::File::options().append(true).open(events);
        std::io::Write::write_all(&mut file.unwrap(), line.as_bytes()).unwrap();
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(std::time::Duration::from_secs(60));
    }

    #[test]
    fn takes_a_moment() {
        std::thread::sleep(std::time::Duration::from_millis(30));
    }

    /// The others have results by then, or not.
    #[test]
    fn zz_aborts_where_it_shall() {
        if std::env::var_os("SAMPLE_ABORTS").is_some() {
            std::process::abort();
        }
    }
}
