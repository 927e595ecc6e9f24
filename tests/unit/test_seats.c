/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <limits.h>
#include <string.h>

#include "bearer/keys/seats.h"
#include "tests/unit/walk.h"

#define SEC ((apr_time_t)1000000)
#define T   ((apr_time_t)(1000 * SEC))

/* in memory that holds rubbish before it is formatted */
static bearer_seats_t *new_seats(apr_pool_t *pool)
{
    bearer_seats_t *seats = apr_palloc(pool, sizeof(*seats));

    memset(seats, 0x5a, sizeof(*seats));
    bearer_seats_format(seats);
    return seats;
}

static void seats_are_counted(void **state)
{
    bearer_seats_t *seats = new_seats(*state);
    int i;

    assert_int_equal(bearer_seats_take(seats, 0, T, T + 9), -1);
    assert_int_equal(bearer_seats_take(seats, -1, T, T + 9), -1);
    assert_int_equal(bearer_seats_take(seats, 2, T, T + 10), 0);
    assert_int_equal(bearer_seats_take(seats, 2, T, T + 20), 1);
    assert_int_equal(bearer_seats_take(seats, 2, T, T + 9), -1);
    /* given back */
    bearer_seats_leave(seats, 0, T + 10);
    assert_int_equal(bearer_seats_take(seats, 2, T, T + 11), 0);
    /* given back twice: now another has it */
    bearer_seats_leave(seats, 0, T + 10);
    assert_int_equal(bearer_seats_take(seats, 2, T + 10, T + 30), -1);
    /* never given back: its process was killed */
    assert_int_equal(bearer_seats_take(seats, 2, T + 11, T + 30), 0);
    assert_int_equal(bearer_seats_take(seats, 2, T + 19, T + 30), -1);
    assert_int_equal(bearer_seats_take(seats, 2, T + 20, T + 30), 1);
    /* not a seat */
    bearer_seats_leave(seats, -1, T + 30);
    bearer_seats_leave(seats, BEARER_SEATS_MOST, T + 30);
    bearer_seats_leave(seats, INT_MAX, T + 30);
    assert_int_equal(bearer_seats_take(seats, 2, T + 20, T + 30), -1);
    /* no more than there are */
    for (i = 2; i < BEARER_SEATS_MOST; i++)
        assert_int_equal(bearer_seats_take(seats, INT_MAX, T + 20, T + 30), i);
    assert_int_equal(bearer_seats_take(seats, INT_MAX, T + 20, T + 30), -1);
}

#define SEATS 3

static void *APR_THREAD_FUNC wait_in_step(apr_thread_t *thread BEARER_UNUSED,
                                          void *baton)
{
    walker_t *own = baton;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        apr_time_t now = T + i * SEC;
        int seat;

        step(own);
        seat = bearer_seats_take(own->shared, SEATS, now, now + SEC);
        own->got[i] = seat + 1;
        step(own);
        /* every other seat is left to expire */
        if (seat >= 0 && i % 2)
            bearer_seats_leave(own->shared, seat, now + SEC);
    }
    return NULL;
}

static void seats_are_for_as_many_threads_as_may_wait(void **state)
{
    walker_t *walkers = walk(new_seats(*state), wait_in_step, *state);
    int i, k;

    for (i = 0; i < ROUNDS; i++) {
        const char *row = apr_psprintf(*state, "round %d", i);
        int seen = 0, last;

        unit_expect(row, winners(walkers, i, &last) == SEATS);
        for (k = 0; k < THREADS; k++)
            seen |= 1 << walkers[k].got[i];
        unit_expect(row, seen >> 1 == (1 << SEATS) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(seats_are_counted),
        unit_row(seats_are_for_as_many_threads_as_may_wait),
    };

    return unit_run(tests);
}
