// load: a load source for MQTT brokers that shares no code with any of them.
//
//   load COMMAND [--OPTION VALUE]...
//
// traffic  publishers and subscribers; counts every delivery and the broker's CPU time
// hold     connections and filters that are there and do nothing, until stdin ends
// keep     retained messages
// replay   a subscription to '#' that waits for all of them
// park     messages for a session that is away and comes back
//
// Each prints one line of JSON. The exit code is 0 if every count is exact, 1 if one is not and
// 2 if something else failed. The options and what they are without being given: `defaults` below.
#include "load.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const Options defaults = {
    .host = "127.0.0.1", .shape = "exact", .transport = "tcp", .match = "own",
    .port = 1883, .version = 4, .share = 100, .size = 64, .count = 100000,
    .publishers = 1, .subscribers = 1, .topics = 1,
    .window = 100, .budget = 256 * 1024, .connections = 1, .burst = 64,
};
Options options;

static const struct {
    const char *name;
    long *value;
} numbers[] = {
    {"port", &options.port}, {"pid", &options.pid}, {"version", &options.version},
    {"qos", &options.qos}, {"share", &options.share}, {"size", &options.size},
    {"count", &options.count}, {"warm", &options.warm}, {"rate", &options.rate}, {"publishers", &options.publishers},
    {"subscribers", &options.subscribers}, {"topics", &options.topics},
    {"window", &options.window}, {"budget", &options.budget},
    {"connections", &options.connections}, {"filters", &options.filters},
    {"burst", &options.burst},
};

static const struct {
    const char *name;
    const char **value;
} words[] = {
    {"host", &options.host},
    {"shape", &options.shape},
    {"transport", &options.transport},
    {"match", &options.match},
};

static const struct {
    const char *name;
    int (*run)(void);
} commands[] = {
    {"traffic", traffic}, {"hold", hold}, {"keep", keep}, {"replay", replay}, {"park", park},
};

#define COUNT(table) (sizeof table / sizeof *table)

_Noreturn void die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    exit(2);
}

static void set_option(const char *name, const char *value)
{
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (!strcmp(numbers[i].name, name)) {
            *numbers[i].value = atol(value);
            return;
        }
    for (size_t i = 0; i < COUNT(words); i++)
        if (!strcmp(words[i].name, name)) {
            *words[i].value = value;
            return;
        }
    die("no such option: --%s", name);
}

static void check_options(void)
{
    if (options.size < 16)
        die("--size is at least 16: a message carries its time and its number");
    if (options.publishers < 1 || options.topics < 1 || options.connections < 1)
        die("there is at least one publisher, one topic and one connection");
}

static void allow_many_connections(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **arguments)
{
    options = defaults;
    for (int i = 2; i < count; i += 2) {
        if (strncmp(arguments[i], "--", 2) || i + 1 == count)
            die("an option is --NAME VALUE, not %s", arguments[i]);
        set_option(arguments[i] + 2, arguments[i + 1]);
    }
    check_options();
    allow_many_connections();
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; count > 1 && i < COUNT(commands); i++)
        if (!strcmp(commands[i].name, arguments[1]))
            return commands[i].run();
    die("commands are traffic, hold, keep, replay and park");
}
