// What the broker's process has used, from /proc; and the clocks.
#include "load.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void settle(long milliseconds) { usleep((useconds_t)milliseconds * 1000); }

static size_t read_file(const char *path, char *text, size_t room)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    size_t count = fread(text, 1, room - 1, file);
    fclose(file);
    text[count] = 0;
    return count;
}

// The time a thread was on a core, to the nanosecond; 0 if the kernel does not count it.
static uint64_t thread_time(const char *thread)
{
    char path[300], text[128];
    snprintf(path, sizeof path, "/proc/%ld/task/%s/schedstat", options.pid, thread);
    return read_file(path, text, sizeof text) ? strtoull(text, NULL, 10) : 0;
}

static uint64_t threads_time(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/task", options.pid);
    DIR *threads = opendir(path);
    if (!threads)
        return 0;
    uint64_t sum = 0;
    for (struct dirent *entry; (entry = readdir(threads));)
        if (entry->d_name[0] != '.')
            sum += thread_time(entry->d_name);
    closedir(threads);
    return sum;
}

// The same in the ticks of the accounting clock, usually 10 ms long.
static uint64_t accounted_time(void)
{
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%ld/stat", options.pid);
    if (!read_file(path, text, sizeof text))
        return 0;
    unsigned long long user = 0, kernel = 0;
    const char *behind_name = strrchr(text, ')');
    if (behind_name)
        sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &kernel);
    return (user + kernel) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

uint64_t broker_cpu(void)
{
    if (!options.pid)
        return 0;
    uint64_t time = threads_time();
    return time ? time : accounted_time();
}

long broker_memory(void)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%ld/status", options.pid);
    if (!options.pid || !read_file(path, text, sizeof text))
        return 0;
    const char *line = strstr(text, "RssAnon:");
    return line ? atol(line + strlen("RssAnon:")) * 1024 : 0;
}

uint64_t own_cpu(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    uint64_t seconds = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
    uint64_t rest = (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    return seconds * 1000000000u + rest * 1000u;
}
