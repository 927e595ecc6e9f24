/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule - when to fetch next.
 *
 * Owns:     freshness, back-off, jitter, the throttle on asking, the bound on stale keys; pure.
 * Does not: fetch, or hold a clock or a random number.
 * Memory:   one small struct of fixed width, fit for shared memory
 * Threads:  caller serialises changes of one struct
 */
#ifndef BEARER_SCHEDULE_H
#define BEARER_SCHEDULE_H

#include "bearer/base/base.h"

/** The administrator's numbers, microseconds. */
typedef struct bearer_schedule_conf_t {
    apr_time_t refresh; /**< longest time between two good answers */
    apr_time_t miss;    /**< at most one asked-for fetch in this time */
    apr_time_t stale;   /**< how long keys stay in use after a good answer */
} bearer_schedule_conf_t;

/** Where one issuer stands. All zero: never tried. Times are ticks. */
typedef struct bearer_schedule_t {
    apr_int64_t last_good; /**< when the last good answer came, 0: never */
    apr_int64_t last_try;  /**< when the last attempt ended, 0: never */
    apr_int64_t next;      /**< when the next regular attempt is due */
    apr_int64_t served;    /**< the ask (its tick) that was last acted on */
    apr_uint32_t failures; /**< in a row */
    apr_uint32_t unused;   /**< keeps the size the same everywhere */
} bearer_schedule_t;

/** First pause after a failure, and the longest. */
#define BEARER_SCHEDULE_BACKOFF_LEAST apr_time_from_sec(1)
#define BEARER_SCHEDULE_BACKOFF_MOST  apr_time_from_sec(300)

/**
 * Notes a good answer at tick now. The next attempt comes before the end of its
 * freshness: after 80 to 95 percent of it, so that keys are replaced before they
 * expire and many servers do not ask at once.
 *
 * @param fresh  seconds, from bearer_freshness_seconds
 * @param jitter anything in [0, 1), from the caller
 */
void bearer_schedule_succeed(bearer_schedule_t *state,
                             const bearer_schedule_conf_t *conf, apr_time_t now,
                             apr_int64_t fresh, double jitter);

/**
 * Notes a failure at tick now: the pause doubles with each in a row, from
 * BACKOFF_LEAST to BACKOFF_MOST (never beyond refresh), and is shortened by up
 * to a half by jitter.
 */
void bearer_schedule_fail(bearer_schedule_t *state,
                          const bearer_schedule_conf_t *conf, apr_time_t now,
                          double jitter);

/** A tick that does not come. */
#define BEARER_SCHEDULE_NEVER APR_INT64_MAX

/**
 * The tick at which an attempt is due if nobody asks: later, or now, which is if it
 * was never tried, the regular time has come, or an ask (a tick, 0: none) came that
 * was not served yet. A time in the future by more than refresh (a state from
 * another machine's life) is due.
 */
apr_time_t bearer_schedule_next(const bearer_schedule_t *state,
                                const bearer_schedule_conf_t *conf,
                                apr_time_t now, apr_time_t asked);

/** Notes the beginning of an attempt that serves this ask. */
void bearer_schedule_begin(bearer_schedule_t *state, apr_time_t asked);

/** Whether keys from the last good answer may be used at tick now. */
bool bearer_schedule_usable(const bearer_schedule_t *state,
                            const bearer_schedule_conf_t *conf, apr_time_t now);

/** Whether an ask may be made at tick now when the last was made at asked
 * (0: never): at most one in conf->miss. */
bool bearer_schedule_may_ask(const bearer_schedule_conf_t *conf,
                             apr_time_t asked, apr_time_t now);

#endif
