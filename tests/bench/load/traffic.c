// Publishers and subscribers, and what each message costs the broker.
//
// Topic t belongs to the subscribers s and the publishers p with s = t and p = t modulo the
// number of whichever is fewer, so 10, 10 and 10 are pairs, 1, 100 and 1 a fan-out, and one
// subscriber has all topics. Every message carries its time, its publisher and its number; what
// arrives is counted and summed up, so that a loss cannot hide behind a duplicate.
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS = 512, SILENCE = 60, HEADER = 16, OUTPUT_MARK = 64 * 1024 };

typedef struct {
    Link link; // first: what is ready is a link
    uint32_t number;
    long topics, turn; // topics of its own, and how many times one was used
    long sent, quota;
    long acknowledged, in_flight; // of QoS 1 and 2
    long owed;                    // deliveries that have not arrived
    uint16_t last_id;
} Publisher;

typedef struct {
    uint64_t arrived, sum;
} Tally;

static Publisher *publishers;
static Link *subscribers;
static Tally expected, delivered;
static long published, target, due_acks, acks, limit;
static long begun_with; // published before the present part
static uint64_t begun, last_delivery, latest;
static uint8_t *payload;
static char (*names)[NAME_ROOM];
static uint8_t *name_lengths;

static long larger(long a, long b) { return a > b ? a : b; }
static long smaller(long a, long b) { return a < b ? a : b; }
static long shared(long a, long b) { return (a + b - 1) / b; }
static bool to_all(void) { return !strcmp(options.match, "all"); }

// Subscribers of a topic.
static long receivers_of(long topic)
{
    long s = options.subscribers, t = options.topics;
    if (to_all() || !s)
        return s;
    return s < t ? 1 : (s - topic + t - 1) / t;
}

// How many deliveries of one publisher may be under way, so that no subscriber has more than the
// budget before it: brokers drop what slow readers do not take, and nothing here is slow.
static long deliveries_allowed(void)
{
    long t = options.topics, p = options.publishers, s = larger(1, options.subscribers);
    long sharing = to_all() ? p : smaller(p, shared(p, t) * shared(t, s));
    long messages = options.budget / ((options.size + 32) * sharing);
    return larger(1, messages) * larger(1, receivers_of(0));
}

static uint64_t mark_of(uint32_t publisher, uint32_t number)
{
    uint64_t mark = ((uint64_t)publisher << 32 | number) + 1;
    return mark * 0x9e3779b97f4a7c15u;
}

static void name_topics(void)
{
    names = calloc((size_t)options.topics, NAME_ROOM);
    name_lengths = calloc((size_t)options.topics, 1);
    for (long topic = 0; topic < options.topics; topic++)
        name_lengths[topic] = (uint8_t)name_topic(names[topic], topic);
}

static void subscribe(Link *link, Bytes *list)
{
    Packet answer;
    wire_subscribe(&link->out, list);
    link_call(link, SUBACK, &answer);
}

static void subscribe_own(Link *link, long subscriber)
{
    Bytes list = {0};
    char filter[NAME_ROOM];
    if (to_all())
        wire_filter(&list, filter, name_filter_of_all(filter), (int)options.qos);
    for (long i = subscriber; !to_all() && i < larger(options.subscribers, options.topics); i += options.subscribers) {
        wire_filter(&list, filter, name_filter(filter, i % options.topics), (int)options.qos);
        if (bytes_count(&list) > 32 * 1024)
            subscribe(link, &list);
    }
    if (bytes_count(&list))
        subscribe(link, &list);
    free(list.data);
}

static void open_all(void)
{
    char id[64];
    publishers = calloc((size_t)options.publishers, sizeof *publishers);
    subscribers = calloc((size_t)larger(1, options.subscribers), sizeof *subscribers);
    for (long s = 0; s < options.subscribers; s++) {
        snprintf(id, sizeof id, "load-%d-s%ld", (int)getpid(), s);
        link_open(&subscribers[s], id, false);
        subscribe_own(&subscribers[s], s);
    }
    for (long p = 0; p < options.publishers; p++) {
        Publisher *publisher = &publishers[p];
        snprintf(id, sizeof id, "load-%d-p%ld", (int)getpid(), p);
        link_open(&publisher->link, id, false);
        publisher->link.publishes = true;
        publisher->number = (uint32_t)p;
        publisher->topics = larger(1, (options.topics - p + options.publishers - 1) / options.publishers);
    }
}

