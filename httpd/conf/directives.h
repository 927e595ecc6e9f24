/* SPDX-License-Identifier: Apache-2.0 */
/*
 * directives - the command table.
 *
 * Owns:     the order of the rows, which is that of httpd's list of directives.
 * Does not: read words (set_…), hold defaults or merge (conf), or check what
 *           needs the whole configuration (check).
 * Memory:   values live in the pool of the command: pconf, or the request's for
 *           .htaccess
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_DIRECTIVES_H
#define MAB_DIRECTIVES_H

#include "httpd/conf/conf.h"

/** The table for the module record. */
extern const command_rec mab_directives[];

#endif
