/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls - trust in servers, and TLS with one of them.
 *
 * Owns:     OpenSSL's client: authorities, protocol versions, the check of names, a
 *           session over a wire.
 * Does not: open sockets, wait, or know deadlines (conn).
 * Memory:   a trust belongs to the pool it was made in, a session to its own
 * Threads:  a trust may be shared; a session is one thread's at a time
 */
#ifndef BEARER_TLS_H
#define BEARER_TLS_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"
#include "bearer/net/wire.h"

/** Trust in servers: certificate authorities and protocol versions. */
typedef struct bearer_tls_t bearer_tls_t;

/**
 * TLS 1.2 or newer, verification on, with the system's authorities, those of one
 * PEM file (all certificates in it), or both.
 *
 * @param ca NULL: the system's; "<file>": only those in it; "+<file>": the
 *           system's and those in it
 * @return BEARER_OK, BEARER_FILE_READ (note says why)
 */
bearer_reason_t bearer_tls_create(const char *ca, bearer_tls_t **out,
                                  bearer_note_t *note,
                                  apr_pool_t *pool) BEARER_MUST_USE;

/** A certificate, its chain, and the private key to it: who we are. */
typedef struct bearer_tls_pair_t bearer_tls_pair_t;

/**
 * Reads a pair from two PEM texts, which may be the same one: the first certificate
 * is ours, those after it are its chain. A key with a passphrase is refused, and
 * nobody is asked for one.
 *
 * @param note says why, without anything of the key
 * @return BEARER_OK, BEARER_FETCH_CREDENTIALS, BEARER_NO_MEMORY
 */
bearer_reason_t bearer_tls_parse_pair(bearer_str_t certs, bearer_str_t key,
                                      bearer_tls_pair_t **out,
                                      bearer_note_t *note,
                                      apr_pool_t *pool) BEARER_MUST_USE;

/** TLS with one server. */
typedef struct bearer_tls_session_t bearer_tls_session_t;

/**
 * Prepares TLS with whoever has a certificate for a name or an IP address. The
 * wire must live as long as the pool.
 *
 * @return NULL if OpenSSL cannot set it up
 */
bearer_tls_session_t *bearer_tls_begin(const bearer_tls_t *tls,
                                       bearer_wire_t *wire, const char *host,
                                       apr_pool_t *pool);

/** Before the handshake: what a server that asks is shown, which must live as long
 * as the session. @return false if OpenSSL refuses it (a key that is too weak) */
bool bearer_tls_show(bearer_tls_session_t *session,
                     const bearer_tls_pair_t *pair) BEARER_MUST_USE;

/** The handshake, a read, a write: as far as it goes without waiting.
 *
 * @return over 0 if it is done (bytes read or written), else see
 *         bearer_tls_wants */
int bearer_tls_connect(bearer_tls_session_t *session);
int bearer_tls_read(bearer_tls_session_t *session, char *buf, int size);
int bearer_tls_write(bearer_tls_session_t *session, const char *bytes, int len);

/** What the last call that was not done has to wait for: APR_POLLIN, APR_POLLOUT,
 * or 0: it never will be, it failed or the stream ended. */
apr_int16_t bearer_tls_wants(const bearer_tls_session_t *session);

/** Whether the stream ended by the peer's word (close_notify), which nobody on the
 * path can forge. */
bool bearer_tls_is_closed(const bearer_tls_session_t *session);

/** Why the last call failed; the buffer may hold the text. */
const char *bearer_tls_problem(const bearer_tls_session_t *session, char *buf,
                               apr_size_t size);

/**
 * When the certificate of the other side ends, or one of those that vouch for it,
 * whichever comes first; after a good handshake.
 *
 * @param out seconds since 1970; only on true
 * @return false: it cannot be told
 */
bool bearer_tls_find_end(const bearer_tls_session_t *session,
                         apr_int64_t *out) BEARER_MUST_USE;

/** One close_notify, for a tidy log at the other end; nobody waits. */
void bearer_tls_close(bearer_tls_session_t *session);

/** Frees what OpenSSL keeps for this thread, so that nothing of it is left to do
 * when the thread or the process ends: the last call of a thread that used TLS. */
void bearer_tls_end_thread(void);

#endif
