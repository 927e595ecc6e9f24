/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kids - the key ids of a source that has an address for each.
 *
 * Owns:     which kid is fetched next; when a good one is confirmed, and when it goes.
 * Does not: take asks (kidasks), map memory (board), fetch (locate), hold keys (the board's document), or look at a clock.
 * Memory:   one struct of fixed size in shared memory; allocates nothing
 * Threads:  requests: any, of any process, lock-free; the fetcher's part: one at a time
 */
#ifndef BEARER_KIDS_H
#define BEARER_KIDS_H

#include "bearer/keys/kidasks.h"

/** A kid whose key is in the board's document. Times are ticks. */
typedef struct bearer_kids_good_t {
    _Atomic uint64_t name[BEARER_KIDNAME_WORDS]; /**< first word 0: free */
    _Atomic uint64_t fetched; /**< when the issuer last gave the key */
    _Atomic uint64_t next;    /**< when to ask for it again */
    _Atomic uint64_t used;    /**< when it last proved a token, 0: never */
} bearer_kids_good_t;

/** All kids of one source; lies in shared memory and belongs to this unit alone.
 * Everything in it is checked when it is read. */
typedef struct bearer_kids_t {
    bearer_kidasks_t asks;
    bearer_kids_good_t good[BEARER_LIMIT_KIDS];
} bearer_kids_t;

/** The numbers that kids go by, microseconds. */
typedef struct bearer_kids_conf_t {
    apr_time_t miss;  /**< see bearer_kidasks_find */
    apr_time_t stale; /**< how long a key serves that nobody confirms or uses */
} bearer_kids_conf_t;

/** Forgets all. */
void bearer_kids_format(bearer_kids_t *kids);

/** Notes that a kid's key has proved a token. */
void bearer_kids_use(bearer_kids_t *kids, bearer_str_t kid, apr_time_t now);

/* --- the fetcher -------------------------------------------------------------- */

/** What is to be done next. */
typedef enum bearer_kids_work_t {
    BEARER_KIDS_NOTHING,
    BEARER_KIDS_ASK,     /**< get the key of a kid that is wanted */
    BEARER_KIDS_CONFIRM, /**< get a good one again */
    BEARER_KIDS_DROP /**< a good one goes: unused or unconfirmed for too long */
} bearer_kids_work_t;

typedef struct bearer_kids_job_t {
    bearer_kids_work_t work;
    char kid[BEARER_KIDNAME_ROOM];
} bearer_kids_job_t;

/**
 * The next job: a kid that was never tried comes first, in the order of asking, unless
 * a good one is due for "miss" already.
 *
 * @param regular whether the source's regular time has come (schedule), without
 *                which a kid that failed is not tried again; good ones have times of
 *                their own
 */
void bearer_kids_choose(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                        apr_time_t now, bool regular, bearer_kids_job_t *job);

/** When the first of the good ones but this kid ("": all) is due, at most latest. */
apr_time_t bearer_kids_due(bearer_kids_t *kids, const char *but,
                           apr_time_t latest);

/** The regular time of the next job, at most latest. */
apr_time_t bearer_kids_next(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                            apr_time_t now, apr_time_t latest);

/** Notes a failure: whoever wants it no longer waits, a good one is confirmed later. */
void bearer_kids_fail(bearer_kids_t *kids, const char *kid,
                      const bearer_kids_conf_t *conf, apr_time_t now,
                      apr_time_t next);

/** Notes a good one's times; a new one never proved a token. Full: nothing happens. */
void bearer_kids_keep(bearer_kids_t *kids, const char *kid, apr_time_t fetched,
                      apr_time_t next);

/** A good one is gone; one that is not there, or "", changes nothing. */
void bearer_kids_drop(bearer_kids_t *kids, const char *kid);

/**
 * Makes the good ones those of this list, which is the board's document: what is
 * there in addition goes, what is new there is due at once and counts as used.
 *
 * @param names as many as count; names that are none are left out
 */
void bearer_kids_sync(bearer_kids_t *kids, const bearer_str_t *names, int count,
                      apr_time_t fetched, apr_time_t now);

/**
 * Whether one more finds room. A full table refuses and does not forget, except for
 * keys that never proved a token within conf->miss, which a stranger may have had
 * fetched.
 *
 * @param victim filled with the kid that has to go; "": none has to
 */
bool bearer_kids_has_room(bearer_kids_t *kids, const bearer_kids_conf_t *conf,
                          apr_time_t now, char *victim);

/** How many there are, for people. */
typedef struct bearer_kids_counts_t {
    int good, asked, missing;
} bearer_kids_counts_t;

bearer_kids_counts_t bearer_kids_count(bearer_kids_t *kids,
                                       const bearer_kids_conf_t *conf,
                                       apr_time_t now);

#endif
