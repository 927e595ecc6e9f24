/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place - a place and those around it, merged into one that is frozen.
 *
 * Owns:     creating, merging and freezing places by the table of settings, and
 *           whether two of them judge alike.
 * Does not: read directives (set_…) or find mistakes (check).
 * Memory:   merged records live in the pool that httpd gives: pconf, or the
 *           request's
 * Threads:  any; a merged record is constant
 */
#ifndef MAB_PLACE_H
#define MAB_PLACE_H

#include "httpd/conf/conf.h"

/** httpd's create and merge functions. A merged place is frozen, and of the request
 * that the outer one is of. */
void *mab_place_create(apr_pool_t *pool, char *path);
void *mab_place_merge(apr_pool_t *pool, void *outer, void *inner);

/** Completes a record that httpd will use without merging it: a server's own, into
 * which all others of a request are merged. */
void mab_place_finish(mab_place_t *place, apr_pool_t *pool);

/** Merges a record of the configuration into its server's own, for all requests
 * that meet no other. The server's is frozen. */
void mab_place_join(apr_pool_t *pconf, const server_rec *s, mab_place_t *place);

/** A number of a merged record as it counts: as frozen, else as set, else its
 * default. */
apr_int64_t mab_place_number(const mab_place_t *place,
                             const mab_field_t *field);

/** Whether two places judge a token alike, so that a verdict may be reused. */
bool mab_place_same_judgement(const mab_place_t *a, const mab_place_t *b);

#endif
