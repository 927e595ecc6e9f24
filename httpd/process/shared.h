/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared - the segment, the mutex, and what each process makes of them.
 *
 * Owns:     making the board once and keeping it over restarts, the list of
 *           distinct key sources, this child's keyring and gate.
 * Does not: fetch (watchdog) or judge (bearer/gate/gate).
 * Memory:   segment and mutex live in the process pool, handles in pconf, ring
 *           and gate in the child's pool
 * Threads:  made before threads start; constant afterwards
 */
#ifndef MAB_SHARED_H
#define MAB_SHARED_H

#include "bearer/gate/gate.h"
#include "bearer/report/stats.h"
#include "httpd/mab.h"

/** What all hooks of one process share. */
typedef struct mab_shared_t {
    bearer_board_t *board;
    bearer_stats_t *stats; /**< children: with a place of their own */
    apr_uint32_t epoch;    /**< number of this configuration, rising */
    bearer_source_t *const *sources; /**< distinct ones, with their slots */
    int source_count;
    const bearer_keystore_t *store; /**< good keys on disk, or NULL */
    bearer_tokcache_t *cache;       /**< set in children; NULL: off */
    bearer_gate_t *gate;            /**< set in children */
} mab_shared_t;

/** pre_config: names the mutex for the Mutex directive. */
apr_status_t mab_shared_register(apr_pool_t *pconf);

/**
 * post_config: finds or makes the segment, gives each distinct key source a
 * slot, posts the keys of files and, for fetched sources without keys, those of
 * the key store. Keys of sources that were there before the restart stay in use.
 *
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR (logged)
 */
int mab_shared_open(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s);

/** child_init: attaches to the mutex, makes ring and gate. */
void mab_shared_open_child(apr_pool_t *pchild, server_rec *s);

/** What was opened; NULL before. */
const mab_shared_t *mab_shared_get(void);

/** Whether a process is there. */
bool mab_shared_alive(apr_uint32_t pid);

/** Serialise posts to the board over all processes; baton is ignored. */
void mab_shared_lock(void *baton);
void mab_shared_unlock(void *baton);

/** Seconds after which a client may try again to find this issuer's keys. */
int mab_shared_retry_after(const bearer_issuer_t *issuer);

#endif
