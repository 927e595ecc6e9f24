/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh - one round for one key source: fetch, parse, post.
 *
 * Owns:     discovery, then keys; key files; what of it was good; when the store is written and read; log lines on changes of state.
 * Does not: decide when (schedule), connect (fetch), know the store's files (keystore), lock (caller's callbacks).
 * Memory:   a round's memory is the pool's; what is remembered lives in the source's state
 * Threads:  one round of one source at a time; rounds of different sources in parallel
 */
#ifndef BEARER_REFRESH_H
#define BEARER_REFRESH_H

#include "bearer/base/clock.h"
#include "bearer/jose/jwks.h"
#include "bearer/keys/board.h"
#include "bearer/keys/keystore.h"
#include "bearer/net/fetch.h"
#include "bearer/text/url.h"

/** Where keys come from. */
typedef enum bearer_source_kind_t {
    BEARER_SOURCE_DISCOVERY, /**< the issuer's metadata */
    BEARER_SOURCE_URL,       /**< a key set's address */
    BEARER_SOURCE_FILE,      /**< a file of keys */
    BEARER_SOURCE_SECRET     /**< a shared secret; never refreshed */
} bearer_source_kind_t;

/** One key source as configured; constant once checked. */
typedef struct bearer_source_t {
    const char *issuer; /**< as configured */
    bearer_source_kind_t kind;
    const char *location; /**< URL or file; NULL for discovery */
    bool http_loopback;   /**< see bearer_refresh_narrow_http */
    bearer_url_proxies_t proxies;
    const char *ca; /**< what tls was made from; NULL: the system's */
    bearer_fetch_tls_t *tls;
    apr_interval_time_t timeout, connect;
    apr_size_t max_body;
    bearer_schedule_conf_t schedule;
    bool tightened;       /**< by bearer_refresh_tighten */
    bearer_board_id_t id; /**< see bearer_refresh_identify */
    int slot;             /**< on the board */
} bearer_source_t;

/** Fills source->id: SHA-256 over issuer, kind, location, and what trust in them
 * rests on (http_loopback, proxies, ca), each with its length: keys fetched under
 * one virtual host's authorities never serve another's. The numbers of the
 * schedule do not count, so changing them keeps the keys.
 *
 * @return BEARER_OK, BEARER_NO_MEMORY (two sources without an identity would
 *         share their keys)
 */
bearer_reason_t bearer_refresh_identify(bearer_source_t *source)
    BEARER_MUST_USE;

/**
 * Where plain http is allowed, it is for what the administrator wrote: the switch
 * stays on for a source whose own address (keys= or else the issuer) is http, and
 * goes off for all others. Call before identify.
 */
void bearer_refresh_narrow_http(bearer_source_t *source);

/**
 * Lines of several servers may name one source (the same identity), which is
 * fetched once, for all of them: of each number the strictest counts, which is the
 * smaller one. Takes those of another line.
 */
void bearer_refresh_tighten(bearer_source_t *source,
                            const bearer_source_t *other);

/** What one round did, for log, status page and tests. */
typedef struct bearer_refresh_result_t {
    bearer_reason_t why; /**< BEARER_OK: keys are good as of now */
    bearer_note_t note;
    const char *tried; /**< the address or file that decided */
    int status;        /**< HTTP status, 0: none */
    bool changed;      /**< a new document was posted */
    bool unchanged;    /**< 304, or the same keys again */
    int keys, skipped;
    apr_time_t next; /**< tick of the next regular attempt */
} bearer_refresh_result_t;

/** The world, as arguments. */
typedef struct bearer_refresh_env_t {
    bearer_board_t *board;
    bearer_fetch_fn fetch;
    void (*lock)(void *baton); /**< around posts; may be NULL */
    void (*unlock)(void *baton);
    /** Whether this round is still the fetcher's, asked under the lock: it is
     * not if the lease was another's meanwhile. NULL: yes. */
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

/** Whether a round is due now. */
bool bearer_refresh_due(const bearer_refresh_t *refresh,
                        const bearer_refresh_env_t *env);

/**
 * Runs one round: finds the keys' address if it is not known, gets the keys
 * with If-None-Match, filters them, posts them (or notes the time only, if
 * nothing changed), and notes success or failure in the schedule on the board.
 * An empty, invalid, oversized, truncated or non-200 answer never touches the
 * keys on the board. Logs one line for each change of state: keys loaded or
 * changed; the first failure after a success, another reason than last time, or
 * keys that just got too old (MAB0201); recovery; other keys that cannot be
 * used (MAB0202); metadata that is gone while keys still come (MAB0203). A
 * round that ends with BEARER_FETCH_STOPPED notes and logs nothing.
 *
 * Keys that were fetched, also the same ones again, are then written to the
 * store. A store that cannot be written is logged when that begins, changes
 * (MAB0204) and ends; the keys on the board serve all the same.
 */
void bearer_refresh_run(bearer_refresh_t *refresh,
                        const bearer_refresh_env_t *env,
                        bearer_refresh_result_t *result, apr_pool_t *tmp);

/**
 * Cold start: gives a fetched source whose slot has no document the keys that
 * the store has for it. They are as old as they were when they were fetched, and
 * a round is due at once: the store never knows better than the network. A
 * document on the board is never replaced. Logs what was loaded, or why a file
 * is not used (MAB0205); no file is no news.
 *
 * @param env its ticks must be larger than the source's stale, since a tick
 *            must be found for when the keys were fetched
 * @return true if keys were posted
 */
bool bearer_refresh_restore(const bearer_source_t *source,
                            const bearer_refresh_env_t *env, apr_pool_t *tmp);

/**
 * Reads a key file now (post_config, as root): fills keys, does not post.
 *
 * @return BEARER_OK, BEARER_FILE_READ, BEARER_FILE_SIZE, BEARER_FILE_WRITABLE
 *         (for everybody), and what bearer_jwks_parse_file returns
 */
bearer_reason_t bearer_refresh_read_file(const char *path,
                                         const bearer_jwks_t **out,
                                         bearer_note_t *note,
                                         apr_pool_t *pool) BEARER_MUST_USE;

#endif
