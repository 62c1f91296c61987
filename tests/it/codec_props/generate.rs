//! Strategies for packets of every type.
//!
//! Packets borrow their parts and proptest wants them to own themselves, so the
//! parts are leaked: some megabytes in the life of the test process.

use mqx::mqtt::{
    Ack, AckKind, AckProperties, Auth, AuthProperties, ConnAck, ConnAckProperties, Connect,
    ConnectProperties, Disconnect, DisconnectProperties, Packet, PacketId, PropertyBuf, Publish,
    PublishProperties, QoS, ReasonCode, RetainHandling, SubAck, Subscribe, SubscribeOptions,
    SubscribeProperties, SubscribeRequest, SubscriptionId, SubscriptionIds, TopicAlias, UnsubAck,
    Unsubscribe, UnsubscribeProperties, UserProperties, Version, Will, WillProperties,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::LazyLock;

/// The longest string there is.
static LONGEST: LazyLock<String> = LazyLock::new(|| "x".repeat(65_535));

/// Any string MQTT can carry; rarely the longest.
pub(crate) fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        40 => "[a-z0-9/$ éß€😀\u{feff}\u{1}\u{7f}]{0,12}"
            .prop_map(|text| &*Box::leak(text.into_boxed_str())),
        1 => Just(LONGEST.as_str()),
    ]
}

/// Any bytes as long as Binary Data may be.
pub(crate) fn binary() -> impl Strategy<Value = &'static [u8]> {
    prop_oneof![
        40 => vec(any::<u8>(), 0..200).prop_map(|bytes| &*bytes.leak()),
        1 => Just(LONGEST.as_bytes()),
    ]
}

/// Any topic name.
pub(crate) fn topic_name() -> impl Strategy<Value = &'static str> {
    text().prop_filter("a topic name is not empty", |text| !text.is_empty())
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    any::<PacketId>()
}

/// Any packet identifier or none.
fn qos() -> impl Strategy<Value = QoS> {
    select(vec![QoS::AtMostOnce, QoS::AtLeastOnce, QoS::ExactlyOnce])
}

fn user_properties() -> impl Strategy<Value = UserProperties<'static>> {
    vec((text(), text()), 0..4).prop_map(|pairs| {
        let mut buffer = PropertyBuf::default();
        for (name, value) in pairs {
            buffer.push_user(name, value).expect("short enough");
        }
        Box::leak(Box::new(buffer)).user_properties()
    })
}

fn subscription_id() -> impl Strategy<Value = SubscriptionId> {
    (1..=268_435_455_u32).prop_map(|value| SubscriptionId::new(value).expect("in range"))
}

fn subscription_ids() -> impl Strategy<Value = SubscriptionIds<'static>> {
    vec(subscription_id(), 0..4).prop_map(|identifiers| {
        let mut buffer = PropertyBuf::default();
        for identifier in identifiers {
            buffer.push_subscription_id(identifier);
        }
        Box::leak(Box::new(buffer)).subscription_ids()
    })
}

prop_compose! {
    fn connect_properties()(
        session_expiry_interval in any::<Option<u32>>(),
        receive_maximum in any::<Option<NonZeroU16>>(),
        maximum_packet_size in any::<Option<NonZeroU32>>(),
        topic_alias_maximum in any::<Option<u16>>(),
        request_response_information in any::<Option<bool>>(),
        request_problem_information in any::<Option<bool>>(),
        user_properties in user_properties(),
        (authentication_method, authentication_data) in prop_oneof![
            Just((None, None)),
            (text().prop_map(Some), option::of(binary())),
        ],
    ) -> ConnectProperties<'static> {
        ConnectProperties {
            session_expiry_interval,
            receive_maximum,
            maximum_packet_size,
            topic_alias_maximum,
            request_response_information,
            request_problem_information,
            user_properties,
            authentication_method,
            authentication_data,
        }
    }
}

prop_compose! {
    fn will()(
        topic in topic_name(),
        payload in binary(),
        qos in qos(),
        retain in any::<bool>(),
        will_delay_interval in any::<Option<u32>>(),
        message in publish_properties(),
    ) -> Will<'static> {
        Will {
            topic,
            payload,
            qos,
            retain,
            properties: WillProperties {
                will_delay_interval,
                payload_format_indicator: message.payload_format_indicator,
                message_expiry_interval: message.message_expiry_interval,
                content_type: message.content_type,
                response_topic: message.response_topic,
                correlation_data: message.correlation_data,
                user_properties: message.user_properties,
            },
        }
    }
}

