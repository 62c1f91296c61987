use super::*;
use crate::bench::load::{Load, Mode, Pattern, Sizes, Stream, Tempo};
use crate::error::Class;
use crate::secret::Secret;
use crate::session::ClientConfig;
use proptest::prelude::*;

fn try_plan(load: Load) -> Result<Plan> {
    Plan::new(load.into(), Arc::new(ConnectOptions::default()), 7)
}

fn plan(load: Load) -> Plan {
    try_plan(load).unwrap()
}

/// Publishers and subscribers of a stream.
fn load(publishers: u32, subscribers: u32, stream: Stream) -> Load {
    Load { publishers, subscribers, stream, ..Load::default() }
}

fn stream() -> Stream {
    Stream::default()
}

fn filling(sizes: impl Into<Sizes>) -> Stream {
    let content = Content::Filling { sizes: sizes.into(), headers: Headers::Mqx };
    Stream { content, ..stream() }
}

fn lasting(duration: u64, warmup: u64) -> Load {
    let (duration, warmup) = (Duration::from_secs(duration), Duration::from_secs(warmup));
    let run = Scenario { duration: Some(duration), warmup, ..Scenario::default() };
    Load { run, ..Load::default() }
}

const FIRST: Seat = Seat { group: 0, number: 0 };

#[test]
fn impossible_loads_are_usage_errors_that_name_the_option() {
    let each = |stream| load(1, 1, stream);
    let rate = |rate| Stream { tempo: Tempo::Rate(rate), ..stream() };
    let second = Duration::from_secs(1);
    let cases = [
        (load(0, 0, stream()), "--count"),
        (each(filling(31)), "--size"),
        (each(filling(300_000_000)), "--size"),
        (each(filling(Sizes { least: 64, most: 60 })), "--size"),
        (each(rate(0.0)), "--rate"),
        (each(rate(f64::NAN)), "--rate"),
        (each(rate(-1.0)), "--rate"),
        (each(Stream { tempo: Tempo::Rate(1e6), ..filling(10_000_000) }), "no link"),
        (each(Stream { jitter: second, ..stream() }), "--jitter"),
        (each(Stream { jitter: second, ..rate(10.0) }), "--jitter"),
        (each(Stream { limit: Some(0), ..stream() }), "--limit"),
        (each(Stream { limit: Some(2), limit_per_client: Some(1), ..stream() }), "--limit"),
        (each(Stream { inflight: 0, ..stream() }), "--inflight"),
        (each(Stream { topic: Some(Pattern::read("a/#")), ..stream() }), "--topic"),
        (lasting(0, 0), "--duration"),
        (lasting(5, 5), "--warmup"),
        (load(u32::MAX, 1, stream()), "connections"),
    ];
    for (load, option) in cases {
        let error = try_plan(load).unwrap_err();
        assert_eq!(error.class(), Class::Usage);
        assert!(error.to_string().contains(option), "{error}");
    }
}

#[test]
fn everybody_publishes_to_a_topic_of_its_own_that_subscribers_ask_for() {
    let topic = |topic: &str| Stream { topic: Some(Pattern::read(topic)), ..stream() };
    for (stream, third, filter) in [
        (stream(), "mqx/bench/00000007/3", "mqx/bench/00000007/+"),
        (topic("site/dev%i/up"), "site/dev3/up", "site/+/up"),
        (topic("a/b"), "a/b", "a/b"),
        (topic("%s/{i}"), "0/3", "+/+"),
    ] {
        let plan = plan(load(5, 1, stream));
        let publisher = Seat { group: 0, number: 3 };
        assert_eq!(plan.topic(publisher, 0).at(0), third);
        let subscriber = Seat { group: 1, number: 0 };
        assert_eq!(plan.filters(subscriber), [(filter.to_owned(), QoS::AtMostOnce)]);
        assert_eq!(plan.receivers(3), 1);
    }
}

#[test]
fn a_shared_subscription_receives_as_one_and_answers_go_to_who_has_asked() {
    let of = |mode| plan(Load { mode, publishers: 3, subscribers: 4, ..Load::default() });
    let shared = of(Mode::Shared);
    assert_eq!((shared.receivers(0), shared.connections()), (1, 7));
    let member = Seat { group: 1, number: 2 };
    assert_eq!(shared.filters(member)[0].0, "$share/mqx-bench/mqx/bench/00000007/+");
    let asking = of(Mode::RequestResponse);
    assert_eq!(asking.receivers(0), 1);
    assert_eq!(asking.filters(FIRST)[0].0, "mqx/bench/00000007/0/answers");
}

#[test]
fn random_text_is_the_same_wherever_a_client_says_it() {
    let stream = Stream { topic: Some(Pattern::read("x/%rand_9")), ..stream() };
    let mode = Mode::RequestResponse;
    let plan = plan(Load { mode, ..load(2, 1, stream) });
    let topic = plan.topic(FIRST, 0).at(0).into_owned();
    assert_eq!(plan.filters(FIRST)[0].0, topic + "/answers");
    assert_eq!(plan.receivers(0), 1);
}

