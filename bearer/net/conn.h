/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - one connection, plain or with TLS, and one deadline.
 *
 * Owns:     connecting to one address, reading and writing until a tick, giving up
 *           when told to, the words for what failed.
 * Does not: resolve names, choose addresses, or know what is spoken (fetch).
 * Memory:   the connection's pool, whose end closes it
 * Threads:  one at a time; never a thread of a request, as it waits
 */
#ifndef BEARER_CONN_H
#define BEARER_CONN_H

#include <apr_network_io.h>

#include "bearer/base/base.h"
#include "bearer/base/error.h"
#include "bearer/net/tls.h"

/** A connection. Whoever makes it zeroes it and fills the first part, and may change
 * that between calls. */
typedef struct bearer_conn_t {
    apr_pool_t *pool;
    apr_time_t until;                  /**< tick: the end of all waiting */
    const volatile apr_uint32_t *stop; /**< not 0: give up soon; may be NULL */
    bearer_note_t *note;               /**< told what failed; may be NULL */
    const bearer_tls_pair_t *pair;     /**< who we are; NULL: nobody */
    const char *doing;                 /**< for the note: "talking to" */
    const char *peer;                  /**< for the note: "::1 port 443" */
    /* its own */
    apr_socket_t *socket;
    bearer_wire_t wire;
    bearer_tls_session_t *tls; /**< NULL: plain */
} bearer_conn_t;

/** Notes "doing peer: text".
 *
 * @return why */
bearer_reason_t bearer_conn_fail(const bearer_conn_t *conn, bearer_reason_t why,
                                 const char *text);

/**
 * Connects to an address.
 *
 * @return BEARER_OK, BEARER_FETCH_CONNECT, _TIMEOUT, _STOPPED, _IO
 */
bearer_reason_t bearer_conn_dial(bearer_conn_t *conn,
                                 apr_sockaddr_t *address) BEARER_MUST_USE;

/**
 * From here on TLS, with whoever has a certificate for that name or IP address.
 *
 * @param tls NULL: cannot be done
 * @return BEARER_OK, BEARER_FETCH_TLS, _TIMEOUT, _STOPPED, _IO
 */
bearer_reason_t bearer_conn_secure(bearer_conn_t *conn, const bearer_tls_t *tls,
                                   const char *host) BEARER_MUST_USE;

/**
 * Reads what comes next.
 *
 * @param len   0: the end of the stream
 * @param clean only then: the end is the sender's, and not just that of TCP below
 *              TLS
 * @return BEARER_OK, BEARER_FETCH_TIMEOUT, _STOPPED, _IO, _TLS
 */
bearer_reason_t bearer_conn_read(bearer_conn_t *conn, char *buf, int size,
                                 apr_size_t *len, bool *clean) BEARER_MUST_USE;

/**
 * Writes all of a text.
 *
 * @return BEARER_OK, BEARER_FETCH_TIMEOUT, _STOPPED, _IO, _TLS
 */
bearer_reason_t bearer_conn_write(bearer_conn_t *conn,
                                  const char *text) BEARER_MUST_USE;

/** Says that nothing more will be written, and does not wait. */
void bearer_conn_close(bearer_conn_t *conn);

#endif
