// The least a broker can do: what a message costs the operating system alone.
//
//     relay PORT
//
// One thread takes the bytes that are there, answers each PUBLISH, and hands it on as it came
// to whoever subscribed to just this topic: one read for what has arrived, one write to each
// connection that is owed something. It checks nothing, keeps no session, knows no wildcard
// and no retained message, and breaks the standard wherever that is cheaper: packet identifiers
// are those of the publisher. So it is no broker, but a broker that makes the same system calls
// cannot cost less; fewer and larger batches can.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT = 1, PUBLISH = 3, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, PINGREQ = 12 };
enum { ROOM = 64 * 1024, TOPICS = 4096, READY = 256 };

struct connection {
    int socket;
    int version;
    size_t held; // of a packet that is not there as a whole
    uint8_t in[ROOM];
    uint8_t *out;
    size_t size, written, room;
    int is_owed, is_full;
};

struct topic {
    uint8_t *name;
    size_t length;
    struct connection **subscribers;
    size_t count;
};

static int events;
static struct topic topics[TOPICS];
static struct connection *owed[ROOM]; // those with something to write in this turn
static size_t owed_count;

static void *checked(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static struct topic *find(const uint8_t *name, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ name[i]) * 16777619u;
    for (size_t i = 0; i < TOPICS; i++) {
        struct topic *topic = &topics[(hash + i) % TOPICS];
        if (!topic->name || (topic->length == length && !memcmp(topic->name, name, length)))
            return topic;
    }
    abort();
}

static void send_later(struct connection *to, const uint8_t *bytes, size_t length)
{
    if (to->size + length > to->room) {
        to->room = 2 * (to->size + length);
        to->out = checked(realloc(to->out, to->room));
    }
    memcpy(to->out + to->size, bytes, length);
    to->size += length;
    if (!to->is_owed && owed_count < ROOM) {
        to->is_owed = 1;
        owed[owed_count++] = to;
    }
}

static void answer(struct connection *to, int kind, const uint8_t *id)
{
    uint8_t flags = kind == PUBREL ? 2 : 0;
    send_later(to, (uint8_t[]){(uint8_t)(kind << 4 | flags), 2, id[0], id[1]}, 4);
}

static void on_connect(struct connection *from, const uint8_t *body)
{
    from->version = body[2 + (body[0] << 8 | body[1])];
    int is_5 = from->version == 5;
    send_later(from, (uint8_t[]){0x20, is_5 ? 3 : 2, 0, 0, 0}, is_5 ? 5 : 4);
}

// One filter, no properties.
static void on_subscribe(struct connection *from, const uint8_t *body)
{
    const uint8_t *filter = body + 2 + (from->version == 5);
    size_t length = (size_t)(filter[0] << 8 | filter[1]);
    struct topic *topic = find(filter + 2, length);
    if (!topic->name) {
        topic->name = checked(malloc(length));
        memcpy(topic->name, filter + 2, length);
        topic->length = length;
    }
    topic->subscribers =
        checked(realloc(topic->subscribers, (topic->count + 1) * sizeof *topic->subscribers));
    topic->subscribers[topic->count++] = from;
    uint8_t qos = filter[2 + length] & 3;
    if (from->version == 5)
        send_later(from, (uint8_t[]){0x90, 4, body[0], body[1], 0, qos}, 6);
    else
        send_later(from, (uint8_t[]){0x90, 3, body[0], body[1], qos}, 5);
}

static void on_publish(struct connection *from, const uint8_t *packet, const uint8_t *body, size_t length)
{
    size_t name = (size_t)(body[0] << 8 | body[1]);
    struct topic *topic = find(body + 2, name);
    for (size_t i = 0; i < topic->count; i++)
        send_later(topic->subscribers[i], packet, length);
    int qos = packet[0] >> 1 & 3;
    if (qos)
        answer(from, qos == 1 ? PUBACK : PUBREC, body + 2 + name);
}

static void on_packet(struct connection *from, const uint8_t *packet, const uint8_t *body, size_t length)
{
    switch (packet[0] >> 4) {
    case CONNECT: on_connect(from, body); break;
    case PUBLISH: on_publish(from, packet, body, length); break;
    case PUBREC: answer(from, PUBREL, body); break;
    case PUBREL: answer(from, PUBCOMP, body); break;
    case SUBSCRIBE: on_subscribe(from, body); break;
    case PINGREQ: send_later(from, (uint8_t[]){0xd0, 0}, 2); break;
    default: break; // PUBACK, PUBCOMP and DISCONNECT end something
    }
}

// The length of the packet at the front and where its body begins, or 0 if it is not all there.
static size_t whole(const uint8_t *bytes, size_t held, const uint8_t **body)
{
    size_t rest = 0;
    for (size_t i = 1; i < 5 && i < held; i++) {
        rest |= (size_t)(bytes[i] & 0x7f) << 7 * (i - 1);
        if (bytes[i] < 0x80) {
            *body = bytes + i + 1;
            return i + 1 + rest <= held ? i + 1 + rest : 0;
        }
    }
    return 0;
}

static void close_connection(struct connection *of)
{
    close(of->socket);
    of->socket = -1; // its memory stays: topics point at it
}

static void receive(struct connection *from)
{
    ssize_t count = recv(from->socket, from->in + from->held, ROOM - from->held, 0);
    if (count <= 0) {
        if (count == 0 || errno != EAGAIN)
            close_connection(from);
        return;
    }
    from->held += (size_t)count;
    const uint8_t *body;
    size_t done = 0, length;
    while ((length = whole(from->in + done, from->held - done, &body))) {
        on_packet(from, from->in + done, body, length);
        done += length;
    }
    from->held -= done;
    memmove(from->in, from->in + done, from->held);
}

static void watch(struct connection *of, int change, uint32_t what)
{
    struct epoll_event event = {.events = what, .data.ptr = of};
    epoll_ctl(events, change, of->socket, &event);
}

static void write_out(struct connection *to)
{
    ssize_t count = send(to->socket, to->out + to->written, to->size - to->written, MSG_NOSIGNAL);
    if (count > 0)
        to->written += (size_t)count;
    int is_full = to->written < to->size && to->socket >= 0;
    if (!is_full)
        to->size = to->written = 0;
    if (is_full != to->is_full && to->socket >= 0)
        watch(to, EPOLL_CTL_MOD, is_full ? EPOLLIN | EPOLLOUT : EPOLLIN);
    to->is_full = is_full;
}

static void write_all(void)
{
    for (size_t i = 0; i < owed_count; i++) {
        owed[i]->is_owed = 0;
        write_out(owed[i]);
    }
    owed_count = 0;
}

static int listen_at(const char *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(port)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) {
        perror("relay");
        exit(1);
    }
    return listener;
}

static void accept_one(int listener)
{
    int on = 1, socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (socket < 0)
        return;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = checked(calloc(1, sizeof *connection));
    connection->socket = socket;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

int main(int count, char **words)
{
    if (count != 2) {
        fputs("usage: relay PORT\n", stderr);
        return 2;
    }
    events = epoll_create1(0);
    int listener = listen_at(words[1]);
    struct epoll_event listening = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(events, EPOLL_CTL_ADD, listener, &listening);
    for (;;) {
        struct epoll_event ready[READY];
        int found = epoll_wait(events, ready, READY, -1);
        for (int i = 0; i < found; i++) {
            struct connection *of = ready[i].data.ptr;
            if (!of)
                accept_one(listener);
            else if (ready[i].events & EPOLLOUT)
                write_out(of);
            else
                receive(of);
            write_all();
        }
    }
}
