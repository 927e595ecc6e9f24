/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keystore - the last good keys of fetched sources on disk, for a cold start.
 *
 * Owns:     the files: name, form, whose they must be, when they are too old.
 * Does not: post or log (refresh), or decide that there is a store (httpd).
 * Memory:   results live in the pool
 * Threads:  any, but one write of one source at a time in each process
 */
#ifndef BEARER_KEYSTORE_H
#define BEARER_KEYSTORE_H

#include <apr_user.h>

#include "bearer/board.h"
#include "bearer/jwks.h"

/**
 * A directory with one file for each source, named by the hex of the source's
 * id and ".jwks": {"issuer": "…", "fetched": <seconds since 1970>, "keys": […]},
 * filtered public keys. Whoever may write there decides whose tokens are good.
 */
typedef struct bearer_keystore_t {
    const char *directory;
    apr_uid_t owner; /**< files are read if they are his or root's */
} bearer_keystore_t;

/** What is looked for. */
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

/** A file may come from so far in the future: clocks are set. */
#define BEARER_KEYSTORE_AHEAD 60

/** The file of a source. */
const char *bearer_keystore_path(const bearer_keystore_t *store,
                                 const bearer_board_id_t *id, apr_pool_t *pool);

/**
 * Writes a source's file as a whole or not at all: a new file with mode 0600 in
 * the same directory, synced, then renamed over the old one. A process killed in
 * between may leave "<hex>.<pid>.tmp" behind; nobody reads that.
 *
 * @param keys    as bearer_jwks_render made them
 * @param fetched wall, when the issuer gave or confirmed them
 * @return APR_SUCCESS, APR_EINVAL if the issuer cannot be written as JSON
 *         (it is not UTF-8, or memory ran out), or what the
 *         system said (no space, read-only, no permission)
 */
apr_status_t bearer_keystore_write(const bearer_keystore_t *store,
                                   const bearer_board_id_t *id,
                                   const char *issuer, bearer_str_t keys,
                                   apr_int64_t fetched,
                                   apr_pool_t *tmp) BEARER_MUST_USE;

/**
 * Reads a source's file, which is believed as little as an answer from the
 * network. Never follows a link and never blocks on what is no regular file.
 *
 * @param out set on BEARER_OK only
 * @return BEARER_OK, BEARER_KEYS_UNAVAILABLE if there is no file,
 *         BEARER_FILE_READ, BEARER_FILE_SIZE, BEARER_KEYSTORE_OWNER,
 *         BEARER_KEYSTORE_FORM (no issuer, another's, no time),
 *         BEARER_KEYSTORE_AGE (too old, or from the future), and what
 *         bearer_jwks_parse returns
 */
bearer_reason_t bearer_keystore_read(const bearer_keystore_t *store,
                                     const bearer_keystore_wanted_t *wanted,
                                     bearer_keystore_found_t *out,
                                     bearer_note_t *note,
                                     apr_pool_t *pool) BEARER_MUST_USE;

#endif
