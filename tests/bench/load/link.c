// A connection: opened and greeted one after the other, then never waited for.
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_ROOM = 128 * 1024, EVENTS = 512, PATIENCE = 60 * 1000 };

int link_poller(void)
{
    static int poller = -1;
    if (poller < 0)
        poller = epoll_create1(0);
    return poller;
}

static bool is(const char *transport) { return !strcmp(options.transport, transport); }

static void open_socket(Link *link)
{
    struct sockaddr_in broker = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    int on = 1;
    if (inet_pton(AF_INET, options.host, &broker.sin_addr) != 1)
        die("not an IPv4 address: %s", options.host);
    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0 || connect(link->fd, (struct sockaddr *)&broker, sizeof broker))
        die("cannot connect to port %ld: %s", options.port, strerror(errno));
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void watch(Link *link, int change, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = link};
    link->watched = events;
    epoll_ctl(link_poller(), change, link->fd, &event);
}

void link_open(Link *link, const char *client_id, bool persistent)
{
    open_socket(link);
    if (is("tls"))
        tls_open(link);
    else if (is("ws"))
        websocket_open(link);
    else if (!is("tcp"))
        die("no such transport: %s", options.transport);
    fcntl(link->fd, F_SETFL, O_NONBLOCK);
    watch(link, EPOLL_CTL_ADD, EPOLLIN);
    Packet answer;
    wire_connect(&link->out, client_id, persistent);
    link_call(link, CONNACK, &answer);
}

void link_close(Link *link)
{
    if (link->tls)
        tls_close(link);
    close(link->fd);
}

static long write_some(Link *link, const uint8_t *data, size_t count)
{
    if (link->tls)
        return tls_write(link, data, count);
    long wrote = send(link->fd, data, count, MSG_NOSIGNAL);
    if (wrote < 0 && errno != EAGAIN)
        die("send: %s", strerror(errno));
    return wrote;
}

// Writes what the socket takes.
void link_flush(Link *link)
{
    Bytes *out = &link->out;
    if (is("ws")) {
        websocket_wrap(link);
        out = &link->raw_out;
    }
    while (bytes_count(out)) {
        long wrote = write_some(link, out->data + out->start, bytes_count(out));
        if (wrote <= 0)
            break;
        bytes_take(out, (size_t)wrote);
    }
    uint32_t wanted = EPOLLIN | (bytes_count(out) ? EPOLLOUT : 0u);
    if (wanted != link->watched)
        watch(link, EPOLL_CTL_MOD, wanted);
}

// Reads once; false if there is nothing to read now.
bool link_fill(Link *link)
{
    Bytes *in = is("ws") ? &link->raw_in : &link->in;
    uint8_t *room = bytes_room(in, READ_ROOM);
    long got = link->tls ? tls_read(link, room, READ_ROOM) : recv(link->fd, room, READ_ROOM, 0);
    if (got == 0 || (got < 0 && !link->tls && errno != EAGAIN))
        die("the broker closed a connection");
    if (got < 0)
        return false;
    in->end += (size_t)got;
    if (is("ws"))
        websocket_unwrap(link);
    return true;
}

// Sends what there is and waits for an answer of this type; others are not expected.
void link_call(Link *link, int type, Packet *answer)
{
    link_flush(link);
    while (!wire_next(&link->in, answer)) {
        struct pollfd wait = {.fd = link->fd, .events = POLLIN | (link->watched & EPOLLOUT ? POLLOUT : 0)};
        if (poll(&wait, 1, PATIENCE) <= 0)
            die("no answer from the broker");
        link_flush(link);
        link_fill(link);
    }
    if (answer->type != type || wire_refused(answer))
        die("the broker answered with packet type %d instead of %d, or refused", answer->type, type);
}

// Waits until links can be read or written and flushes those that can be written. Returns how
// many of them have something to read.
int link_wait(Link **ready, int most, long milliseconds)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(link_poller(), events, most < EVENTS ? most : EVENTS, (int)milliseconds), readable = 0;
    for (int i = 0; i < count; i++) {
        Link *link = events[i].data.ptr;
        if (!link)
            continue; // only somebody's wish to be woken
        if (events[i].events & EPOLLOUT)
            link_flush(link);
        if (events[i].events & ~(uint32_t)EPOLLOUT)
            ready[readable++] = link;
    }
    return readable;
}
