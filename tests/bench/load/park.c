// Messages for a session that is away: what they cost while it is, when it comes back, and
// whether their memory is given back.
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUIET = 100, GIVEN_BACK_WITHIN = 30000, SILENCE = 20 };

static char topic[NAME_ROOM];

static void leave_session(const char *id)
{
    Link link = {0};
    Bytes list = {0};
    Packet answer;
    link_open(&link, id, true);
    wire_filter(&list, topic, strlen(topic), 1);
    wire_subscribe(&link.out, &list);
    link_call(&link, SUBACK, &answer);
    wire_disconnect(&link.out);
    link_flush(&link);
    settle(QUIET);
    link_close(&link);
}

static void publish_all(Link *link)
{
    uint8_t *payload = calloc(1, (size_t)options.size);
    Packet answer;
    for (long sent = 0; sent < options.count;) {
        long end = sent + options.window < options.count ? sent + options.window : options.count;
        for (long number = sent; number < end; number++) {
            memcpy(payload, &number, sizeof number);
            Message message = {.topic = topic, .topic_length = strlen(topic), .payload = payload,
                               .size = (size_t)options.size, .qos = 1, .id = (uint16_t)(number % 65535 + 1)};
            wire_publish(&link->out, &message);
        }
        for (; sent < end; sent++)
            link_call(link, PUBACK, &answer);
    }
    free(payload);
}

static void take(Link *link, const Packet *packet, long *taken)
{
    if (packet->type == PINGRESP)
        return;
    if (packet->type != PUBLISH)
        die("an unexpected packet of type %d", packet->type);
    Message message = wire_message(packet);
    long number;
    memcpy(&number, message.payload, sizeof number);
    if (number != *taken)
        die("message %ld came in place of %ld", number, *taken);
    ++*taken;
    wire_ack(&link->out, PUBACK, message.id);
}

// Reads and acknowledges, in order, until all is there or nothing comes.
static long take_all(Link *link)
{
    Packet packet;
    Link *ready[1];
    long taken = 0;
    for (uint64_t heard = now(); taken < options.count && now() - heard < SILENCE * 1000000000ull;) {
        link_wait(ready, 1, 100);
        do {
            while (wire_next(&link->in, &packet)) {
                take(link, &packet, &taken);
                heard = now();
            }
            link_flush(link);
        } while (link_fill(link));
    }
    return taken;
}

// The memory after the time a broker has for giving it back, or as soon as it is no more than
// twice what it was. Allocators take ten seconds to give up free memory, and as long again for
// what that has freed.
static long memory_afterwards(long before)
{
    long memory = broker_memory();
    for (int waited = 0; waited < GIVEN_BACK_WITHIN && memory > 2 * before; waited += QUIET) {
        settle(QUIET);
        memory = broker_memory();
    }
    return memory;
}

int park(void)
{
    char id[64];
    Link publisher = {0}, back = {0};
    snprintf(id, sizeof id, "load-%d-parked", (int)getpid());
    snprintf(topic, sizeof topic, "parked/%d", (int)getpid());
    leave_session(id);
    link_open(&publisher, "load-parking", false);
    settle(QUIET);
    long before = broker_memory(), taken;
    uint64_t in = broker_cpu();
    publish_all(&publisher);
    in = broker_cpu() - in;
    settle(QUIET);
    long queued = broker_memory();
    uint64_t out = broker_cpu();
    link_open(&back, id, true);
    taken = take_all(&back);
    out = broker_cpu() - out;
    long after = memory_afterwards(before);
    double each = (double)options.count;
    printf("{\"queued\":%ld,\"taken\":%ld,\"exact\":%s,\"in_ns\":%.1f,\"out_ns\":%.1f,\"bytes\":%.1f,"
           "\"memory_before\":%ld,\"memory_queued\":%ld,\"memory_after\":%ld}\n",
           options.count, taken, taken == options.count ? "true" : "false", (double)in / each, (double)out / each,
           (double)(queued - before) / each, before, queued, after);
    return taken == options.count ? 0 : 1;
}
