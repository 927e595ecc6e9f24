/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/base/clock.h"

#include <time.h>

apr_time_t bearer_clock_tick(void)
{
    struct timespec now = {0, 0};
    apr_time_t tick;
    int failed = -1;

    /* also counts the time that a machine is suspended: keys age meanwhile */
#ifdef CLOCK_BOOTTIME
    failed = clock_gettime(CLOCK_BOOTTIME, &now);
#endif
    if (failed)
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    tick = apr_time_from_sec((apr_time_t)now.tv_sec) + now.tv_nsec / 1000;
    return tick ? tick : 1;
}