prop_compose! {
    fn connect()(
        version in select(vec![Version::V31, Version::V311, Version::V5]),
        bridge in any::<bool>(),
        clean_start in any::<bool>(),
        keep_alive in any::<u16>(),
        properties in connect_properties(),
        client_id in text(),
        will in option::of(will()),
        username in option::of(text()),
        password in option::of(binary()),
    ) -> Packet<'static> {
        let alone_is_forbidden = version == Version::V311 && username.is_none();
        Packet::Connect(Connect {
            version,
            bridge: bridge && !version.is_v5(),
            clean_start,
            keep_alive,
            properties,
            client_id,
            will,
            username,
            password: password.filter(|_| !alone_is_forbidden),
        })
    }
}

const CONNACK_REASONS: &[ReasonCode] = &[
    ReasonCode::SUCCESS,
    ReasonCode::UNSPECIFIED_ERROR,
    ReasonCode::MALFORMED_PACKET,
    ReasonCode::UNSUPPORTED_PROTOCOL_VERSION,
    ReasonCode::CLIENT_IDENTIFIER_NOT_VALID,
    ReasonCode::BAD_USER_NAME_OR_PASSWORD,
    ReasonCode::NOT_AUTHORIZED,
    ReasonCode::SERVER_UNAVAILABLE,
    ReasonCode::BANNED,
    ReasonCode::BAD_AUTHENTICATION_METHOD,
    ReasonCode::USE_ANOTHER_SERVER,
    ReasonCode::CONNECTION_RATE_EXCEEDED,
];

prop_compose! {
    fn connack_properties()(
        session_expiry_interval in any::<Option<u32>>(),
        receive_maximum in any::<Option<NonZeroU16>>(),
        maximum_packet_size in any::<Option<NonZeroU32>>(),
        topic_alias_maximum in any::<Option<u16>>(),
        server_keep_alive in any::<Option<u16>>(),
        [maximum_qos, retain_available, wildcard_subscription_available,
            subscription_identifier_available, shared_subscription_available]
            in any::<[Option<bool>; 5]>(),
        [assigned_client_identifier, reason_string, response_information,
            server_reference, authentication_method]
            in [option::of(text()), option::of(text()), option::of(text()),
                option::of(text()), option::of(text())],
        user_properties in user_properties(),
        authentication_data in option::of(binary()),
    ) -> ConnAckProperties<'static> {
        ConnAckProperties {
            session_expiry_interval,
            receive_maximum,
            maximum_qos,
            retain_available,
            maximum_packet_size,
            assigned_client_identifier,
            topic_alias_maximum,
            reason_string,
            user_properties,
            wildcard_subscription_available,
            subscription_identifier_available,
            shared_subscription_available,
            server_keep_alive,
            response_information,
            server_reference,
            authentication_method,
            authentication_data,
        }
    }
}

prop_compose! {
    fn connack()(
        session_present in any::<bool>(),
        reason in select(CONNACK_REASONS),
        properties in connack_properties(),
    ) -> Packet<'static> {
        Packet::ConnAck(ConnAck { session_present, reason, properties })
    }
}

prop_compose! {
    fn publish_properties()(
        payload_format_indicator in any::<Option<bool>>(),
        message_expiry_interval in any::<Option<u32>>(),
        topic_alias in any::<Option<NonZeroU16>>(),
        response_topic in option::of(topic_name()),
        correlation_data in option::of(binary()),
        user_properties in user_properties(),
        subscription_identifiers in subscription_ids(),
        content_type in option::of(text()),
    ) -> PublishProperties<'static> {
        PublishProperties {
            payload_format_indicator,
            message_expiry_interval,
            topic_alias: topic_alias.map(TopicAlias),
            response_topic,
            correlation_data,
            user_properties,
            subscription_identifiers,
            content_type,
        }
    }
}

prop_compose! {
    /// A PUBLISH; its topic is empty only where an alias stands for it.
    pub(crate) fn publish()(
        qos in qos(),
        dup in any::<bool>(),
        retain in any::<bool>(),
        packet_id in packet_id(),
        name in topic_name(),
        nameless in any::<bool>(),
        properties in publish_properties(),
        payload in binary(),
    ) -> Publish<'static> {
        let nameless = nameless && properties.topic_alias.is_some();
        Publish {
            dup: dup && qos != QoS::AtMostOnce,
            qos,
            retain,
            topic: if nameless { "" } else { name },
            packet_id: (qos != QoS::AtMostOnce).then_some(packet_id),
            properties,
            payload,
        }
    }
}

prop_compose! {
    fn ack_properties()(
        reason_string in option::of(text()),
        user_properties in user_properties(),
    ) -> AckProperties<'static> {
        AckProperties { reason_string, user_properties }
    }
}

/// The kinds of acknowledgement and reasons each may carry.
const ACKS: &[(AckKind, &[ReasonCode])] = {
    const SENT: &[ReasonCode] = &[
        ReasonCode::SUCCESS,
        ReasonCode::NO_MATCHING_SUBSCRIBERS,
        ReasonCode::NOT_AUTHORIZED,
        ReasonCode::QUOTA_EXCEEDED,
    ];
    const RELEASED: &[ReasonCode] = &[ReasonCode::SUCCESS, ReasonCode::PACKET_IDENTIFIER_NOT_FOUND];
    &[
        (AckKind::PubAck, SENT),
        (AckKind::PubRec, SENT),
        (AckKind::PubRel, RELEASED),
        (AckKind::PubComp, RELEASED),
    ]
};

