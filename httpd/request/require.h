/* SPDX-License-Identifier: Apache-2.0 */
/*
 * require - the authorization providers.
 *
 * Owns:     Require claim, Require scope.
 * Does not: set headers or a status: lines joined by "or" run even when the
 *           request is granted in the end.
 * Memory:   compiled lines live in the configuration's pool
 * Threads:  any
 */
#ifndef MAB_REQUIRE_H
#define MAB_REQUIRE_H

#include "bearer/base/base.h"
#include "httpd/mab.h"

/** Registers the providers. The name "claim" is taken only if no other module has
 * it (mod_auth_openidc); bearer-claim always works. */
void mab_require_register(apr_pool_t *pool);

/** Whether "Require claim" and "Require scope" are ours wherever AuthType is Bearer.
 * Where another module has the name, it would decide by claims that such a place
 * does not have; "not" in front of it would admit everybody.
 *
 * @return OK, or HTTP_INTERNAL_SERVER_ERROR after each such line was logged; a
 *         warning if there is none, but .htaccess files may have some */
int mab_require_check(apr_pool_t *ptemp, server_rec *s) BEARER_MUST_USE;

#endif
