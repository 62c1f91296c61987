//! A command for each message: what it is told, how many run, and what becomes
//! of the message.

use super::subscribing::{accept, publish};
use super::*;
use mqx::subscribe::{Exec, OnFailure};
use std::fs;
use std::num::{NonZeroU16, NonZeroUsize};
use tempfile::TempDir;

const SPEAKER: Speaker = speaker(EngineKind::Native, Version::V5);

/// Runs `command`, which finds a folder in `$dir`, for each message, so many at
/// once.
fn runs(config: &mut subscribe::Config, dir: &TempDir, command: &str, jobs: usize) {
    let command = format!("dir={}; {command}", dir.path().display()).into();
    let jobs = NonZeroUsize::new(jobs).unwrap();
    config.exec = Some(Exec { command, jobs, on_failure: OnFailure::Keep });
    config.look.layout = Layout::Nothing;
}

/// The lines of a file that a command has written.
fn lines(dir: &TempDir, name: &str) -> Vec<String> {
    let text = fs::read_to_string(dir.path().join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn messages(count: u8) -> Vec<u8> {
    let message = |number| publish(SPEAKER, 0x30, "a", &[b'0' + number]);
    (1..=count).flat_map(message).collect()
}

#[test]
fn a_command_has_the_payload_at_its_stdin_and_the_rest_in_its_environment() {
    with_everybody(|speaker| async move {
        let dir = tempfile::tempdir().unwrap();
        let change = |config: &mut subscribe::Config| {
            let say = "echo \"$MQTT_TOPIC $MQTT_QOS $MQTT_RETAIN $(cat)\" >> $dir/said";
            runs(config, &dir, say, 1);
            config.count = NonZeroU64::new(2);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(speaker, peer, &[0]).await;
            caller.send(&publish(speaker, 0x31, "a/$(id)", b"one")).await;
            caller.send(&publish(speaker, 0x30, "a b", b"two")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, text) = subscribed(speaker, change, broker).await;
        done.unwrap();
        assert_eq!(text, "");
        assert_eq!(lines(&dir, "said"), ["a/$(id) 0 1 one", "a b 0 0 two"]);
    });
}

#[test]
fn no_more_commands_run_at_once_than_may() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        // Each waits for two to be there; a third would find a place for itself.
        let command = "mkdir $dir/1 2>/dev/null || mkdir $dir/2 || echo full >> $dir/said; \
                       until [ -d $dir/2 ]; do :; done; echo \"$(cat)\" >> $dir/said; \
                       until [ \"$(wc -l < $dir/said)\" -ge 2 ]; do :; done; \
                       rmdir $dir/1 $dir/2 2>/dev/null; true";
        let change = |config: &mut subscribe::Config| {
            runs(config, &dir, command, 2);
            config.count = NonZeroU64::new(2);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[0]).await;
            caller.send(&messages(3)).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, _) = subscribed(SPEAKER, change, broker).await;
        done.unwrap();
        let mut said = lines(&dir, "said");
        said.sort();
        assert_eq!(said, ["1", "2"]);
    });
}

#[test]
fn commands_that_fail_are_counted_and_their_messages_are_not_acknowledged() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let change = |config: &mut subscribe::Config| {
            runs(config, &dir, "[ \"$(cat)\" != 2 ]", 1);
            config.count = NonZeroU64::new(3);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[1]).await;
            for id in [1, 2, 3] {
                caller.send(&[0x32, 7, 0, 1, b'a', 0, id, 0, b'0' + id]).await;
            }
            for id in [1, 3] {
                let ack = caller.packet().await;
                assert_eq!((ack[0], ack[3]), (0x40, id));
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, _) = subscribed(SPEAKER, change, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::CommandFailed);
        assert!(words_of(done).contains("1 of 3"));
    });
}

