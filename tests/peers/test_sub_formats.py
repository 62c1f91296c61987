"""mosquitto_sub -F and mqx sub -F: every conversion with every shape, byte for byte."""

import json
import re

import pytest
from program import run

# What a conversion may have between the percent sign and its letter.
SHAPES = ["", "4", "30", "-30", "08", "030", "-030", ".3", "10.3", "-10.3", "010.3"]

# The letters of mosquitto_sub 2.0 whose output does not depend on the moment.
LETTERS = "%ACDFIPRSXlmpqrtx"

# Those of them that take a shape. That of hexadecimal digits is another since 2.1, which
# is the one of mqx: the width is a number of bytes, and the precision makes groups.
SHAPED = "ACFIRSlmpt"

# Places that stand for the time, and escapes.
OTHERS = ["@Y-@m-@d", "@@", "\\t|\\n|\\r|\\a|\\e|\\v|\\0|\\\\", "%t\\t%p\\n", "100%%", "", "plain text"]

# What is refused at the start.
WRONG = ["%z", "%", "@", "\\", "\\q", "%5", "%-", "%{", "%0"]

PAYLOADS = {
    "text": b"hello, w\xc3\xb6rld",
    "json": b'{"a": [1, 2.5, null], "b": "x"}',
    "binary": b"\x01\xff\x80 end",
    "empty": b"",
}

PROPERTIES = [
    ("payload-format-indicator", "1"),
    ("content-type", "text/plain"),
    ("response-topic", "answers/here"),
    ("correlation-data", "some data"),
    ("user-property", "name", "value"),
    ("user-property", "other", "äöü"),
]

# The moment in JSON, and in the conversion for it.
MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+Z?)?\+\d{4}")


def shapes():
    """Each letter alone, and in each shape that it can have."""
    for letter in LETTERS:
        for shape in SHAPES if letter in SHAPED else [""]:
            yield f"%{shape}{letter}"


def printed(argv, place, topic, form):
    words = ["-V", "5", "-t", topic, "-C", "1", "-W", "10", "-q", "1", "-F", form]
    done = run([*argv, *place.options, *words])
    return done.code, MOMENT.sub(b"<moment>", done.out)


@pytest.fixture(params=[name for name in PAYLOADS if name != "empty"])
def kept(request, mosquitto, topic):
    """A topic with a retained message that has this payload and every property."""
    properties = [word for each in PROPERTIES for word in ("-D", "publish", *each)]
    words = [*mosquitto.options, "-V", "5", "-q", "1", "-r", "-s", *properties]
    done = run(["mosquitto_pub", *words, "-t", f"{topic}/ä"], PAYLOADS[request.param])
    assert done.code == 0, done.err
    yield f"{topic}/ä", request.param
    run(["mosquitto_pub", *mosquitto.options, "-t", f"{topic}/ä", "-n", "-r"])


def as_in_2_1(text):
    """JSON of mosquitto_sub 2.0 with the types of 2.1, which mqx has."""
    message = json.loads(text)
    message["retain"] = bool(message["retain"])
    pairs = message["properties"].pop("user-properties")
    parts = [pairs] if isinstance(pairs, dict) else pairs
    return message, [pair for part in parts for pair in part.items()]


def test_every_conversion_prints_what_mosquitto_sub_prints(mqx, mosquitto, kept):
    topic, payload = kept
    differing = {}
    for form in [f"<{form}>" for form in shapes()] + OTHERS:
        theirs = printed(["mosquitto_sub"], mosquitto, topic, form)
        ours = printed([mqx, "sub"], mosquitto, topic, form)
        if ours != theirs:
            differing[form] = (theirs, ours)
    assert not differing, "\n".join(f"{form}: {each}" for form, each in differing.items())


def test_json_says_what_that_of_mosquitto_sub_says(mqx, mosquitto, kept):
    topic, payload = kept
    # Theirs cuts what is no text, and ends without a word where the payload is no JSON.
    for form in {"text": ["%j"], "json": ["%j", "%J"], "binary": []}[payload]:
        theirs = printed(["mosquitto_sub"], mosquitto, topic, form)[1]
        ours = printed([mqx, "sub"], mosquitto, topic, form)[1]
        assert as_in_2_1(ours) == as_in_2_1(theirs)


def test_what_is_no_format_is_refused_at_the_start(mqx, mosquitto, topic):
    for form in WRONG:
        theirs = run(["mosquitto_sub", *mosquitto.options, "-t", topic, "-F", form, "-E"])
        ours = run([mqx, "sub", *mosquitto.options, "-t", topic, "-F", form, "-E"])
        assert (theirs.code, ours.code) == (1, 2), form
        assert form in ours.err or "format" in ours.err, ours.err
