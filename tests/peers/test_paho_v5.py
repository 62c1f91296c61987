"""paho-mqtt as a client of mqx broker: what MQTT 5 adds."""

import threading

from paho_client import properties
from program import DEADLINE


def test_a_message_names_the_subscriptions_it_fits(paho, topic):
    client = paho()
    client.subscribe(topic, properties=properties("SUBSCRIBE", SubscriptionIdentifier=7))
    wide = properties("SUBSCRIBE", SubscriptionIdentifier=268_435_455)
    client.subscribe(f"{topic}/#", properties=wide)
    client.publish(topic, b"both")
    identifiers = client.message().properties.SubscriptionIdentifier
    if len(identifiers) == 1:
        identifiers += client.message().properties.SubscriptionIdentifier
    assert sorted(identifiers) == [7, 268_435_455]


def test_no_local_leaves_out_ones_own_messages(paho, topic):
    client, other = paho(), paho()
    client.subscribe(topic, noLocal=True)
    client.publish(topic, b"own", qos=1)
    other.publish(topic, b"other", qos=1)
    assert client.payloads_until(b"other") == []


def test_retain_as_published_keeps_the_flag(paho, topic):
    keeping, plain = paho(), paho()
    keeping.subscribe(topic, retainAsPublished=True)
    plain.subscribe(topic)
    paho().publish(topic, b"x", qos=1, retain=True)
    assert (keeping.message().retain, plain.message().retain) == (True, False)


def test_retain_handling_decides_when_kept_messages_are_sent(paho, topic):
    publisher = paho()
    publisher.publish(topic, b"kept", qos=1, retain=True)
    client = paho()
    for handling, expected in ((2, []), (0, [b"kept"]), (1, []), (0, [b"kept"])):
        client.subscribe(topic, retainHandling=handling)
        publisher.publish(topic, b"fence")
        assert client.payloads_until(b"fence") == expected, handling
    fresh = paho()
    fresh.subscribe(topic, retainHandling=1)
    publisher.publish(topic, b"fence")
    assert fresh.payloads_until(b"fence") == [b"kept"]


def test_a_topic_alias_stands_for_the_topic_it_was_given_with(paho, topic):
    client, watching = paho(), paho()
    assert client.properties.TopicAliasMaximum > 1
    watching.subscribe(f"{topic}/#")
    client.publish(f"{topic}/long/name", b"1", TopicAlias=1)
    client.publish("", b"2", TopicAlias=1)
    client.publish(f"{topic}/other", b"3", TopicAlias=1)
    client.publish("", b"4", qos=2, TopicAlias=1)
    seen = [watching.message() for _ in range(4)]
    expected = [f"{topic}/long/name"] * 2 + [f"{topic}/other"] * 2
    assert [message.topic for message in seen] == expected
    assert not any(hasattr(message.properties, "TopicAlias") for message in seen)


def test_no_more_than_the_receive_maximum_is_in_flight(paho, topic):
    client = paho(connect=properties("CONNECT", ReceiveMaximum=2), manual_ack=True)
    client.subscribe(topic, qos=1)
    client.subscribe(f"{topic}/fence")
    publisher = paho()
    for number in range(5):
        publisher.publish(topic, str(number), qos=1)
    held = [client.message(), client.message()]
    for expected in range(2, 5):
        publisher.publish(f"{topic}/fence", b"fence", qos=0)
        assert client.message().payload == b"fence"
        client.client.ack(held.pop(0).mid, 1)
        held.append(client.message())
        assert held[-1].payload == str(expected).encode()


def test_a_will_is_published_at_the_latest_when_the_session_ends(paho, topic):
    watching = paho()
    watching.subscribe(topic)
    will = {
        "topic": topic,
        "payload": b"gone",
        "properties": properties("WILLMESSAGE", WillDelayInterval=600),
    }
    expiry = properties("CONNECT", SessionExpiryInterval=1)
    session = {"client_id": topic[5:28], "clean": False, "connect": expiry}
    dying = paho(will=will, **session)
    dying.subscribe(topic)
    dying.drop()
    assert watching.message().payload == b"gone"
    assert not paho(**session).session_present


def test_who_comes_back_within_the_will_delay_has_not_died(paho, topic):
    def mortal(name):
        will = {
            "topic": topic,
            "payload": name.encode(),
            "properties": properties("WILLMESSAGE", WillDelayInterval=1),
        }
        expiry = properties("CONNECT", SessionExpiryInterval=600)
        return {"client_id": f"{topic[5:20]}{name}", "clean": False, "connect": expiry, "will": will}

    watching = paho()
    watching.subscribe(topic)
    paho(**mortal("back")).drop()
    later = paho(**mortal("lost"))
    assert paho(**mortal("back")).session_present
    later.drop()
    # The will of "lost" is due after the one of "back" would have been.
    assert watching.payloads_until(b"lost") == []


def test_a_message_that_has_expired_is_not_delivered(paho, topic):
    expiry = properties("CONNECT", SessionExpiryInterval=600)
    session = {"client_id": topic[5:28], "clean": False, "connect": expiry}
    away = paho(**session)
    away.subscribe(topic, qos=1)
    away.end()
    publisher = paho()
    publisher.publish(topic, b"short", qos=1, MessageExpiryInterval=1)
    publisher.publish(topic, b"long", qos=1, MessageExpiryInterval=100)
    # The passing of time is what is tested here; nothing else is waited for.
    threading.Event().wait(1.2)
    back = paho(**session)
    message = back.message()
    assert message.payload == b"long"
    assert 90 <= message.properties.MessageExpiryInterval < 100


def test_user_properties_keep_their_order_and_repetitions(paho, topic):
    pairs = [("b", "1"), ("a", "2"), ("b", "1"), ("", ""), ("ä", "ö")]
    client = paho()
    client.subscribe(topic)
    client.publish(topic, b"x", UserProperty=pairs)
    assert client.message().properties.UserProperty == pairs


def test_a_request_carries_where_and_how_to_answer(paho, topic):
    asking, answering = paho(), paho()
    asking.subscribe(f"{topic}/answer")
    answering.subscribe(f"{topic}/question")
    asking.publish(
        f"{topic}/question", b"2+2", ResponseTopic=f"{topic}/answer",
        CorrelationData=b"\x00\xff1", ContentType="text/plain", PayloadFormatIndicator=1,
    )
    question = answering.message().properties
    assert (question.ContentType, question.PayloadFormatIndicator) == ("text/plain", 1)
    correlation = question.CorrelationData
    answering.publish(question.ResponseTopic, b"4", CorrelationData=correlation)
    answer = asking.message()
    assert (answer.payload, answer.properties.CorrelationData) == (b"4", b"\x00\xff1")


def test_a_client_without_a_name_is_given_one(paho):
    names = {paho().properties.AssignedClientIdentifier for _ in range(3)}
    assert len(names) == 3 and all(names)


def test_a_message_nobody_receives_is_answered_with_that(paho, topic):
    client = paho()
    codes = []
    arrived = threading.Event()
    client.client.on_publish = lambda _c, _u, _mid, code, _p: (codes.append(code.value), arrived.set())
    client.publish(topic, b"x", qos=1)
    assert arrived.wait(DEADLINE)
    assert codes == [0x10]
