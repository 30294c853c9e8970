//! Configuration files as tables: what they mean and how they are refused.

use std::path::Path;

use super::*;

fn parse(text: &str, profile: Option<&str>) -> Config {
    match Config::parse(text, "itest.toml", profile) {
        Ok(config) => config,
        Err(error) => panic!("{text}\n{error}"),
    }
}

#[test]
fn profiles_inherit() {
    let text = r#"
        [profile.default]
        retries = 1
        timeout = "30s"
        shuffle = true
        [profile.base]
        timeout = "60s"
        max-fail = 5
        [profile.ci]
        inherits = "base"
        retries = 3
        require = ["docker", "DATABASE_URL"]
        shuffle = false
    "#;
    let check = |profile: Option<&str>, expected: [Option<&str>; 5]| {
        let config = parse(text, profile);
        let variables = [
            "ITEST_RETRIES",
            "ITEST_TIMEOUT",
            "ITEST_MAX_FAIL",
            "ITEST_REQUIRE",
            "ITEST_SHUFFLE",
        ];
        assert_eq!(
            variables.map(|name| config.text(name)),
            expected,
            "{profile:?}"
        );
    };
    let default = [Some("1"), Some("30s"), None, None, Some("1")];
    check(None, default);
    check(Some("default"), default);
    check(
        Some("base"),
        [Some("1"), Some("60s"), Some("5"), None, Some("1")],
    );
    check(
        Some("ci"),
        [
            Some("3"),
            Some("60s"),
            Some("5"),
            Some("docker,DATABASE_URL"),
            Some("0"),
        ],
    );
    let config = parse(text, Some("ci"));
    assert_eq!(
        config.place("ITEST_TIMEOUT"),
        Some("`timeout` at itest.toml:7:19")
    );
}

#[test]
fn overrides_are_for_some_tests() {
    let text = r#"
        [[profile.default.overrides]]
        test = "api::"
        timeout = "1m"
        retries = 1
        [[profile.default.overrides]]
        exact = "api::slow"
        retries = 9
        [[profile.ci.overrides]]
        markers = "db and not fast"
        test = "slow"
        retries = 4
    "#;
    let config = parse(text, Some("ci"));
    let db = Marker {
        name: "db",
        args: &[],
    };
    let check = |name: &str, markers: &[&Marker], retries: &[u32]| {
        let of_test = config
            .overrides
            .iter()
            .filter(|it| it.is_for(name, markers));
        let found: Vec<u32> = of_test.filter_map(|it| it.retries).collect();
        assert_eq!(found, retries, "{name}");
    };
    check("api::slow", &[&db], &[4, 1, 9]);
    check("api::slow", &[], &[1, 9]);
    check("api::slow::case_1", &[], &[1, 9]);
    check("api::slower", &[&db], &[4, 1]);
    check("web::fast", &[&db], &[]);
    assert_eq!(config.overrides[1].timeout, Some(Duration::from_secs(60)));
}

#[test]
fn leaks_are_a_word_or_a_table() {
    let check = |text: &str, expected: &str| {
        let config = parse(text, None);
        assert_eq!(config.text("ITEST_LEAKS"), Some(expected), "{text}");
    };
    check("[profile.default]\nleaks = 'deny'", "deny");
    check(
        "[profile.default]\nleaks = ['deny', 'env=off']",
        "deny,env=off",
    );
    check(
        "[profile.default.leaks]\nall = 'deny'\nenv = 'off'",
        "all=deny,env=off",
    );
    let text = "[[profile.default.overrides]]\ntest = 'a'\nleaks = { fds = 'deny', all = 'off' }";
    assert_eq!(parse(text, None).overrides[0].leaks, Some(Leaks::OFF));
    let refused = |text: &str, expected: &str| {
        let error = Config::parse(text, "itest.toml", None).expect_err(text);
        assert_eq!(error, expected, "{text}");
    };
    refused(
        "[[profile.default.overrides]]\ntest = 'a'\nleaks = 'no'",
        "`leaks` should be off, warn or deny (was no)\n --> itest.toml:3:9",
    );
    refused(
        "[profile.default]\nretries = { a = 'b' }",
        "`retries` should be a string or a whole number, not a table\n --> itest.toml:2:11",
    );
}

#[test]
fn markers_are_declared() {
    let config = parse("[markers]\nslow = \"takes long\"\ndb = ''\n", None);
    let expected = [("slow", "takes long"), ("db", "")].map(|(a, b)| (a.into(), b.into()));
    assert_eq!(config.markers, Some(expected.to_vec()));
    assert_eq!(parse("", None), Config::default());
}

