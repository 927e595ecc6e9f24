/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child - what each process makes of the shared memory for its requests.
 *
 * Owns:     this child's keyring, gate, verified tokens and row of counters; whether a
 *           process is there.
 * Does not: fetch (watchdog) or judge (bearer/gate/gate).
 * Memory:   the child's pool
 * Threads:  made before threads start; constant afterwards
 */
#ifndef MAB_CHILD_H
#define MAB_CHILD_H

#include "bearer/gate/gate.h"
#include "httpd/mab.h"

/** child_init: attaches to the mutex, makes keyring and gate. */
void mab_child_open(apr_pool_t *pchild, server_rec *s);

/** NULL outside of children, and in one that cannot verify tokens. */
bearer_gate_t *mab_child_gate(void);

/** NULL: no verified tokens are kept. */
bearer_tokcache_t *mab_child_cache(void);

/** Whether a process is there. */
bool mab_child_alive(apr_uint32_t pid);

#endif
