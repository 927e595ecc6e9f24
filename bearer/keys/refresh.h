/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh - one round for one key source: fetch, parse, post.
 *
 * Owns:     what is remembered between rounds; what is posted; when the store is written.
 * Does not: decide when (schedule), look for keys (locate), know the store's files (keystore), word lines (journal), lock (caller's callbacks).
 * Memory:   a round's memory is the pool's; what is remembered lives in the source's state
 * Threads:  one round of one source at a time; rounds of different sources in parallel
 */
#ifndef BEARER_REFRESH_H
#define BEARER_REFRESH_H

#include "bearer/base/clock.h"
#include "bearer/keys/keystore.h"
#include "bearer/keys/outcome.h"
#include "bearer/keys/source.h"

/** The world, as arguments. */
typedef struct bearer_refresh_env_t {
    bearer_board_t *board;
    bearer_fetch_fn fetch;
    void (*lock)(void *baton); /**< around posts; may be NULL */
    void (*unlock)(void *baton);
    /** Whether this round is still the fetcher's, asked under the lock: not if
     * the lease has been another's meanwhile. NULL: yes. */
    bool (*leads)(void *baton);
    bearer_now_t (*now)(void *baton);
    double (*jitter)(void *baton);
    const volatile apr_uint32_t *stop;
    void *baton;
    const bearer_keystore_t *store; /**< good keys on disk; NULL: not kept */
} bearer_refresh_env_t;

/** What is remembered between rounds of one source, in this process: the
 * address found by discovery, its ETag, what was last logged. */
typedef struct bearer_refresh_t bearer_refresh_t;

/** @param pool outlives all rounds; used by one round at a time */
bearer_refresh_t *bearer_refresh_create(const bearer_source_t *source,
                                        apr_pool_t *pool);

/** The tick at which the next round is due, by what is known now: no later than the
 * present one if it is due. BEARER_SCHEDULE_NEVER for a secret. */
apr_time_t bearer_refresh_next(const bearer_refresh_t *refresh,
                               const bearer_refresh_env_t *env);

/**
 * Runs one round: finds the keys' address if it is not known, gets the keys
 * with If-None-Match, filters them, posts them (or notes the time only, if
 * nothing changed), and notes success or failure in the schedule on the board.
 * An invalid, oversized, truncated or non-200 answer never touches the keys on the
 * board, and neither does one without keys for signatures (BEARER_JWKS_NONE) the first
 * time; the second in a row, at least "miss" later, takes them away (MAB0209). Logs one line for each change of state: keys loaded or
 * changed; the first failure after a success, another reason than last time, or
 * keys that just got too old (MAB0201); recovery; other keys that cannot be
 * used (MAB0202); metadata that is gone while keys still come (MAB0203). A
 * round that ends with BEARER_FETCH_STOPPED notes and logs nothing.
 *
 * Keys that were fetched, even the same ones again, are then written to the store.
 * A store that cannot be written is logged when that begins, changes (MAB0204) and
 * ends; the keys on the board serve all the same.
 */
void bearer_refresh_run(bearer_refresh_t *refresh,
                        const bearer_refresh_env_t *env, bearer_outcome_t *told,
                        apr_pool_t *tmp);

#endif
