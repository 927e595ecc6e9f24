/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mint - tokens signed on the spot, with keys made of one byte.
 *
 * Owns:     signing with Ed25519 and HS256; the public keys that belong to it.
 * Does not: prove interoperability: fixtures.h has another implementation's.
 * Memory:   results live in the pool
 * Threads:  one
 */
#ifndef BEARER_TESTS_MINT_H
#define BEARER_TESTS_MINT_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "jose.h"

static inline EVP_PKEY *mint_private(unsigned char seed)
{
    unsigned char bytes[32];

    memset(bytes, seed, sizeof(bytes));
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes,
                                        sizeof(bytes));
}

/** The public key of a seed as JWK, written with ' for "; kid may be NULL. */
static inline const char *mint_key(unsigned char seed, const char *kid,
                                   apr_pool_t *pool)
{
    EVP_PKEY *key = mint_private(seed);
    unsigned char bytes[32];
    size_t len = sizeof(bytes);
    bearer_str_t text = {(const char *)bytes, sizeof(bytes)};

    assert_non_null(key);
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, bytes, &len), 1);
    EVP_PKEY_free(key);
    return apr_pstrcat(pool, "{'kty':'OKP','crv':'Ed25519','x':'",
                       bearer_b64url_render(text, pool).data, "'",
                       kid ? ",'kid':'" : "", kid ? kid : "", kid ? "'" : "",
                       "}", NULL);
}

/** What is signed: header and claims, written with ' for ". */
static inline const char *mint_signed_part(const char *header,
                                           const char *claims, apr_pool_t *pool)
{
    return apr_pstrcat(
        pool, bearer_b64url_render(jose_json(header, pool), pool).data, ".",
        bearer_b64url_render(jose_json(claims, pool), pool).data, NULL);
}

/** A token signed with the key of a seed; header and claims are the caller's, even
 * if they make no sense. */
static inline const char *mint_token(const char *header, const char *claims,
                                     unsigned char seed, apr_pool_t *pool)
{
    const char *text = mint_signed_part(header, claims, pool);
    EVP_PKEY *key = mint_private(seed);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char bytes[64];
    size_t len = sizeof(bytes);
    bearer_str_t signature = {(const char *)bytes, sizeof(bytes)};

    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, bytes, &len,
                                    (const unsigned char *)text, strlen(text)),
                     1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return apr_pstrcat(pool, text, ".",
                       bearer_b64url_render(signature, pool).data, NULL);
}

/** A token signed with a shared secret (HS256). */
static inline const char *mint_secret_token(const char *header,
                                            const char *claims,
                                            const char *secret,
                                            apr_pool_t *pool)
{
    const char *text = mint_signed_part(header, claims, pool);
    unsigned char bytes[32];
    unsigned len = sizeof(bytes);
    bearer_str_t signature = {(const char *)bytes, sizeof(bytes)};

    assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret),
                         (const unsigned char *)text, strlen(text), bytes,
                         &len));
    return apr_pstrcat(pool, text, ".",
                       bearer_b64url_render(signature, pool).data, NULL);
}

/** A key set of JWKs, written with ' for " and commas between them. */
static inline bearer_str_t mint_set(const char *keys, apr_pool_t *pool)
{
    return jose_json(apr_pstrcat(pool, "{'keys':[", keys, "]}", NULL), pool);
}

#endif
