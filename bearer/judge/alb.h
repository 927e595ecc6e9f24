/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alb - tokens that a load balancer of AWS makes (x-amzn-oidc-data).
 *
 * Owns:     which members of their header count as claims, and that the payload does not contradict them.
 * Does not: verify (verify), or read the padding of their base64url (jws).
 * Memory:   claims live in the pool
 * Threads:  any
 */
#ifndef BEARER_ALB_H
#define BEARER_ALB_H

#include "bearer/jose/jws.h"
#include "bearer/judge/claims.h"

/**
 * The issuer of the place that the token's header names and whose tokens are such: iss is
 * in the header, and what the payload says of it does not pick anybody.
 *
 * @return NULL: none, the token is like all others
 */
const bearer_trust_t *bearer_alb_find(const bearer_jws_t *jws,
                                      const bearer_policy_t *policy,
                                      apr_pool_t *pool);

/**
 * The claims of such a token: those of the payload, and the header as the member
 * BEARER_CLAIMS_HEADER, from which iss and exp are.
 *
 * @param out set on BEARER_OK only
 * @return BEARER_OK, BEARER_B64_LENGTH (not each part is padded: such tokens have one
 *         spelling as others do), BEARER_PAYLOAD_JSON (also if the payload has a member of
 *         that name), BEARER_ISS_UNKNOWN (it names another issuer than the header),
 *         BEARER_NO_MEMORY
 */
bearer_reason_t bearer_alb_read(const bearer_jws_t *jws,
                                const bearer_claims_t **out,
                                bearer_note_t *note,
                                apr_pool_t *pool) BEARER_MUST_USE;

/**
 * What only such tokens have, each time a token is judged: all load balancers of a
 * region sign with the same keys, so the signer must be one of the issuer's (a token of
 * somebody else's load balancer).
 *
 * @return BEARER_OK, BEARER_SIGNER_WRONG, BEARER_EXP_INVALID (header and payload differ)
 */
bearer_reason_t bearer_alb_check(const bearer_claims_t *claims,
                                 const bearer_issuer_t *issuer,
                                 bearer_note_t *note) BEARER_MUST_USE;

#endif
