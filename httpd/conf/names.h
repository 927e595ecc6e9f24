/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - the names of issuers: what may be one, and what it needs.
 *
 * Owns:     which texts AuthBearerIssuer takes for a name, tid=, and whether the line
 *           says enough for a name of that kind.
 * Does not: read the line (set_issuer), or compare names with tokens (bearer).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time
 */
#ifndef MAB_NAMES_H
#define MAB_NAMES_H

#include "httpd/conf/words.h"

/** Whether it is a text that a token's "iss" can be (StringOrURI, RFC 7519 2); NULL or
 * the mistake. */
const char *mab_names_check(const cmd_parms *cmd, const char *iss);

/** Reads tid=<v>,<v> or tid=any; NULL or the mistake. */
const char *mab_names_set_tenants(cmd_parms *cmd, void *record,
                                  const char *value);

/** Whether the line, once its options and its profile are known, says enough for its
 * name: where keys come from, if that is no address, and which tenants, if it is a
 * template. Completes issuer.named. NULL or the mistake. */
const char *mab_names_complete(const cmd_parms *cmd, mab_issuer_line_t *line);

#endif
