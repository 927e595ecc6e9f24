/* SPDX-License-Identifier: Apache-2.0 */
/* Threads side by side, in step: several try, and one succeeds. */
#ifndef WALK_H
#define WALK_H

#include <sched.h>
#include <stdatomic.h>

#include <apr_thread_proc.h>

#include "tests/unit/unit.h"

/* ThreadSanitizer makes each atomic many times slower: fewer of them there */
#if defined(__SANITIZE_THREAD__)
#define FEWER 8
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FEWER 8
#endif
#endif
#ifndef FEWER
#define FEWER 1
#endif

/* xorshift, one state for each thread or process */
static inline apr_uint64_t draw(apr_uint64_t *rng, apr_uint64_t below)
{
    *rng ^= *rng << 13;
    *rng ^= *rng >> 7;
    *rng ^= *rng << 17;
    return *rng % below;
}

#define THREADS 4
#define ROUNDS  (3000 / FEWER)

/** One thread of a group that goes through rounds in step. */
typedef struct walker_t {
    void *shared;
    atomic_uint *steps; /* how many threads took how many steps */
    unsigned taken;     /* by this one */
    int number;
    int got[ROUNDS]; /* what this thread got in each round */
} walker_t;

/* waits for the others; spins for a while, so that they go on at the same time if
 * there are enough processors */
static inline void step(walker_t *own)
{
    int spins = 0;

    own->taken += THREADS;
    atomic_fetch_add(own->steps, 1);
    while (atomic_load(own->steps) < own->taken) {
        if (++spins > 1000)
            (void)sched_yield();
    }
}

/* runs the function in THREADS threads and gives back their walkers */
static inline walker_t *walk(void *shared, apr_thread_start_t function,
                             apr_pool_t *pool)
{
    walker_t *walkers = apr_pcalloc(pool, THREADS * sizeof(*walkers));
    apr_thread_t *threads[THREADS];
    atomic_uint steps = 0;
    apr_status_t rv;
    int i;

    for (i = 0; i < THREADS; i++) {
        walkers[i].shared = shared;
        walkers[i].steps = &steps;
        walkers[i].number = i;
        assert_int_equal(
            apr_thread_create(&threads[i], NULL, function, &walkers[i], pool),
            APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++)
        (void)apr_thread_join(&rv, threads[i]);
    return walkers;
}

/* how many threads got what they wanted in a round, and the last of them */
static inline int winners(const walker_t *walkers, int round, int *last)
{
    int i, sum = 0;

    for (i = 0; i < THREADS; i++) {
        if (walkers[i].got[round] > 0) {
            *last = i;
            sum++;
        }
    }
    return sum;
}

#endif
