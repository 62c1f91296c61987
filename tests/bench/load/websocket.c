// The client's side of WebSocket (RFC 6455): one masked frame for each flush.
#include "load.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CONTINUATION = 0, BINARY = 2, CLOSE = 8 };

void websocket_open(Link *link)
{
    char text[1024];
    int count = snprintf(text, sizeof text,
                         "GET /mqtt HTTP/1.1\r\nHost: %s:%ld\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Key: bG9hZCBzb3VyY2UgMTIzNA==\r\n"
                         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
                         options.host, options.port);
    if (write(link->fd, text, (size_t)count) != count)
        die("the WebSocket request could not be sent");
    // Byte by byte: what is behind the answer is not ours.
    size_t got = 0;
    while (got < sizeof text - 1 && read(link->fd, text + got, 1) == 1) {
        text[++got] = 0;
        if (got >= 4 && !memcmp(text + got - 4, "\r\n\r\n", 4))
            break;
    }
    if (!strstr(text, " 101 "))
        die("the broker does not speak WebSocket here");
}

static void put_header(Bytes *out, size_t length)
{
    uint8_t header[10] = {0x80 | BINARY};
    size_t count = 2;
    if (length < 126) {
        header[1] = (uint8_t)length;
    } else {
        size_t bytes = length < 65536 ? 2 : 8;
        header[1] = bytes == 2 ? 126 : 127;
        for (size_t i = 0; i < bytes; i++)
            header[count++] = (uint8_t)(length >> 8 * (bytes - 1 - i));
    }
    header[1] |= 0x80;
    bytes_put(out, header, count);
}

// Puts all output into one frame.
void websocket_wrap(Link *link)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    size_t count = bytes_count(&link->out);
    if (!count)
        return;
    put_header(&link->raw_out, count);
    bytes_put(&link->raw_out, mask, sizeof mask);
    uint8_t *masked = bytes_room(&link->raw_out, count);
    const uint8_t *plain = link->out.data + link->out.start;
    for (size_t i = 0; i < count; i++)
        masked[i] = plain[i] ^ mask[i & 3];
    link->raw_out.end += count;
    bytes_take(&link->out, count);
}

// Reads a frame's header; false if it is not there yet.
static bool take_header(Link *link)
{
    const uint8_t *data = link->raw_in.data + link->raw_in.start;
    size_t count = bytes_count(&link->raw_in);
    if (count < 2)
        return false;
    size_t bytes = data[1] == 126 ? 2 : data[1] == 127 ? 8 : 0;
    if (count < 2 + bytes)
        return false;
    int kind = data[0] & 15;
    if (kind != BINARY && kind != CONTINUATION)
        die(kind == CLOSE ? "the broker closed the WebSocket" : "an unexpected WebSocket frame");
    uint64_t length = bytes ? 0 : data[1];
    for (size_t i = 0; i < bytes; i++)
        length = length << 8 | data[2 + i];
    link->frame_left = length;
    bytes_take(&link->raw_in, 2 + bytes);
    return true;
}

// Moves what is in the frames to the input.
void websocket_unwrap(Link *link)
{
    while (link->frame_left || take_header(link)) {
        size_t count = bytes_count(&link->raw_in);
        if (count > link->frame_left)
            count = (size_t)link->frame_left;
        if (!count)
            return;
        bytes_put(&link->in, link->raw_in.data + link->raw_in.start, count);
        bytes_take(&link->raw_in, count);
        link->frame_left -= count;
    }
}
