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
#include "bearer/text/value.h"

/** What of a token says that it is an issuer's. */
typedef enum bearer_named_t {
    BEARER_NAMED_BY_ISS,    /**< iss is its name, byte for byte */
    BEARER_NAMED_BY_TENANT, /**< iss is its name, a template, filled by the claim
                                 tid, and that is one of the tenants */
    BEARER_NAMED_BY_SUBJECT, /**< sub is a SPIFFE ID of its name, a trust domain;
                                  iss may be absent, and means nothing */
    BEARER_NAMED_BY_HEADER /**< iss in the token's header is its name, byte for byte
                                (bearer/judge/alb.h) */
} bearer_named_t;

/** One issuer that a place trusts. */
typedef struct bearer_issuer_t {
    bearer_str_t iss;            /**< its name: see bearer_named_t */
    bearer_named_t named;        /**< how tokens carry it */
    const bearer_str_t *tenants; /**< of a template; */
    int tenant_count;            /**< 0: any tenant */
    const bearer_str_t
        *signers;         /**< of an issuer named by header: who may make */
    int signer_count;     /**< its tokens */
    bearer_algset_t algs; /**< its own list; 0: the place's */
    const bearer_str_t *audiences; /**< its own list; */
    int audience_count;            /**< 0: the place's */
    const char *audience_claim;    /**< which claim says for whom, instead of
                                        aud; NULL: aud */
    const bearer_jwks_t *secret;   /**< a shared secret, or NULL: */
    const bearer_source_t *source; /**< published keys */
    const char *profile;           /**< its named set of checks, in words for
                                        people; NULL: none */
} bearer_issuer_t;

/** Which token types are accepted (the header's typ; RFC 8725 3.11). */
typedef enum bearer_typ_t {
    BEARER_TYP_JWT,    /**< absent, JWT or at+jwt */
    BEARER_TYP_AT_JWT, /**< at+jwt only (RFC 9068 4) */
    BEARER_TYP_ANY
} bearer_typ_t;

/** An issuer and what it may use at one place. */
typedef struct bearer_trust_t {
    const bearer_issuer_t *issuer;
    bearer_algset_t algs;
} bearer_trust_t;

/** Everything a place demands of a token. Until it is frozen, it trusts nobody. */
typedef struct bearer_policy_t {
    const bearer_issuer_t *const *issuers;
    int issuer_count;
    const bearer_str_t *audiences; /**< any of these */
    int audience_count;
    bool any_audience;    /**< "any" was written */
    bool audience_is_url; /**< a resource's: its scheme and host have no case */
    bearer_algset_t algs; /**< 0: every algorithm that fits the issuer */
    bearer_typ_t typ;
    apr_int64_t leeway;          /**< seconds */
    apr_int64_t max_age;         /**< seconds since iat; 0: off */
    apr_int64_t max_life;        /**< seconds from iat to exp; 0: off */
    const char *const *required; /**< names of claims that must be there */
    int required_count;
    const bearer_path_t *const *user; /**< the subject: first usable one; */
    int user_count;                   /**< 0: the caller finds it */

    /* made of the above by bearer_policy_freeze */
    const bearer_trust_t *trusted; /**< the issuers; */
    int trusted_count;
    bool special;                    /**< not all are named by iss */
    bool padded;                     /**< one of them is named by header, and
                                          its tokens have padding */
    bearer_algset_t allowed;         /**< the algorithms of any of them */
    bearer_reason_t why;             /**< see bearer_policy_check */
    const bearer_issuer_t *doubtful; /**< whom that is about, or NULL */
} bearer_policy_t;

/**
 * Works out what requests need: the algorithms of each issuer, which are its own
 * list, else the place's, else all; of these, HS* only and exclusively with a shared
 * secret (algorithm confusion, RFC 8725 3.1), for a trust domain RS*, PS* and ES*
 * only (JWT-SVID 2.1), and whether the policy makes sense.
 * Call it again after a change of issuers, audiences or algorithms.
 */
void bearer_policy_freeze(bearer_policy_t *policy, apr_pool_t *pool);

/**
 * Refuses a frozen policy that would accept by omission or nothing at all.
 *
 * @return BEARER_OK, BEARER_POLICY_ISSUER (none), BEARER_POLICY_AUDIENCE (an
 *         issuer for which none is configured, and no "any"),
 *         BEARER_POLICY_ANY (an issuer whose audience must be compared, and "any"),
 *         BEARER_POLICY_ALG (an issuer for which no algorithm is left)
 */
bearer_reason_t bearer_policy_check(const bearer_policy_t *policy,
                                    bearer_note_t *note) BEARER_MUST_USE;

/** Whether claims are of this issuer: see bearer_named_t.
 *
 * @param iss    data is NULL if absent
 * @param claims an object
 */
bool bearer_policy_names(const bearer_issuer_t *issuer, bearer_str_t iss,
                         const bearer_value_t *claims);

/** The issuer of exactly this name (no prefix, no slash forgiven) with what it may
 * use; else the first one whose template or trust domain the claims fit; or NULL. An SVID
 * whose iss is the name of another one, or has a "#" in it, is nobody's beside other
 * issuers. */
const bearer_trust_t *bearer_policy_find(const bearer_policy_t *policy,
                                         bearer_str_t iss,
                                         const bearer_value_t *claims);

/** The issuer whose name the token's header says, or NULL. */
const bearer_trust_t *bearer_policy_find_header(const bearer_policy_t *policy,
                                                bearer_str_t iss);

/** Whether a header's typ is accepted; compared as a media type: without case,
 * "application/" may be left out (RFC 7515 4.1.9). data NULL: absent.
 *
 * @param issuer NULL: not known yet; what any of them may use is accepted
 */
bool bearer_policy_accepts_typ(const bearer_policy_t *policy,
                               const bearer_issuer_t *issuer, bearer_str_t typ);

#endif
