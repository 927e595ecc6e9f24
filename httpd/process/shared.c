/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <ap_mpm.h>
#include <apr_global_mutex.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <mpm_common.h>
#include <util_mutex.h>

#include "httpd/conf/conf.h"
#include "httpd/process/clock.h"

#define MUTEX_TYPE "auth-bearer"
#define KEEP_KEY   "mod_auth_bearer_shared_2"
/* children that have counters of their own; each takes some 9 KiB */
#define MAX_PLACES 512

/** What outlives configurations, in the process pool. Plain data and APR
 * objects only: our own code may be unloaded and loaded again in between. */
typedef struct keep_t {
    apr_shm_t *shm;
    apr_shm_t *stats;
    apr_global_mutex_t *mutex;
    apr_uint32_t epoch;
} keep_t;

static keep_t *keep;
static mab_shared_t shared;

const mab_shared_t *mab_shared_get(void)
{
    return shared.board ? &shared : NULL;
}

apr_status_t mab_shared_register(apr_pool_t *pconf)
{
    return ap_mutex_register(pconf, MUTEX_TYPE, NULL, APR_LOCK_DEFAULT, 0);
}

/* --- sources --------------------------------------------------------------------- */

/* lines that mean the same source share one slot */
static void collect_sources(apr_pool_t *pconf)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    apr_array_header_t *sources =
        apr_array_make(pconf, lines->nelts + 1, sizeof(bearer_source_t *));
    int i, k;

    for (i = 0; i < lines->nelts; i++) {
        bearer_source_t *source =
            &APR_ARRAY_IDX(lines, i, mab_issuer_line_t *)->source;

        if (source->kind == BEARER_SOURCE_SECRET)
            continue;
        for (k = 0; k < sources->nelts; k++) {
            if (memcmp(&APR_ARRAY_IDX(sources, k, bearer_source_t *)->id,
                       &source->id, sizeof(source->id))
                == 0)
                break;
        }
        if (k == sources->nelts)
            APR_ARRAY_PUSH(sources, bearer_source_t *) = source;
    }
    shared.sources = (bearer_source_t *const *)sources->elts;
    shared.source_count = sources->nelts;
}

/* every line learns its slot, also those that share one */
static bool claim_slots(void)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    int i;

    for (i = 0; i < lines->nelts; i++) {
        bearer_source_t *source =
            &APR_ARRAY_IDX(lines, i, mab_issuer_line_t *)->source;

        if (source->kind == BEARER_SOURCE_SECRET)
            continue;
        source->slot =
            bearer_board_claim(shared.board, &source->id, shared.epoch);
        if (source->slot < 0)
            return false;
    }
    return true;
}

/* --- the segment ------------------------------------------------------------------- */

static apr_status_t attach(apr_shm_t *shm, bearer_board_t **board,
                           apr_pool_t *pool)
{
    return bearer_board_attach(apr_shm_baseaddr_get(shm), apr_shm_size_get(shm),
                               board, pool)
               ? APR_EGENERAL
               : APR_SUCCESS;
}

/* a new segment, with all that an old one knows; children of the old
 * configuration keep their own mapping of the old one */
static apr_status_t make_segment(int slots, server_rec *s, apr_pool_t *pconf)
{
    apr_pool_t *pool = s->process->pool;
    apr_size_t size = bearer_board_size(slots);
    bearer_board_t *board;
    apr_shm_t *shm;
    apr_status_t rv;

    rv = apr_shm_create(&shm, size, NULL, pool);
    if (rv != APR_SUCCESS)
        return rv;
    bearer_board_format(apr_shm_baseaddr_get(shm), size, slots);
    rv = attach(shm, &board, pconf);
    if (rv != APR_SUCCESS)
        return rv;
    if (shared.board)
        bearer_board_copy(shared.board, board);
    if (keep->shm)
        apr_shm_destroy(keep->shm);
    keep->shm = shm;
    shared.board = board;
    return APR_SUCCESS;
}

