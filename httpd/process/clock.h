/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the only code in the module that looks at a clock.
 *
 * Owns:     reading both clocks, and sleeping.
 * Does not: decide anything by them.
 * Memory:   none
 * Threads:  any
 */
#ifndef MAB_CLOCK_H
#define MAB_CLOCK_H

#include "bearer/base/clock.h"

/** The time now; baton is ignored (the library's signature). */
bearer_now_t mab_clock_now(void *baton);

/** Its tick alone, to measure by; baton is ignored. */
apr_time_t mab_clock_tick(void *baton);

/** Sleeps; baton is ignored. */
void mab_clock_pause(void *baton, apr_interval_time_t time);

#endif
