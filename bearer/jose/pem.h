/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pem - a public key or certificate in PEM into a usable key.
 *
 * Owns:     PEM text into the equivalent JWK.
 * Does not: check keys: there is one set of checks (jwk).
 * Memory:   the key belongs to the pool
 * Threads:  any
 */
#ifndef BEARER_PEM_H
#define BEARER_PEM_H

#include "bearer/jose/jwk.h"

/**
 * A public key from PEM text: "PUBLIC KEY", "RSA PUBLIC KEY" or "CERTIFICATE"
 * (whose dates and names are not judged: the file is the trust). It has no kid, so
 * it serves tokens with any kid.
 *
 * @return BEARER_OK, BEARER_PEM_FORM, and what bearer_jwk_parse returns
 */
bearer_reason_t bearer_pem_parse(bearer_str_t text, const bearer_jwk_t **out,
                                 bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/** The same with a kid, which the document around it gives. BEARER_JWK_FORM: the kid is
 * too long. */
bearer_reason_t bearer_pem_parse_named(bearer_str_t kid, bearer_str_t text,
                                       const bearer_jwk_t **out,
                                       bearer_note_t *note,
                                       apr_pool_t *pool) BEARER_MUST_USE;
/**
 * When the first of the certificates in a text ends, for those who ask: no key is
 * judged by it. Whatever else is in the text is passed over.
 *
 * @param out seconds since 1970; only on true
 * @return false: there is none
 */
bool bearer_pem_find_end(bearer_str_t text, apr_int64_t *out) BEARER_MUST_USE;

#endif
