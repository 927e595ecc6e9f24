/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws - a compact token: cut, header rules, one signature.
 *
 * Owns:     RFC 7515 compact form, header members, the call into cjose or EVP.
 * Does not: choose keys, trust issuers or read claims.
 * Memory:   the parsed token points into the text and the pool
 * Threads:  any
 */
#ifndef BEARER_JWS_H
#define BEARER_JWS_H

#include "bearer/jose/alg.h"
#include "bearer/jose/jwk.h"

/** A well-formed token; nothing about it is proven yet. */
typedef struct bearer_jws_t {
    bearer_str_t text;        /**< the whole token */
    bearer_str_t signed_part; /**< header "." payload, as signed */
    const bearer_alg_t *alg;
    bearer_str_t kid;       /**< data is NULL if absent */
    bearer_str_t typ;       /**< data is NULL if absent */
    bool nonce;             /**< the header has one */
    bearer_str_t payload;   /**< decoded bytes, followed by NUL */
    bearer_str_t signature; /**< decoded bytes */
    /* of bearer_jws_parse_padded: */
    bearer_str_t header; /**< decoded, followed by NUL; else data is NULL */
    bool padded;         /**< some part ends with "=" */
    bool whole;          /**< each part has all of its padding, or needs none */
} bearer_jws_t;

/**
 * Cuts and checks a compact token, in this order: size, exactly three parts
 * (five: encrypted), alphabet and canonical form of each, header JSON, alg (a
 * known one; RFC 8725 3.1), crit, b64, zip, enc (RFC 7515 4.1.11, RFC 7797: we
 * understand no extension), kid, typ a string. jwk, jku, x5u, x5c and x5t
 * are ignored (RFC 8725 3.10: keys come from the issuer only).
 *
 * @param allowed algorithms that any issuer of the place may use
 * @param text    must live as long as the result
 * @param out     set on BEARER_OK only
 * @return BEARER_OK, BEARER_TOKEN_SIZE, _JWS_PARTS, _JWS_ENCRYPTED, _B64_*,
 *         _HEADER_JSON, _ALG_MISSING, _ALG_UNKNOWN, _ALG_FORBIDDEN,
 *         _HEADER_CRIT, _HEADER_B64, _HEADER_ZIP, _HEADER_ENC, _HEADER_KID,
 *         _TYP_WRONG
 */
bearer_reason_t bearer_jws_parse(bearer_str_t text, bearer_algset_t allowed,
                                 const bearer_jws_t **out, bearer_note_t *note,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/**
 * The same for tokens of those who pad base64url with "=" (RFC 4648 5 would allow it, RFC
 * 7515 2 does not). Padding is only where it belongs and as long as it must be; whether the
 * token may have it at all is for the caller to ask: jws->padded, jws->whole.
 */
bearer_reason_t bearer_jws_parse_padded(bearer_str_t text,
                                        bearer_algset_t allowed,
                                        const bearer_jws_t **out,
                                        bearer_note_t *note,
                                        apr_pool_t *pool) BEARER_MUST_USE;

/**
 * What needs no cryptography: whether the key may verify this algorithm, and
 * whether the signature has the length that this key would give it.
 *
 * @return BEARER_OK, BEARER_KEY_UNFIT, BEARER_SIG_LENGTH
 */
bearer_reason_t bearer_jws_fits(const bearer_jws_t *jws,
                                const bearer_jwk_t *key) BEARER_MUST_USE;

/**
 * Whether the signature is by this key. The key's algorithms are checked again
 * (algorithm confusion; HS with an RSA key makes cjose read out of bounds), then
 * the exact length of the signature (cjose reads past short HS signatures and
 * accepts zero-extended ES ones), and only then are cjose or OpenSSL called. The
 * OpenSSL error queue is left empty.
 *
 * That a signature is good does not make it the only one: an issuer can make many,
 * and each ES signature (r, s) has a twin (r, n - s) that anybody can make. To
 * remember, deny or count tokens, use signed_part; to keep what was proven, use all
 * bytes.
 *
 * @return BEARER_OK, BEARER_KEY_UNFIT, BEARER_SIG_LENGTH, BEARER_SIG_WRONG (also
 *         if memory ran out inside a verification that does not say so),
 *         BEARER_NO_MEMORY
 */
bearer_reason_t bearer_jws_check(const bearer_jws_t *jws,
                                 const bearer_jwk_t *key) BEARER_MUST_USE;

/** Seeds the hashing of names in jansson, with which cjose reads a token's header
 * (hash flooding): once, before threads start. */
void bearer_jws_seed(void);

/** Makes the cryptographic libraries do their lazy work now: once per process,
 * before the first request. */
void bearer_jws_warm_up(void);

#endif
