/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rota - when the fetcher looks at its sources, and when it need not.
 *
 * Owns:     the time until which nothing can be due, and what brings it forward.
 * Does not: know sources (its caller looks at them), decide when one is due (schedule), or look at a clock.
 * Memory:   one small struct of the caller's
 * Threads:  one at a time
 */
#ifndef BEARER_ROTA_H
#define BEARER_ROTA_H

#include "bearer/base/base.h"

/** All that can make a source due before its time, as numbers that move. */
typedef struct bearer_rota_moved_t {
    apr_uint64_t asks;       /**< see bearer_board_asks */
    apr_uint32_t ended;      /**< rounds of this process that have ended */
    apr_uint32_t generation; /**< of the lease: there was another fetcher */
} bearer_rota_moved_t;

/** Where a fetcher stands. All zero: it has not looked yet. */
typedef struct bearer_rota_t {
    apr_time_t next; /**< nothing is due before this tick if nothing moves */
    bearer_rota_moved_t moved;
} bearer_rota_t;

/** Sources are looked at at least this often, should all else fail: a process may
 * be killed between making its ask and counting it. */
#define BEARER_ROTA_LONGEST apr_time_from_sec(10)

/**
 * Looks at a source and begins a round if one is due.
 *
 * @return the tick at which it must be looked at again if nothing moves
 */
typedef apr_time_t (*bearer_rota_look_fn)(int source, void *baton);

/**
 * One beat: looks at all sources if something moved or the time of one has come,
 * else at none. That is cheap enough for ten times a second, however many sources
 * there are.
 *
 * @param moved read before this call, so that what moves meanwhile counts next time
 * @return how many sources were looked at
 */
int bearer_rota_beat(bearer_rota_t *rota, bearer_rota_moved_t moved, int count,
                     apr_time_t now, bearer_rota_look_fn look, void *baton);

#endif
