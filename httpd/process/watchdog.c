/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/watchdog.h"

#include <unistd.h>

#include <apr_atomic.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <apr_thread_pool.h>
#include <mod_watchdog.h>

#include "bearer/keys/rota.h"
#include "httpd/process/child.h"
#include "httpd/process/clock.h"
#include "httpd/process/segment.h"
#include "httpd/process/shared.h"

/*
 * mod_watchdog's own singleton takes 10 s to replace a killed child (measured).
 * So every child has a callback, and the board's lease elects one of them: a
 * child that is killed is replaced at the next beat. A beat looks at sources only if
 * one is due or something moved (rota). The callback itself never blocks: each due
 * source gets a thread for its round, so that a silent issuer delays no other.
 */
#define BEAT        apr_time_from_msec(100)
#define MAX_THREADS 16
/* where no thread could be made, the next try comes after so long */
#define RETRY apr_time_from_sec(1)
/* how long a child that ends waits for its rounds */
#define STOP_WAIT apr_time_from_sec(3)

/** One source as the fetcher knows it. */
typedef struct round_t {
    const bearer_source_t *source;
    bearer_refresh_t *refresh;
    apr_uint32_t generation; /**< of the lease when it began */
    volatile apr_uint32_t running;
} round_t;

/** The fetcher of this child; filled when it first leads. Its pools have no parent:
 * the end of a child must not wait for a round that is still resolving a name. */
typedef struct fetcher_t {
    apr_thread_pool_t *threads;
    round_t *rounds;
    int count;
    apr_uint32_t generation; /**< of the lease at the last beat; 0: none */
    bearer_rota_t rota;
} fetcher_t;

static fetcher_t fetcher;
static volatile apr_uint32_t stopping;
static volatile apr_uint32_t ended; /* rounds of this child */
static apr_abortfunc_t end_without_memory;

static double jitter(void *baton BEARER_UNUSED)
{
    apr_uint32_t bits = 0;

    if (apr_generate_random_bytes((unsigned char *)&bits, sizeof(bits))
        != APR_SUCCESS)
        return 0.5;
    return bits / 4294967296.0;
}

/* Not whether this child leads: it may have lost the lease and got it back since
 * the round began, while another one fetched newer keys. */
static bool leads(void *baton)
{
    const round_t *round = baton;

    return bearer_lease_holds(bearer_board_lease(mab_shared_get()->board),
                              round->generation);
}

static bearer_refresh_env_t env(round_t *round)
{
    bearer_refresh_env_t env = {.board = mab_shared_get()->board,
                                .fetch = bearer_fetch_get,
                                .lock = mab_segment_lock,
                                .unlock = mab_segment_unlock,
                                .leads = leads,
                                .now = mab_clock_now,
                                .jitter = jitter,
                                .stop = &stopping,
                                .baton = round,
                                .store = mab_shared_get()->store};

    return env;
}

/* --- rounds ---------------------------------------------------------------------- */

/* A pool without a parent. Its results are never checked: like all pools of httpd,
 * it ends the process when memory runs out. */
static apr_status_t create_pool(apr_pool_t **pool)
{
    apr_status_t rv = apr_pool_create_unmanaged_ex(pool, NULL, NULL);

    if (rv == APR_SUCCESS)
        apr_pool_abort_set(end_without_memory, *pool);
    return rv;
}

/* for the status page, in whichever child; a round that was cut off by the end of
 * its child says nothing about the issuer */
static void note_result(const bearer_source_t *source,
                        const bearer_outcome_t *result)
{
    if (result->why != BEARER_FETCH_STOPPED)
        bearer_stats_note(mab_shared_get()->stats, &source->slot, result,
                          mab_clock_now(NULL).tick);
}