static apr_status_t find_keep(server_rec *s)
{
    apr_pool_t *pool = s->process->pool;
    void *kept = NULL;
    apr_status_t rv;

    apr_pool_userdata_get(&kept, KEEP_KEY, pool);
    keep = kept;
    if (keep)
        return APR_SUCCESS;
    keep = apr_pcalloc(pool, sizeof(*keep));
    rv = ap_global_mutex_create(&keep->mutex, NULL, MUTEX_TYPE, NULL, s, pool,
                                0);
    if (rv != APR_SUCCESS)
        return rv;
    /* copies the key: ours is gone with our code when httpd restarts */
    return apr_pool_userdata_set(keep, KEEP_KEY, NULL, pool);
}

/* room for twice what is needed, so that the next configurations fit */
static apr_status_t find_segment(server_rec *s, apr_pool_t *pconf)
{
    int slots = 2 * shared.source_count + 6;
    apr_status_t rv;

    shared.board = NULL;
    if (keep->shm) {
        rv = attach(keep->shm, &shared.board, pconf);
        if (rv == APR_SUCCESS && claim_slots())
            return APR_SUCCESS;
        if (shared.board && slots < bearer_board_slots(shared.board))
            slots = bearer_board_slots(shared.board);
    }
    rv = make_segment(slots, s, pconf);
    if (rv != APR_SUCCESS)
        return rv;
    return claim_slots() ? APR_SUCCESS : APR_ENOMEM;
}

/* --- the counters ------------------------------------------------------------------ */

/* children of two generations live side by side during a graceful restart */
static int count_places(void)
{
    int daemons = 0;

    if (ap_mpm_query(AP_MPMQ_HARD_LIMIT_DAEMONS, &daemons) != APR_SUCCESS
        || daemons < 1)
        daemons = 64;
    return daemons < (MAX_PLACES - 8) / 2 ? 2 * daemons + 8 : MAX_PLACES;
}

static bool attach_stats(apr_shm_t *shm, apr_pool_t *pconf)
{
    return !bearer_stats_attach(apr_shm_baseaddr_get(shm),
                                apr_shm_size_get(shm), &shared.stats, pconf);
}

/* with all that was counted so far; what children of the old configuration
 * count from now on is lost, so this is for a larger need only */
static apr_status_t make_stats(bearer_stats_shape_t shape, server_rec *s,
                               apr_pool_t *pconf)
{
    const bearer_stats_t *old = shared.stats;
    apr_shm_t *shm;
    apr_status_t rv;

    rv = apr_shm_create(&shm, bearer_stats_size(shape), NULL, s->process->pool);
    if (rv != APR_SUCCESS)
        return rv;
    bearer_stats_format(apr_shm_baseaddr_get(shm), shape);
    if (!attach_stats(shm, pconf))
        return APR_EGENERAL;
    if (old)
        bearer_stats_copy(old, shared.stats);
    if (keep->stats)
        apr_shm_destroy(keep->stats);
    keep->stats = shm;
    return APR_SUCCESS;
}

static apr_status_t find_stats(server_rec *s, apr_pool_t *pconf)
{
    bearer_stats_shape_t need = {count_places(),
                                 bearer_board_slots(shared.board)};
    bearer_stats_shape_t have;

    shared.stats = NULL;
    if (keep->stats && attach_stats(keep->stats, pconf)) {
        have = bearer_stats_shape(shared.stats);
        if (have.processes >= need.processes && have.results >= need.results)
            return APR_SUCCESS;
        if (need.processes < have.processes)
            need.processes = have.processes;
        if (need.results < have.results)
            need.results = have.results;
    }
    return make_stats(need, s, pconf);
}

static apr_status_t release_stats(void *stats)
{
    bearer_stats_release(stats);
    return APR_SUCCESS;
}

/* --- key files ----------------------------------------------------------------------- */

