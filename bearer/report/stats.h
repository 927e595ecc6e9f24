/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats - numbers that all processes count and anybody may look at.
 *
 * Owns:     the layout of the shared counters, a snapshot of them.
 * Does not: map memory, take the time, name numbers (counts), or render text (report).
 * Memory:   works on the block it is given; handles and snapshots are the pool's
 * Threads:  any; relaxed atomics, no locks: the numbers of a snapshot may be a
 *           moment apart, but none ever goes back
 */
#ifndef BEARER_STATS_H
#define BEARER_STATS_H

#include "bearer/keys/board.h"
#include "bearer/report/counts.h"
#include "bearer/report/round.h"

/** What a cache of tokens says of itself. */
typedef struct bearer_stats_cache_t {
    apr_uint64_t hits, misses, stores;
    apr_uint64_t evictions; /**< of tokens that were not too old */
    int entries;
    apr_size_t bytes;
} bearer_stats_cache_t;

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

/** Notes a round's end. Caller serialises rounds of one slot; a slot that went
 * to another source begins anew. */
void bearer_stats_note(bearer_stats_t *stats, const bearer_board_slot_t *slot,
                       const bearer_outcome_t *outcome, apr_time_t now);

/** What bearer_round_read tells of the slot. */
bearer_round_result_t bearer_stats_result(const bearer_stats_t *stats,
                                          const bearer_board_slot_t *slot);

/* --- looking --------------------------------------------------------------- */

/** A process that is there. */
typedef struct bearer_stats_process_t {
    apr_uint32_t pid; /**< 0: the others together, and those before them */
    apr_time_t since; /**< tick */
    bearer_counts_t counts; /**< since then */
} bearer_stats_process_t;

/** All of it. */
typedef struct bearer_stats_snapshot_t {
    bearer_counts_t sum; /**< of all, those that are gone included */
    const bearer_stats_process_t *processes;
    int process_count;
} bearer_stats_snapshot_t;

/** @param alive tells whether a process is there */
const bearer_stats_snapshot_t *bearer_stats_snapshot(
    const bearer_stats_t *stats, bool (*alive)(apr_uint32_t pid),
    apr_pool_t *pool);

#endif
