/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwks - a JWK set into an immutable set, and which of its keys may fit a token.
 *
 * Owns:     reading sets, skipping bad keys, finding candidates, writing sets.
 * Does not: fetch or keep sets (refresh, board, keyring).
 * Memory:   a set and its keys belong to the pool
 * Threads:  any; a set is constant
 */
#ifndef BEARER_JWKS_H
#define BEARER_JWKS_H

#include "bearer/jose/jwk.h"

/** A key set; keys in document order. */
typedef struct bearer_jwks_t {
    const bearer_jwk_t *const *keys;
    int count;
    int skipped;         /**< keys that were refused */
    bearer_reason_t why; /**< of the first refused key */
    bearer_note_t skipped_note;
    apr_int64_t
        hint; /**< seconds after which it wants to be fetched again, from a
                           SPIFFE bundle; 0: it does not say */
} bearer_jwks_t;

/** The set without keys. */
extern const bearer_jwks_t bearer_jwks_nothing;

/**
 * Reads a JWK set (RFC 7517 5). A refused key does not spoil the others; keys
 * beyond BEARER_LIMIT_KEYS are skipped.
 *
 * @param note particulars of a refusal of the whole set
 * @return BEARER_OK (at least one usable key), BEARER_JSON_*, BEARER_JWKS_FORM,
 *         BEARER_JWKS_NONE (no key at all, or none that is for signatures: what an
 *         issuer publishes that has withdrawn them), BEARER_JWKS_EMPTY (there are
 *         keys, but none that can be used), BEARER_NO_MEMORY
 */
bearer_reason_t bearer_jwks_parse(bearer_str_t text, const bearer_jwks_t **out,
                                  bearer_note_t *note,
                                  apr_pool_t *pool) BEARER_MUST_USE;

/** Reads what bearer_jwks_render made, which may be without keys: they were
 * withdrawn. @return what bearer_jwks_parse returns, but not BEARER_JWKS_NONE */
bearer_reason_t bearer_jwks_parse_rendered(bearer_str_t text,
                                           const bearer_jwks_t **out,
                                           bearer_note_t *note,
                                           apr_pool_t *pool) BEARER_MUST_USE;

/** Which documents are read, and which of their keys count. */
typedef struct bearer_jwks_form_t {
    /** Also a single JWK, PEM, or an object of PEM texts by their kids; else only a
     * JWK set, as from the address in metadata. */
    bool any;
    /** The administrator's own: a private key or a secret refuses the whole, as in
     * PEM; else the key is skipped. */
    bool file;
    /** A SPIFFE bundle: see BEARER_JWK_FOR_SVID. */
    bool svid;
} bearer_jwks_form_t;

/**
 * Reads what an issuer publishes, by address or file: PEM if a line of it begins like
 * PEM (text before that is allowed, RFC 7468 2), else JSON. A byte order mark in
 * front is ignored.
 *
 * @return what bearer_jwks_parse returns; of a file BEARER_JWK_PRIVATE and
 *         BEARER_JWK_OCT_PUBLISHED; for a single key what
 *         bearer_pem_parse and bearer_jwk_parse return
 */
bearer_reason_t bearer_jwks_parse_published(bearer_str_t text,
                                            bearer_jwks_form_t form,
                                            const bearer_jwks_t **out,
                                            bearer_note_t *note,
                                            apr_pool_t *pool) BEARER_MUST_USE;

/** A set of one key. */
const bearer_jwks_t *bearer_jwks_create(const bearer_jwk_t *key,
                                        apr_pool_t *pool);

/** The usable keys as compact JSON, public members only: what the board
 * holds. Parsing it gives the same set. Secrets are left out. */
bearer_str_t bearer_jwks_render(const bearer_jwks_t *set, apr_pool_t *pool);

/** The keys that a token may be verified with. */
typedef struct bearer_candidates_t {
    const bearer_jwk_t *keys[BEARER_LIMIT_CANDIDATES];
    int count;
    bool more;   /**< there are more, which are not looked at */
    bool by_kid; /**< a key with exactly the token's kid is among them */
} bearer_candidates_t;

/**
 * Finds the keys for a token's kid and algorithm. With a kid: keys of that kid or,
 * if there are none, keys without one. Without: all that fit the algorithm.
 *
 * @param kid data is NULL if the token has none
 * @return BEARER_OK, BEARER_KEY_UNKNOWN (no key of that kid, and none without
 *         that fits: newer keys may help), BEARER_KEY_UNFIT (the kid's keys do
 *         not fit the algorithm, or the token has no kid and none fits)
 */
bearer_reason_t bearer_jwks_find(const bearer_jwks_t *set, bearer_str_t kid,
                                 const bearer_alg_t *alg,
                                 bearer_candidates_t *out) BEARER_MUST_USE;

/** The first key with this kid, or, if data is NULL, the first of all; NULL: there is
 * none. */
const bearer_jwk_t *bearer_jwks_first(const bearer_jwks_t *set,
                                      bearer_str_t kid);

/** All algorithms that one of the keys may be used with. */
static inline bearer_algset_t bearer_jwks_algs(const bearer_jwks_t *set)
{
    bearer_algset_t algs = 0;
    int i;

    for (i = 0; i < set->count; i++)
        algs |= set->keys[i]->algs;
    return algs;
}

/** The kids for a log line: "a, b, (none), (empty)", cut where it gets long. */
const char *bearer_jwks_kids(const bearer_jwks_t *set, apr_pool_t *pool);

#endif
