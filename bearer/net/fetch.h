/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch - one bounded GET over apr_socket and OpenSSL.
 *
 * Owns:     resolving, connecting, TLS, the proxy, one deadline.
 * Does not: parse HTTP (http), decide when (schedule), follow redirects, ever
 *           run in a request thread (it resolves names).
 * Memory:   results live in the pool; a TLS context belongs to the pool it was
 *           made in
 * Threads:  any, one call each; a TLS context may be shared
 */
#ifndef BEARER_FETCH_H
#define BEARER_FETCH_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"
#include "bearer/net/http.h"

/** Trust in servers: certificate authorities and protocol versions. */
typedef struct bearer_fetch_tls_t bearer_fetch_tls_t;

/**
 * TLS 1.2 or newer, verification on, with the system's authorities or those of
 * one PEM file (all certificates in it).
 *
 * @param ca_file NULL: the system's
 * @return BEARER_OK, BEARER_FILE_READ (note says why)
 */
bearer_reason_t bearer_fetch_tls_create(const char *ca_file,
                                        bearer_fetch_tls_t **out,
                                        bearer_note_t *note,
                                        apr_pool_t *pool) BEARER_MUST_USE;

/** What to get, and the bounds. */
typedef struct bearer_fetch_request_t {
    const char *url;
    const char *etag;            /**< sent as If-None-Match; NULL: none */
    const char *proxy;           /**< http://host:port; NULL: direct */
    bool http_loopback;          /**< http is allowed for loopback hosts */
    apr_interval_time_t timeout; /**< for all of it together */
    apr_interval_time_t connect; /**< for connecting, TLS included */
    apr_size_t max_body;
    bearer_fetch_tls_t *tls;
    const volatile apr_uint32_t *stop; /**< not 0: give up soon; may be NULL */
} bearer_fetch_request_t;

/** A fetch, as an argument: refresh takes it, tests fake it. */
typedef bearer_reason_t (*bearer_fetch_fn)(
    const bearer_fetch_request_t *request, const bearer_http_response_t **out,
    bearer_note_t *note, apr_pool_t *pool);

/**
 * Gets one document: every address of the host in turn (each may use half of
 * the connect time that is left), SNI and host name check, CONNECT through the
 * proxy, identity coding only, no redirects, one connection, closed after.
 * Measures time by a clock that never steps. Name resolution blocks without
 * bound in APR.
 *
 * @param out set on BEARER_OK, whatever the status is
 * @return BEARER_OK, BEARER_URL_*, BEARER_FETCH_*, BEARER_HTTP_* except
 *         BEARER_HTTP_STATUS, BEARER_NO_MEMORY
 */
bearer_reason_t bearer_fetch_get(const bearer_fetch_request_t *request,
                                 const bearer_http_response_t **out,
                                 bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/** Frees what OpenSSL keeps for this thread, so that nothing of it is left to do
 * when the thread or the process ends: the last call of a thread that fetched. */
void bearer_fetch_end_thread(void);

#endif
