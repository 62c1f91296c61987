// Connections and filters that are there and do nothing, and what each takes of the broker.
#include "load.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILTERS_AT_ONCE = 500, QUIET = 100 };

typedef struct {
    uint64_t cpu;
    long memory;
} Use;

static Use use(void)
{
    settle(QUIET);
    return (Use){broker_cpu(), broker_memory()};
}

static void connect_all(Link *links)
{
    char id[64];
    for (long i = 0; i < options.connections; i++) {
        snprintf(id, sizeof id, "load-%d-h%ld", (int)getpid(), i);
        link_open(&links[i], id, false);
    }
}

static void subscribe(Link *link, Bytes *list)
{
    Packet answer;
    wire_subscribe(&link->out, list);
    link_call(link, SUBACK, &answer);
}

// Each connection has filters of its own, in one row.
static void subscribe_all(Link *links)
{
    Bytes list = {0};
    char filter[NAME_ROOM];
    for (long i = 0, each = 0; i < options.filters; i++) {
        long owner = i * options.connections / options.filters;
        wire_filter(&list, filter, name_filter(filter, HELD + i), (int)options.qos);
        bool last = (i + 1) * options.connections / options.filters != owner || i + 1 == options.filters;
        if (++each == FILTERS_AT_ONCE || last) {
            subscribe(&links[owner], &list);
            each = 0;
        }
    }
    free(list.data);
}

static double per_item(double sum, long items) { return items ? sum / (double)items : 0; }

static void report(Use before, Use connected, Use subscribed)
{
    printf("{\"connections\":%ld,\"connection_ns\":%.1f,\"connection_bytes\":%.1f,"
           "\"filters\":%ld,\"filter_ns\":%.1f,\"filter_bytes\":%.1f}\n",
           options.connections, per_item((double)(connected.cpu - before.cpu), options.connections),
           per_item((double)(connected.memory - before.memory), options.connections), options.filters,
           per_item((double)(subscribed.cpu - connected.cpu), options.filters),
           per_item((double)(subscribed.memory - connected.memory), options.filters));
    fflush(stdout);
}

// Until stdin ends; nobody has anything to say to these connections.
static void stay(void)
{
    struct pollfd wait[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = link_poller(), .events = POLLIN}};
    char ignored[256];
    do {
        poll(wait, 2, -1);
        if (wait[1].revents)
            die("the broker broke the silence of a held connection");
    } while (read(STDIN_FILENO, ignored, sizeof ignored) > 0);
}

int hold(void)
{
    Link *links = calloc((size_t)options.connections, sizeof *links);
    Use before = use();
    connect_all(links);
    Use connected = use();
    subscribe_all(links);
    report(before, connected, use());
    stay();
    return 0;
}
