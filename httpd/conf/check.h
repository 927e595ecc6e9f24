/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - what can only be judged once the whole configuration is read.
 *
 * Owns:     the start-up checks of issuers and places, and what stops the start.
 * Does not: read directives (directives), look at files (check_files) or touch
 *           shared memory (shared).
 * Memory:   what it finds (keys of files, TLS contexts) lives in pconf
 * Threads:  none yet
 */
#ifndef MAB_CHECK_H
#define MAB_CHECK_H

#include "httpd/conf/conf.h"

/**
 * Checks everything the registry holds and completes it: sources get their
 * numbers and TLS contexts, secrets are read, policies of servers are frozen.
 * Logs each mistake with its directive, its place and what is allowed.
 *
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after at least one mistake
 */
int mab_check_all(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *s);

#endif