/* the keys of files serve from the first request on */
static bearer_reason_t post_file(const bearer_source_t *source,
                                 bearer_note_t *note, apr_pool_t *ptemp)
{
    bearer_schedule_t state =
        bearer_board_schedule(shared.board, source->slot, &source->id);
    const bearer_jwks_t *keys;
    bearer_reason_t why;
    bearer_str_t text;

    why = bearer_refresh_read_file(source->location, &keys, note, ptemp);
    if (why)
        return why;
    text = bearer_jwks_render(keys, ptemp);
    if (!text.data)
        return BEARER_NO_MEMORY;
    bearer_schedule_succeed(&state, &source->schedule, mab_clock_now(NULL).tick,
                            0, 0.5);
    return bearer_board_post(shared.board, source->slot, &source->id, text,
                             &state);
}

static bool post_files(server_rec *s, apr_pool_t *ptemp)
{
    bearer_reason_t why;
    bool good = true;
    int i;

    for (i = 0; i < shared.source_count; i++) {
        bearer_note_t note = {""};

        if (shared.sources[i]->kind != BEARER_SOURCE_FILE)
            continue;
        mab_shared_lock(NULL);
        why = post_file(shared.sources[i], &note, ptemp);
        mab_shared_unlock(NULL);
        if (!why)
            continue;
        good = false;
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s,
                     "AuthBearerIssuer %s: %s (%s)", shared.sources[i]->issuer,
                     bearer_error_find(why)->sentence, note.text);
    }
    return good;
}

/* --- the key store --------------------------------------------------------------------- */

/* As root, before children are made, which inherit the key: they sign what they
 * write and cannot read the file. */
static const bearer_keystore_t *open_store(server_rec *s, apr_pool_t *pconf)
{
    mab_registry_t *all = mab_conf_registry();
    bearer_keystore_t *store = &all->store;
    bearer_note_t note = {""};
    bearer_reason_t why;
    apr_status_t rv;

    if (!store->directory)
        return NULL;
    rv = bearer_keystore_unlock(store, &why, &note, pconf);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     "MAB0207: %s: keys are neither stored nor read: "
                     "%s/store.key, which signs them, cannot be made; let who "
                     "starts httpd write to that directory, and remove what "
                     "is there under that name",
                     all->store_where, store->directory);
        return NULL;
    }
    if (why)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "MAB0206: %s: keys that were stored before are not used: "
                     "%s: %s (%s); %s/store.key was made anew; find out who "
                     "changed it",
                     all->store_where, bearer_error_find(why)->slug,
                     bearer_error_find(why)->sentence, note.text,
                     store->directory);
    return store;
}

/* a start while an issuer is down serves with the keys of the last life */
static void restore_keys(apr_pool_t *ptemp)
{
    bearer_refresh_env_t env = {.board = shared.board,
                                .lock = mab_shared_lock,
                                .unlock = mab_shared_unlock,
                                .now = mab_clock_now,
                                .store = shared.store};
    int i;

    for (i = 0; i < shared.source_count; i++)
        (void)bearer_refresh_restore(shared.sources[i], &env, ptemp);
}

/* --- opening ------------------------------------------------------------------------- */

int mab_shared_open(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s)
{
    apr_status_t rv;

    collect_sources(pconf);
    rv = find_keep(s);
    if (rv == APR_SUCCESS) {
        shared.epoch = ++keep->epoch;
        rv = find_segment(s, pconf);
    }
    if (rv == APR_SUCCESS)
        rv = find_stats(s, pconf);
    if (rv != APR_SUCCESS) {
        shared.board = NULL;
        ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, rv, s,
                     "mod_auth_bearer: cannot make shared memory for the keys "
                     "of %d issuers",
                     shared.source_count);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!post_files(s, ptemp))
        return HTTP_INTERNAL_SERVER_ERROR;
    shared.store = open_store(s, pconf);
    restore_keys(ptemp);
    return OK;
}

/* a quarter of what there is, at least one (design section 6) */
static int quarter(int workers)
{
    return workers >= 8 ? workers / 4 : 1;
}

