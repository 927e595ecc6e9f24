/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge - a reason into a WWW-Authenticate value and a JSON body.
 *
 * Owns:     quoting, order and character sets of RFC 6750 3, RFC 7617 2 and
 *           RFC 9110 11.6.1.
 * Does not: decide which reason, or send it (httpd/request/refuse).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_CHALLENGE_H
#define BEARER_CHALLENGE_H

#include "bearer/base/base.h"

/** What a challenge says; NULL leaves a parameter out. RFC 6750 3 wants one at least:
 * whoever renders one for a client names a realm. */
typedef struct bearer_challenge_t {
    const char *realm;
    const char *error;             /**< RFC 6750 3.1 */
    const char *description;       /**< one sentence for developers */
    const char *scope;             /**< space-separated */
    const char *resource_metadata; /**< RFC 9728 5.1, absolute URL */
} bearer_challenge_t;

/**
 * The value of a WWW-Authenticate header: always begins with "Bearer", because
 * clients look at the first scheme only. Characters that a parameter may not
 * hold are replaced (header injection, RFC 6750 3); a description never holds
 * "scope=", which clients find by search.
 */
const char *bearer_challenge_render(const bearer_challenge_t *challenge,
                                    apr_pool_t *pool);

/** A challenge for clients that send Basic only when they are asked to (RFC 7617 2;
 * names are UTF-8, as the claims are). It stands after the one above. */
const char *bearer_challenge_basic(const char *realm, apr_pool_t *pool);

/** The JSON body: code, status, message. All three are ours, none comes from a
 * token. */
const char *bearer_challenge_body(const char *code, int status,
                                  const char *message, apr_pool_t *pool);

#endif
