/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <ap_mpm.h>
#include <apr_strings.h>
#include <mpm_common.h>

#include "httpd/conf/conf.h"
#include "httpd/process/clock.h"
#include "httpd/process/segment.h"
#include "httpd/process/shared.h"

static bearer_gate_t *gate;
static bearer_tokcache_t *cache;

bearer_gate_t *mab_child_gate(void)
{
    return gate;
}

bearer_tokcache_t *mab_child_cache(void)
{
    return cache;
}

/* --- opening ------------------------------------------------------------------------- */

/* a quarter of what there is, at least one: the other threads serve tokens whose
 * keys are there */
static int quarter(int workers)
{
    return workers >= 8 ? workers / 4 : 1;
}

static void count_workers(bearer_prove_conf_t *conf)
{
    int threads = 1, daemons = 1;

    (void)ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    (void)ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    if (threads < 1)
        threads = 1;
    conf->waiters_here = quarter(threads);
    conf->waiters_total = quarter(threads * daemons);
    if (conf->waiters_total > BEARER_SEATS_MOST)
        conf->waiters_total = BEARER_SEATS_MOST;
}

/* for each token: some 600 of the usual size fit by default, in 2 MB for each
 * child */
#define CACHE_BYTES 2048

/* this child's verified tokens; without them everything works, only slower */
static void open_cache(apr_pool_t *pchild, server_rec *s)
{
    const mab_registry_t *all = mab_conf_registry();
    bearer_tokcache_conf_t conf;
    apr_status_t rv;

    cache = NULL;
    if (all->cache_entries == 0)
        return;
    conf.entries = (int)all->cache_entries;
    conf.bytes = (apr_size_t)conf.entries * CACHE_BYTES;
    conf.ttl = apr_time_from_sec(all->cache_ttl);
    rv = apr_generate_random_bytes(conf.seed, sizeof(conf.seed));
    if (rv == APR_SUCCESS)
        rv = bearer_tokcache_create(&cache, &conf, pchild);
    if (rv != APR_SUCCESS)
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     "MAB0303: this child keeps no verified tokens: every "
                     "signature is checked anew");
}

static apr_status_t release_stats(void *stats)
{
    bearer_stats_release(stats);
    return APR_SUCCESS;
}

static void claim_stats(bearer_stats_t *stats, apr_pool_t *pchild)
{
    (void)bearer_stats_claim(stats, (apr_uint32_t)getpid(),
                             mab_clock_now(NULL).tick, mab_child_alive);
    apr_pool_cleanup_register(pchild, stats, release_stats,
                              apr_pool_cleanup_null);
}

void mab_child_open(apr_pool_t *pchild, server_rec *s)
{
    const mab_shared_t *shared = mab_shared_get();
    bearer_gate_conf_t conf = {
        .prove = {.tick = mab_clock_tick, .pause = mab_clock_pause}};
    apr_status_t rv;

    if (!shared)
        return;
    rv = mab_segment_open_child(pchild);
    if (rv == APR_SUCCESS)
        rv = bearer_keyring_create(&conf.prove.ring, shared->board, pchild);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "MAB0301: this child cannot verify tokens and answers "
                     "500: its keyring could not be made");
        return;
    }
    claim_stats(shared->stats, pchild);
    open_cache(pchild, s);
    conf.prove.board = shared->board;
    conf.cache = cache;
    conf.prove.stats = shared->stats;
    count_workers(&conf.prove);
    gate = bearer_gate_create(&conf, pchild);
    bearer_jws_warm_up();
}

/* --- other processes ------------------------------------------------------------------ */

/* A killed child keeps its pid until httpd looks for dead ones, once a second.
 * Without /proc, it takes that long to notice. */
static bool is_dead(apr_uint32_t pid)
{
    char path[32], text[80];
    const char *name_ends;
    ssize_t len;
    int fd;

    apr_snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    len = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    /* "123 (name) Z ...", and the name may hold anything */
    name_ends = strrchr(text, ')');
    return name_ends
           && (!strncmp(name_ends, ") Z", 3) || !strncmp(name_ends, ") X", 3));
}

bool mab_child_alive(apr_uint32_t pid)
{
    if (kill((pid_t)pid, 0) != 0)
        return errno == EPERM;
    return !is_dead(pid);
}
