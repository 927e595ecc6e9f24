/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate - the front door: what was presented, policy and time into a verdict.
 *
 * Owns:     the way from a proof, old or new, to a verdict.
 * Does not: prove (prove), take the token from a request or answer it (httpd).
 * Memory:   a verdict's parts live in the pool of the call
 * Threads:  any
 */
#ifndef BEARER_GATE_H
#define BEARER_GATE_H

#include "bearer/base/clock.h"
#include "bearer/gate/prove.h"
#include "bearer/gate/tokcache.h"

/** The outcome for one token at one place. */
typedef struct bearer_verdict_t {
    bearer_reason_t why; /**< BEARER_OK: accepted */
    bearer_note_t note;
    /** As far as it got, with the issuer as this place has it; its claims are there
     * only if why is BEARER_OK. */
    bearer_proof_t proof;
    bool recalled;        /**< it was proven for an earlier request */
    bearer_str_t subject; /**< if the policy names user paths */
} bearer_verdict_t;

/** One per process. */
typedef struct bearer_gate_t bearer_gate_t;

/** What a gate is made of; all of it must outlive it. */
typedef struct bearer_gate_conf_t {
    bearer_prove_conf_t prove;
    bearer_tokcache_t *cache; /**< NULL: everything is proven again */
} bearer_gate_conf_t;

bearer_gate_t *bearer_gate_create(const bearer_gate_conf_t *conf,
                                  apr_pool_t *pool);

/**
 * Judges what a request brought. Opens no connection, ever, and waits only as
 * bearer_prove_token does.
 *
 * What was proven before, and still holds, is not proven again; everything that
 * depends on time and place is judged again.
 *
 * @param presented its token must live as long as the verdict
 * @param now       the time of this request, looked at once, for all that is
 *                  decided. If the request has to wait for keys, that much is
 *                  added, and a token that expires meanwhile is refused
 * @param out       always filled; reasons: those of bearer_prove_token and
 *                  bearer_verify_claims
 */
void bearer_gate_admit(bearer_gate_t *gate, const bearer_presented_t *presented,
                       const bearer_policy_t *policy, bearer_now_t now,
                       bearer_verdict_t *out, apr_pool_t *pool);

#endif
