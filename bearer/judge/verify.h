/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify - the order of checks from token text to accepted claims.
 *
 * Owns:     the sequence of design section 5, each step with its own reason.
 * Does not: find tokens (token), keep keys (keyring), wait for them (gate).
 * Memory:   a job and all it points at live in its pool and the token's text
 * Threads:  one job, one thread
 */
#ifndef BEARER_VERIFY_H
#define BEARER_VERIFY_H

#include "bearer/jose/jws.h"
#include "bearer/judge/claims.h"
#include "bearer/judge/policy.h"

/** A token that is being judged. */
typedef struct bearer_job_t {
    const bearer_policy_t *policy;
    const bearer_jws_t *jws;
    const bearer_claims_t *claims; /**< unproven until the signature is good */
    const bearer_issuer_t *issuer; /**< NULL until iss picked one */
} bearer_job_t;

/**
 * First part: everything that needs neither keys nor time: alphabet, size, form, header,
 * algorithm, type, claims JSON, and the issuer picked by iss (exact), whose own
 * algorithms are then enforced.
 *
 * @param job  filled as far as it got, so that a refusal can name the issuer
 * @return BEARER_OK, BEARER_TOKEN_FORMAT, reasons of bearer_jws_parse, BEARER_TYP_WRONG,
 *         BEARER_PAYLOAD_JSON, BEARER_ISS_MISSING, BEARER_ISS_UNKNOWN,
 *         BEARER_ALG_FORBIDDEN
 */
bearer_reason_t bearer_verify_begin(bearer_str_t token,
                                    const bearer_policy_t *policy,
                                    bearer_job_t *job, bearer_note_t *note,
                                    apr_pool_t *pool) BEARER_MUST_USE;

/** Whether newer keys than those that were tried could judge otherwise. */
typedef enum bearer_newer_t {
    BEARER_NEWER_NO, /**< they would say the same */
    BEARER_NEWER_MAY, /**< the key that the token names did not sign it, unless the
                             issuer was set up anew and has another under that kid */
    BEARER_NEWER_NEEDED /**< the set does not have the token's key: an unknown kid,
                             or, where no key was named, a wrong signature, a length
                             that another key may have, or no key of the algorithm */
} bearer_newer_t;

/**
 * Second part: the signature, by a key of this set.
 *
 * @param newer always set
 * @return BEARER_OK, BEARER_KEY_UNKNOWN, BEARER_KEY_UNFIT,
 *         BEARER_KEY_AMBIGUOUS, BEARER_SIG_LENGTH, BEARER_SIG_WRONG
 */
bearer_reason_t bearer_verify_signature(const bearer_job_t *job,
                                        const bearer_jwks_t *keys,
                                        bearer_newer_t *newer,
                                        bearer_note_t *note) BEARER_MUST_USE;

/** Third part, for claims that were proven, by whatever means: at this time
 * (wall seconds), for this issuer of the policy; reasons of bearer_claims_check, and
 * BEARER_SUBJECT_MISSING if the policy names user paths. */
bearer_reason_t bearer_verify_claims(const bearer_claims_t *claims,
                                     const bearer_policy_t *policy,
                                     const bearer_issuer_t *issuer,
                                     apr_int64_t now, bearer_str_t *subject,
                                     bearer_note_t *note) BEARER_MUST_USE;

#endif
