// A histogram of latencies: 32 steps to each doubling, so it errs by 3 percent at most.
#include "load.h"
#include <string.h>

enum { STEPS = 32, DOUBLINGS = 40 };
static uint64_t buckets[STEPS * DOUBLINGS], noted;

static unsigned bucket_of(uint64_t value)
{
    if (value < STEPS)
        return (unsigned)value;
    unsigned doubling = 63u - 5u - (unsigned)__builtin_clzll(value);
    unsigned bucket = (doubling + 1) * STEPS + (unsigned)(value >> doubling) - STEPS;
    return bucket < STEPS * DOUBLINGS ? bucket : STEPS * DOUBLINGS - 1;
}

static uint64_t highest_in(unsigned bucket)
{
    if (bucket < STEPS)
        return bucket;
    unsigned doubling = bucket / STEPS - 1;
    return ((uint64_t)(bucket % STEPS + STEPS + 1) << doubling) - 1;
}

void latency_note(uint64_t nanoseconds)
{
    buckets[bucket_of(nanoseconds)]++;
    noted++;
}

void latency_forget(void)
{
    memset(buckets, 0, sizeof buckets);
    noted = 0;
}

// The latency that this share of the messages did not exceed.
double latency_at(double share)
{
    uint64_t left = (uint64_t)((double)noted * share + 0.5), seen = 0;
    for (unsigned bucket = 0; bucket < STEPS * DOUBLINGS; bucket++) {
        seen += buckets[bucket];
        if (seen >= left && seen)
            return (double)highest_in(bucket) / 1000.0;
    }
    return 0;
}
