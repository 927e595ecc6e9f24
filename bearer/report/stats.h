/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats - numbers that all processes count and anybody may look at.
 *
 * Owns:     the layout of the shared counters, their names, a snapshot of them.
 * Does not: map memory, take the time, or render text (report).
 * Memory:   works on the block it is given; handles and snapshots are the pool's
 * Threads:  any; relaxed atomics, no locks: the numbers of a snapshot may be a
 *           moment apart, but none ever goes back
 */
#ifndef BEARER_STATS_H
#define BEARER_STATS_H

#include "bearer/base/error.h"
#include "bearer/jose/alg.h"
#include "bearer/keys/board.h"

/** Buckets of a latency: bucket i counts what took at most 2^i microseconds and
 * longer than the bucket before; the last one all that took longer (4 s). */
#define BEARER_STATS_BUCKETS 24
/** Rows of the table of algorithms, with room for more. */
#define BEARER_STATS_ALGS 16

/** How long something took. */
typedef struct bearer_stats_latency_t {
    apr_uint64_t buckets[BEARER_STATS_BUCKETS];
    apr_uint64_t micros; /**< the sum of all */
} bearer_stats_latency_t;

/** What a cache of tokens says of itself. */
typedef struct bearer_stats_cache_t {
    apr_uint64_t hits, misses, stores;
    apr_uint64_t evictions; /**< of tokens that were not too old */
    int entries;
    apr_size_t bytes;
} bearer_stats_cache_t;

/** All numbers of one process, or of all. The last two are of this moment, the
 * others only grow. */
typedef struct bearer_stats_counts_t {
    apr_uint64_t verdicts[BEARER_REASON_COUNT];
    bearer_stats_latency_t verify[BEARER_STATS_ALGS];
    bearer_stats_latency_t admit;
    apr_uint64_t cache_hits, cache_misses, cache_stores, cache_evictions;
    apr_uint64_t waits, wait_micros, waits_refused;
    apr_uint64_t cache_entries, cache_bytes;
} bearer_stats_counts_t;

/** What a single number of the above is called; JSON has the name, OpenMetrics
 * adds "bearer_", and "_total" where it only grows. */
typedef struct bearer_stats_row_t {
    const char *name;
    const char *unit; /**< NULL, "bytes", or "seconds": then it is divided */
    bool grows;
    apr_size_t offset; /**< in bearer_stats_counts_t */
    const char *help;
} bearer_stats_row_t;

/** The row number i, or NULL behind the last. */
const bearer_stats_row_t *bearer_stats_row(int i);

/** The number that a row names. */
apr_uint64_t bearer_stats_value(const bearer_stats_counts_t *counts,
                                const bearer_stats_row_t *row);

/** How many were counted, whatever they took. */
apr_uint64_t bearer_stats_count(const bearer_stats_latency_t *latency);

/** The microseconds that this share (0 to 1) of all took at most: a bucket's
 * upper end; 0 if nothing was counted, APR_UINT64_MAX beyond the last end. */
apr_uint64_t bearer_stats_quantile(const bearer_stats_latency_t *latency,
                                   double share);

/* --- the block ----------------------------------------------------------- */

/**
 * A process's handle. The block itself:
 *
 *   +--------+----------+-----+-----------+-----------+-----+--------+
 *   | header | result 0 | ... | process 0 | process 1 | ... | others |
 *   +--------+----------+-----+-----------+-----------+-----+--------+
 *
 * A result is what the last round of the board's slot of that number came to. A
 * process has its pid, what it counted, and what stood there when it came: the
 * counters of a process that is gone go on with the next one, so that sums
 * never go back. Processes lie on cache lines of their own. Who found no free
 * place counts among the others.
 */
typedef struct bearer_stats_t bearer_stats_t;

/** How large a block is. */
typedef struct bearer_stats_shape_t {
    int processes; /**< that have a place of their own */
    int results;   /**< slots of the board */
} bearer_stats_shape_t;

