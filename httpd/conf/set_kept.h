/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_kept - the rows and setters of AuthBearerCache and AuthBearerKeyStore.
 *
 * Owns:     what is kept in memory and on disk, for the whole server.
 * Does not: keep it (bearer/gate/tokcache, bearer/keys/keystore).
 * Memory:   values live in the pool of the command
 * Threads:  configuration time; .htaccess: the request's thread
 */
#ifndef MAB_SET_KEPT_H
#define MAB_SET_KEPT_H

#include "httpd/conf/setter.h"

extern const mab_setter_t mab_set_kept_cache;
extern const mab_setter_t mab_set_kept_keystore;

/** For the command table. */
#define MAB_SET_KEPT_ROWS                                                      \
    MAB_SETTER_WORDS(                                                          \
        "AuthBearerCache", mab_set_kept_cache, RSRC_CONF,                      \
        "verified tokens kept in each child: <entries> [ttl=5m], or off"),     \
        MAB_SETTER_WORD(                                                       \
            "AuthBearerKeyStore", mab_set_kept_keystore, RSRC_CONF,            \
            "a directory that keeps the issuers' keys for a start "            \
            "while an issuer is down")

#endif
