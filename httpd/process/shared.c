/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/shared.h"

#include <stddef.h>
#include <string.h>

#include <ap_mpm.h>

#include "httpd/process/clock.h"
#include "httpd/process/segment.h"
#include "httpd/process/sources.h"

/* children that have counters of their own; each takes some 9 KiB */
#define MAX_ROWS 512

static mab_shared_t shared;

const mab_shared_t *mab_shared_get(void)
{
    return shared.board ? &shared : NULL;
}

/* --- the board --------------------------------------------------------------------- */

/* room for twice what is needed, so that the next configurations fit */
static int board_slots(const void *old)
{
    int slots = 2 * shared.source_count + 6;
    int had = old ? bearer_board_slots(old) : 0;

    return slots > had ? slots : had;
}

static apr_size_t board_size(const void *old)
{
    return bearer_board_size(board_slots(old));
}

static void board_format(void *block, apr_size_t size, const void *old)
{
    bearer_board_format(block, size, board_slots(old));
}

static bearer_reason_t board_attach(void *block, apr_size_t size, void **out,
                                    apr_pool_t *pool)
{
    bearer_board_t *board = NULL;
    bearer_reason_t why = bearer_board_attach(block, size, &board, pool);

    *out = board;
    return why;
}

static bool board_claim(void *board)
{
    return mab_sources_claim(board, shared.epoch);
}

static void board_copy(const void *from, void *to)
{
    bearer_board_copy(from, to);
}

/* --- the counters ------------------------------------------------------------------ */

/* children of two generations live side by side during a graceful restart */
static int count_rows(void)
{
    int daemons = 0;

    if (ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &daemons) != APR_SUCCESS
        || daemons < 1)
        daemons = 64;
    return daemons < (MAX_ROWS - 8) / 2 ? 2 * daemons + 8 : MAX_ROWS;
}

static bearer_stats_shape_t stats_shape(const void *old)
{
    bearer_stats_shape_t need = {count_rows(),
                                 bearer_board_slots(shared.board)};
    bearer_stats_shape_t have = {0, 0};

    if (old)
        have = bearer_stats_shape(old);
    if (need.processes < have.processes)
        need.processes = have.processes;
    if (need.results < have.results)
        need.results = have.results;
    return need;
}

static apr_size_t stats_size(const void *old)
{
    return bearer_stats_size(stats_shape(old));
}

static void stats_format(void *block, apr_size_t size BEARER_UNUSED,
                         const void *old)
{
    bearer_stats_format(block, stats_shape(old));
}

static bearer_reason_t stats_attach(void *block, apr_size_t size, void **out,
                                    apr_pool_t *pool)
{
    bearer_stats_t *stats = NULL;
    bearer_reason_t why = bearer_stats_attach(block, size, &stats, pool);

    *out = stats;
    return why;
}

static bool stats_claim(void *stats)
{
    bearer_stats_shape_t need = stats_shape(NULL);
    bearer_stats_shape_t have = bearer_stats_shape(stats);

    return have.processes >= need.processes && have.results >= need.results;
}

static void stats_copy(const void *from, void *to)
{
    bearer_stats_copy(from, to);
}

/* --- the table --------------------------------------------------------------------- */

/** A region, and where its handle goes. */
typedef struct row_t {
    mab_region_t region;
    apr_size_t handle; /**< in mab_shared_t */
} row_t;

#define ROW(name)                                                              \
    {                                                                          \
        {#name,         name##_size,  name##_format,                           \
         name##_attach, name##_claim, name##_copy},                            \
            offsetof(mab_shared_t, name)                                       \
    }

/* opened in this order: the counters have a result for each slot of the board */
static const row_t rows[] = {
    ROW(board),
    ROW(stats),
};

static apr_status_t open_regions(server_rec *s, apr_pool_t *pconf)
{
    apr_status_t rv = mab_segment_begin(s, &shared.epoch);
    apr_size_t i;

    for (i = 0; rv == APR_SUCCESS && i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *handle = NULL;

        rv = mab_segment_open(&rows[i].region, &handle, s, pconf);
        memcpy((char *)&shared + rows[i].handle, &handle, sizeof(handle));
    }
    return rv;
}

/* --- opening ------------------------------------------------------------------------- */

int mab_shared_open(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    mab_sources_t sources = mab_sources_collect(pconf);
    apr_status_t rv;

    shared.sources = sources.all;
    shared.source_count = sources.count;
    rv = open_regions(s, pconf);
    if (rv != APR_SUCCESS) {
        shared.board = NULL;
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, s,
                     "mod_auth_bearer: cannot make shared memory for the keys "
                     "of %d issuers",
                     shared.source_count);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!mab_sources_post(sources, shared.board, s, ptemp))
        return HTTP_INTERNAL_SERVER_ERROR;
    shared.store = mab_sources_restore(sources, shared.board, s, pconf, ptemp);
    return OK;
}

/* --- answers ------------------------------------------------------------------------- */

/* when the next fetch may begin: the regular one, or what a request may ask for */
static apr_time_t next_fetch(const bearer_source_t *source)
{
    bearer_schedule_t state =
        bearer_board_schedule(shared.board, &source->slot);
    apr_time_t asked = bearer_board_asked(shared.board, &source->slot);
    apr_time_t again = asked + source->schedule.miss;

    /* not for all of its keys, but for a place among the kids that are asked for */
    if (source->kind == BEARER_SOURCE_PER_KID && !state.failures)
        return mab_clock_now(NULL).tick
               + source->schedule.miss / BEARER_LIMIT_KIDS_WANTED;
    /* one that was asked for is under way */
    if (asked && state.served != asked)
        return 0;
    return again < state.next ? again : state.next;
}

int mab_shared_retry_after(const bearer_issuer_t *issuer)
{
    const bearer_source_t *source = issuer ? issuer->source : NULL;
    apr_time_t wait;

    if (!source || !shared.board)
        return 1;
    wait = next_fetch(source) - mab_clock_now(NULL).tick;
    if (wait < apr_time_from_sec(1))
        return 1;
    if (wait > apr_time_from_sec(300))
        return 300;
    return (int)apr_time_sec(wait) + 1;
}
