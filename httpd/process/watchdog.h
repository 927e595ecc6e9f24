/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchdog - the fetcher: mod_watchdog's callback and the calls into refresh.
 *
 * Owns:     the election of one fetcher among the children, one thread for each
 *           round that is due.
 * Does not: decide when (schedule) or how (refresh).
 * Memory:   the fetcher's state lives in the child's pool, a round's in its own
 * Threads:  the callback's thread, and one for each round under way
 */
#ifndef MAB_WATCHDOG_H
#define MAB_WATCHDOG_H

#include "httpd/mab.h"

/**
 * post_config (at APR_HOOK_MIDDLE: mod_watchdog counts callbacks in its own):
 * registers the callback for every child.
 *
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR if mod_watchdog is missing (logged)
 */
int mab_watchdog_register(apr_pool_t *pconf, server_rec *s);

/** child_init: rounds are told to stop when the child ends. */
void mab_watchdog_open_child(apr_pool_t *pchild);

#endif
