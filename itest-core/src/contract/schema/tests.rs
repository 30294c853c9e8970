use serde_json::json;

use super::*;

fn user_schema() -> Schema {
    Schema::file("tests/data/user.json").expect("the schema is there")
}

#[test]
fn a_body_as_promised_passes() {
    user_schema().assert(&json!({"id": 1, "name": "Ada", "roles": ["admin"]}));
}

#[test]
fn every_violation_is_told() {
    let body = json!({"id": 0, "roles": ["admin", "root", 7]});
    assert_eq!(
        user_schema().check(&body).unwrap_err().to_string(),
        "the body violates `tests/data/user.json` in 4 places\n  \
         $: found an object with `id`, `roles`, expected also `name` (#/required)\n  \
         $.id: found 0, expected at least 1 (#/properties/id/minimum)\n  \
         $.roles[1]: found \"root\", expected one of \"admin\", \"guest\" (#/properties/roles/items/enum)\n  \
         $.roles[2]: found 7, expected one of \"admin\", \"guest\" (#/properties/roles/items/enum)"
    );
}

#[test]
fn alternatives_say_why_none_fits() {
    let schema = Schema::value(&json!({
        "properties": {"profile": {"oneOf": [
            {"type": "null"},
            {"type": "object", "required": ["name"]},
        ]}},
    }))
    .expect("a schema");
    assert_eq!(
        schema
            .check(&json!({"profile": {}}))
            .unwrap_err()
            .to_string(),
        "the body violates the schema in 1 place\n  \
         $.profile: found {}, expected one of 2 alternatives (#/properties/profile/oneOf)\n    \
         alternative 1:\n      \
         $.profile: found {}, expected null (#/properties/profile/oneOf/0/type)\n    \
         alternative 2:\n      \
         $.profile: found an object without members, expected also `name` (#/properties/profile/oneOf/1/required)"
    );
}

#[test]
fn keywords_are_put_into_words() {
    let check = |schema: Value, body: Value, expected: &str| {
        let schema = Schema::value(&schema).expect("a schema");
        let violations = schema.check(&body).unwrap_err();
        let told: Vec<_> = violations
            .iter()
            .map(|one| format!("{}, expected {}", one.found, one.expected))
            .collect();
        assert_eq!(told, [expected]);
    };
    check(
        json!({"type": ["string", "null"]}),
        json!(1),
        "1, expected null or string",
    );
    check(
        json!({"pattern": "^a"}),
        json!("b"),
        "\"b\", expected text that matches `^a`",
    );
    check(
        json!({"format": "date-time"}),
        json!("today"),
        "\"today\", expected text of the format `date-time`",
    );
    check(
        json!({"properties": {"a": {}}, "additionalProperties": false}),
        json!({"a": 1, "b": 2}),
        "`b`, expected no members but those of the schema",
    );
    check(
        json!({"minItems": 2}),
        json!([1]),
        "[1], expected at least 2 elements",
    );
    check(
        json!({"uniqueItems": true}),
        json!([1, 1]),
        "[1,1], expected no element twice",
    );
    check(
        json!({"const": {"a": 1}}),
        json!({}),
        "{}, expected {\"a\":1}",
    );
    check(
        json!({"multipleOf": 5}),
        json!(7),
        "7, expected a multiple of 5",
    );
}

#[test]
fn what_is_long_is_cut() {
    let schema = Schema::value(&json!({"type": "null"})).expect("a schema");
    let violations = schema.check(&"é".repeat(500)).unwrap_err();
    let found = &violations.iter().next().expect("one").found;
    assert_eq!(found.chars().count(), 81);
}

#[test]
fn references_are_followed_from_file_to_file() {
    let dir = std::env::temp_dir().join(format!("itest schema {}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let write = |name: &str, schema: Value| {
        let file = dir.join(name);
        std::fs::write(&file, schema.to_string()).expect("a file");
        file.to_str().expect("UTF-8").to_owned()
    };
    write("id.json", json!({"type": "integer"}));
    let list = write(
        "list.json",
        json!({"items": {"properties": {"id": {"$ref": "id.json"}}}}),
    );
    let api = write(
        "api.json",
        json!({"components": {"schemas": {"Id": {"$ref": "id.json"}}}}),
    );
    let lost = write("lost.json", json!({"$ref": "nowhere.json"}));
    let remote = write("remote.json", json!({"$ref": "https://example.com/x.json"}));

    let list = Schema::file(list).expect("a schema");
    list.assert(&json!([{"id": 1}]));
    assert_eq!(
        list.check(&json!([{"id": "1"}]))
            .unwrap_err()
            .iter()
            .next()
            .expect("one")
            .path,
        "$[0].id"
    );
    let id = Schema::file(format!("{api}#/components/schemas/Id")).expect("a schema");
    id.assert(&7);
    assert!(id.check(&"7").is_err());

    let error = |file: &str| Schema::file(file).unwrap_err().to_string();
    let told = error(&format!("{api}#/components/schemas/Ix"));
    assert!(
        told.contains("there is nothing at `/components/schemas/Ix`"),
        "{told}"
    );
    let told = error(&lost);
    assert!(told.contains("nowhere.json"), "{told}");
    let told = error(&remote);
    assert!(told.contains("not fetched from the network"), "{told}");
    std::fs::remove_dir_all(&dir).expect("the directory goes");
}

#[test]
fn what_is_no_schema_is_told() {
    let told = Schema::value(&json!({"type": "sting"}))
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with("the value is not a JSON Schema\n  at $.type"),
        "{told}"
    );
    let told = Schema::file("tests/data/usr.json").unwrap_err().to_string();
    assert!(told.contains("a similar name: `user.json`"), "{told}");
}