static void count_workers(bearer_gate_conf_t *conf)
{
    int threads = 1, daemons = 1;

    (void)ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    (void)ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
    if (threads < 1)
        threads = 1;
    conf->waiters_here = quarter(threads);
    conf->waiters_total = quarter(threads * daemons);
    if (conf->waiters_total > BEARER_BOARD_WAITERS)
        conf->waiters_total = BEARER_BOARD_WAITERS;
}

#define CACHE_ENTRIES 1024
#define CACHE_TTL     300
/* for each token: some 600 of usual size fit by default, with 2 MB a child */
#define CACHE_BYTES 2048

/* this child's verified tokens; without them everything works, only slower */
static void open_cache(apr_pool_t *pchild, server_rec *s)
{
    const mab_registry_t *all = mab_conf_registry();
    apr_int64_t entries = all->cache_entries;
    apr_int64_t ttl = all->cache_ttl;
    bearer_tokcache_conf_t conf;
    apr_status_t rv;

    shared.cache = NULL;
    if (entries == 0)
        return;
    conf.entries = entries == MAB_UNSET ? CACHE_ENTRIES : (int)entries;
    conf.bytes = (apr_size_t)conf.entries * CACHE_BYTES;
    conf.ttl = apr_time_from_sec(ttl == MAB_UNSET ? CACHE_TTL : ttl);
    rv = apr_generate_random_bytes(conf.seed, sizeof(conf.seed));
    if (rv == APR_SUCCESS)
        rv = bearer_tokcache_create(&shared.cache, &conf, pchild);
    if (rv != APR_SUCCESS)
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     "MAB0303: this child keeps no verified tokens: every "
                     "signature is checked anew");
}

void mab_shared_open_child(apr_pool_t *pchild, server_rec *s)
{
    bearer_gate_conf_t conf = {
        .board = shared.board, .now = mab_clock_now, .pause = mab_clock_pause};
    apr_status_t rv;

    if (!shared.board)
        return;
    rv = apr_global_mutex_child_init(
        &keep->mutex, apr_global_mutex_lockfile(keep->mutex), pchild);
    if (rv == APR_SUCCESS)
        rv = bearer_keyring_create(&conf.ring, shared.board, pchild);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     "MAB0301: this child cannot verify tokens and answers "
                     "500: its keyring could not be made");
        return;
    }
    (void)bearer_stats_claim(shared.stats, (apr_uint32_t)getpid(),
                             mab_clock_now(NULL).tick, mab_shared_alive);
    apr_pool_cleanup_register(pchild, shared.stats, release_stats,
                              apr_pool_cleanup_null);
    open_cache(pchild, s);
    conf.cache = shared.cache;
    conf.stats = shared.stats;
    count_workers(&conf);
    shared.gate = bearer_gate_create(&conf, pchild);
    bearer_jws_warm_up();
}

/* A killed child still has its number until httpd looks for the dead, which it
 * does once a second. Where there is no /proc, that is how long it takes. */
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

bool mab_shared_alive(apr_uint32_t pid)
{
    if (kill((pid_t)pid, 0) != 0)
        return errno == EPERM;
    return !is_dead(pid);
}

/* --- the mutex ------------------------------------------------------------------------ */

void mab_shared_lock(void *baton BEARER_UNUSED)
{
    (void)apr_global_mutex_lock(keep->mutex);
}

void mab_shared_unlock(void *baton BEARER_UNUSED)
{
    (void)apr_global_mutex_unlock(keep->mutex);
}

int mab_shared_retry_after(const bearer_issuer_t *issuer)
{
    const bearer_source_t *source = issuer ? issuer->source : NULL;
    bearer_schedule_t state;
    apr_time_t wait;

    if (!source || !shared.board)
        return 1;
    state = bearer_board_schedule(shared.board, source->slot, &source->id);
    wait = state.next - mab_clock_now(NULL).tick;
    if (wait < apr_time_from_sec(1))
        return 1;
    if (wait > apr_time_from_sec(300))
        return 300;
    return (int)apr_time_sec(wait) + 1;
}
