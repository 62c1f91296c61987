// Retained messages: stored, and sent again to who subscribes to '#'.
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUIET = 100 };

static void open_one(Link *link, const char *role)
{
    char id[64];
    snprintf(id, sizeof id, "load-%d-%s", (int)getpid(), role);
    link_open(link, id, false);
}

static void put_retained(Link *link, long number, const uint8_t *payload)
{
    char topic[NAME_ROOM];
    int length = snprintf(topic, sizeof topic, "kept/%ld/%ld", number / 1000, number % 1000);
    Message message = {.topic = topic, .topic_length = (size_t)length, .payload = payload,
                       .size = (size_t)options.size, .qos = 1, .retain = true,
                       .id = (uint16_t)(number % 65535 + 1)};
    wire_publish(&link->out, &message);
}

// Window after window, each acknowledged before the next.
static void store_all(Link *link)
{
    uint8_t *payload = calloc(1, (size_t)options.size);
    Packet answer;
    for (long stored = 0; stored < options.count;) {
        long end = stored + options.window < options.count ? stored + options.window : options.count;
        for (long number = stored; number < end; number++)
            put_retained(link, number, payload);
        for (; stored < end; stored++)
            link_call(link, PUBACK, &answer);
    }
    free(payload);
}

int keep(void)
{
    Link link = {0};
    open_one(&link, "keep");
    settle(QUIET);
    long memory = broker_memory();
    uint64_t cpu = broker_cpu();
    store_all(&link);
    cpu = broker_cpu() - cpu;
    settle(QUIET);
    memory = broker_memory() - memory;
    printf("{\"stored\":%ld,\"ns\":%.1f,\"bytes\":%.1f}\n", options.count, (double)cpu / (double)options.count,
           (double)memory / (double)options.count);
    return 0;
}

static long retained, passing;

static void count(const Packet *packet)
{
    if (packet->type != PUBLISH)
        return;
    Message message = wire_message(packet);
    retained += message.retain;
    passing += !message.retain;
}

// Reads until the answer to a ping, or until all is there.
static void read_until(Link *link, long wanted, bool *answered)
{
    Packet packet;
    Link *ready[1];
    for (uint64_t heard = now(); retained < wanted && !*answered;) {
        link_wait(ready, 1, 100);
        while (link_fill(link)) {
            heard = now();
            while (wire_next(&link->in, &packet)) {
                *answered |= packet.type == PINGRESP;
                count(&packet);
            }
        }
        if (now() - heard > 20000000000ull)
            return;
    }
}

int replay(void)
{
    Link link = {0};
    Bytes list = {0};
    bool answered = false;
    open_one(&link, "replay");
    settle(QUIET);
    uint64_t cpu = broker_cpu(), begun = now();
    wire_filter(&list, "#", 1, (int)options.qos);
    wire_subscribe(&link.out, &list);
    link_flush(&link);
    read_until(&link, options.count, &answered);
    cpu = broker_cpu() - cpu;
    double seconds = (double)(now() - begun) / 1e9;
    wire_ping(&link.out);
    link_flush(&link);
    read_until(&link, retained + 1, &answered);
    bool exact = retained == options.count;
    printf("{\"retained\":%ld,\"expected\":%ld,\"passing\":%ld,\"exact\":%s,\"seconds\":%.4f,\"ns\":%.1f}\n", retained,
           options.count, passing, exact ? "true" : "false", seconds,
           options.count ? (double)cpu / (double)options.count : 0);
    return exact ? 0 : 1;
}