static void *APR_THREAD_FUNC run_round(apr_thread_t *thread BEARER_UNUSED,
                                       void *baton)
{
    round_t *round = baton;
    bearer_refresh_env_t world = env(round);
    bearer_outcome_t result;
    apr_pool_t *pool;

    if (create_pool(&pool) == APR_SUCCESS) {
        bearer_refresh_run(round->refresh, &world, &result, pool);
        note_result(round->source, &result);
        apr_pool_destroy(pool);
    }
    /* a thread that left this to its end might do it while exit() takes down
     * OpenSSL, and the child would end with a signal */
    bearer_tls_end_thread();
    /* in this order: whoever sees that the number moved finds the round
     * ended */
    apr_atomic_set32(&round->running, 0);
    apr_atomic_inc32(&ended);
    return NULL;
}

/* false: it is tried again */
static bool start_round(round_t *round, server_rec *s)
{
    apr_status_t rv;

    round->generation = fetcher.generation;
    apr_atomic_set32(&round->running, 1);
    rv = apr_thread_pool_push(fetcher.threads, run_round, round,
                              APR_THREAD_TASK_PRIORITY_NORMAL, round);
    /* APR queues the round before it makes a thread for it, and one that is there
     * will take it */
    if (rv == APR_SUCCESS || apr_thread_pool_threads_count(fetcher.threads))
        return true;
    /* one round for each try would run at once when threads are back (amplification) */
    (void)apr_thread_pool_tasks_cancel(fetcher.threads, round);
    apr_atomic_set32(&round->running, 0);
    ap_log_error(APLOG_MARK, APLOG_ERR, rv, s,
                 "MAB0302: no thread could be made to fetch the keys of %s; "
                 "trying again",
                 round->source->issuer);
    return false;
}

static apr_time_t look(int source, void *s)
{
    round_t *round = &fetcher.rounds[source];
    bearer_refresh_env_t world = env(round);
    apr_time_t next, now;

    /* its end moves a number */
    if (apr_atomic_read32(&round->running))
        return BEARER_SCHEDULE_NEVER;
    next = bearer_refresh_next(round->refresh, &world);
    now = mab_clock_now(NULL).tick; /* it went on */
    if (next > now)
        return next;
    return start_round(round, s) ? BEARER_SCHEDULE_NEVER : now + RETRY;
}

static void start_due_rounds(server_rec *s)
{
    bearer_rota_moved_t moved = {
        .asks = bearer_board_asks(mab_shared_get()->board),
        .ended = apr_atomic_read32(&ended),
        .generation = fetcher.generation,
    };

    (void)bearer_rota_beat(&fetcher.rota, moved, fetcher.count,
                           mab_clock_now(NULL).tick, look, s);
}

/* --- the callback ------------------------------------------------------------------ */

/* each source's state has a pool of its own: rounds run in parallel */
static apr_status_t prepare(void)
{
    const mab_shared_t *shared = mab_shared_get();
    apr_pool_t *pool;
    apr_status_t rv;
    int i;

    rv = create_pool(&pool);
    if (rv != APR_SUCCESS)
        return rv;
    fetcher.count = shared->source_count;
    fetcher.rounds =
        apr_pcalloc(pool, sizeof(round_t) * (apr_size_t)(fetcher.count + 1));
    for (i = 0; i < fetcher.count; i++) {
        apr_pool_t *own;

        rv = create_pool(&own);
        if (rv != APR_SUCCESS)
            return rv;
        fetcher.rounds[i].source = shared->sources[i];
        fetcher.rounds[i].refresh =
            bearer_refresh_create(shared->sources[i], own);
    }
    rv = apr_thread_pool_create(&fetcher.threads, 0, MAX_THREADS, pool);
    /* idle threads stay: a thread that ends runs destructors of its own, see
     * above */
    if (rv == APR_SUCCESS)
        apr_thread_pool_idle_max_set(fetcher.threads, MAX_THREADS);
    return rv;
}

