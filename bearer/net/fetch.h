/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch - one bounded GET.
 *
 * Owns:     resolving, one address after the other, the proxy, what is asked.
 * Does not: open or secure a connection (conn), parse HTTP (http), decide when
 *           (schedule), follow redirects, ever run in a request thread (it resolves
 *           names).
 * Memory:   results live in the pool
 * Threads:  any, one call each
 */
#ifndef BEARER_FETCH_H
#define BEARER_FETCH_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"
#include "bearer/net/http.h"
#include "bearer/net/tls.h"

/** What was seen of a server on the way, for people who ask. */
typedef struct bearer_fetch_seen_t {
    apr_int64_t
        certificate_end; /**< wall; see bearer_tls_find_end; 0: unknown */
} bearer_fetch_seen_t;

/** What to get, and the bounds. */
typedef struct bearer_fetch_request_t {
    const char *url;
    const char *etag;    /**< sent as If-None-Match; NULL: none */
    const char *proxy;   /**< http://host:port; NULL: direct */
    const char *address; /**< host:port to connect to; NULL: the URL's own */
    /** Who we are: headers, each ended by CRLF, or NULL; and for TLS, or NULL.
     * Whoever fills them knows that this host may have them. */
    const char *headers;
    const bearer_tls_pair_t *pair;
    bool http_loopback;          /**< http is allowed for loopback hosts */
    apr_interval_time_t timeout; /**< for all of it together */
    apr_interval_time_t connect; /**< for connecting, TLS included */
    apr_size_t max_body;
    bearer_tls_t *tls;
    const volatile apr_uint32_t *stop; /**< not 0: give up soon; may be NULL */
    bearer_fetch_seen_t *seen;         /**< filled if it is not NULL */
} bearer_fetch_request_t;

/** A fetch, as an argument: refresh takes it, tests fake it. */
typedef bearer_reason_t (*bearer_fetch_fn)(
    const bearer_fetch_request_t *request, const bearer_http_response_t **out,
    bearer_note_t *note, apr_pool_t *pool);

/**
 * Gets one document: every address of the host in turn (each may use half of
 * the connect time that is left), SNI and host name check, CONNECT through the
 * proxy, identity coding only, no redirects, one connection, closed after. With
 * an address of its own, only that is connected to; names are those of the URL
 * all the same.
 *
 * Measures time by a clock that never steps. Name resolution blocks without
 * bound in APR.
 *
 * @param out set on BEARER_OK, whatever the status is
 * @return BEARER_OK, BEARER_URL_*, BEARER_FETCH_*, BEARER_HTTP_* except
 *         BEARER_HTTP_STATUS, BEARER_NO_MEMORY. BEARER_FETCH_CREDENTIALS: without
 *         TLS there is no address of its own, and who we are goes through no proxy
 */
bearer_reason_t bearer_fetch_get(const bearer_fetch_request_t *request,
                                 const bearer_http_response_t **out,
                                 bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

#endif
