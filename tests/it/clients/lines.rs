//! `pub -l`: a message per line, over any number of connections.

use super::*;
use mqx::publish::{Source, run};
use tokio::io::AsyncWriteExt as _;

fn publish_0(line: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x30, 6 + u8::try_from(line.len()).unwrap()];
    packet.extend_from_slice(b"\0\x03a/b\0");
    packet.extend_from_slice(line);
    packet
}

#[test]
fn each_line_is_a_message_byte_for_byte() {
    for engine in EngineKind::ALL {
        block_on(async {
            let speaker = speaker(engine, Version::V5);
            let peer = Peer::bind().await;
            let config = publishing(speaker, peer.port(), Source::LINES, QoS::AtMostOnce);
            let broker = async {
                let mut caller = speaker.accept(&peer).await;
                for line in [&b"one"[..], b"", b"t\0wo\r", b"last"] {
                    caller.expect(&publish_0(line)).await;
                }
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let input = &b"one\n\nt\0wo\r\nlast"[..];
            let (done, ()) = tokio::join!(run(config, input, never()), broker);
            done.unwrap();
        });
    }
}

#[test]
fn a_line_is_sent_while_the_next_is_still_awaited() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, Source::LINES, QoS::AtMostOnce);
        let (mut input, reader) = pipe();
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            for line in ["first", "second"] {
                input.write_all(line.as_bytes()).await.unwrap();
                input.write_all(b"\n").await.unwrap();
                assert!(caller.packet().await.ends_with(line.as_bytes()));
            }
            drop(input);
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, reader, broker).await;
        done.unwrap();
    });
}

#[test]
fn qos_1_lines_that_were_not_acknowledged_are_sent_again_after_a_reconnect() {
    with_everybody(|speaker| async move {
        let config = |port| stubborn(publishing(speaker, port, Source::LINES, QoS::AtLeastOnce));
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            assert!(caller.packet().await.ends_with(b"1"));
            assert!(caller.packet().await.ends_with(b"2"));
            caller.send(&[0x40, 2, 0, 1]).await;
            drop(caller);
            let mut caller = speaker.accept(peer).await;
            for line in [b"2", b"3"] {
                let publish = caller.packet().await;
                assert!(publish.ends_with(line), "{publish:?}");
                caller.send(&[0x40, 2, publish[7], publish[8]]).await;
            }
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, &b"1\n2\n3\n"[..], broker).await;
        done.unwrap();
    });
}

#[test]
fn qos_0_lines_on_a_lost_connection_are_reported_as_lost() {
    with_everybody(|speaker| async move {
        let peer = Peer::bind().await;
        let config = publishing(speaker, peer.port(), Source::LINES, QoS::AtMostOnce);
        let (mut input, reader) = pipe();
        input.write_all(b"1\n2\n").await.unwrap();
        let broker = async {
            let mut caller = speaker.accept(&peer).await;
            caller.packet().await;
            caller.packet().await;
        };
        let (done, ()) = tokio::join!(run(config, reader, never()), broker);
        assert_eq!(done.as_ref().unwrap_err().class(), Class::ConnectionLost);
        let words = words_of(done);
        assert!(words.contains("2 were under way") && words.contains("-q 1"), "{words}");
    });
}

#[test]
fn a_rejected_line_does_not_stop_the_others_but_fails_the_command() {
    block_on(async {
        let speaker = speaker(EngineKind::Native, Version::V5);
        let config = |port| publishing(speaker, port, Source::LINES, QoS::AtLeastOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            caller.packet().await;
            caller.send(&[0x40, 3, 0, 1, 0x97]).await;
            caller.packet().await;
            caller.send(&[0x40, 2, 0, 2]).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, &b"1\n2\n"[..], broker).await;
        assert_eq!(done.as_ref().unwrap_err().class(), Class::PublishRejected);
        let words = words_of(done);
        assert!(words.contains("line 1") && words.contains("0x97"), "{words}");
    });
}

#[test]
fn no_line_is_sent_beyond_what_the_broker_takes_at_once() {
    for engine in EngineKind::ALL {
        block_on(async {
            let speaker = speaker(engine, Version::V5);
            let config = |port| publishing(speaker, port, Source::LINES, QoS::AtLeastOnce);
            let broker = async |peer: &Peer| {
                let mut caller = peer.accept().await;
                caller.packet().await;
                let receive_maximum_1 = [0x20, 6, 0, 0, 3, 0x21, 0, 1];
                caller.send(&receive_maximum_1).await;
                for line in [b"1", b"2", b"3"] {
                    let publish = caller.packet().await;
                    assert!(publish.ends_with(line));
                    // Behind a receive maximum of 1 nothing else may come yet.
                    let id = [publish[7], publish[8]];
                    caller.send(&[0x40, 2, id[0], id[1]]).await;
                }
                assert_eq!(caller.packet().await[0], 0xe0);
            };
            let done = published(config, &b"1\n2\n3\n"[..], broker).await;
            done.unwrap();
        });
    }
}

#[test]
fn no_lines_at_all_is_a_connection_that_is_closed_in_order() {
    with_everybody(|speaker| async move {
        let config = |port| publishing(speaker, port, Source::LINES, QoS::ExactlyOnce);
        let broker = async |peer: &Peer| {
            let mut caller = speaker.accept(peer).await;
            assert_eq!(caller.packet().await[0], 0xe0);
        };
        let done = published(config, &b""[..], broker).await;
        done.unwrap();
    });
}
