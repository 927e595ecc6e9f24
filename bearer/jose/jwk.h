/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk - one JWK into one immutable usable key, or the reason why not.
 *
 * Owns:     every check of a key, made once, at load (RFC 7517, RFC 8725 3.5).
 * Does not: import numbers (material), read PEM (pem), choose among keys (jwks), or
 *           verify (jws).
 * Memory:   a key and its cjose or OpenSSL object belong to the pool
 * Threads:  any; a key is constant (cjose's counts are never touched)
 */
#ifndef BEARER_JWK_H
#define BEARER_JWK_H

#include "bearer/base/base.h"
#include "bearer/base/error.h"
#include "bearer/jose/alg.h"
#include "bearer/text/value.h"

/** One key that passed every check. */
typedef struct bearer_jwk_t {
    bearer_str_t kid; /**< data is NULL when it has none */
    bearer_str_t
        issuer; /**< whose tokens it signs, where a set of several issuers
                              says so; data is NULL if it does not; empty, so
                              nobody's, if that is no string */
    bearer_kty_t kty;
    bearer_curve_t curve;
    int bits;             /**< RSA modulus, curve size, or secret length */
    int cost;             /**< of a verification, about, as BEARER_LIMIT_COST */
    bearer_algset_t algs; /**< the algorithms it may verify */
    bearer_str_t json;    /**< as JSON, public members only: what
                               bearer_jwks_render gives; data is NULL for a
                               secret */
    struct _cjose_jwk_int *cjose; /**< RSA, EC, oct; never retain or release */
    struct evp_pkey_st *pkey;     /**< OKP */
} bearer_jwk_t;

/** Which "use" of a key counts. */
typedef enum bearer_jwk_use_t {
    BEARER_JWK_FOR_SIG, /**< "sig", or none (RFC 7517 4.2) */
    BEARER_JWK_FOR_SVID /**< "jwt-svid" and nothing else: a SPIFFE bundle also has
                             keys for certificates, which sign no tokens */
} bearer_jwk_use_t;

/**
 * Checks and imports one public key. use, key_ops and alg narrow what it may
 * verify; a member that is null is absent. An oct key is refused, and so is a
 * private one: whoever reads it could sign.
 *
 * @return BEARER_OK, BEARER_JWK_FORM, _KTY, _USE, _ALG, _CURVE, _MEMBER,
 *         _RSA_SIZE, _RSA_EXPONENT, _OCT_PUBLISHED, _PRIVATE, _REFUSED,
 *         BEARER_NO_MEMORY
 */
bearer_reason_t bearer_jwk_parse_for(bearer_jwk_use_t use,
                                     const bearer_value_t *json,
                                     const bearer_jwk_t **out,
                                     bearer_note_t *note,
                                     apr_pool_t *pool) BEARER_MUST_USE;

/** The same for keys that are for signatures. */
bearer_reason_t bearer_jwk_parse(const bearer_value_t *json,
                                 const bearer_jwk_t **out, bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/** Whether it is neither a private key nor a secret, whatever else it is.
 * @return BEARER_OK, BEARER_JWK_OCT_PUBLISHED, _PRIVATE */
bearer_reason_t bearer_jwk_check_public(const bearer_value_t *json,
                                        bearer_note_t *note) BEARER_MUST_USE;

/**
 * The secret in a file's content: in printable text, one newline at the end is the
 * editor's and no part of the secret; anything else counts to the last byte, since
 * one random secret in 256 ends with a byte that looks like a newline.
 */
bearer_str_t bearer_jwk_trim_secret(bearer_str_t content);

/**
 * A shared secret (RFC 7518 3.2). It may verify those of HS256, HS384, HS512
 * whose hash is not longer than it.
 *
 * @return BEARER_OK, BEARER_JWK_OCT_SHORT under 32 bytes, BEARER_NO_MEMORY
 */
bearer_reason_t bearer_jwk_parse_secret(bearer_str_t secret,
                                        const bearer_jwk_t **out,
                                        bearer_note_t *note,
                                        apr_pool_t *pool) BEARER_MUST_USE;

#endif
