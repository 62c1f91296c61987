//! The client session against a server made of the same pieces, without sockets
//! and with a virtual clock: cuts at every byte, delays, repetitions, windows.

mod delivery;
mod pair;
mod server;
mod window;

use mqx::mqtt::{QoS, Version};
use mqx::session::{Failure, Time};
use pair::{Pair, Setup};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::num::NonZeroU16;
use std::time::Duration;

const LEVELS: [QoS; 3] = [QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce];
const VERSIONS: [Version; 2] = [Version::V311, Version::V5];

/// Messages of every quality of service, in both directions.
fn exchange(pair: &mut Pair) {
    for qos in LEVELS.into_iter().chain(LEVELS) {
        pair.publish(qos).expect("connected, and the window is wide");
        pair.send(qos);
    }
}

/// Moves `count` bytes one by one, each direction in turn; fewer when there are
/// no more. Returns how many.
fn trickle(pair: &mut Pair, count: usize) -> usize {
    let mut moved = 0;
    while moved < count {
        let step = pair.move_up(1) + pair.move_down(usize::from(moved + 1 < count));
        if step == 0 {
            break;
        }
        moved += step;
    }
    moved
}

/// Exchanges messages over a connection that is lost after so many bytes, and
/// a second time after as many. Returns whether it was.
fn exchange_with_a_cut(setup: &Setup, bytes: usize, forget: bool) -> bool {
    let mut pair = Pair::new(setup.clone());
    pair.settle();
    exchange(&mut pair);
    let was_cut = trickle(&mut pair, bytes) == bytes;
    for _ in 0..2 {
        if forget {
            pair.cut_and_forget();
        } else {
            pair.cut();
        }
        trickle(&mut pair, bytes);
    }
    pair.settle();
    pair.check();
    was_cut
}

fn cut_everywhere(forget: bool, clean: bool) {
    for version in VERSIONS {
        let setup = Setup { version, clean, ..Setup::default() };
        let cuts = (0..).take_while(|bytes| exchange_with_a_cut(&setup, *bytes, forget));
        assert!(cuts.count() > 150, "the exchange is longer than that");
    }
}

#[test]
fn a_cut_at_any_byte_loses_and_repeats_nothing_when_the_session_is_kept() {
    cut_everywhere(false, false);
}

#[test]
fn a_cut_at_any_byte_loses_nothing_when_the_server_forgets_the_session() {
    cut_everywhere(true, false);
}

#[test]
fn a_cut_at_any_byte_loses_nothing_when_the_client_starts_clean() {
    cut_everywhere(false, true);
}

#[test]
fn an_undisturbed_connection_delivers_everything() {
    for version in VERSIONS {
        let mut pair = Pair::new(Setup { version, ..Setup::default() });
        pair.settle();
        exchange(&mut pair);
        pair.settle();
        pair.check();
    }
}

#[test]
fn a_full_window_refuses_qos_1_and_2_and_lets_qos_0_pass() {
    let mut pair = Pair::new(Setup { server_window: 2, ..Setup::default() });
    pair.settle();
    pair.publish(QoS::AtLeastOnce).expect("one of two");
    pair.publish(QoS::ExactlyOnce).expect("two of two");
    assert_eq!(pair.publish(QoS::AtLeastOnce), Err(Failure::WindowFull));
    pair.publish(QoS::AtMostOnce).expect("QoS 0 has no window");
    pair.settle();
    pair.publish(QoS::ExactlyOnce).expect("the window is open again");
    pair.settle();
    pair.check();
}

#[test]
fn a_smaller_window_after_a_cut_holds_back_what_is_sent_again() {
    let mut pair = Pair::new(Setup { server_window: 5, ..Setup::default() });
    pair.settle();
    for qos in [QoS::AtLeastOnce, QoS::ExactlyOnce, QoS::AtLeastOnce, QoS::ExactlyOnce] {
        pair.publish(qos).expect("four of five");
    }
    pair.server.window = NonZeroU16::MIN;
    pair.cut();
    // The pair itself watches that never more than one is under way.
    pair.settle();
    pair.check();
}

