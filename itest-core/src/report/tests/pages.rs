//! The reports to look at: the page, and the trace.

use std::collections::BTreeMap;

use serde_json::Value;

use super::recorded::*;
use super::*;
use crate::report::Reports;

/// The page has the run, and nothing of it is markup.
#[test]
fn the_page_is_whole() {
    let scratch = Scratch::new("html");
    write(&scratch.reports(""), &records());
    let page = scratch.read("report.html");
    let (_, data) = page
        .split_once(r#"<script type="application/json" id="data">"#)
        .unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    assert!(!data.contains('<'));
    let data: Value = serde_json::from_str(data).unwrap();
    let results: BTreeMap<&str, &str> = data["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| {
            (
                test["name"].as_str().unwrap(),
                test["result"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("m::broken", "error"),
        ("m::fails", "failed"),
        ("m::flaky", "flaky"),
        ("m::never", "not run"),
        ("m::passes", "passed"),
        ("m::skips", "skipped"),
    ];
    assert_eq!(results, BTreeMap::from(expected));
    let passes = &data["tests"][0];
    assert_eq!(passes["start"], 0.21);
    assert_eq!(passes["attachments"][0]["content"], "YTxi");
    assert_eq!(passes["teardown_errors"][0]["fixture"], "user");
    let server = &data["fixtures"][0];
    assert_eq!(server["setup"]["output"], "set up </script>\n");
    assert_eq!(server["teardown"]["error"]["fixture"], "server");
    for outside in ["http:", "https:", " src=", "@import", "url("] {
        let places = page.matches(outside).count();
        assert_eq!(places, 0, "the page has {outside}");
    }
}

#[test]
fn the_trace_nests() {
    let scratch = Scratch::new("trace");
    write(&scratch.reports(""), &records());
    let trace: Value = serde_json::from_str(&scratch.read("trace.json")).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let mut tracks: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
    let mut open: Vec<(&Value, &Value)> = Vec::new();
    for event in events {
        let track = event["tid"].as_u64().unwrap();
        assert_eq!(event["pid"], 1);
        let start = event["ts"].as_f64();
        match event["ph"].as_str().unwrap() {
            "M" => assert!(event["args"].is_object()),
            "X" => {
                let (start, duration) = (start.unwrap(), event["dur"].as_f64().unwrap());
                tracks
                    .entry(track)
                    .or_default()
                    .push((start, start + duration));
            }
            "b" => open.push((&event["id"], &event["cat"])),
            "e" => assert_eq!(open.pop(), Some((&event["id"], &event["cat"]))),
            other => panic!("{other}"),
        }
    }
    assert!(open.is_empty());
    assert_eq!(tracks.keys().copied().collect::<Vec<_>>(), [1, 2]);
    for slices in tracks.values_mut() {
        slices.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut around: Vec<f64> = Vec::new();
        for (start, end) in slices {
            around.retain(|outer| *outer > *start);
            assert!(
                around.last().is_none_or(|outer| *end <= *outer),
                "a slice sticks out"
            );
            around.push(*end);
        }
    }
}

/// Long outputs keep their beginning and their end.
#[test]
fn the_page_has_room_for_everybody() {
    let long = "ü".repeat(1 << 20);
    let scratch = Scratch::new("room");
    let reports = Reports {
        html: Some(scratch.0.join("report.html")),
        ..Reports::default()
    };
    let events = run(
        60,
        (0..60).map(|i| test(&format!("t{i}"), Outcome::Passed, &long)),
    );
    let records: Vec<Record> = events.iter().map(record).collect();
    write(&reports, &records);
    let page = scratch.read("report.html");
    assert!(page.len() < 20 << 20, "{}", page.len());
    assert_eq!(page.matches("bytes are left out").count(), 60);
}
