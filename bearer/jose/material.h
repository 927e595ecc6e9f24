/* SPDX-License-Identifier: Apache-2.0 */
/*
 * material - the numbers of a key into an object that verifies.
 *
 * Owns:     checks and import of RSA, EC and OKP numbers and of secrets; what one
 *           verification costs.
 * Does not: know what a key may be used for (jwk).
 * Memory:   the cjose or OpenSSL object belongs to the pool
 * Threads:  any
 */
#ifndef BEARER_MATERIAL_H
#define BEARER_MATERIAL_H

#include "bearer/base/error.h"
#include "bearer/jose/alg.h"
#include "bearer/text/value.h"

/** What was imported. */
typedef struct bearer_material_t {
    int bits; /**< RSA modulus, curve size, or secret length */
    int cost; /**< of a verification, about, as BEARER_LIMIT_COST */
    struct _cjose_jwk_int *cjose; /**< RSA, EC, oct; never retain or release */
    struct evp_pkey_st *pkey;     /**< OKP */
} bearer_material_t;

/** Whether keys of this type may be on this curve; an RSA key is on none. */
bool bearer_material_knows(bearer_kty_t kty, bearer_curve_t curve);

/**
 * Checks and imports the numbers of a public key. Each is checked to be canonical
 * base64url of the right length before cjose sees it (cjose aborts on "A=", accepts
 * e=1 and 400 000 bit moduli).
 *
 * @param kty   not oct
 * @param curve one that bearer_material_knows of this type
 * @return BEARER_OK, BEARER_JWK_FORM, _MEMBER, _RSA_SIZE, _RSA_EXPONENT, _REFUSED,
 *         BEARER_NO_MEMORY
 */
bearer_reason_t bearer_material_import(const bearer_value_t *json,
                                       bearer_kty_t kty, bearer_curve_t curve,
                                       bearer_material_t *out,
                                       bearer_note_t *note,
                                       apr_pool_t *pool) BEARER_MUST_USE;

/** Imports a secret. @return BEARER_OK, BEARER_NO_MEMORY */
bearer_reason_t bearer_material_secret(bearer_str_t secret,
                                       bearer_material_t *out,
                                       apr_pool_t *pool) BEARER_MUST_USE;

#endif
