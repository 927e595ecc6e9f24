/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seats - how many requests of all processes may wait for keys.
 *
 * Owns:     the count of them, in which a killed process leaks nothing.
 * Does not: map memory (httpd), wait (gate), or look at a clock.
 * Memory:   one struct of fixed size in shared memory; allocates nothing
 * Threads:  any, of any process; lock-free
 */
#ifndef BEARER_SEATS_H
#define BEARER_SEATS_H

#include <stdatomic.h>
#include <stdint.h>

#include "bearer/base/base.h"

/** Most that can be counted. */
#define BEARER_SEATS_MOST 1024

/** All seats; lies in shared memory and belongs to this unit alone. */
typedef struct bearer_seats_t {
    _Atomic uint64_t until[BEARER_SEATS_MOST]; /**< a tick, 0: free */
} bearer_seats_t;

/** Frees all of them. */
void bearer_seats_format(bearer_seats_t *seats);

/**
 * Takes one of at most limit seats until tick until; one whose time has passed
 * is free again.
 *
 * @return the seat's number, or -1 if all are taken
 */
int bearer_seats_take(bearer_seats_t *seats, int limit, apr_time_t now,
                      apr_time_t until);

/** Gives a seat back before its time; until as given to bearer_seats_take. */
void bearer_seats_leave(bearer_seats_t *seats, int seat, apr_time_t until);

#endif