prop_compose! {
    fn ack()(
        (kind, reasons) in select(ACKS),
        packet_id in packet_id(),
        reason in any::<prop::sample::Index>(),
        properties in ack_properties(),
    ) -> Packet<'static> {
        Packet::Ack(Ack { kind, packet_id, reason: *reason.get(reasons), properties })
    }
}

prop_compose! {
    fn request()(
        filter in prop_oneof![text(), Just("$share/g/t"), Just("a/+/#")],
        qos in qos(),
        no_local in any::<bool>(),
        retain_as_published in any::<bool>(),
        retain_handling in select(vec![
            RetainHandling::Send,
            RetainHandling::SendIfNew,
            RetainHandling::DoNotSend,
        ]),
    ) -> SubscribeRequest<'static> {
        let options = SubscribeOptions {
            qos,
            no_local: no_local && !filter.starts_with("$share/"),
            retain_as_published,
            retain_handling,
        };
        SubscribeRequest { filter, options }
    }
}

prop_compose! {
    fn subscribe()(
        packet_id in packet_id(),
        subscription_identifier in option::of(subscription_id()),
        user_properties in user_properties(),
        requests in vec(request(), 1..6),
    ) -> Packet<'static> {
        let properties = SubscribeProperties { subscription_identifier, user_properties };
        Packet::Subscribe(Subscribe { packet_id, properties, requests })
    }
}

prop_compose! {
    fn suback()(
        packet_id in packet_id(),
        properties in ack_properties(),
        reasons in vec(
            select(vec![
                ReasonCode::SUCCESS,
                ReasonCode::GRANTED_QOS_1,
                ReasonCode::GRANTED_QOS_2,
                ReasonCode::UNSPECIFIED_ERROR,
                ReasonCode::TOPIC_FILTER_INVALID,
                ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
            ]),
            1..6,
        ),
    ) -> Packet<'static> {
        Packet::SubAck(SubAck { packet_id, properties, reasons })
    }
}

prop_compose! {
    fn unsubscribe()(
        packet_id in packet_id(),
        user_properties in user_properties(),
        filters in vec(text(), 1..6),
    ) -> Packet<'static> {
        let properties = UnsubscribeProperties { user_properties };
        Packet::Unsubscribe(Unsubscribe { packet_id, properties, filters })
    }
}

prop_compose! {
    fn unsuback()(
        packet_id in packet_id(),
        properties in ack_properties(),
        reasons in vec(
            select(vec![
                ReasonCode::SUCCESS,
                ReasonCode::NO_SUBSCRIPTION_EXISTED,
                ReasonCode::NOT_AUTHORIZED,
            ]),
            1..6,
        ),
    ) -> Packet<'static> {
        Packet::UnsubAck(UnsubAck { packet_id, properties, reasons })
    }
}

prop_compose! {
    fn disconnect()(
        reason in select(vec![
            ReasonCode::SUCCESS,
            ReasonCode::DISCONNECT_WITH_WILL,
            ReasonCode::SESSION_TAKEN_OVER,
            ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
        ]),
        session_expiry_interval in any::<Option<u32>>(),
        reason_string in option::of(text()),
        user_properties in user_properties(),
        server_reference in option::of(text()),
    ) -> Packet<'static> {
        let properties = DisconnectProperties {
            session_expiry_interval,
            reason_string,
            user_properties,
            server_reference,
        };
        Packet::Disconnect(Disconnect { reason, properties })
    }
}

prop_compose! {
    fn auth()(
        reason in select(vec![
            ReasonCode::SUCCESS,
            ReasonCode::CONTINUE_AUTHENTICATION,
            ReasonCode::REAUTHENTICATE,
        ]),
        authentication_method in option::of(text()),
        authentication_data in option::of(binary()),
        reason_string in option::of(text()),
        user_properties in user_properties(),
    ) -> Packet<'static> {
        let properties = AuthProperties {
            authentication_method,
            authentication_data,
            reason_string,
            user_properties,
        };
        Packet::Auth(Auth { reason, properties })
    }
}

/// A packet of any type, as version 5 can say it (and a CONNECT of any version).
pub(crate) fn packet() -> impl Strategy<Value = Packet<'static>> {
    prop_oneof![
        3 => connect(),
        2 => connack(),
        3 => publish().prop_map(Packet::Publish),
        4 => ack(),
        2 => subscribe(),
        1 => suback(),
        1 => unsubscribe(),
        1 => unsuback(),
        1 => select(vec![Packet::PingReq, Packet::PingResp]),
        1 => disconnect(),
        1 => auth(),
    ]
}
