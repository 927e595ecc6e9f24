/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basic - the credentials of Basic taken apart: a user's name, and a password.
 *
 * Owns:     RFC 7617 2: base64, the colon between the two.
 * Does not: judge either of them (token, httpd/request/judge).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_BASIC_H
#define BEARER_BASIC_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/**
 * Takes credentials apart. Only their canonical spelling is accepted (RFC 4648 3.5,
 * 4): what runs inside may get the same field, and lenient decoders would find
 * another name or password in it than we did. The name ends at the first colon
 * (RFC 7617 2); it may be empty, but has no control characters.
 *
 * @param coded    what follows the scheme
 * @param user     set on BEARER_OK only, as password
 * @param password never empty; may hold any bytes, NUL included
 * @return BEARER_OK, BEARER_TOKEN_FORMAT
 */
bearer_reason_t bearer_basic_parse(bearer_str_t coded, bearer_str_t *user,
                                   bearer_str_t *password,
                                   apr_pool_t *pool) BEARER_MUST_USE;

/** The one spelling of these two, as bearer_basic_parse takes it. */
const char *bearer_basic_render(bearer_str_t user, bearer_str_t password,
                                apr_pool_t *pool);

#endif
