/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs - the lists of a request taken apart and put together again.
 *
 * Owns:     Cookie, the query, Connection, Sec-WebSocket-Protocol: what they have
 *           under a name, and the same text without it.
 * Does not: judge what it finds (token), or know a request (httpd/request/judge).
 * Memory:   values point into the text; what remove returns is the text itself or lives
 *           in the pool; time and memory are linear in the text
 * Threads:  any
 *
 * Others take the same lists apart after us: httpd, its modules, the program. What is
 * taken for the name here is what the specifications make all of them take for it;
 * everything else is left alone, byte for byte.
 *
 * kind     list ends at    the name
 * COOKIE   ;               the same bytes (RFC 6265 5.4)
 * QUERY    & and ;         the same when %XX and + are decoded
 * NAMES    , ; and blanks  without case (RFC 9110 7.6.1)
 * PROTOCOL ,               the same bytes, before a "." (RFC 6455 11.3.4)
 *
 * A name without "=" (of PROTOCOL: without ".") is not a pair, and is left alone.
 */
#ifndef BEARER_PAIRS_H
#define BEARER_PAIRS_H

#include "bearer/base/base.h"

typedef enum bearer_pairs_kind_t {
    BEARER_PAIRS_COOKIE, /**< the field Cookie: name=value; name=value */
    BEARER_PAIRS_QUERY,  /**< name=value&name=value */
    /** The field Connection, as mod_proxy 2.4 reads it (by httpd's ap_get_token):
     * a name ends at a comma, semicolon or blank; quotes hide all three and stay
     * part of the name. */
    BEARER_PAIRS_NAMES,
    /** The field Sec-WebSocket-Protocol, some members of which are a name, a dot and
     * a value: name.value, other, … */
    BEARER_PAIRS_PROTOCOL
} bearer_pairs_kind_t;

/**
 * How often the name is in the list: more than once is more than one token
 * (RFC 6750 2).
 *
 * @param text   the list; NULL is an empty one
 * @param values set to the first max values, in their order: of a COOKIE or PROTOCOL
 *               without blanks after it, of a QUERY as it is (not decoded), of
 *               NAMES the name as it is written there. May be NULL if max is 0
 * @return the count, which may be more than max
 */
int bearer_pairs_find(bearer_pairs_kind_t kind, const char *text,
                      const char *name, bearer_str_t *values,
                      int max) BEARER_MUST_USE;

/**
 * The list without the name: bearer_pairs_find counts 0 in what is returned. A pair
 * is taken out together with the separator before it (after it for the first) and
 * the blanks beside that. Nothing else changes by a byte.
 *
 * @return text itself if there is nothing to take out; NULL if nothing is left then
 *         (of a COOKIE: except blanks; of NAMES and PROTOCOL: except separators and
 *         blanks)
 */
const char *bearer_pairs_remove(bearer_pairs_kind_t kind, const char *text,
                                const char *name,
                                apr_pool_t *pool) BEARER_MUST_USE;

/**
 * A URI or a request line without the name in its query, which begins after the
 * first "?" and ends at a blank, a control character or "#". If nothing is left of
 * the query, its "?" goes too. A "?" after a "#" begins no query.
 *
 * @param uri may be NULL, which is returned
 * @return uri itself if there is nothing to take out
 */
const char *bearer_pairs_remove_query(const char *uri, const char *name,
                                      apr_pool_t *pool) BEARER_MUST_USE;

#endif