#[test]
fn mistakes_are_told_where_they_are() {
    let check = |text: &str, profile: Option<&str>, expected: &str| {
        let error = Config::parse(text, "itest.toml", profile).expect_err(text);
        assert_eq!(error, expected, "{text}");
    };
    check(
        "[profiles.ci]",
        None,
        "unknown setting `profiles`\n --> itest.toml:1:2\n  help: there is one with a similar name: \
         `profile`",
    );
    check(
        "zzz = 1",
        None,
        "unknown setting `zzz`\n --> itest.toml:1:1\n  help: there are `guard`, `markers`, `profile`",
    );
    check(
        "[profile.ci]\nretrys = 2",
        None,
        "unknown setting `retrys`\n --> itest.toml:2:1\n  help: there is one with a similar name: \
         `retries`",
    );
    check(
        "[profile.ci]\nretries = [1]",
        None,
        "expected a string, found a whole number\n --> itest.toml:2:12",
    );
    check(
        "[profile.ci]\nfail-fast = 1",
        None,
        "`fail-fast` should be `true` or `false`, not a whole number\n --> itest.toml:2:13",
    );
    check(
        "[profile.ci]\ntimeout = 1.5",
        None,
        "`timeout` should be a string or a whole number, not a number\n --> itest.toml:2:11",
    );
    check(
        "[[profile.ci.overrides]]\nretries = 1",
        None,
        "an override that does not say for which tests\n --> itest.toml:1:14\n  help: give it `test \
         = \"part of a name\"`, `exact = \"name\"` or `markers = \"…\"`",
    );
    check(
        "[[profile.ci.overrides]]\ntest = 'a'\ntimeout = '5'",
        None,
        "`5` should be numbers with the units `h`, `m`, `s`, `ms`, largest first, as in `500ms`, \
         `5s`, `1m30s`\n --> itest.toml:3:11",
    );
    check(
        "[[profile.ci.overrides]]\nmarkers = 'a or'",
        None,
        "expected not OR left parenthesis OR identifier; got end of input\n  --> column 5\n   |\n   \
         | a or\n   |     ^\n --> itest.toml:2:11",
    );
    check(
        "[profile.ci]\ninherits = 'base'",
        Some("ci"),
        "no profile `base`; there are `ci`\n --> itest.toml:2:12",
    );
    check(
        "[profile.ci]",
        Some("cii"),
        "no profile `cii`; there are `ci`\n --> itest.toml:1:1\n  help: there is a profile with a \
         similar name: `ci`",
    );
    check(
        "[profile.a]\ninherits = 'b'\n[profile.b]\ninherits = 'a'",
        Some("a"),
        "profile `a` inherits from itself\n --> itest.toml:4:12",
    );
    check(
        "markers = 1",
        None,
        "`markers` should be a table, not a whole number\n --> itest.toml:1:11",
    );
    check(
        "a = ",
        None,
        "expected a value, found the end of the file\n --> itest.toml:1:5",
    );
}

/// The file that is found for a package in a workspace.
#[test]
fn the_nearest_file_of_the_workspace_is_found() {
    let root = std::env::temp_dir().join(format!("itest-config-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    let workspace = root.join("workspace");
    let package = workspace.join("crates/one");
    fs::create_dir_all(&package).unwrap();
    let write = |directory: &Path| {
        let path = directory.join(".config/itest.toml");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        path
    };
    let find = |config: Option<&str>| {
        find(&|name| match name {
            "CARGO_MANIFEST_DIR" => Some(package.clone().into()),
            "ITEST_CONFIG" => config.map(OsString::from),
            _ => None,
        })
    };
    // What stands above the workspace, or above what may be one, is not ours.
    let above = write(&root);
    assert_eq!(find(None), Ok(None));
    fs::write(workspace.join("Cargo.lock"), "").unwrap();
    assert_eq!(find(None), Ok(None));
    let of_workspace = write(&workspace);
    assert_eq!(find(None), Ok(Some(of_workspace)));
    let of_package = write(&package);
    assert_eq!(find(None), Ok(Some(of_package.clone())));
    fs::remove_file(workspace.join("Cargo.lock")).unwrap();
    assert_eq!(find(None), Ok(Some(of_package)));

    assert_eq!(find(Some("0")), Ok(None));
    assert_eq!(find(Some(above.to_str().unwrap())), Ok(Some(above)));
    let error = find(Some("/no/such/file")).unwrap_err();
    assert_eq!(error, "ITEST_CONFIG is `/no/such/file`, which is no file");
    fs::remove_dir_all(&root).unwrap();
}

proptest::proptest! {
    #[test]
    fn any_file_is_read_or_refused(
        text in r#"((\[\[?profile\.(default|ci)(\.overrides)?\]\]?|\[markers\]|\[guard\]|inherits = "ci"|retries = (1|-1|"x")|timeout = "1s"|test = "a"|a = "b"|[a-z.= "\[\]]{0,6})\n){0,8}"#
    ) {
        for profile in [None, Some("ci"), Some("no")] {
            if let Err(error) = Config::parse(&text, "f", profile) {
                proptest::prop_assert!(error.contains(" --> f:"), "{}", error);
            }
        }
    }
}
