//! Random clients against the broker core under a virtual clock, compared with
//! a model of what must arrive: which message, with which QoS, flags, packet
//! identifier and properties, in which order, and nothing else.
//!
//! Each case has a seed. `MODEL_SEED` is that of the first one and
//! `MODEL_CASES` says how many there are:
//!
//! ```sh
//! MODEL_CASES=5000 cargo test --test it model
//! ```
//!
//! A history that fails is made as simple as can be, and each try that fails
//! says so. The end of the output is what counts: the steps that are left, the
//! command that repeats the case, and what fails.

mod client;
mod message;
mod presence;
mod routing;
mod session;
mod steps;
mod world;

use super::lab::Lab;
use mqx::broker::core::Limits;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use steps::{Step, history};
use world::World;

/// How many cases there are unless `MODEL_CASES` says otherwise.
const CASES: u64 = 400;

/// How many shorter histories are tried to make one that fails simple.
const SHRINKING: u32 = 2_000;

#[test]
fn everybody_gets_what_the_model_says() {
    check("everybody_gets_what_the_model_says", false, || {
        Lab::with(Limits { topic_aliases_sent: 3, ..Limits::default() })
    });
}

#[test]
fn everybody_gets_it_across_crashes_too() {
    check("everybody_gets_it_across_crashes_too", true, Lab::with_journal);
}

/// Runs the cases of the test of this name.
fn check(test: &str, crashes: bool, lab: fn() -> Lab) {
    let first = setting("MODEL_SEED", 0);
    for seed in first..first + setting("MODEL_CASES", CASES) {
        let config = Config {
            cases: 1,
            rng_seed: RngSeed::Fixed(seed),
            max_shrink_iters: SHRINKING,
            failure_persistence: None,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&history(crashes), |steps| {
            run(lab(), &steps);
            Ok(())
        });
        if let Err(TestError::Fail(_, steps)) = outcome {
            eprintln!("\nThe simplest history found that fails, of seed {seed}:");
            for step in &steps {
                eprintln!("    {step:?}");
            }
            eprintln!("Again: MODEL_SEED={seed} MODEL_CASES=1 cargo test --test it {test}\n");
            run(lab(), &steps);
            unreachable!("a history that fails once fails again");
        }
    }
}

fn run(lab: Lab, steps: &[Step]) {
    let mut world = World::new(lab);
    for step in steps {
        world.step(step);
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}
