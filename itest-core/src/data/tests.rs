use std::collections::BTreeMap;
use std::panic::PanicHookInfo;
use std::sync::Arc;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    id: u32,
    name: String,
}

/// A file of the test's own, below the directory for temporary files; absolute paths stay as they are.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: impl AsRef<[u8]>) -> Self {
        let dir = format!("itest-data-{}-{name}", std::process::id());
        let dir = std::env::temp_dir().join(dir);
        std::fs::create_dir_all(&dir).expect("a directory");
        let file = dir.join(name);
        std::fs::write(&file, text).expect("a file");
        Scratch(file)
    }

    fn told<T: DeserializeOwned + std::fmt::Debug>(&self) -> String {
        let load = || load::<T>("", &self.0);
        let payload = std::panic::catch_unwind(load).expect_err("it does not fit");
        let text = payload.downcast_ref::<String>().expect("a text");
        text.replace(self.0.to_str().expect("UTF-8"), "FILE")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = self.0.parent().map(std::fs::remove_dir_all);
    }
}

#[test]
fn the_extension_says_how() {
    let json = Scratch::new("a.json", r#"{"id": 1, "name": "Ada"}"#);
    let ada = User {
        id: 1,
        name: "Ada".into(),
    };
    assert_eq!(load::<User>("", &json.0), ada);
    let lines = Scratch::new("a.jsonl", "{\"id\": 1, \"name\": \"Ada\"}\n\n");
    assert_eq!(load::<Vec<User>>("", &lines.0), [ada]);
    let sql = Scratch::new("a.sql", "SELECT 1;\n");
    assert_eq!(load::<String>("", &sql.0), "SELECT 1;\n");
}

#[test]
fn the_place_of_a_mistake_is_shown() {
    let file = Scratch::new("b.json", "{\n\t\"id\": \"one\",\n  \"name\": \"Ada\"\n}\n");
    assert_eq!(
        file.told::<User>(),
        "`FILE` cannot be read as `User`: invalid type: string \"one\", expected u32\n \
         --> FILE:2:12\n  \
           |\n\
         2 |  \"id\": \"one\",\n  \
           |            ^"
    );
    let file = Scratch::new("c.json", "{\"id\": 1, \"name\": \"Ada\",}");
    assert!(
        file.told::<User>()
            .contains("trailing comma\n --> FILE:1:25\n"),
        "{}",
        file.told::<User>()
    );
    let file = Scratch::new("c.jsonl", "{\"id\": 1, \"name\": \"Ada\"}\n{\"id\": 2}\n");
    assert_eq!(
        file.told::<Vec<User>>(),
        "`FILE` cannot be read as `Vec<User>`: missing field `name`\n \
         --> FILE:2\n  \
           |\n\
         2 | {\"id\": 2}\n  \
           |"
    );
}

#[test]
fn a_long_line_is_cut_around_the_mistake() {
    let before = "é".repeat(300);
    let file = Scratch::new("d.json", format!("[\"{before}\", oops, \"{before}\"]"));
    let told = file.told::<Vec<String>>();
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[3].chars().count() < 130, "{told}");
    let mark = lines[4].chars().position(|c| c == '^').expect("a mark");
    assert_eq!(lines[3].chars().nth(mark), Some('o'), "{told}");
}

#[test]
fn other_mistakes_say_what_to_do() {
    let told = Scratch::new("e.yaml", "id: 1").told::<User>();
    assert!(told.contains("take it as a `String`"), "{told}");
    let told = Scratch::new("e.sql", b"SELECT\n\xff").told::<String>();
    assert!(told.contains("not UTF-8 from byte 7 (line 2) on"), "{told}");
    assert!(told.contains("`itest::data::bytes`"), "{told}");
    let told = json::<User>("tests/data/usr.json").unwrap_err().to_string();
    assert!(told.contains("a similar name: `user.json`"), "{told}");
    let told = json::<User>("no/such/place.json").unwrap_err().to_string();
    assert!(
        told.contains("relative to the root of the package"),
        "{told}"
    );
}

#[test]
fn the_crate_of_the_caller_is_looked_at_too() {
    let elsewhere = Scratch::new("f.txt", "found");
    let dir = elsewhere
        .0
        .parent()
        .expect("a directory")
        .to_str()
        .expect("UTF-8");
    assert_eq!(load::<String>(dir, "f.txt"), "found");
    let told = std::panic::catch_unwind(|| load::<String>(dir, "g.txt")).unwrap_err();
    let told = told.downcast_ref::<String>().expect("a text");
    assert_eq!(told.matches("\n --> ").count(), 2, "{told}");
}

#[test]
fn the_panic_is_at_the_callers_line() {
    let former: Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync> = std::panic::take_hook().into();
    let (sender, receiver) = std::sync::mpsc::channel();
    let here = std::thread::current().id();
    let others = Arc::clone(&former);
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == here {
            let _ = sender.send(info.location().map(|at| (at.file().to_owned(), at.line())));
        } else {
            others(info);
        }
    }));
    let line = line!() + 1;
    let outcome = std::panic::catch_unwind(|| -> String { crate::data!("no/such/file.txt") });
    std::panic::set_hook(Box::new(move |info| former(info)));
    assert!(outcome.is_err());
    let (file, at) = receiver.recv().expect("a panic").expect("a location");
    assert!(file.ends_with("tests.rs"), "{file}");
    assert_eq!(at, line);
}

proptest! {
    #[test]
    fn what_was_written_is_read(map in prop::collection::btree_map(".{0,8}", any::<Option<i64>>(), 0..6)) {
        let text = serde_json::to_string_pretty(&map).expect("JSON");
        let file = Scratch::new("roundtrip.json", text);
        prop_assert_eq!(load::<BTreeMap<String, Option<i64>>>("", &file.0), map);
    }

    /// Wherever a text is cut off, the message can be made, and has a place in the file.
    #[test]
    fn a_broken_file_never_breaks_the_message(cut in 0usize..60) {
        let text = "{\n  \"id\": 1,\n\t\"name\": \"Ädä Lövelace, 数学\",\r\n  \"x\": [1, 2]\n}";
        let end = (0..=cut.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        let file = Scratch::new(&format!("cut{cut}.json"), &text[..end.expect("0 is one")]);
        let error = json::<User>(&file.0).unwrap_err().to_string();
        prop_assert!(error.contains(" --> "), "{}", error);
    }
}
