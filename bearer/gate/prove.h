/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prove - from what a request presents to a proof, or the reason why there is none.
 *
 * Owns:     who is asked about which token, keys for an issuer, the bounded wait for
 *           them, whether an old proof still holds. Nothing above it knows that a proof
 *           was made with keys.
 * Does not: judge claims (claims), or remember proofs (tokcache).
 * Memory:   a proof's parts live in the pool of the call and the token's text
 * Threads:  any
 */
#ifndef BEARER_PROVE_H
#define BEARER_PROVE_H

#include "bearer/gate/proof.h"
#include "bearer/judge/verify.h"
#include "bearer/keys/keyring.h"
#include "bearer/keys/refresh.h"
#include "bearer/report/stats.h"

/** One per process. */
typedef struct bearer_prover_t bearer_prover_t;

/** What it proves with; all of it must outlive it. */
typedef struct bearer_prove_conf_t {
    bearer_board_t *board;
    bearer_keyring_t *ring;
    bearer_stats_t *stats; /**< NULL: nothing is counted */
    int waiters_here;  /**< requests of this process that may wait at once */
    int waiters_total; /**< and of all processes */
    apr_time_t (*tick)(void *baton); /**< measures waits and work; says nothing
                                          about tokens */
    void (*pause)(void *baton, apr_interval_time_t time);
    void *baton;
} bearer_prove_conf_t;

bearer_prover_t *bearer_prove_create(const bearer_prove_conf_t *conf,
                                     apr_pool_t *pool);

/**
 * Proves a token by the one issuer of the policy that it names. Opens no connection,
 * ever. Waits only if the present keys cannot judge the token and a refresh is
 * under way or could just be asked for; then at most the source's timeout, and only
 * within the bounds on waiters. A token whose key is not among the present ones is
 * refused only if these are all that the issuer has: its last round went well and
 * answered the last ask. Else nobody can judge it.
 *
 * @param now   when the request is judged; a wait moves it
 * @param proof filled as far as it got, so that a refusal can name the issuer and
 *              the key; marked as proven, and with claims, on BEARER_OK only
 * @return BEARER_OK, reasons of bearer_verify_begin and bearer_verify_signature,
 *         BEARER_KEYS_UNAVAILABLE, and those of bearer_keyring_take
 */
bearer_reason_t bearer_prove_token(bearer_prover_t *prover,
                                   const bearer_presented_t *presented,
                                   const bearer_policy_t *policy,
                                   bearer_now_t *now, bearer_proof_t *proof,
                                   bearer_note_t *note,
                                   apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Whether a proof that was made earlier, here or at another place, is good for this
 * policy at this moment.
 *
 * @return this place's issuer whose proof it is, or NULL: what it was made with is
 *         no longer there, or not accepted here; the token has to be proven again
 */
const bearer_issuer_t *bearer_prove_again(const bearer_prover_t *prover,
                                          const bearer_proof_t *proof,
                                          const bearer_policy_t *policy,
                                          apr_time_t now);

/** What a token says of issuer and key, as far as it was read: the beginning of a
 * proof, with nothing proven yet. */
void bearer_prove_begin(const bearer_job_t *job, bearer_proof_t *proof);

#endif