/** Bytes needed, with room to align them. */
apr_size_t bearer_stats_size(bearer_stats_shape_t shape);

/** Lays out a block of at least bearer_stats_size(shape) zeroes, which is what
 * fresh shared memory is. */
void bearer_stats_format(void *block, bearer_stats_shape_t shape);

/**
 * Looks at a block that is already there; counts among the others until a place
 * is claimed.
 *
 * @return BEARER_OK, BEARER_BOARD_BROKEN if it was made by another version of
 *         this library or does not hold what it should
 */
bearer_reason_t bearer_stats_attach(void *block, apr_size_t size,
                                    bearer_stats_t **out,
                                    apr_pool_t *pool) BEARER_MUST_USE;

bearer_stats_shape_t bearer_stats_shape(const bearer_stats_t *stats);

/** Adds all that one block counted to another with at least as many results;
 * what is of this moment stays behind. */
void bearer_stats_copy(const bearer_stats_t *from, bearer_stats_t *to);

/**
 * Takes a place that is free or whose process is gone.
 *
 * @param pid   never 0
 * @param now   tick
 * @param alive tells whether a process is there
 * @return false if all are taken: this process counts among the others
 */
bool bearer_stats_claim(bearer_stats_t *stats, apr_uint32_t pid, apr_time_t now,
                        bool (*alive)(apr_uint32_t pid));

/** Gives the place back (a process that ends orderly). */
void bearer_stats_release(bearer_stats_t *stats);

/* --- counting: a few nanoseconds each; a stats of NULL counts nothing ------- */

/** A request was judged. */
void bearer_stats_verdict(bearer_stats_t *stats, bearer_reason_t why);

/** A signature was checked, well or not, by this algorithm. */
void bearer_stats_verify(bearer_stats_t *stats, const bearer_alg_t *alg,
                         apr_time_t micros);

/** A token was judged, from its bytes to the verdict. */
void bearer_stats_admit(bearer_stats_t *stats, apr_time_t micros);

/** A request waited for keys; micros < 0: it was refused a place to wait. */
void bearer_stats_wait(bearer_stats_t *stats, apr_time_t micros);

/** Says where this process's cache stands; it counts by itself. To be called now
 * and then, by one thread at a time. */
void bearer_stats_cache(bearer_stats_t *stats,
                        const bearer_stats_cache_t *cache);

/* --- results of refreshes ------------------------------------------------- */

/** What the last round of a source came to; all zero: there was none. */
typedef struct bearer_stats_result_t {
    apr_time_t tick;           /**< when it ended, 0: never */
    bearer_reason_t why;       /**< BEARER_OK: the keys are good */
    int status;                /**< HTTP status, 0: none */
    apr_uint64_t good, failed; /**< rounds that ended so */
} bearer_stats_result_t;

/** Notes a round's end. Caller serialises rounds of one slot; a slot that went
 * to another source begins anew. */
void bearer_stats_note(bearer_stats_t *stats, const bearer_board_slot_t *slot,
                       bearer_reason_t why, int status, apr_time_t now);

bearer_stats_result_t bearer_stats_result(const bearer_stats_t *stats,
                                          const bearer_board_slot_t *slot);

/* --- looking --------------------------------------------------------------- */

/** A process that is there. */
typedef struct bearer_stats_process_t {
    apr_uint32_t pid; /**< 0: the others together, and those before them */
    apr_time_t since; /**< tick */
    bearer_stats_counts_t counts; /**< since then */
} bearer_stats_process_t;

/** All of it. */
typedef struct bearer_stats_snapshot_t {
    bearer_stats_counts_t sum; /**< of all, those that are gone included */
    const bearer_stats_process_t *processes;
    int process_count;
} bearer_stats_snapshot_t;

/** @param alive tells whether a process is there */
const bearer_stats_snapshot_t *bearer_stats_snapshot(
    const bearer_stats_t *stats, bool (*alive)(apr_uint32_t pid),
    apr_pool_t *pool);

#endif
