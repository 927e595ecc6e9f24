/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared - what all hooks of one process share, and the table of shared memory.
 *
 * Owns:     the rows of the table: which regions there are, and how large each must be
 *           for this configuration.
 * Does not: make memory (segment), read keys (sources), or know requests (child).
 * Memory:   regions live in the process pool, handles in pconf
 * Threads:  made before threads start; constant afterwards
 */
#ifndef MAB_SHARED_H
#define MAB_SHARED_H

#include "bearer/judge/policy.h"
#include "bearer/keys/refresh.h"
#include "bearer/report/stats.h"
#include "httpd/mab.h"

/** What all hooks of one process share. */
typedef struct mab_shared_t {
    bearer_board_t *board;
    bearer_stats_t *stats; /**< children: with a row of their own */
    apr_uint32_t epoch;    /**< number of this configuration, rising */
    bearer_source_t *const *sources; /**< distinct ones, with their slots */
    int source_count;
    const bearer_keystore_t *store; /**< good keys on disk, or NULL */
} mab_shared_t;

/**
 * post_config: finds or makes the shared memory, gives each distinct key source a
 * slot, posts the keys of files and, for fetched sources without keys, those of
 * the key store. Keys of sources that were there before the restart stay in use.
 *
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR (logged)
 */
int mab_shared_open(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s);

/** What was opened; NULL before. */
const mab_shared_t *mab_shared_get(void);

/** Seconds after which a client may try again, hoping for this issuer's keys. */
int mab_shared_retry_after(const bearer_issuer_t *issuer);

#endif
