// The load source's own vocabulary. One thread, epoll, nothing allocated per message.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the command line asked for; set once by main.
typedef struct {
    const char *host;
    const char *shape;     // of topics and filters: exact, plus, hash, deep
    const char *transport; // tcp, ws, tls
    const char *match;     // own: a filter for each topic; all: one filter for all topics
    long port, pid, version, qos;
    long share; // percent of the messages that have this QoS; the others have QoS 0
    long size, count, rate;
    long warm; // messages before those that the figures are of
    long publishers, subscribers, topics;
    long window; // unacknowledged messages of a publisher
    long budget; // bytes under way to a subscriber
    long connections, filters;
    long burst; // messages a publisher writes at once
} Options;
extern Options options;

// main.c
_Noreturn void die(const char *format, ...);

// bytes.c: a queue of bytes; those from start to end are in it.
typedef struct {
    uint8_t *data;
    size_t start, end, capacity;
} Bytes;
size_t bytes_count(const Bytes *bytes);
uint8_t *bytes_room(Bytes *bytes, size_t count);
void bytes_put(Bytes *bytes, const void *data, size_t count);
void bytes_take(Bytes *bytes, size_t count);

// names.c: topics and filters by number.
enum { NAME_ROOM = 128 };
// Numbers from here on are those of held filters, which no topic has.
enum { HELD = 10 * 1000 * 1000 };
size_t name_topic(char *name, long number);
size_t name_filter(char *name, long number);
size_t name_filter_of_all(char *name);

// wire.c: packets.
enum { CONNACK = 2, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK = 9, PINGRESP = 13, GOODBYE };
typedef struct {
    int type, flags;
    const uint8_t *body;
    size_t length;
} Packet;
typedef struct {
    const char *topic;
    size_t topic_length;
    const uint8_t *payload;
    size_t size;
    int qos;
    bool retain;
    uint16_t id;
} Message;
void wire_connect(Bytes *out, const char *client_id, bool persistent);
void wire_filter(Bytes *list, const char *filter, size_t length, int qos);
void wire_subscribe(Bytes *out, Bytes *list);
void wire_publish(Bytes *out, const Message *message);
void wire_ack(Bytes *out, int type, uint16_t id);
void wire_ping(Bytes *out);
void wire_disconnect(Bytes *out);
bool wire_next(Bytes *in, Packet *packet);
Message wire_message(const Packet *packet);
uint16_t wire_id(const Packet *packet);
bool wire_refused(const Packet *packet);

// link.c: a connection to the broker.
typedef struct {
    int fd;
    bool publishes; // who it belongs to, for those that have both kinds
    uint32_t watched;
    Bytes in, out;
    Bytes raw_in, raw_out; // WebSocket frames
    uint64_t frame_left;
    void *tls;
} Link;
void link_open(Link *link, const char *client_id, bool persistent);
void link_close(Link *link);
void link_flush(Link *link);
bool link_fill(Link *link);
void link_call(Link *link, int type, Packet *answer);
int link_wait(Link **ready, int most, long milliseconds);
int link_poller(void);

// tls.c, websocket.c: what lies between a link and its socket.
void tls_open(Link *link);
void tls_close(Link *link);
long tls_read(Link *link, void *data, size_t room);
long tls_write(Link *link, const void *data, size_t count);
void websocket_open(Link *link);
void websocket_wrap(Link *link);
void websocket_unwrap(Link *link);

// broker.c: the broker's process, from /proc.
uint64_t broker_cpu(void);   // nanoseconds
long broker_memory(void);    // bytes, without mapped files
uint64_t own_cpu(void);      // nanoseconds
uint64_t now(void);          // nanoseconds
void settle(long milliseconds);

// latency.c
void latency_note(uint64_t nanoseconds);
void latency_forget(void);
double latency_at(double share); // microseconds

// The commands; each prints one line of JSON and returns the exit code.
int traffic(void);
int hold(void);
int keep(void);
int replay(void);
int park(void);
