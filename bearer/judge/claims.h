/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims - the registered claims against a policy at a given time.
 *
 * Owns:     iss aud exp nbf iat, required claims, cnf, the subject; the text form of a claim.
 * Does not: verify signatures or export anything (jws, httpd/request/judge).
 * Memory:   parsed claims are constant and live in the pool
 * Threads:  any; many readers
 */
#ifndef BEARER_CLAIMS_H
#define BEARER_CLAIMS_H

#include "bearer/judge/policy.h"
#include "bearer/text/value.h"

/** The claims of a token, read once; what depends on time or place is judged
 * later, as often as needed. */
typedef struct bearer_claims_t {
    const bearer_value_t *all; /**< an object */
    bearer_value_got_t has_iss, has_exp, has_nbf, has_iat;
    bearer_str_t iss;
    apr_int64_t exp, nbf, iat; /**< seconds; meaningful if has_… is GOT */
    bool by_header; /**< iss and exp are of the token's header, which is the
                         member BEARER_CLAIMS_HEADER (bearer/judge/alb.h) */
} bearer_claims_t;

/** See by_header. */
#define BEARER_CLAIMS_HEADER "jose_header"

/** @return BEARER_OK, BEARER_PAYLOAD_JSON, BEARER_NO_MEMORY */
bearer_reason_t bearer_claims_parse(bearer_str_t payload,
                                    const bearer_claims_t **out,
                                    bearer_note_t *note,
                                    apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Judges the claims, in this order: iss, exp, nbf, iat (RFC 7519 4.1), max-age,
 * max-life, aud, required claims, cnf. A bound token (RFC 7800) is refused: sent
 * as a bearer token it has lost what protects it (RFC 9449 7.2).
 *
 * @param issuer the one that was picked by iss
 * @param now    wall seconds
 * @return BEARER_OK, BEARER_ISS_MISSING, _ISS_UNKNOWN, _EXP_MISSING,
 *         _EXP_INVALID, _EXPIRED, _EXP_FAR, _NBF_INVALID, _NOT_YET, _IAT_INVALID,
 *         _IAT_FUTURE, _IAT_MISSING, _TOO_OLD, _TOO_LONG, _AUD_MISSING,
 *         _AUD_INVALID, _AUD_WRONG, _CLAIM_MISSING, _CNF_BOUND
 */
bearer_reason_t bearer_claims_check(const bearer_claims_t *claims,
                                    const bearer_policy_t *policy,
                                    const bearer_issuer_t *issuer,
                                    apr_int64_t now,
                                    bearer_note_t *note) BEARER_MUST_USE;

/**
 * The subject: the first of the policy's user paths that holds a string that is
 * not empty (an empty or blank user passes "Require valid-user") and has no flaw
 * (bearer_claims_flaw).
 *
 * @param out  points into the claims
 * @param note names the claims and what they are, not their values
 * @return BEARER_OK, BEARER_SUBJECT_MISSING
 */
bearer_reason_t bearer_claims_subject(const bearer_claims_t *claims,
                                      const bearer_policy_t *policy,
                                      bearer_str_t *out,
                                      bearer_note_t *note) BEARER_MUST_USE;

/** Who vouches for claims that were proven: the iss that was compared, with the tenant
 * that fills a template, or the trust domain, whatever the token says in iss. It is
 * followed by a NUL.
 *
 * @param claims NULL: not proven, and the template itself is meant
 */
bearer_str_t bearer_claims_vouched(const bearer_claims_t *claims,
                                   const bearer_issuer_t *issuer);

/** How a claim becomes text. */
typedef enum bearer_form_t {
    BEARER_FORM_PLAIN,    /**< strings as they are, all else as JSON */
    BEARER_FORM_JSON,     /**< always JSON: strings with quotes */
    BEARER_FORM_JOIN,     /**< arrays of scalars joined, one scalar as it is;
                               absent if a program that cuts the text at the
                               separators and trims the pieces could get other
                               members */
    BEARER_FORM_BASE64URL /**< the PLAIN text as base64url */
} bearer_form_t;

/**
 * The text of the claim at a path.
 *
 * @param path NULL: all claims
 * @param join the separator of BEARER_FORM_JOIN, else ignored
 * @return in the pool, NUL-terminated; data is NULL if the claim is absent, null,
 *         or cannot be joined
 */
bearer_str_t bearer_claims_text(const bearer_claims_t *claims,
                                const bearer_path_t *path, bearer_form_t form,
                                const char *join, apr_pool_t *pool);

/** Why a text must not be given to anybody as it is, as the end of a sentence;
 * NULL: it may be. A control character is never given to programs or back ends
 * (header and environment injection). Nor are invisible ends: who reads a header or
 * a variable cuts off blanks, and "admin " becomes "admin" (a forged name). */
const char *bearer_claims_flaw(bearer_str_t text);

/** The text of the claim at a path as bearer_claims_text makes it, if it may be
 * given to programs and back ends.
 *
 * @param out data is NULL if the claim is absent or null; set if it has no flaw
 * @return NULL, or why it is given to nobody: the end of a sentence
 */
const char *bearer_claims_export(const bearer_claims_t *claims,
                                 const bearer_path_t *path, bearer_form_t form,
                                 const char *join, bearer_str_t *out,
                                 apr_pool_t *pool) BEARER_MUST_USE;

/** The texts of a claim for lists: each string, number or boolean of an array
 * (other members are left out), or the one value. NULL-terminated array of terminated strings; never NULL. */
const char *const *bearer_claims_list(const bearer_claims_t *claims,
                                      const bearer_path_t *path,
                                      apr_pool_t *pool);

#endif
