// MQTT 3.1.1 and 5.0 packets, as far as a load source needs them.
#include "load.h"
#include <string.h>

static void put_byte(Bytes *out, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    bytes_put(out, &byte, 1);
}

static void put_short(Bytes *out, unsigned value)
{
    put_byte(out, value >> 8);
    put_byte(out, value);
}

static void put_length(Bytes *out, size_t length)
{
    for (; length > 127; length >>= 7)
        put_byte(out, (length & 127) | 128);
    put_byte(out, (unsigned)length);
}

static void put_text(Bytes *out, const char *text, size_t length)
{
    put_short(out, (unsigned)length);
    bytes_put(out, text, length);
}

static bool is_v5(void) { return options.version == 5; }

// Keep alive is 0: who only holds a connection stays silent.
void wire_connect(Bytes *out, const char *client_id, bool persistent)
{
    static const uint8_t receive_maximum[] = {0x21, 0xff, 0xff};
    static const uint8_t never_expires[] = {0x11, 0xff, 0xff, 0xff, 0xff};
    size_t properties = sizeof receive_maximum + (persistent ? sizeof never_expires : 0);
    size_t id_length = strlen(client_id);
    put_byte(out, 0x10);
    put_length(out, 10 + (is_v5() ? 1 + properties : 0) + 2 + id_length);
    put_text(out, "MQTT", 4);
    put_byte(out, (unsigned)options.version);
    put_byte(out, persistent ? 0 : 2);
    put_short(out, 0);
    if (is_v5()) {
        put_length(out, properties);
        bytes_put(out, receive_maximum, sizeof receive_maximum);
        if (persistent)
            bytes_put(out, never_expires, sizeof never_expires);
    }
    put_text(out, client_id, id_length);
}

void wire_filter(Bytes *list, const char *filter, size_t length, int qos)
{
    put_text(list, filter, length);
    put_byte(list, (unsigned)qos);
}

// A SUBSCRIBE for the filters of `list`, which is empty then.
void wire_subscribe(Bytes *out, Bytes *list)
{
    size_t length = bytes_count(list);
    put_byte(out, 0x82);
    put_length(out, 2 + (is_v5() ? 1 : 0) + length);
    put_short(out, 1);
    if (is_v5())
        put_byte(out, 0);
    bytes_put(out, list->data + list->start, length);
    bytes_take(list, length);
}

void wire_publish(Bytes *out, const Message *message)
{
    size_t id = message->qos ? 2 : 0, properties = is_v5() ? 1 : 0;
    bytes_room(out, message->size + message->topic_length + 16);
    put_byte(out, 0x30 | (unsigned)message->qos << 1 | message->retain);
    put_length(out, 2 + message->topic_length + id + properties + message->size);
    put_text(out, message->topic, message->topic_length);
    if (id)
        put_short(out, message->id);
    if (properties)
        put_byte(out, 0);
    bytes_put(out, message->payload, message->size);
}

void wire_ack(Bytes *out, int type, uint16_t id)
{
    put_short(out, (unsigned)type << 12 | (type == PUBREL ? 0x200 : 0) | 2);
    put_short(out, id);
}

void wire_ping(Bytes *out) { put_short(out, 0xc000); }

void wire_disconnect(Bytes *out) { put_short(out, 0xe000); }

// Takes the next whole packet, which is good until more is read into `in`.
bool wire_next(Bytes *in, Packet *packet)
{
    const uint8_t *data = in->data + in->start;
    size_t count = bytes_count(in), length = 0, head = 1;
    for (unsigned shift = 0;; shift += 7) {
        if (head >= count)
            return false;
        length |= (size_t)(data[head] & 127) << shift;
        if (!(data[head++] & 128))
            break;
    }
    if (count - head < length)
        return false;
    *packet = (Packet){.type = data[0] >> 4, .flags = data[0] & 15, .body = data + head, .length = length};
    bytes_take(in, head + length);
    return true;
}

static uint16_t read_short(const uint8_t *data) { return (uint16_t)(data[0] << 8 | data[1]); }

static size_t skip_properties(const uint8_t *body)
{
    size_t length = 0, head = 0;
    for (unsigned shift = 0;; shift += 7) {
        length |= (size_t)(body[head] & 127) << shift;
        if (!(body[head++] & 128))
            return head + length;
    }
}

Message wire_message(const Packet *packet)
{
    Message message = {.qos = packet->flags >> 1 & 3, .retain = packet->flags & 1};
    const uint8_t *end = packet->body + packet->length, *rest = packet->body;
    message.topic_length = read_short(rest);
    message.topic = (const char *)rest + 2;
    rest += 2 + message.topic_length;
    if (message.qos) {
        message.id = read_short(rest);
        rest += 2;
    }
    if (is_v5())
        rest += skip_properties(rest);
    message.payload = rest;
    message.size = (size_t)(end - rest);
    return message;
}

uint16_t wire_id(const Packet *packet) { return read_short(packet->body); }

// Whether an acknowledgement says no, or a CONNACK or SUBACK does.
bool wire_refused(const Packet *packet)
{
    switch (packet->type) {
    case CONNACK:
        return packet->body[1] != 0;
    case SUBACK: {
        const uint8_t *codes = packet->body + 2 + (is_v5() ? skip_properties(packet->body + 2) : 0);
        for (; codes < packet->body + packet->length; codes++)
            if (*codes >= 0x80)
                return true;
        return false;
    }
    default:
        return packet->length > 2 && packet->body[2] >= 0x80;
    }
}
