/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/clock.h"

/* where ticks begin: keys from the store (AuthBearerKeyStore) may be older than the
 * machine's uptime, by a year (stale) at most, and need a tick all the same */
#define ORIGIN apr_time_from_sec(2 * 366 * 86400)

apr_time_t mab_clock_tick(void *baton BEARER_UNUSED)
{
    return ORIGIN + bearer_clock_tick();
}

bearer_now_t mab_clock_now(void *baton)
{
    bearer_now_t now;

    now.wall = apr_time_sec(apr_time_now());
    now.tick = mab_clock_tick(baton);
    return now;
}

void mab_clock_pause(void *baton BEARER_UNUSED, apr_interval_time_t time)
{
    apr_sleep(time);
}
