/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token - where a request may carry a token, and that there is exactly one.
 *
 * Owns:     RFC 6750 2: the words of a header, b64token, one token only.
 * Does not: judge the token (jws, verify).
 * Memory:   the token points into the values given; decoded ones live in the pool
 * Threads:  any
 */
#ifndef BEARER_TOKEN_H
#define BEARER_TOKEN_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** How the token is written in a spot. */
typedef enum bearer_token_form_t {
    BEARER_TOKEN_PLAIN, /**< as it is */
    BEARER_TOKEN_BASIC, /**< as the password of Basic (RFC 7617) */
    BEARER_TOKEN_CODED  /**< in base64url without padding */
} bearer_token_form_t;

/** One spot where a token may be, with what is there. */
typedef struct bearer_token_spot_t {
    const char *value;  /**< NULL: the spot is not used by this request */
    const char *scheme; /**< "Bearer" for headers that have one, else NULL:
                             the whole value is the token */
    bearer_token_form_t form;
    int source; /**< spots of one source (a cookie twice) have the same number, and
                     follow each other */
} bearer_token_spot_t;

/** What was found. */
typedef struct bearer_token_found_t {
    bearer_str_t token;
    bearer_str_t
        user; /**< beside it in Basic; data is NULL if it was not there */
} bearer_token_found_t;

/**
 * Takes the token. A header value is cut at spaces into words and the words are
 * counted first: none is "missing", one or more than two are a wrong format
 * ("Basic" alone too), two with another scheme are a wrong type. The scheme is
 * compared without case (RFC 9110 11.1). What is coded must have its one canonical
 * spelling. An empty value does not count as used.
 *
 * More than one used spot is refused (RFC 6750 2), before anything else is said
 * about them, with one exception: spots of different sources that hold the very same
 * bytes hold one token (a gateway that sets a header beside its own cookie). The
 * characters of the token are not looked at: bearer_token_check does that.
 *
 * @param spots  in the order of configuration
 * @param out    set on BEARER_OK only
 * @return BEARER_OK, BEARER_TOKEN_MISSING, _TOKEN_FORMAT, _TOKEN_SCHEME,
 *         _TOKEN_TWICE
 */
bearer_reason_t bearer_token_find(const bearer_token_spot_t *spots, int count,
                                  bearer_token_found_t *out,
                                  apr_pool_t *pool) BEARER_MUST_USE;

/** Whether it is a b64token (RFC 6750 2.1). Not part of bearer_token_find,
 * because a token that was proven before need not be looked at again.
 * @return BEARER_OK, BEARER_TOKEN_FORMAT */
bearer_reason_t bearer_token_check(bearer_str_t token) BEARER_MUST_USE;

#endif
