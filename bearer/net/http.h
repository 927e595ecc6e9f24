/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - one HTTP/1.1 response from bytes to status, headers and body.
 *
 * Owns:     RFC 9112: status line, fields, lines, the end.
 * Does not: judge what fields say about the body (framing), know sockets, TLS or
 *           time (fetch).
 * Memory:   grows one buffer in the pool, bounded by limits
 * Threads:  one parser, one thread
 */
#ifndef BEARER_HTTP_H
#define BEARER_HTTP_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"

/** What one response said. Texts are in the pool, NUL behind them; header
 * values are NULL when absent. */
typedef struct bearer_http_response_t {
    int status;
    const char *etag;
    const char *cache_control; /**< all lines joined by ", " */
    const char *expires;
    const char *date;
    const char *age;
    const char *location; /**< for the log only; never followed */
    bearer_str_t body;
} bearer_http_response_t;

/** A parser for one response to a GET. */
typedef struct bearer_http_t bearer_http_t;

/** @param max_body bytes of decoded body that are accepted */
bearer_http_t *bearer_http_create(apr_size_t max_body, apr_pool_t *pool);

/**
 * Feeds bytes as they came. Interim answers (1xx) are skipped, at most
 * BEARER_LIMIT_HTTP_INTERIM. Content-Length and chunked are understood; both
 * together, two different lengths, any other transfer coding, and any content
 * coding but identity are refused (request smuggling's cousins). Lines of the
 * header may end with LF alone (RFC 9112 2.2), those of the chunked coding may
 * not. Cost is linear in the bytes fed, however they are cut. After a refusal
 * every call refuses.
 *
 * @param done set to true when the response is complete; further bytes are
 *             ignored
 * @return BEARER_OK, BEARER_HTTP_FORM, _HTTP_HEADER_SIZE, _HTTP_BODY_SIZE,
 *         _HTTP_ENCODING
 */
bearer_reason_t bearer_http_feed(bearer_http_t *http, bearer_str_t bytes,
                                 bool *done,
                                 bearer_note_t *note) BEARER_MUST_USE;

/**
 * The connection ended.
 *
 * @param clean the end is known to be the sender's (plain TCP FIN, or TLS
 *              close_notify): only then may a body without length end here
 * @return BEARER_OK, BEARER_HTTP_TRUNCATED
 */
bearer_reason_t bearer_http_finish(bearer_http_t *http, bool clean,
                                   bearer_note_t *note) BEARER_MUST_USE;

/** The response; only after done or a good finish. */
const bearer_http_response_t *bearer_http_response(const bearer_http_t *http);

/** Only the status line and header are wanted (the answer to CONNECT). */
void bearer_http_expect_no_body(bearer_http_t *http);

#endif
