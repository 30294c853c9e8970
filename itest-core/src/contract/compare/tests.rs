use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn breaks(old: Value, new: Value) -> Vec<String> {
    match check_compatible(&old, &new) {
        Ok(()) => Vec::new(),
        Err(breaks) => breaks.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn more_fields_are_no_break() {
    let old = json!({"id": 1, "tags": ["a"]});
    let new = json!({"id": 2, "tags": ["b", "c"], "more": {"deep": true}});
    assert_eq!(breaks(old, new), [""; 0]);
}

#[test]
fn each_break_has_its_path() {
    let old = json!({"users": [{"id": 1, "name": "Ada", "home": {"city": "London"}}], "total": 1});
    let new = json!({"users": [{"id": "1", "home": {"town": "London"}}], "total": null});
    assert_eq!(
        breaks(old, new),
        [
            "$.total: the old body has number, the new one has null",
            "$.users[*].home.city: the old body has string, the new one has nothing",
            "$.users[*].id: the old body has number, the new one has string",
            "$.users[*].name: the old body has string, the new one has nothing",
        ]
    );
}

#[test]
fn elements_are_taken_together() {
    let old = json!([{"id": 1, "nick": "a"}, {"id": 2}]);
    assert_eq!(
        breaks(old.clone(), json!([{"id": 3}, {"id": 4, "nick": "b"}])),
        [""; 0]
    );
    assert_eq!(
        breaks(old.clone(), json!([{"id": 3}, {"nick": "b"}])),
        ["$[*].id: the old body has number, the new one has it in 1 of 2 objects only"]
    );
    assert_eq!(
        breaks(old, json!([{"id": 3}])),
        ["$[*].nick: the old body has string, the new one has nothing"]
    );
}

#[test]
fn an_empty_array_proves_nothing() {
    assert_eq!(
        breaks(json!({"users": [{"id": 1}]}), json!({"users": []})),
        ["$.users[*]: the old body has object, the new one has no element to compare with"]
    );
    assert_eq!(breaks(json!([]), json!([1])), [""; 0]);
    assert_eq!(breaks(json!([]), json!([])), [""; 0]);
}

#[test]
fn null_is_a_type_only_where_it_is_new() {
    assert_eq!(breaks(json!({"a": null}), json!({"a": [1]})), [""; 0]);
    assert_eq!(breaks(json!([null, "x"]), json!([null])), [""; 0]);
    assert_eq!(
        breaks(json!(["x"]), json!(["x", null])),
        ["$[*]: the old body has string, the new one has string or null"]
    );
}

#[test]
fn odd_names_are_quoted() {
    let found = breaks(json!({"a.b": 1, "": {"x-y": 1}}), json!({"": {}}));
    let places: Vec<_> = found
        .iter()
        .filter_map(|text| text.split_once(": "))
        .collect();
    assert_eq!(places[0].0, r#"$[""].x-y"#);
    assert_eq!(places[1].0, r#"$["a.b"]"#);
}

#[test]
#[should_panic(expected = "breaks clients of the old one in 1 place\n  $.id: ")]
fn the_assertion_shows_them() {
    assert_compatible(&json!({"id": 1}), &json!({}));
}

/// Any JSON, three levels deep, with few names so that they meet.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// The same shape with other values, and `more` in every object.
fn later_version(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(value) => Value::from(!value),
        Value::Number(_) => json!(0.5),
        Value::String(text) => Value::from(format!("{text}!")),
        // The elements again in another order: a shape does not know it.
        Value::Array(values) => values.iter().rev().map(later_version).collect(),
        Value::Object(members) => {
            let mut later: Map<_, _> = members
                .iter()
                .map(|(name, value)| (name.clone(), later_version(value)))
                .collect();
            later.insert("more".to_owned(), json!(["new"]));
            Value::from(later)
        }
    }
}

/// Every object of the value, as the way to it.
fn objects(value: &Value, here: Vec<String>, found: &mut Vec<(Vec<String>, String)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                found.push((here.clone(), name.clone()));
                let mut below = here.clone();
                below.push(name.clone());
                objects(value, below, found);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let mut below = here.clone();
                below.push(index.to_string());
                objects(value, below, found);
            }
        }
        _ => {}
    }
}

fn at<'a>(value: &'a mut Value, way: &[String]) -> &'a mut Value {
    way.iter().fold(value, |value, step| match value {
        Value::Array(values) => &mut values[step.parse::<usize>().expect("an index")],
        value => &mut value[step.as_str()],
    })
}

proptest! {
    #[test]
    fn a_body_is_compatible_with_itself(body in any_json()) {
        prop_assert_eq!(breaks(body.clone(), body), [""; 0]);
    }

    #[test]
    fn growth_is_compatible(body in any_json()) {
        let later = later_version(&body);
        prop_assert_eq!(breaks(body, later), [""; 0]);
    }

    /// In a body without arrays every field counts by itself.
    #[test]
    fn whatever_field_is_taken_away_is_missed(body in any_json(), which in any::<prop::sample::Index>()) {
        let mut found = Vec::new();
        objects(&body, Vec::new(), &mut found);
        prop_assume!(!found.is_empty() && !body.to_string().contains('['));
        let (way, name) = which.get(&found);
        let mut without = body.clone();
        at(&mut without, way).as_object_mut().expect("an object").remove(name);
        let missing = breaks(body, without);
        prop_assert_eq!(missing.len(), 1, "{:?}", missing);
        prop_assert!(missing[0].contains("the new one has nothing"), "{:?}", missing);
    }
}
