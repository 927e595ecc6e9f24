/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crypto - why OpenSSL or cjose failed.
 *
 * Owns:     OpenSSL's error queue of this thread while we use it.
 * Does not: call anything else of them (jwk, jws, fetch).
 * Memory:   none
 * Threads:  any; each has a queue of its own
 */
#ifndef BEARER_CRYPTO_H
#define BEARER_CRYPTO_H

#include "bearer/base/base.h"

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

#endif
