/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the two clocks: the time of day, and how long ago.
 *
 * Owns:     bearer_now_t, and the clock that ticks are read from.
 * Does not: decide anything; code that decides is given the time.
 * Memory:   none
 * Threads:  any
 */
#ifndef BEARER_CLOCK_H
#define BEARER_CLOCK_H

#include "bearer/base/base.h"

/**
 * The time, always an argument: nothing in the library that decides looks at a
 * clock. Claims are judged by wall; ages, waits and schedules by tick, so that
 * an administrator who sets the clock neither expires keys nor revives them.
 */
typedef struct bearer_now_t {
    apr_int64_t wall; /**< seconds since 1970, may step */
    apr_time_t tick;  /**< microseconds of a clock that never steps back and
                           is the same in all processes; never 0 */
} bearer_now_t;

/** A tick: for deadlines of the network, and for making a bearer_now_t. Also
 * counts the time that a machine sleeps. Never 0. */
apr_time_t bearer_clock_tick(void);

#endif