// Messages of this QoS are spread evenly among the others.
static int qos_of(long message)
{
    bool counts = (message + 1) * options.share / 100 != message * options.share / 100;
    return counts ? (int)options.qos : 0;
}

static void send_one(Publisher *publisher)
{
    long topic = (publisher->number + (publisher->turn++ % publisher->topics) * options.publishers) % options.topics;
    uint32_t number = (uint32_t)publisher->sent;
    uint64_t time = now();
    memcpy(payload, &time, 8);
    memcpy(payload + 8, &publisher->number, 4);
    memcpy(payload + 12, &number, 4);
    Message message = {.topic = names[topic], .topic_length = name_lengths[topic], .payload = payload,
                       .size = (size_t)options.size, .qos = qos_of(publisher->sent)};
    if (message.qos) {
        message.id = publisher->last_id += publisher->last_id == 65535 ? 2 : 1;
        publisher->in_flight++;
        due_acks++;
    }
    wire_publish(&publisher->link.out, &message);
    long receivers = receivers_of(topic);
    publisher->sent++;
    published++;
    publisher->owed += receivers;
    expected.arrived += (uint64_t)receivers;
    expected.sum += mark_of(publisher->number, number) * (uint64_t)receivers;
}

static bool may_send(const Publisher *publisher, long due)
{
    return publisher->sent < publisher->quota && published < due && publisher->in_flight < options.window &&
           publisher->owed < limit;
}

// Sends what may be sent now, one burst at most. Whether there is more.
static bool feed(Publisher *publisher, long due)
{
    Link *link = &publisher->link;
    for (long i = 0; i < options.burst && may_send(publisher, due); i++) {
        if (bytes_count(&link->out) > OUTPUT_MARK)
            break;
        send_one(publisher);
    }
    if (bytes_count(&link->out))
        link_flush(link);
    return may_send(publisher, due) && !bytes_count(&link->out) && !bytes_count(&link->raw_out);
}

static void on_message(Link *link, const Packet *packet, uint64_t time)
{
    Message message = wire_message(packet);
    uint64_t sent;
    uint32_t publisher, number;
    if (message.size != (size_t)options.size)
        die("a message of %zu bytes arrived", message.size);
    memcpy(&sent, message.payload, 8);
    memcpy(&publisher, message.payload + 8, 4);
    memcpy(&number, message.payload + 12, 4);
    if (publisher >= options.publishers)
        die("a message of an unknown publisher arrived");
    delivered.arrived++;
    delivered.sum += mark_of(publisher, number);
    publishers[publisher].owed--;
    latency_note(time - sent);
    last_delivery = time;
    if (message.qos)
        wire_ack(&link->out, message.qos == 1 ? PUBACK : PUBREC, message.id);
}

static void on_ack(Publisher *publisher, const Packet *packet)
{
    if (wire_refused(packet))
        die("the broker refused a message");
    if (packet->type == PUBREC) {
        wire_ack(&publisher->link.out, PUBREL, wire_id(packet));
        return;
    }
    publisher->in_flight--;
    publisher->acknowledged++;
    acks++;
}

static void on_packet(Link *link, const Packet *packet, uint64_t time)
{
    switch (packet->type) {
    case PUBLISH:
        on_message(link, packet, time);
        break;
    case PUBREL:
        wire_ack(&link->out, PUBCOMP, wire_id(packet));
        break;
    case PUBACK:
    case PUBREC:
    case PUBCOMP:
        if (link->publishes)
            on_ack((Publisher *)link, packet);
        break;
    case PINGRESP:
        break;
    default:
        die("an unexpected packet of type %d", packet->type);
    }
}

