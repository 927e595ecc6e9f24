/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/base/clock.h"

static void clock_never_steps_back(void **state BEARER_UNUSED)
{
    apr_time_t last = bearer_clock_tick();
    int i;

    for (i = 0; i < 1000; i++) {
        apr_time_t tick = bearer_clock_tick();

        assert_true(tick >= last && tick > 0);
        last = tick;
    }
}

static void clock_counts_microseconds(void **state BEARER_UNUSED)
{
    apr_time_t tick = bearer_clock_tick();
    apr_time_t wall = apr_time_now();

    apr_sleep(20000);
    tick = bearer_clock_tick() - tick;
    wall = apr_time_now() - wall;
    assert_true(tick >= 20000);
    /* a busy machine sleeps longer, by both clocks */
    assert_true(tick < wall + 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(clock_never_steps_back),
        unit_row(clock_counts_microseconds),
    };

    return unit_run(tests);
}