#[test]
fn messages_of_failed_commands_are_refused_or_acknowledged_if_that_is_wanted() {
    for (on_failure, first, second) in
        [(OnFailure::Reject, 0x83, 0x83), (OnFailure::Acknowledge, 0, 0)]
    {
        block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let change = |config: &mut subscribe::Config| {
                runs(config, &dir, "false", 1);
                config.exec.iter_mut().for_each(|exec| exec.on_failure = on_failure);
                config.count = NonZeroU64::new(2);
            };
            let broker = async |peer: &Peer| {
                let mut caller = accept(SPEAKER, peer, &[2]).await;
                caller.send(b"\x32\x07\0\x01a\0\x01\0x\x34\x07\0\x01a\0\x02\0y").await;
                let reason = |ack: &[u8]| ack.get(4).copied().unwrap_or_default();
                let ack = caller.packet().await;
                assert_eq!((ack[0], ack[3], reason(&ack)), (0x40, 1, first));
                let ack = caller.packet().await;
                assert_eq!((ack[0], ack[3], reason(&ack)), (0x50, 2, second));
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let (done, _) = subscribed(SPEAKER, change, broker).await;
            assert_eq!(class_of(done), Class::CommandFailed);
        });
    }
}

#[test]
fn it_ends_when_the_broker_may_send_no_more_for_what_is_kept() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let change = |config: &mut subscribe::Config| {
            runs(config, &dir, "false", 1);
            config.connect.session.receive_maximum = NonZeroU16::new(2);
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[1]).await;
            for id in [1, 2] {
                caller.send(&[0x32, 7, 0, 1, b'a', 0, id, 0, b'0' + id]).await;
            }
            assert_eq!(caller.packet().await[0], 0xe0, "nothing is acknowledged");
        };
        let (done, _) = subscribed(SPEAKER, change, broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::CommandFailed);
        let words = words_of(done);
        assert!(words.contains("2 commands") && words.contains("--on-exec-failure"), "{words}");
    });
}

#[test]
fn while_a_command_waits_nothing_is_read_and_the_broker_is_still_pinged() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let release = dir.path().join("go");
        let change = |config: &mut subscribe::Config| {
            runs(config, &dir, "until [ -e $dir/go ]; do sleep 0.01; done; cat >> $dir/said", 1);
            config.count = NonZeroU64::new(3);
            config.connect.session.keep_alive = 1;
        };
        let broker = async |peer: &Peer| {
            let mut caller = accept(SPEAKER, peer, &[0]).await;
            caller.send(&messages(2)).await;
            // Two intervals without an answer would end a connection that is read from.
            for _ in 0..2 {
                assert_eq!(caller.packet().await, [0xc0, 0]);
            }
            fs::write(&release, "").unwrap();
            caller.send(&publish(SPEAKER, 0x30, "a", b"3")).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let (done, _) = subscribed(SPEAKER, change, broker).await;
        done.unwrap();
        assert_eq!(lines(&dir, "said"), ["123"]);
    });
}

#[test]
fn a_signal_lets_running_commands_end_and_starts_no_others() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let peer = Peer::bind().await;
        let mut config = subscribing(SPEAKER, peer.port());
        let command = "touch $dir/running; until [ -e $dir/go ]; do sleep 0.01; done; \
                       cat >> $dir/said";
        runs(&mut config, &dir, command, 1);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let broker = async {
            let mut caller = accept(SPEAKER, &peer, &[0]).await;
            caller.send(&messages(2)).await;
            while !dir.path().join("running").exists() {
                tokio::task::yield_now().await;
            }
            stop.send(Signal::Terminate).unwrap();
            tokio::task::yield_now().await;
            fs::write(dir.path().join("go"), "").unwrap();
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let stopped = async { stopped.await.unwrap() };
        let run = subscribe::run(config, Page::default().sink(), stopped);
        let (done, ()) = tokio::join!(run, broker);
        done.unwrap();
        assert_eq!(lines(&dir, "said"), ["1"]);
    });
}

#[test]
fn an_engine_that_acknowledges_by_itself_runs_commands_for_qos_0_only() {
    block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let mut config = subscribing(speaker(EngineKind::Rumqttc, Version::V5), 1);
        runs(&mut config, &dir, "true", 1);
        config.subscriptions[0].options.qos = QoS::AtLeastOnce;
        let done = subscribe::run(config, Page::default().sink(), never()).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::Usage);
        assert!(words_of(done).contains("--exec with -q 1"));
    });
}
