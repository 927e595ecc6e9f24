/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore - a cold start with the keys of the store.
 *
 * Owns:     when the store is read, and that it never replaces what is on the board.
 * Does not: know the store's files (keystore), word lines (journal), lock (caller's callbacks).
 * Memory:   the pool's, for the call
 * Threads:  one at a time for one source
 */
#ifndef BEARER_RESTORE_H
#define BEARER_RESTORE_H

#include "bearer/keys/refresh.h"

/**
 * Cold start: gives the keys in the store to a fetched source whose slot has no
 * document. They are as old as they were when they were fetched, and a round is due
 * at once: the store never knows better than the network. A document on the board
 * is never replaced. Logs what was loaded, or why a file is not used (MAB0205); a
 * missing file is not worth a line.
 *
 * @param env its ticks must be larger than the source's stale, since the time at
 *            which the keys were fetched needs a tick
 * @return true if keys were posted
 */
bool bearer_restore_keys(const bearer_source_t *source,
                         const bearer_refresh_env_t *env, apr_pool_t *tmp);

#endif