static void read_all(Link *link)
{
    Packet packet;
    while (link_fill(link)) {
        uint64_t time = now();
        while (wire_next(&link->in, &packet))
            on_packet(link, &packet, time);
    }
    if (bytes_count(&link->out))
        link_flush(link);
}

static long read_ready(long milliseconds)
{
    Link *ready[EVENTS];
    int count = link_wait(ready, EVENTS, milliseconds);
    for (int i = 0; i < count; i++)
        read_all(ready[i]);
    return count;
}

static bool is_complete(void)
{
    return published == target && delivered.arrived >= expected.arrived && acks == due_acks;
}

// Messages that are due by now; the source's own delay is noted.
static long due_by(uint64_t time)
{
    if (!options.rate)
        return target;
    uint64_t interval = 1000000000u / (uint64_t)options.rate;
    uint64_t due = begun + (uint64_t)(published - begun_with) * interval;
    if (time > due && published < target)
        latest = time - due > latest ? time - due : latest;
    return smaller(target, begun_with + (long)((time - begun) / interval) + 1);
}

// Sends so many more messages and waits for all deliveries.
static void run(long messages)
{
    begun_with = published;
    target += messages;
    for (long p = 0; p < options.publishers; p++)
        publishers[p].quota += messages / options.publishers + (p < messages % options.publishers);
    begun = last_delivery = now();
    latest = 0;
    latency_forget();
    uint64_t heard = begun;
    while (!is_complete()) {
        uint64_t time = now();
        long due = due_by(time);
        bool more = false;
        for (long p = 0; p < options.publishers; p++)
            more |= feed(&publishers[p], due);
        // Paced, it looks again and again: a timer would be later than the broker.
        bool paced = options.rate && published < target;
        if (read_ready(more || paced ? 0 : 100) || more || paced)
            heard = time;
        if (time - heard > SILENCE * 1000000000ull)
            return;
    }
}

// What would come too often would come before these answers.
static void wait_for_the_rest(void)
{
    for (long s = 0; s < options.subscribers; s++) {
        wire_ping(&subscribers[s].out);
        link_flush(&subscribers[s]);
    }
    for (int quiet = 0; quiet < 2;)
        quiet = read_ready(50) ? 0 : quiet + 1;
}

static bool is_exact(void)
{
    return published == target && acks == due_acks && delivered.arrived == expected.arrived &&
           delivered.sum == expected.sum;
}

// The counts are those of the whole run, the figures those of its last part.
static void report(uint64_t broker, uint64_t own, uint64_t warm, const long memory[2])
{
    double seconds = (double)(last_delivery - begun) / 1e9;
    double each = expected.arrived ? (double)(delivered.arrived - warm) : (double)(published - begun_with);
    printf("{\"published\":%ld,\"delivered\":%llu,\"expected\":%llu,\"acknowledged\":%ld,\"exact\":%s,"
           "\"seconds\":%.4f,\"rate\":%.0f,\"broker_cpu_ns\":%llu,\"source_cpu_ns\":%llu,\"ns\":%.1f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,\"source_late_us\":%.1f,"
           "\"memory\":%ld,\"memory_after\":%ld}\n",
           published, (unsigned long long)delivered.arrived, (unsigned long long)expected.arrived, acks,
           is_exact() ? "true" : "false", seconds, each / seconds, (unsigned long long)broker,
           (unsigned long long)own, (double)broker / each, latency_at(0.5), latency_at(0.99), latency_at(0.999),
           latency_at(1), (double)latest / 1e3, memory[0], memory[1]);
}

int traffic(void)
{
    payload = calloc(1, (size_t)options.size);
    name_topics();
    open_all();
    limit = deliveries_allowed();
    settle(20);
    run(options.warm);
    long memory[2] = {broker_memory()};
    uint64_t broker = broker_cpu(), own = own_cpu(), warm = delivered.arrived;
    run(options.count);
    broker = broker_cpu() - broker;
    own = own_cpu() - own;
    memory[1] = broker_memory();
    wait_for_the_rest();
    report(broker, own, warm, memory);
    return is_exact() ? 0 : 1;
}
