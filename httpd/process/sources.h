/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources - the distinct key sources of a configuration, and their first keys.
 *
 * Owns:     which lines mean the same source, the slots of sources on the board,
 *           reading the keys of files and of the key store at the start.
 * Does not: fetch (watchdog) or make the board (shared).
 * Memory:   lists live in pconf
 * Threads:  one, in post_config
 */
#ifndef MAB_SOURCES_H
#define MAB_SOURCES_H

#include "bearer/keys/refresh.h"
#include "httpd/mab.h"

/** The distinct sources of a configuration, without secrets. */
typedef struct mab_sources_t {
    bearer_source_t *const *all;
    int count;
} mab_sources_t;

/** The sources of all lines that were read. */
mab_sources_t mab_sources_collect(apr_pool_t *pconf);

/** Gives every line the slot of its source.
 *
 * @return false if the board has too few slots */
bool mab_sources_claim(bearer_board_t *board,
                       apr_uint32_t epoch) BEARER_MUST_USE;

/** Posts the keys of files, which serve from the first request on. At a restart, a
 * file that cannot be read, or has no key, leaves those that it had before.
 *
 * @return false if there are no keys of one (logged) */
bool mab_sources_post(mab_sources_t sources, bearer_board_t *board,
                      server_rec *s, apr_pool_t *ptemp) BEARER_MUST_USE;

/**
 * Opens the key store and posts what it has for sources without keys: a server
 * started while an issuer is down serves with the keys from before.
 *
 * @return NULL if there is none, or it cannot be used (logged)
 */
const bearer_keystore_t *mab_sources_restore(mab_sources_t sources,
                                             bearer_board_t *board,
                                             server_rec *s, apr_pool_t *pconf,
                                             apr_pool_t *ptemp);

#endif
