//! The topic matcher against an independent one, and at its limits.

use mqx::mqtt::topic::{Filter, TopicFilter, TopicName, check_name};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// The words of MQTT 5.0 §4.7 as a recursion over levels.
fn reference_matches(filter: &[&str], topic: &[&str]) -> bool {
    match (filter, topic) {
        ([], []) | (["#"], _) => true,
        (["+", filter @ ..], [_, topic @ ..]) => reference_matches(filter, topic),
        ([wanted, filter @ ..], [found, topic @ ..]) if wanted == found => {
            reference_matches(filter, topic)
        }
        _ => false,
    }
}

fn reference(filter: &str, topic: &str) -> bool {
    let filter: Vec<&str> = filter.split('/').collect();
    let topic: Vec<&str> = topic.split('/').collect();
    let hidden = topic[0].starts_with('$') && ["#", "+"].contains(&filter[0]);
    !hidden && reference_matches(&filter, &topic)
}

/// The same words about one character and its neighbours.
fn reference_is_well_formed(filter: &str) -> bool {
    let characters: Vec<char> = filter.chars().collect();
    let level_starts = |at: usize| at == 0 || characters[at - 1] == '/';
    let level_ends = |at: usize| at + 1 == characters.len() || characters[at + 1] == '/';
    !characters.is_empty()
        && characters.iter().enumerate().all(|(at, character)| match character {
            '+' => level_starts(at) && level_ends(at),
            '#' => level_starts(at) && at + 1 == characters.len(),
            _ => true,
        })
}

fn reference_is_well_formed_and_shared(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    match levels[..] {
        ["$share", name, ref pattern @ ..] => {
            let named = !name.is_empty() && !name.contains(['+', '#']);
            named && !pattern.is_empty() && reference_is_well_formed(&pattern.join("/"))
        }
        ["$share"] => false,
        _ => reference_is_well_formed(filter),
    }
}

fn topic() -> impl Strategy<Value = String> {
    let level = select(vec!["", "a", "b", "é", "$", "$SYS"]);
    vec(level, 1..6).prop_map(|levels| levels.join("/"))
}

fn filter() -> impl Strategy<Value = String> {
    let level = select(vec!["", "a", "b", "é", "$", "$SYS", "+", "+"]);
    let start = select(vec!["a", "$SYS", "+", "#", ""]);
    let end = select(vec!["#", "+", "a", ""]);
    (start, vec(level, 0..4), end).prop_map(|(start, levels, end)| match start {
        "#" => start.to_owned(),
        _ => [&[start], &levels[..], &[end]].concat().join("/"),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn a_filter_matches_what_the_reference_matches(filter in filter(), topic in topic()) {
        let expected = reference(&filter, &topic);
        let parsed = Filter::parse(&filter).expect("made to be well formed");
        prop_assert_eq!(parsed.matches(&topic), expected, "{} and {}", filter, topic);
        let shared = format!("$share/group/{filter}");
        let parsed = Filter::parse(&shared).expect("the same, shared");
        prop_assert_eq!(parsed.share, Some("group"));
        prop_assert_eq!(parsed.matches(&topic), expected, "{} and {}", shared, topic);
    }

    #[test]
    fn a_filter_is_accepted_when_the_reference_finds_it_well_formed(
        parts in vec(select(vec!["a", "/", "/", "+", "#", "$share", "$share/", "é"]), 0..8),
    ) {
        let filter = parts.concat();
        let expected = reference_is_well_formed_and_shared(&filter);
        prop_assert_eq!(Filter::parse(&filter).is_ok(), expected, "{}", filter);
        prop_assert_eq!(filter.parse::<TopicFilter>().is_ok(), expected, "{}", filter);
    }

    #[test]
    fn any_text_is_a_filter_a_topic_or_neither_without_a_panic(
        filter in any::<String>(),
        topic in any::<String>(),
    ) {
        if let Ok(parsed) = Filter::parse(&filter) {
            prop_assert_eq!(parsed.matches(&topic), reference(parsed.pattern, &topic));
        }
        let is_name = !topic.is_empty() && !topic.contains(['#', '+']);
        prop_assert_eq!(check_name(&topic).is_ok(), is_name);
        prop_assert_eq!(topic.parse::<TopicName>().is_ok(), is_name && !topic.contains('\0'));
    }
}

#[test]
fn a_topic_of_65_535_slashes_is_an_ordinary_topic() {
    let slashes = "/".repeat(65_535);
    let pluses = format!("{}+", "+/".repeat(32_767));
    let half = "/".repeat(32_767);
    check_name(&slashes).expect("a topic name");
    slashes.parse::<TopicName>().expect("as long as a topic may be");
    for (filter, topic, expected) in [
        (&slashes, &slashes, true),
        (&slashes, &half, false),
        (&half, &slashes, false),
        (&pluses, &half, true),
        (&pluses, &slashes, false),
        (&"#".to_owned(), &slashes, true),
        (&format!("{}#", "/".repeat(65_534)), &slashes, true),
    ] {
        let filter: TopicFilter = filter.parse().expect("a filter");
        assert_eq!(filter.matches(topic), expected);
    }
    let open_end = format!("{half}#/");
    assert!(open_end.parse::<TopicFilter>().is_err(), "# is not last");
}
