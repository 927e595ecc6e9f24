/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump - "httpd -t -D DUMP_BEARER": what each protected place demands.
 *
 * Owns:     its text, one block for each place, stable enough for scripts.
 * Does not: judge the configuration (check).
 * Memory:   pconf
 * Threads:  none yet
 */
#ifndef MAB_DUMP_H
#define MAB_DUMP_H

#include "httpd/mab.h"

/** test_config: prints to stdout if "-D DUMP_BEARER" was given. */
void mab_dump_places(apr_pool_t *pconf, server_rec *s);

#endif
