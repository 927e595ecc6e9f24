/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counts - the numbers of one process, or of all: what is counted, and its names.
 *
 * Owns:     the record of numbers, the names and units of those that stand alone, how a
 *           latency is read.
 * Does not: count or share them (stats), or render text (report, metrics).
 * Memory:   records are the caller's; the table is constant
 * Threads:  any
 */
#ifndef BEARER_COUNTS_H
#define BEARER_COUNTS_H

#include "bearer/base/error.h"
#include "bearer/jose/alg.h"

/** Buckets of a latency: bucket i counts what took at most 2^i microseconds and
 * longer than the bucket before; the last one all that took longer (4 s). */
#define BEARER_COUNTS_BUCKETS 24
/** Rows of the table of algorithms, with room for more. */
#define BEARER_COUNTS_ALGS 16

/** How long something took. */
typedef struct bearer_counts_latency_t {
    apr_uint64_t buckets[BEARER_COUNTS_BUCKETS];
    apr_uint64_t micros; /**< the sum of all */
} bearer_counts_latency_t;

/** All numbers of one process, or of all. The last two are of this moment, the
 * others only grow. */
typedef struct bearer_counts_t {
    apr_uint64_t verdicts[BEARER_REASON_COUNT];
    bearer_counts_latency_t verify[BEARER_COUNTS_ALGS];
    bearer_counts_latency_t admit;
    apr_uint64_t cache_hits, cache_misses, cache_stores, cache_evictions;
    apr_uint64_t waits, wait_micros, waits_refused;
    apr_uint64_t cache_entries, cache_bytes;
} bearer_counts_t;

/** What a single number of the above is called; JSON has the name, OpenMetrics
 * adds "bearer_", and "_total" where it only grows. */
typedef struct bearer_counts_row_t {
    const char *name;
    const char *unit; /**< NULL, "bytes", or "seconds": then it is divided */
    bool grows;
    apr_size_t offset; /**< in bearer_counts_t */
    const char *help;
} bearer_counts_row_t;

/** The row number i, or NULL behind the last. */
const bearer_counts_row_t *bearer_counts_row(int i);

/** The number that a row names. */
apr_uint64_t bearer_counts_value(const bearer_counts_t *counts,
                                 const bearer_counts_row_t *row);

/** How many were counted, whatever they took. */
apr_uint64_t bearer_counts_all(const bearer_counts_latency_t *latency);

/** The microseconds that this share (0 to 1) of all took at most: a bucket's
 * upper end; 0 if nothing was counted, APR_UINT64_MAX beyond the last end. */
apr_uint64_t bearer_counts_quantile(const bearer_counts_latency_t *latency,
                                    double share);

#endif
