/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foreign - Require lines of our places that another module would answer.
 *
 * Owns:     finding them in the configuration, and saying what to write instead.
 * Does not: know which module has a provider (require), or look into .htaccess
 *           files, which are read for a request.
 * Memory:   everything lives in the pool that is given
 * Threads:  none yet
 */
#ifndef MAB_FOREIGN_H
#define MAB_FOREIGN_H

#include "httpd/mab.h"

/**
 * Logs each line "Require <name>" that is evaluated where AuthType is Bearer: in a
 * section that says so, in sections within, and in Directory and Location sections
 * without an AuthType whose path is below a section that says so, and below none
 * that says something else. Lines that name an alias of such a provider are logged
 * too.
 *
 * @param names providers that have a spelling of ours, "bearer-<name>", and are
 *              another module's; NULL-terminated
 * @return how many
 */
int mab_foreign_check(const char *const *names, const server_rec *s,
                      apr_pool_t *ptemp);

#endif
