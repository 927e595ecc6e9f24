/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - how one issuer's key server is reached, and who we are there.
 *
 * Owns:     the options of AuthBearerIssuer for that, and which of them make sense
 *           together.
 * Does not: own those that AuthBearerFetch has, too (set_fetch), or read files
 *           (check_files).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; mab_access_is_same: any
 */
#ifndef MAB_ACCESS_H
#define MAB_ACCESS_H

#include "httpd/conf/words.h"

/** Options of a line; the record begins with a mab_server_t. NULL or the mistake. */
const char *mab_access_set_address(cmd_parms *cmd, void *record,
                                   const char *value);
const char *mab_access_set_token(cmd_parms *cmd, void *record,
                                 const char *value);
const char *mab_access_set_header(cmd_parms *cmd, void *record,
                                  const char *value);
const char *mab_access_set_cert(cmd_parms *cmd, void *record,
                                const char *value);
const char *mab_access_set_key(cmd_parms *cmd, void *record, const char *value);

/** Once all options of a line are read, its profile's too: whether each of them has an
 * effect on keys of this kind. NULL or the mistake. */
const char *mab_access_check(cmd_parms *cmd, const mab_issuer_line_t *line);

/** Whether two lines fetch the same: all but how often and how long. */
bool mab_access_is_same(const mab_server_t *a, const mab_server_t *b);

#endif
