/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alg - the table of signature algorithms.
 *
 * Owns:     name, key type, curve, signature size, least key size, backend: data only.
 * Does not: verify anything (jws).
 * Memory:   constant
 * Threads:  any
 */
#ifndef BEARER_ALG_H
#define BEARER_ALG_H

#include "bearer/base/base.h"

/** Key types (RFC 7518 6.1, RFC 8037 2). */
typedef enum bearer_kty_t {
    BEARER_KTY_RSA,
    BEARER_KTY_EC,
    BEARER_KTY_OKP,
    BEARER_KTY_OCT
} bearer_kty_t;

/** Curves; an algorithm and a key must name the same one. */
typedef enum bearer_curve_t {
    BEARER_CURVE_NONE,
    BEARER_CURVE_P256,
    BEARER_CURVE_P384,
    BEARER_CURVE_P521,
    BEARER_CURVE_ED25519,
    BEARER_CURVE_ED448
} bearer_curve_t;

/** A set of algorithms: one bit for each row of the table. */
typedef apr_uint32_t bearer_algset_t;

/** One row. EdDSA fits both Edwards curves: its curve is BEARER_CURVE_NONE; Ed25519
 * and Ed448 are the same algorithm by the name of one curve (RFC 9864). */
typedef struct bearer_alg_t {
    const char *name; /**< JOSE name, case matters */
    bearer_algset_t bit;
    bearer_kty_t kty;
    bearer_curve_t curve; /**< NONE: decided by the key */
    apr_size_t signature; /**< bytes; 0: decided by the key */
    apr_size_t hash;      /**< bytes of the hash; least size of an oct key */
    bool cjose;           /**< cjose verifies it, else OpenSSL */
} bearer_alg_t;

/** All algorithms with public keys, and all with shared secrets. */
extern const bearer_algset_t bearer_alg_public;
extern const bearer_algset_t bearer_alg_secret;

/** The row with exactly this name, or NULL. "none" has no row. */
const bearer_alg_t *bearer_alg_find(bearer_str_t name);

/** The row number i, or NULL after the last: for loops over the table. */
const bearer_alg_t *bearer_alg_row(int i);

/** The names of a set, separated by spaces, in the order of the table. */
const char *bearer_alg_names(bearer_algset_t set, apr_pool_t *pool);

/** The row of a curve name ("P-256", "Ed25519"), or BEARER_CURVE_NONE. */
bearer_curve_t bearer_alg_curve(bearer_str_t name);

/** The curve's name, "" for BEARER_CURVE_NONE. */
const char *bearer_alg_curve_name(bearer_curve_t curve);

/** The key type as JWKs name it ("RSA", "EC", "OKP", "oct"). */
const char *bearer_alg_kty_name(bearer_kty_t kty);

/** Bytes of one coordinate of a curve (32, 48, 66; 32 and 57 for Ed). */
apr_size_t bearer_alg_curve_size(bearer_curve_t curve);

#endif
