/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_fetch - the rows and the setter of AuthBearerFetch.
 *
 * Owns:     how a server fetches keys.
 * Does not: fetch (bearer/net/fetch).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_FETCH_H
#define MAB_SET_FETCH_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_fetch;

/** Options that AuthBearerIssuer has, too, for one issuer; the record begins with a
 * mab_server_t. */
const char *mab_set_fetch_proxy(cmd_parms *cmd, void *record,
                                const char *value);
const char *mab_set_fetch_ca(cmd_parms *cmd, void *record, const char *value);

/** For the command table. */
#define MAB_SET_FETCH_ROWS                                                     \
    MAB_SETTER_WORDS("AuthBearerFetch", mab_set_fetch, RSRC_CONF,              \
                     "[timeout=5s] [connect=2s] [refresh=1h] [miss=60s] "      \
                     "[stale=24h] [max-size=256k] [proxy=<url>|env|none] "     \
                     "[ca=[+]<file>] [http=Off]")

#endif
