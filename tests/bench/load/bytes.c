// A queue of bytes that grows and keeps its memory.
#include "load.h"
#include <stdlib.h>
#include <string.h>

size_t bytes_count(const Bytes *bytes) { return bytes->end - bytes->start; }

// Room for `count` bytes behind the last one.
uint8_t *bytes_room(Bytes *bytes, size_t count)
{
    if (bytes->start == bytes->end)
        bytes->start = bytes->end = 0;
    if (bytes->capacity - bytes->end >= count)
        return bytes->data + bytes->end;
    if (bytes->start > bytes->capacity / 2) {
        memmove(bytes->data, bytes->data + bytes->start, bytes_count(bytes));
        bytes->end -= bytes->start;
        bytes->start = 0;
    }
    if (bytes->capacity - bytes->end < count) {
        bytes->capacity = (bytes->end + count) * 2;
        bytes->data = realloc(bytes->data, bytes->capacity);
        if (!bytes->data)
            die("out of memory");
    }
    return bytes->data + bytes->end;
}

void bytes_put(Bytes *bytes, const void *data, size_t count)
{
    memcpy(bytes_room(bytes, count), data, count);
    bytes->end += count;
}

void bytes_take(Bytes *bytes, size_t count) { bytes->start += count; }
