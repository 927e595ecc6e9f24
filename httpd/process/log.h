/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - from bearer/base/log to httpd's error log.
 *
 * Owns:     the sink, and the mapping of levels.
 * Does not: decide what is logged.
 * Memory:   none
 * Threads:  install in post_config; used from any
 */
#ifndef MAB_LOG_H
#define MAB_LOG_H

#include "bearer/base/log.h"
#include "httpd/mab.h"

/** Sends the library's messages to the main server's error log. */
void mab_log_install(server_rec *s);

/** The APLOG_ level for one of the library's. */
int mab_log_level(bearer_level_t level);

#endif
