/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/report/counts.h"

#include <stddef.h>
#include <string.h>

#define GROWS(name, unit, field, help)                                         \
    {                                                                          \
        name, unit, true, offsetof(bearer_counts_t, field), help               \
    }
#define NOW_IS(name, unit, field, help)                                        \
    {                                                                          \
        name, unit, false, offsetof(bearer_counts_t, field), help              \
    }

static const bearer_counts_row_t rows[] = {
    GROWS("cache_hits", NULL, cache_hits,
          "Tokens that were found in the cache, so their signature was not "
          "checked again."),
    GROWS("cache_misses", NULL, cache_misses,
          "Tokens that were not found in the cache."),
    GROWS("cache_stores", NULL, cache_stores,
          "Tokens that were kept after their signature was proven."),
    GROWS("cache_evictions", NULL, cache_evictions,
          "Tokens that left the cache to make room for others."),
    GROWS("waits", NULL, waits, "Requests that waited for keys."),
    GROWS("wait_seconds", "seconds", wait_micros,
          "The time that requests have waited for keys."),
    GROWS("waits_refused", NULL, waits_refused,
          "Requests that could have waited for keys, but too many others did."),
    NOW_IS("cache_entries", NULL, cache_entries, "Tokens in the caches."),
    NOW_IS("cache_bytes", "bytes", cache_bytes,
           "The memory that these tokens take, estimated."),
};

const bearer_counts_row_t *bearer_counts_row(int i)
{
    return i >= 0 && i < (int)(sizeof(rows) / sizeof(rows[0])) ? &rows[i]
                                                               : NULL;
}

apr_uint64_t bearer_counts_value(const bearer_counts_t *counts,
                                 const bearer_counts_row_t *row)
{
    apr_uint64_t value;

    memcpy(&value, (const char *)counts + row->offset, sizeof(value));
    return value;
}

apr_uint64_t bearer_counts_all(const bearer_counts_latency_t *latency)
{
    apr_uint64_t count = 0;
    int i;

    for (i = 0; i < BEARER_COUNTS_BUCKETS; i++)
        count += latency->buckets[i];
    return count;
}

apr_uint64_t bearer_counts_quantile(const bearer_counts_latency_t *latency,
                                    double share)
{
    double wanted = share * (double)bearer_counts_all(latency);
    apr_uint64_t count = 0;
    int i;

    for (i = 0; i < BEARER_COUNTS_BUCKETS; i++) {
        count += latency->buckets[i];
        if (count && (double)count >= wanted)
            return i < BEARER_COUNTS_BUCKETS - 1 ? (apr_uint64_t)1 << i
                                                 : APR_UINT64_MAX;
    }
    return 0;
}
