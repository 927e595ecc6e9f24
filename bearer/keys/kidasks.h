/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kidasks - which kids requests asked for, within a budget.
 *
 * Owns:     the cells of kids that are wanted, their answers, how many there may be in a time.
 * Does not: hold good keys (kids), map memory (board), fetch (locate), or look at a clock.
 * Memory:   one struct of fixed size in shared memory; allocates nothing
 * Threads:  any, of any process; lock-free; first, settle and fail: the fetcher
 */
#ifndef BEARER_KIDASKS_H
#define BEARER_KIDASKS_H

#include "bearer/keys/kidname.h"

/**
 * A kid that a request asked for. It has its cell for "miss" after that, whatever
 * comes of it: each fetch costs a cell, which is the budget. claim is one word, so
 * that a process killed anywhere leaves nothing locked:
 *
 *    63           20 19     4 3     0
 *   +---------------+--------+-------+
 *   | asked at (ms) | hash   | state |
 *   +---------------+--------+-------+
 */
typedef struct bearer_kidasks_cell_t {
    _Atomic uint64_t claim; /**< 0: never used */
    _Atomic uint64_t tried; /**< tick of an attempt that failed, 0: none */
    _Atomic uint64_t name[BEARER_KIDNAME_WORDS];
} bearer_kidasks_cell_t;

/** All cells of a source; lie in shared memory and belong to this unit alone. What is
 * in them is checked when it is read. */
typedef struct bearer_kidasks_t {
    bearer_kidasks_cell_t cells[BEARER_LIMIT_KIDS_WANTED];
} bearer_kidasks_t;

/** Forgets all. */
void bearer_kidasks_format(bearer_kidasks_t *asks);

/* --- requests --------------------------------------------------------------- */

/** What is known of a kid that is not among the keys. */
typedef enum bearer_kidasks_state_t {
    BEARER_KIDASKS_UNKNOWN, /**< nobody asks for it */
    BEARER_KIDASKS_COMING,  /**< asked for not long ago, and not yet answered */
    BEARER_KIDASKS_MISSING, /**< the issuer has no such key */
    BEARER_KIDASKS_UNSURE /**< asked for, but it could not be found out, or just
                                 was */
} bearer_kidasks_state_t;

/**
 * @param miss how long a cell is taken, and an absence believed
 * @param wait how long a request waits for an answer
 */
bearer_kidasks_state_t bearer_kidasks_find(bearer_kidasks_t *asks,
                                           bearer_str_t kid, apr_time_t miss,
                                           apr_time_t wait, apr_time_t now);

/**
 * Asks for a kid, at most once in "miss", and for at most BEARER_LIMIT_KIDS_WANTED
 * kids in that time (any kid costs nothing to write). Whose kid gets a cell that is
 * free again is who asks first, which is who asks most often: strangers shut out a new
 * key only while they send many times as much as everybody else.
 *
 * @return true if this call made the ask; a kid that is no name never does
 */
bool bearer_kidasks_make(bearer_kidasks_t *asks, bearer_str_t kid,
                         apr_time_t miss, apr_time_t now);

/* --- the fetcher -------------------------------------------------------------- */

/**
 * The kid that was asked for first, of those that are not yet answered.
 *
 * @param tried of those whose fetch failed, or of those never tried
 * @param kid   BEARER_KIDNAME_ROOM bytes, or NULL
 */
bool bearer_kidasks_first(bearer_kidasks_t *asks, apr_time_t miss,
                          apr_time_t now, bool tried, char *kid);

/** Answers whoever wants this kid: it is missing, or else not (its key is on the
 * board now, or there is no room for it). */
void bearer_kidasks_settle(bearer_kidasks_t *asks, const char *kid,
                           apr_time_t miss, apr_time_t now, bool missing);

/** Notes a failure: whoever wants it no longer waits. */
void bearer_kidasks_fail(bearer_kidasks_t *asks, const char *kid,
                         apr_time_t miss, apr_time_t now);

/** How many cells are taken, and how many of them by kids that are missing. */
void bearer_kidasks_count(bearer_kidasks_t *asks, apr_time_t miss,
                          apr_time_t now, int *asked, int *missing);

#endif