#[test]
fn connections_come_evenly_over_the_time_of_their_ramp() {
    let clients = Group { ramp: Some(Duration::from_secs(8)), ..Group::default() };
    let plan = plan(Load { clients, ..load(40, 0, stream()) });
    let arrival = |number| plan.arrival(Seat { group: 0, number });
    assert_eq!(arrival(0), Time::ZERO);
    assert_eq!(arrival(20), Time::ZERO + Duration::from_secs(4));
}

#[test]
fn who_has_asked_twice_for_a_message_receives_it_once() {
    let stream = Stream { topic: Some(Pattern::read("a/%i")), ..stream() };
    let filters = |filters: &[&str]| {
        let filters = filters.iter().map(|filter| Pattern::read(filter)).collect();
        plan(Load { filters, ..load(1, 3, stream.clone()) }).receivers(0)
    };
    assert_eq!(filters(&["a/#", "+/0"]), 3);
    assert_eq!(filters(&["a/0"]), 3);
    assert_eq!(filters(&["b/0", "b/#"]), 0);
}

#[test]
fn a_duration_at_a_rate_is_an_exact_number_of_messages() {
    let tempo = Tempo::Rate(100.0);
    let load = Load { publishers: 3, stream: Stream { tempo, ..stream() }, ..lasting(10, 0) };
    let plan = plan(load);
    let quotas: Vec<_> = (0..3).map(|number| plan.quota(Seat { group: 0, number }, 0)).collect();
    assert_eq!(quotas, [334, 333, 333]);
    assert_eq!(plan.total_quota(), 1_000);
}

#[test]
fn only_a_stream_without_a_rate_is_held_back_by_its_subscribers() {
    let held = |load| plan(load).undelivered(FIRST, 0);
    assert_eq!(held(load(1, 1, stream())), Some(800));
    assert_eq!(held(load(10, 1, stream())), Some(80));
    assert_eq!(held(load(1, 1, filling(1 << 22))), Some(1));
    assert_eq!(held(load(1, 1, Stream { tempo: Tempo::Rate(1.0), ..stream() })), None);
    assert_eq!(held(load(1, 0, stream())), None);
}

#[test]
fn names_are_different_for_everybody() {
    for given in ["", "x", "dev-%i", "{i}-%u", "%rand_9"] {
        let mut options = ConnectOptions::default();
        options.session.client_id = given.to_owned();
        options.session.username = Some("user%i".to_owned());
        let load = load(3, 3, stream());
        let plan = Plan::new(load.into(), Arc::new(options), 7).unwrap();
        let mut names: Vec<_> =
            plan.all_seats().map(|seat| plan.persona(seat).client_id.clone()).collect();
        assert_eq!(plan.persona(FIRST).client_id, names[0]);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 6, "{names:?}");
    }
}

#[test]
fn what_a_client_says_of_itself_names_columns_that_there_are() {
    for (set, wanted) in [
        ((|session| session.client_id = "{row.a}".to_owned()) as fn(&mut ClientConfig), "{row.a}"),
        (|session| session.username = Some("x{row.b}".to_owned()), "{row.b}"),
        (|session| session.password = Some(Secret::new("{row.c}")), "the password names"),
    ] {
        let mut options = ConnectOptions::default();
        set(&mut options.session);
        let planned = Plan::new(load(1, 0, stream()).into(), Arc::new(options), 7);
        let error = planned.unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

proptest! {
    #[test]
    fn the_limit_is_split_without_a_rest(publishers in 1..500_u32, limit in 1..1_000_000_u64) {
        let plan = plan(load(publishers, 0, Stream { limit: Some(limit), ..stream() }));
        let quotas = plan.all_lanes().map(|(seat, stream)| plan.quota(seat, stream));
        let quotas: Vec<_> = quotas.collect();
        prop_assert_eq!(quotas.iter().sum::<u64>(), limit);
        let (least, most) = (quotas.iter().min().unwrap(), quotas.iter().max().unwrap());
        prop_assert!(most - least <= 1);
    }

    #[test]
    fn every_connection_is_one_workers(
        publishers in 1..50_u32, subscribers in 0..50_u32, cores in 1..9_u32,
    ) {
        let plan = plan(load(publishers, subscribers, stream()));
        let workers = plan.workers(cores);
        let shares: Vec<Vec<_>> =
            (0..workers).map(|worker| plan.seats(worker, workers).collect()).collect();
        prop_assert!(shares.iter().all(|share| !share.is_empty()));
        let mut places: Vec<_> = shares.concat().into_iter().map(|seat| plan.place(seat)).collect();
        places.sort_unstable();
        let all = (publishers + subscribers) as usize;
        prop_assert_eq!(places, (0..all).collect::<Vec<_>>());
    }
}
