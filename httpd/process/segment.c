/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/segment.h"

#include <stdint.h>

#include <apr_global_mutex.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <util_mutex.h>

#define MUTEX_TYPE "auth-bearer"
/* what is kept under these names outlives our code, which may be another version
 * after a restart of httpd: the number grows with any change */
#define KEEP_KEY   "mod_auth_bearer_shared_3"
#define REGION_KEY "mod_auth_bearer_region_1 "

/** What outlives configurations, in the process pool. Plain data and APR objects
 * only: our own code may be unloaded and loaded again in between. */
typedef struct keep_t {
    apr_global_mutex_t *mutex;
    apr_uint32_t epoch;
} keep_t;

static keep_t *keep;

/* --- what is kept ------------------------------------------------------------------ */

apr_status_t mab_segment_register(apr_pool_t *pconf)
{
    return ap_mutex_register(pconf, MUTEX_TYPE, NULL, APR_LOCK_DEFAULT, 0);
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
    /* copies the key: ours goes with our code when httpd restarts */
    return apr_pool_userdata_set(keep, KEEP_KEY, NULL, pool);
}

apr_status_t mab_segment_begin(server_rec *s, apr_uint32_t *epoch)
{
    apr_status_t rv = find_keep(s);

    if (rv == APR_SUCCESS)
        *epoch = ++keep->epoch;
    return rv;
}

/* --- a region ---------------------------------------------------------------------- */

/* the memory that APR gives begins after a header of its own */
static apr_size_t skip(const apr_shm_t *shm)
{
    return -(uintptr_t)apr_shm_baseaddr_get(shm) & (MAB_SEGMENT_ALIGN - 1);
}

static char *block_of(const apr_shm_t *shm)
{
    return (char *)apr_shm_baseaddr_get(shm) + skip(shm);
}

/* the size is taken from the system, never from the block */
static apr_status_t attach(const mab_region_t *region, const apr_shm_t *shm,
                           void **out, apr_pool_t *pconf)
{
    return region->attach(block_of(shm), apr_shm_size_get(shm) - skip(shm), out,
                          pconf)
               ? APR_EGENERAL
               : APR_SUCCESS;
}

/* lays out a new one, and fills it with what the old one knows */
static apr_status_t fill(const mab_region_t *region, const apr_shm_t *shm,
                         const void *old, void **out, apr_pool_t *pconf)
{
    apr_status_t rv;

    region->format(block_of(shm), apr_shm_size_get(shm) - skip(shm), old);
    rv = attach(region, shm, out, pconf);
    if (rv != APR_SUCCESS)
        return rv;
    if (old)
        region->copy(old, *out);
    return region->claim(*out) ? APR_SUCCESS : APR_ENOMEM;
}

/* a new one instead of the kept one */
static apr_status_t replace(const mab_region_t *region, const char *key,
                            apr_shm_t *kept, const void *old, void **out,
                            apr_pool_t *pool, apr_pool_t *pconf)
{
    apr_size_t size = region->size(old) + MAB_SEGMENT_ALIGN - 1;
    apr_shm_t *shm;
    apr_status_t rv;

    rv = apr_shm_create(&shm, size, NULL, pool);
    if (rv != APR_SUCCESS)
        return rv;
    rv = fill(region, shm, old, out, pconf);
    if (rv == APR_SUCCESS)
        rv = apr_pool_userdata_set(shm, key, NULL, pool);
    if (rv != APR_SUCCESS) {
        apr_shm_destroy(shm);
        return rv;
    }
    if (kept)
        apr_shm_destroy(kept);
    return APR_SUCCESS;
}

apr_status_t mab_segment_open(const mab_region_t *region, void **out,
                              server_rec *s, apr_pool_t *pconf)
{
    apr_pool_t *pool = s->process->pool;
    const char *key = apr_pstrcat(pconf, REGION_KEY, region->name, NULL);
    void *kept = NULL, *old = NULL, *fresh;
    apr_status_t rv;

    apr_pool_userdata_get(&kept, key, pool);
    if (kept && attach(region, kept, &old, pconf) == APR_SUCCESS
        && region->claim(old)) {
        *out = old;
        return APR_SUCCESS;
    }
    rv = replace(region, key, kept, old, &fresh, pool, pconf);
    if (rv == APR_SUCCESS)
        *out = fresh;
    return rv;
}

/* --- the mutex --------------------------------------------------------------------- */

apr_status_t mab_segment_open_child(apr_pool_t *pchild)
{
    return apr_global_mutex_child_init(
        &keep->mutex, apr_global_mutex_lockfile(keep->mutex), pchild);
}

void mab_segment_lock(void *baton BEARER_UNUSED)
{
    (void)apr_global_mutex_lock(keep->mutex);
}

void mab_segment_unlock(void *baton BEARER_UNUSED)
{
    (void)apr_global_mutex_unlock(keep->mutex);
}
