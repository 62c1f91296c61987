//! What MQTT 5 says beside the message: from the options to the wire and back.

use super::{Layout, Page, never, publishing, subscribing, with_everybody};
use crate::support::peer::Peer;
use mqx::broker;
use mqx::client::{ConnectOptions, EngineKind, Farewell};
use mqx::mqtt::{MessageProperties, PropertyBuf, QoS, SubscriptionId};
use mqx::net::Endpoint;
use mqx::{publish, subscribe};
use std::num::NonZeroU64;
use tokio::io::empty;

fn named(name: &str, value: &str) -> PropertyBuf {
    let mut properties = PropertyBuf::default();
    properties.push_user(name, value).unwrap();
    properties
}

#[test]
fn what_is_said_of_a_message_arrives_with_it() {
    let broker = broker::start(&broker::Config::on_port(0)).unwrap();
    let port = broker.address().unwrap().port();
    with_everybody(|speaker| async move {
        if !speaker.is_v5() {
            return;
        }
        let endpoint = Endpoint::tcp("localhost", port);
        let connect = ConnectOptions { endpoint, ..speaker.connect(0) };
        let properties = MessageProperties {
            payload_format_indicator: Some(true),
            message_expiry_interval: Some(1000),
            content_type: Some("text/x".to_owned()),
            response_topic: Some("r/t".to_owned()),
            correlation_data: Some(b"cd".to_vec()),
            user_properties: named("k", "v"),
        };
        let source = publish::Source::Message(b"x".to_vec());
        let config = publishing(speaker, 0, source, QoS::AtLeastOnce);
        let recipe = publish::Recipe { retain: true, properties, ..config.recipe };
        let config = publish::Config { connect: connect.clone(), recipe, ..config };
        publish::run(config, empty(), never()).await.unwrap();
        let page = Page::default();
        let mut config = subscribe::Config {
            connect,
            identifier: SubscriptionId::new(77),
            user_properties: named("a", "b"),
            count: NonZeroU64::new(1),
            ..subscribing(speaker, 0)
        };
        config.look.layout = Layout::Format("%C %R %D %P %S".parse().unwrap());
        subscribe::run(config, page.sink(), never()).await.unwrap();
        assert_eq!(page.text(), "text/x r/t cd k:v 77\n");
    });
    broker.blocking_shutdown().unwrap();
}

#[test]
fn the_last_packet_says_what_it_is_to_say() {
    with_everybody(|speaker| async move {
        if !speaker.is_v5() || speaker.engine != EngineKind::Native {
            return;
        }
        let peer = Peer::bind().await;
        let farewell = Farewell {
            session_expiry_interval: Some(9),
            reason_string: Some("bye".to_owned()),
            user_properties: named("k", "v"),
        };
        let connect = ConnectOptions { farewell, ..speaker.connect(peer.port()) };
        let source = publish::Source::Message(Vec::new());
        let config = publishing(speaker, 0, source, QoS::AtMostOnce);
        let config = publish::Config { connect, ..config };
        let serve = async {
            let mut caller = speaker.accept(&peer).await;
            assert_eq!(caller.packet().await[0], 0x30);
            let mut wanted = vec![0xe0, 20, 0, 18, 0x11, 0, 0, 0, 9];
            wanted.extend_from_slice(b"\x1f\0\x03bye\x26\0\x01k\0\x01v");
            caller.expect(&wanted).await;
        };
        let (published, ()) = tokio::join!(publish::run(config, empty(), never()), serve);
        published.unwrap();
    });
}
