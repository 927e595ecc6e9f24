/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locate - from a source to its document: metadata, address, file.
 *
 * Owns:     where to look in which order, conditions, and what of it the board is to keep.
 * Does not: connect (fetch), post, remember or log (refresh).
 * Memory:   results live in the pool
 * Threads:  any
 */
#ifndef BEARER_LOCATE_H
#define BEARER_LOCATE_H

#include "bearer/base/clock.h"
#include "bearer/jose/jwks.h"
#include "bearer/keys/outcome.h"
#include "bearer/keys/source.h"

/** The world, as arguments. */
typedef struct bearer_locate_env_t {
    bearer_fetch_fn fetch;
    bearer_now_t (*now)(void *baton);
    /** Called for each address or file in turn ("metadata" or "keys"), whether
     * or not it was good; may be NULL. */
    void (*tell)(const char *what, const bearer_outcome_t *one, void *baton);
    void *baton;
    const volatile apr_uint32_t *stop; /**< not 0: give up soon; may be NULL */
    bool pipe; /**< a key file may be a pipe: never in a server */
} bearer_locate_env_t;

/** What is known from before; all zero: nothing. */
typedef struct bearer_locate_known_t {
    const char *address; /**< of the last good keys, or NULL */
    const char *etag; /**< of the answer from that address, if the board still
                           has it, or NULL */
    apr_time_t found; /**< tick of the discovery that found it */
    bool doubted;     /**< the address failed: look it up again first */
    /* of a source with an address for each kid: */
    const bearer_jwks_t *keys; /**< of other kids and this one; NULL: none */
    const char *kid;           /**< the one to look for: a name (kids) */
    const char *victim; /**< makes room for it; NULL or "": none has to */
} bearer_locate_known_t;

/** What was found. */
typedef struct bearer_locate_found_t {
    const bearer_jwks_t *keys; /**< NULL: a 304, nothing changed */
    bearer_str_t published;    /**< as it was received */
    bearer_str_t rendered;     /**< the good keys as text */
    bearer_str_t document;     /**< as the board gets them, with the address */
    const char *etag;          /**< from the same answer; may be NULL */
    const char *cache_control; /**< as answered, or NULL */
    apr_int64_t fresh;         /**< seconds until the next fetch */
    apr_time_t found; /**< tick of a good discovery, 0: there was none */
    bool doubted;     /**< the known address failed */
    bool missing;     /**< the issuer says that it has no key of this kid */
    bearer_outcome_t metadata; /**< of the discovery, good or bad */
} bearer_locate_found_t;

/**
 * Finds the keys of a source: those of its address with If-None-Match, its file,
 * or those that its metadata leads to. For discovery the known address comes first,
 * as long as it works and was found within a day; then the metadata decides; if
 * that fails too, the known address after all: an issuer that lost its metadata has
 * not lost its keys. Of a source with an address for each kid, that of known->kid, and
 * found->keys is all of known->keys with it. That it is missing (a status of 404 or 410)
 * is an answer: BEARER_OK with found->missing (only env->tell hears of the status), and
 * found->keys are the others if it was among known->keys, else NULL.
 *
 * @param told what decided, also on success
 * @return told->why: BEARER_OK, BEARER_HTTP_STATUS, BEARER_DISCOVERY_*,
 *         BEARER_JWKS_SIZE (more than the board keeps), BEARER_NO_MEMORY, and what
 *         fetch, bearer_file_read, bearer_jwks_parse_published and bearer_edit_put
 *         return. A secret: BEARER_OK, and nothing is found (see
 *         bearer/keys/secret.h)
 */
bearer_reason_t bearer_locate_keys(const bearer_source_t *source,
                                   const bearer_locate_known_t *known,
                                   const bearer_locate_env_t *env,
                                   bearer_locate_found_t *found,
                                   bearer_outcome_t *told,
                                   apr_pool_t *pool) BEARER_MUST_USE;

/**
 * The address in a document of the board: the next fetcher begins there. Without
 * that, a slow issuer would have to answer twice in each fetcher's life before its
 * keys are known.
 *
 * @param tick  now: a discovery in the future is not believed
 * @param found tick of the discovery that found it
 * @return NULL: there is none
 */
const char *bearer_locate_recall(bearer_str_t text, apr_time_t tick,
                                 apr_time_t *found, apr_pool_t *pool);

/**
 * Reads the key file of a source now.
 *
 * @param pipe it may be one: when a person waits, never in a server
 * @return BEARER_OK with found->keys, published, rendered and document set; what
 *         bearer_file_read and bearer_jwks_parse_published return; BEARER_JWKS_SIZE,
 *         BEARER_NO_MEMORY
 */
bearer_reason_t bearer_locate_file(const bearer_source_t *source, bool pipe,
                                   bearer_locate_found_t *found,
                                   bearer_note_t *note,
                                   apr_pool_t *pool) BEARER_MUST_USE;

#endif
