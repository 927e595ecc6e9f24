/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model - "httpd -t -D DUMP_BEARER_JSON": the configuration for programs.
 *
 * Owns:     its JSON, one line: servers, sources, places with each of their settings.
 * Does not: judge any of it (check, advise; the command "authbearer doctor").
 * Memory:   pconf
 * Threads:  none yet
 */
#ifndef MAB_MODEL_H
#define MAB_MODEL_H

#include "httpd/mab.h"

/** test_config: prints to stdout if "-D DUMP_BEARER_JSON" was given. */
void mab_model_print(apr_pool_t *pconf, server_rec *s);

#endif