static void beat(server_rec *s)
{
    const mab_shared_t *shared = mab_shared_get();
    apr_uint32_t pid = (apr_uint32_t)getpid();
    apr_uint32_t generation;

    if (!shared || !shared->source_count || apr_atomic_read32(&stopping))
        return;
    generation =
        bearer_lease_take(bearer_board_lease(shared->board), shared->epoch, pid,
                          mab_clock_now(NULL).tick, mab_child_alive);
    if (generation != fetcher.generation) {
        fetcher.generation = generation;
        ap_log_error(APLOG_MARK, APLOG_DEBUG, 0, s, "child %u %s fetching keys",
                     pid, generation ? "begins" : "ends");
    }
    if (!generation)
        return;
    if (!fetcher.threads && prepare() != APR_SUCCESS) {
        bearer_lease_resign(bearer_board_lease(shared->board), pid);
        return;
    }
    start_due_rounds(s);
}

/* once a second, in every child */
static void report_cache(void)
{
    static unsigned beats;
    const mab_shared_t *shared = mab_shared_get();
    bearer_stats_cache_t cache;

    if (!shared || !mab_child_cache() || ++beats % 10 != 0)
        return;
    cache = bearer_tokcache_stats(mab_child_cache());
    bearer_stats_cache(shared->stats, &cache);
}

static apr_status_t callback(int state, void *data,
                             apr_pool_t *pool BEARER_UNUSED)
{
    switch (state) {
    case AP_WATCHDOG_STATE_STARTING:
    case AP_WATCHDOG_STATE_RUNNING:
        beat(data);
        report_cache();
        break;
    case AP_WATCHDOG_STATE_STOPPING:
        apr_atomic_set32(&stopping, 1);
        if (mab_shared_get())
            bearer_lease_resign(bearer_board_lease(mab_shared_get()->board),
                                (apr_uint32_t)getpid());
        break;
    }
    return APR_SUCCESS;
}

int mab_watchdog_register(apr_pool_t *pconf, server_rec *s)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t rv;

    if (!get || !add) {
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s,
                     "mod_auth_bearer: mod_watchdog is not loaded; it fetches "
                     "the issuers' keys in the background: LoadModule "
                     "watchdog_module modules/mod_watchdog.so");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    rv = get(&watchdog, "_bearer_", 0, 0, pconf);
    if (rv == APR_SUCCESS)
        rv = add(watchdog, BEAT, s, callback);
    if (rv == APR_SUCCESS)
        return OK;
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, s,
                 "mod_auth_bearer: mod_watchdog does not accept our callback");
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* --- the end of a child --------------------------------------------------------------- */

static bool is_running(void)
{
    int i;

    for (i = 0; i < fetcher.count; i++) {
        if (apr_atomic_read32(&fetcher.rounds[i].running))
            return true;
    }
    return false;
}

/* mod_watchdog does not always say STOPPING. A round that is in OpenSSL while
 * exit() tears that down makes the child end with a signal, so rounds are waited
 * for: they look at stopping every 100 ms. Only one that is resolving a name may
 * take longer; it is not in OpenSSL then, and is not waited for beyond the
 * bound. */
static apr_status_t stop(void *baton BEARER_UNUSED)
{
    apr_time_t until = mab_clock_now(NULL).tick + STOP_WAIT;

    apr_atomic_set32(&stopping, 1);
    if (mab_shared_get())
        bearer_lease_resign(bearer_board_lease(mab_shared_get()->board),
                            (apr_uint32_t)getpid());
    while (is_running() && mab_clock_now(NULL).tick < until)
        mab_clock_pause(NULL, apr_time_from_msec(5));
    return APR_SUCCESS;
}

void mab_watchdog_open_child(apr_pool_t *pchild)
{
    memset(&fetcher, 0, sizeof(fetcher));
    apr_atomic_set32(&stopping, 0);
    end_without_memory = apr_pool_abort_get(pchild);
    apr_pool_pre_cleanup_register(pchild, NULL, stop);
}
