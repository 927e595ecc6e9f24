/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - what a protected place demands.
 *
 * Owns:     issuers, audiences, algorithms, types and times of one place; refuses policies that make no sense.
 * Does not: read directives (httpd/conf/conf) or judge tokens (claims, verify).
 * Memory:   made by the configuration, constant afterwards
 * Threads:  any
 */
#ifndef BEARER_POLICY_H
#define BEARER_POLICY_H

#include "bearer/jose/alg.h"
#include "bearer/jose/jwks.h"
#include "bearer/keys/source.h"
#include "bearer/text/path.h"

/** One issuer that a place trusts. */
typedef struct bearer_issuer_t {
    bearer_str_t iss;              /**< exactly as tokens carry it */
    bearer_algset_t algs;          /**< its own list; 0: the place's */
    const bearer_str_t *audiences; /**< its own list; */
    int audience_count;            /**< 0: the place's */
    const bearer_jwks_t *secret;   /**< a shared secret, or NULL: */
    const bearer_source_t *source; /**< published keys */
} bearer_issuer_t;

/** Which token types are accepted (the header's typ; RFC 8725 3.11). */
typedef enum bearer_typ_t {
    BEARER_TYP_JWT,    /**< absent, JWT or at+jwt */
    BEARER_TYP_AT_JWT, /**< at+jwt only (RFC 9068 4) */
    BEARER_TYP_ANY
} bearer_typ_t;

/** Everything a place demands of a token. */
typedef struct bearer_policy_t {
    const bearer_issuer_t *const *issuers;
    int issuer_count;
    const bearer_str_t *audiences; /**< any of these */
    int audience_count;
    bool any_audience;    /**< "any" was written out */
    bearer_algset_t algs; /**< 0: every one that fits the issuer */
    bearer_typ_t typ;
    apr_int64_t leeway;          /**< seconds */
    apr_int64_t max_age;         /**< seconds since iat; 0: off */
    apr_int64_t max_life;        /**< seconds from iat to exp; 0: off */
    const char *const *required; /**< names of claims that must be there */
    int required_count;
    const bearer_path_t *const *user; /**< the subject: first usable one; */
    int user_count;                   /**< 0: the caller finds it */
} bearer_policy_t;

/**
 * Refuses a policy that would accept by omission or nothing at all.
 *
 * @return BEARER_OK, BEARER_POLICY_ISSUER (none), BEARER_POLICY_AUDIENCE (an
 *         issuer for which none is configured, and no "any"),
 *         BEARER_POLICY_ALG (an issuer for which no algorithm is left)
 */
bearer_reason_t bearer_policy_check(const bearer_policy_t *policy,
                                    bearer_note_t *note) BEARER_MUST_USE;

/** The issuer of exactly this name, or NULL (no prefix, no slash forgiven). */
const bearer_issuer_t *bearer_policy_find(const bearer_policy_t *policy,
                                          bearer_str_t iss);

/**
 * The algorithms an issuer may use at this place: its own list, else the
 * place's, else all; of these, HS* only and exclusively with a shared secret
 * (algorithm confusion, RFC 8725 3.1).
 */
bearer_algset_t bearer_policy_algs(const bearer_policy_t *policy,
                                   const bearer_issuer_t *issuer);

/** The algorithms that any issuer may use at this place. */
bearer_algset_t bearer_policy_allowed(const bearer_policy_t *policy);

/** Whether a header's typ is accepted; compared as a media type: without case,
 * "application/" may be left out (RFC 7515 4.1.9). data NULL: absent. */
bool bearer_policy_accepts_typ(const bearer_policy_t *policy, bearer_str_t typ);

#endif