#[test]
fn nothing_can_be_published_before_the_server_has_accepted() {
    let mut pair = Pair::new(Setup::default());
    for qos in LEVELS {
        assert_eq!(pair.publish(qos), Err(Failure::NotConnected));
    }
    pair.settle();
    exchange(&mut pair);
    pair.settle();
    pair.check();
}

#[test]
fn a_silent_client_pings_and_a_silent_server_is_given_up() {
    let mut pair = Pair::new(Setup { keep_alive: 10, ..Setup::default() });
    assert_eq!(pair.client.deadline(), None, "not connected");
    pair.settle();
    let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
    assert_eq!(pair.client.deadline(), Some(at(10)));
    pair.wait(Duration::from_secs(10));
    pair.settle();
    assert_eq!(pair.client.deadline(), Some(at(20)), "the server has answered");
    pair.server.is_alive = false;
    pair.wait(Duration::from_secs(10));
    pair.settle();
    assert_eq!(pair.client.tick(at(29)), Ok(()));
    assert_eq!(pair.client.tick(at(30)), Err(Failure::Silent));
    pair.server.is_alive = true;
    pair.now = at(30);
    pair.cut();
    pair.settle();
    exchange(&mut pair);
    pair.settle();
    pair.check();
}

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    Publish(QoS),
    Send(QoS),
    Up(usize),
    Down(usize),
    RepeatUp,
    RepeatDown,
    /// Winds the clock by so many seconds.
    Wait(u64),
    /// Loses the connection; the next has this window to the server.
    Cut(NonZeroU16),
    CutAndForget(NonZeroU16),
}

fn step(forgets: bool) -> impl Strategy<Value = Step> {
    let window = || (1..5_u16).prop_map(|window| NonZeroU16::new(window).expect("not zero"));
    let count = || prop_oneof![1..8_usize, Just(usize::MAX)];
    prop_oneof![
        8 => select(&LEVELS[..]).prop_map(Step::Publish),
        8 => select(&LEVELS[..]).prop_map(Step::Send),
        16 => count().prop_map(Step::Up),
        16 => count().prop_map(Step::Down),
        2 => Just(Step::RepeatUp),
        2 => Just(Step::RepeatDown),
        2 => (1..40_u64).prop_map(Step::Wait),
        2 => window().prop_map(Step::Cut),
        u32::from(forgets) => window().prop_map(Step::CutAndForget),
    ]
}

fn take(pair: &mut Pair, step: &Step) {
    match step {
        Step::Publish(qos) => match pair.publish(*qos) {
            Ok(()) | Err(Failure::NotConnected | Failure::WindowFull) => {}
            Err(other) => panic!("{other}"),
        },
        Step::Send(qos) => pair.send(*qos),
        Step::Up(count) => drop(pair.move_up(*count)),
        Step::Down(count) => drop(pair.move_down(*count)),
        Step::RepeatUp => pair.repeat_up(),
        Step::RepeatDown => pair.repeat_down(),
        Step::Wait(seconds) => pair.wait(Duration::from_secs(*seconds)),
        Step::Cut(window) => {
            pair.server.window = *window;
            pair.cut();
        }
        Step::CutAndForget(window) => {
            pair.server.window = *window;
            pair.cut_and_forget();
        }
    }
}

fn schedule() -> impl Strategy<Value = Vec<Step>> {
    any::<bool>().prop_flat_map(|forgets| vec(step(forgets), 1..150))
}

prop_compose! {
    fn setup()(
        version in select(&VERSIONS[..]),
        clean in proptest::bool::weighted(0.2),
        client_window in 1..5_u16,
        server_window in 1..5_u16,
    ) -> Setup {
        Setup { version, clean, keep_alive: 20, client_window, server_window }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_schedule_of_cuts_delays_and_repetitions_keeps_every_promise(
        setup in setup(),
        schedule in schedule(),
    ) {
        let mut pair = Pair::new(setup);
        for step in &schedule {
            take(&mut pair, step);
        }
        pair.settle();
        pair.check();
    }
}
