/* SPDX-License-Identifier: Apache-2.0 */
/*
 * presented - what a request presents to be let in.
 *
 * Owns:     the token, and what of the request it may be bound to.
 * Does not: find it in a request (httpd/request/take), or judge it (prove, gate).
 * Memory:   points into the request
 * Threads:  the request's own
 */
#ifndef BEARER_PRESENTED_H
#define BEARER_PRESENTED_H

#include "bearer/base/base.h"

/** What a request brought. */
typedef struct bearer_presented_t {
    bearer_str_t token; /**< data is NULL if it brought none */
    /** Of the credentials; NULL: they have none (cookies, queries, headers that hold
     * only a token). */
    const char *scheme;
    const char *method; /**< as sent */
    const char *target; /**< of this request, as sent or as redirected to */
} bearer_presented_t;

/** What a verdict depended on besides the token, the place and the time: bits. */
typedef enum bearer_depends_t {
    BEARER_DEPENDS_METHOD = 1,
    BEARER_DEPENDS_TARGET = 2
} bearer_depends_t;

/** Whether what depended on these parts (bits of bearer_depends_t) is still true when
 * the request's method and target are these. Compared byte for byte: what merely
 * means the same is judged once more. */
bool bearer_presented_holds(const bearer_presented_t *presented,
                            unsigned int depends, const char *method,
                            const char *target);

#endif
