/* SPDX-License-Identifier: Apache-2.0 */
/* A block of shared counters, as tests have it. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include "bearer/report/stats.h"
#include "tests/unit/unit.h"

#define T ((apr_time_t)1000000000)

static const bearer_stats_shape_t shape = {3, 2};

/* a pid over 100 is of a process that is gone */
static inline bool alive(apr_uint32_t pid)
{
    return pid <= 100;
}

static inline void *make_block(bearer_stats_shape_t wanted, apr_pool_t *pool)
{
    void *block = apr_pcalloc(pool, bearer_stats_size(wanted));

    bearer_stats_format(block, wanted);
    return block;
}

static inline bearer_stats_t *attach(void *block, bearer_stats_shape_t wanted,
                                     apr_pool_t *pool)
{
    bearer_stats_t *stats = NULL;

    unit_expect_reason(
        "attach",
        bearer_stats_attach(block, bearer_stats_size(wanted), &stats, pool),
        "ok");
    return stats;
}

static inline bearer_stats_t *make(apr_pool_t *pool)
{
    return attach(make_block(shape, pool), shape, pool);
}

static inline const bearer_counts_t *sum(const bearer_stats_t *stats,
                                         apr_pool_t *pool)
{
    return &bearer_stats_snapshot(stats, alive, pool)->sum;
}

#endif
