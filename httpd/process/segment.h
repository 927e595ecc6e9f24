/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment - memory that all processes share, a region for each table, and its mutex.
 *
 * Owns:     making a region, finding it again after a restart, moving it when it
 *           has become too small; the mutex and the number of the configuration.
 * Does not: know what is in a region: the record of each says how to lay it out,
 *           check and copy it.
 * Memory:   regions and mutex live in the process pool, handles in pconf
 * Threads:  regions are made before threads start; the mutex is for any
 */
#ifndef MAB_SEGMENT_H
#define MAB_SEGMENT_H

#include "bearer/base/error.h"
#include "httpd/mab.h"

/** The alignment of a region: a pair of cache lines. */
#define MAB_SEGMENT_ALIGN 128

/**
 * A region of shared memory. A handle is what attach makes of it, the object of
 * the unit that owns the table; a region outlives the code and the configuration
 * that made it, a handle does not.
 */
typedef struct mab_region_t {
    /** By which it is found again after a restart; each table has its own. */
    const char *name;
    /** Bytes that it needs now; old is the handle of one that is too small, or
     * NULL. Never fewer than copy needs. */
    apr_size_t (*size)(const void *old);
    /** Lays it out empty, for the same old as size; the block is zeroed. */
    void (*format)(void *block, apr_size_t size, const void *old);
    /** Checks whether it is what it should be, trusting no word of it: it may
     * come from another version of the module, or be damaged. Follows nothing
     * in it. */
    bearer_reason_t (*attach)(void *block, apr_size_t size, void **out,
                              apr_pool_t *pool);
    /** Claims in it what this configuration needs; false: it is too small. */
    bool (*claim)(void *handle);
    /** Copies all that an old one holds into an empty one. */
    void (*copy)(const void *from, void *to);
} mab_region_t;

/** pre_config: names the mutex for the Mutex directive. */
apr_status_t mab_segment_register(apr_pool_t *pconf) BEARER_MUST_USE;

/**
 * post_config: finds or makes what outlives configurations.
 *
 * @param epoch the number of this configuration, rising
 */
apr_status_t mab_segment_begin(server_rec *s,
                               apr_uint32_t *epoch) BEARER_MUST_USE;

/**
 * post_config: the existing region, if it is sound and large enough; else a new
 * one, with what a sound old one holds. Children of the old configuration keep the
 * old one until they end, and nobody sees what they write there from now on: so it
 * is replaced only when more is needed.
 *
 * @param out the handle, in pconf
 * @return APR_SUCCESS, APR_EGENERAL if the new one is not sound, APR_ENOMEM if it
 *         is too small, or why there is no shared memory; after a failure the
 *         old region is as it was
 */
apr_status_t mab_segment_open(const mab_region_t *region, void **out,
                              server_rec *s, apr_pool_t *pconf) BEARER_MUST_USE;

/** child_init: attaches to the mutex. */
apr_status_t mab_segment_open_child(apr_pool_t *pchild) BEARER_MUST_USE;

/** A lock across all processes; baton is ignored. */
void mab_segment_lock(void *baton);
void mab_segment_unlock(void *baton);

#endif
