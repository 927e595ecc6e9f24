/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto - why OpenSSL or cjose failed, and when a certificate ends.
 *
 * Owns:     OpenSSL's error queue of this thread while we use it; its form of times.
 * Does not: call anything else of them (jwk, jws, fetch).
 * Memory:   none
 * Threads:  any; each has a queue of its own
 */
#ifndef BEARER_CRYPTO_H
#define BEARER_CRYPTO_H

#include "bearer/base/base.h"

/** OpenSSL's X509. */
struct x509_st;

/** What the queue holds. */
typedef enum bearer_crypto_said_t {
    BEARER_CRYPTO_SILENT,    /**< nothing about a cause; cjose never says that
                                  memory ran out, and OpenSSL not always */
    BEARER_CRYPTO_NO_MEMORY, /**< memory ran out */
    BEARER_CRYPTO_REFUSED    /**< something else */
} bearer_crypto_said_t;

/** Before a call that may fail: forgets what others left in the queue. */
void bearer_crypto_begin(void);

/** After it: says what is in the queue, and leaves it empty, since mod_ssl
 * reads it after us. */
bearer_crypto_said_t bearer_crypto_end(void);

/**
 * When a certificate ends (notAfter, RFC 5280 4.1.2.5).
 *
 * @param out seconds since 1970; only on true
 * @return false: it cannot be told
 */
bool bearer_crypto_find_end(const struct x509_st *certificate,
                            apr_int64_t *out) BEARER_MUST_USE;

#endif
