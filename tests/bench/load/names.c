// Topics and filters: the one numbered i matches the other numbered i and no other.
#include "load.h"
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *shape, *topic, *filter, *all;
} Shape;

static const Shape shapes[] = {
    {"exact", "load/%ld", "load/%ld", "load/+"},
    {"plus", "load/%ld/x/value", "load/%ld/+/value", "load/+/+/value"},
    {"hash", "load/%ld/x/value", "load/%ld/#", "load/#"},
    {"deep", "load/2/3/4/5/6/7/8/9/10/11/12/13/14/15/%ld", "load/2/3/4/5/6/7/8/9/10/11/12/13/14/15/%ld",
     "load/2/3/4/5/6/7/8/9/10/11/12/13/14/15/+"},
};

static const Shape *shape(void)
{
    static const Shape *known;
    for (size_t i = 0; !known && i < sizeof shapes / sizeof *shapes; i++)
        if (!strcmp(shapes[i].shape, options.shape))
            known = &shapes[i];
    if (!known)
        die("no such shape: %s", options.shape);
    return known;
}

size_t name_topic(char *name, long number)
{
    return (size_t)snprintf(name, NAME_ROOM, shape()->topic, number);
}

size_t name_filter(char *name, long number)
{
    return (size_t)snprintf(name, NAME_ROOM, shape()->filter, number);
}

size_t name_filter_of_all(char *name)
{
    return (size_t)snprintf(name, NAME_ROOM, "%s", shape()->all);
}
