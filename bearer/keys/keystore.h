/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keystore - the last good keys of fetched sources on disk, for a cold start.
 *
 * Owns:     the files: their names, form and owners, when they are too old; the key that signs them.
 * Does not: post or log (refresh), or decide that there is a store (httpd).
 * Memory:   results live in the pool
 * Threads:  any, but only one write of a source at a time in each process
 */
#ifndef BEARER_KEYSTORE_H
#define BEARER_KEYSTORE_H

#include <apr_user.h>

#include "bearer/jose/jwks.h"
#include "bearer/keys/board.h"

/** Bytes of the key that signs, and of the mac (HMAC-SHA256). */
#define BEARER_KEYSTORE_SIGNER 32

/**
 * A directory with one file for each source, named by the hex of the source's
 * id and ".jwks": {"mac": "…", "issuer": "…", "fetched": <seconds since 1970>,
 * "keys": […]}, filtered public keys. These keys decide whose tokens are good, so
 * not everybody who may write there is believed: the mac is made with a key in
 * "store.key", which only the user who starts httpd can read.
 */
typedef struct bearer_keystore_t {
    const char *directory;
    apr_uid_t owner;          /**< files are read if they are his or root's */
    const unsigned char *key; /**< NULL: nothing is written and nothing read */
} bearer_keystore_t;

/** What to look for. */
typedef struct bearer_keystore_wanted_t {
    const bearer_board_id_t *id;
    const char *issuer; /**< what the document must say, byte for byte */
    apr_int64_t now;    /**< wall */
    apr_int64_t stale;  /**< seconds; keys of this age are too old */
} bearer_keystore_wanted_t;

/** What was found. */
typedef struct bearer_keystore_found_t {
    const bearer_jwks_t *keys;
    apr_int64_t age; /**< seconds since they were fetched, never negative */
} bearer_keystore_found_t;

/** How far in the future a file's time may be, since clocks are set. */
#define BEARER_KEYSTORE_AHEAD 60

/** The file of a source. */
const char *bearer_keystore_path(const bearer_keystore_t *store,
                                 const bearer_board_id_t *id, apr_pool_t *pool);

/**
 * Finds the key that signs, as root before privileges are dropped, or makes one.
 * Whoever may write to the directory can take the file away, but not put one of
 * their own there: it must belong to the user who runs this, and be a regular file
 * with one name that nobody else may read or write. Any other is removed and
 * replaced by a new one, and then nothing that was signed before is believed.
 *
 * @param why  why there was a file that could not be used, BEARER_KEYSTORE_KEY or
 *             BEARER_FILE_READ; BEARER_OK: there was a good one, or none
 * @param note particulars of it
 * @return APR_SUCCESS with store->key set, or what the system said (no permission,
 *         read-only, something there that cannot be removed)
 */
apr_status_t bearer_keystore_unlock(bearer_keystore_t *store,
                                    bearer_reason_t *why, bearer_note_t *note,
                                    apr_pool_t *pool) BEARER_MUST_USE;

/**
 * A document with its mac as the first member. The mac is for one source: its file
 * is not good for another.
 *
 * @param text a JSON object without a mac; at least its opening brace
 * @return data is NULL without a key, or if OpenSSL fails
 */
bearer_str_t bearer_keystore_sign(const bearer_keystore_t *store,
                                  const bearer_board_id_t *id,
                                  bearer_str_t text, apr_pool_t *pool);

/**
 * Writes a source's file as a whole or not at all: a new file with mode 0600 in
 * the same directory, synced, then renamed over the old one. A process killed in
 * between may leave "<hex>.<pid>.tmp" behind; nobody reads that.
 *
 * @param keys    as bearer_jwks_render made them
 * @param fetched wall, when the issuer gave or confirmed them
 * @return APR_SUCCESS, APR_EINVAL if the issuer cannot be written as JSON
 *         (it is not UTF-8, or memory ran out) or there is no key, or what the
 *         system said (no space, read-only, no permission)
 */
apr_status_t bearer_keystore_write(const bearer_keystore_t *store,
                                   const bearer_board_id_t *id,
                                   const char *issuer, bearer_str_t keys,
                                   apr_int64_t fetched,
                                   apr_pool_t *tmp) BEARER_MUST_USE;

/**
 * Reads a source's file, which is believed as little as an answer from the
 * network. Never follows a link, and never blocks on what is not a regular file.
 *
 * @param out set on BEARER_OK only
 * @return BEARER_OK, BEARER_KEYS_UNAVAILABLE if there is no file,
 *         BEARER_FILE_READ, BEARER_FILE_SIZE, BEARER_KEYSTORE_OWNER,
 *         BEARER_KEYSTORE_MAC (not signed, or not with this key for this source),
 *         BEARER_KEYSTORE_FORM (no issuer, another's, no time),
 *         BEARER_KEYSTORE_AGE (too old, or from the future), BEARER_NO_MEMORY,
 *         and what bearer_jwks_parse returns
 */
bearer_reason_t bearer_keystore_read(const bearer_keystore_t *store,
                                     const bearer_keystore_wanted_t *wanted,
                                     bearer_keystore_found_t *out,
                                     bearer_note_t *note,
                                     apr_pool_t *pool) BEARER_MUST_USE;

#endif
