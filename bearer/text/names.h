/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - a list of names of headers, checked and joined.
 *
 * Owns:     lists like those of Access-Control-Request-Headers and Vary
 *           (RFC 9110 5.6.1): members with commas and blanks between, without case.
 * Does not: know what a list is for (httpd/request/cors).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_NAMES_H
#define BEARER_NAMES_H

#include "bearer/base/base.h"

/**
 * Whether each member is a token (RFC 9110 5.6.2) and there is at least one, and at
 * most BEARER_LIMIT_NAMES. Empty members count for nothing (RFC 9110 5.6.1.2).
 *
 * @param list may be NULL: it has no member
 */
bool bearer_names_check(const char *list) BEARER_MUST_USE;

/**
 * The members of one list, then those of another that are not among them, with ", "
 * between. Left out are members that are no tokens, so that whatever a stranger or a
 * program wrote becomes nothing but names (response splitting), and those that are
 * more than BEARER_LIMIT_NAMES.
 *
 * @param a, b may be NULL: no member
 * @return never NULL
 */
const char *bearer_names_join(const char *a, const char *b,
                              apr_pool_t *pool) BEARER_MUST_USE;

#endif
