/* SPDX-License-Identifier: Apache-2.0 */
/*
 * require - the authorization providers, and claims in expressions.
 *
 * Owns:     Require claim, Require scope, claim() and claims().
 * Does not: set headers or a status: lines joined by "or" run even when the
 *           request is granted in the end.
 * Memory:   compiled lines live in the configuration's pool
 * Threads:  any
 */
#ifndef MAB_REQUIRE_H
#define MAB_REQUIRE_H

#include "httpd/mab.h"

/** Registers providers and expression functions. The name "claim" is taken only
 * if no other module has it (mod_auth_openidc); bearer-claim always works. */
void mab_require_register(apr_pool_t *pool);

/** Warns if "Require claim" is another module's. */
void mab_require_check(server_rec *s);

#endif
