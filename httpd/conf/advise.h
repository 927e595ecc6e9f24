/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advise - configurations that work, but surprise.
 *
 * Owns:     the notices about them; there are good reasons for each, so that only
 *           lines of the configuration that are void get a warning.
 * Does not: find mistakes (check).
 * Memory:   none that lasts
 * Threads:  none yet
 */
#ifndef MAB_ADVISE_H
#define MAB_ADVISE_H

#include "httpd/mab.h"

/** Logs the notices for everything in the registry, the last time that a start
 * reads its configuration. Call it after the checks. */
void mab_advise_all(apr_pool_t *ptemp, const server_rec *s);

#endif
