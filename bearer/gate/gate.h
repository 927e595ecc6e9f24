/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate - the front door: token, policy and time into a verdict.
 *
 * Owns:     keys for an issuer, the bounded wait for them, what a verdict holds.
 * Does not: take the token from a request or answer it (httpd).
 * Memory:   a verdict's parts live in the pool of the call
 * Threads:  any
 */
#ifndef BEARER_GATE_H
#define BEARER_GATE_H

#include "bearer/base/clock.h"
#include "bearer/gate/tokcache.h"
#include "bearer/judge/verify.h"
#include "bearer/keys/keyring.h"
#include "bearer/keys/refresh.h"
#include "bearer/report/stats.h"

/** The outcome for one token at one place. */
typedef struct bearer_verdict_t {
    bearer_reason_t why; /**< BEARER_OK: accepted */
    bearer_note_t note;
    const bearer_issuer_t *issuer; /**< NULL if it never got so far */
    const bearer_jws_t *jws;       /**< NULL if the token has no good form, or
                                        was proven before */
    bearer_str_t kid;              /**< the token's; data NULL if it names none,
                                        or never got so far */
    const bearer_claims_t *claims; /**< proven; NULL unless why is BEARER_OK */
    bearer_str_t subject;          /**< if the policy names user paths */
} bearer_verdict_t;

/** One per process. */
typedef struct bearer_gate_t bearer_gate_t;

/** What a gate is made of; all of it must outlive it. */
typedef struct bearer_gate_conf_t {
    bearer_board_t *board;
    bearer_keyring_t *ring;
    bearer_tokcache_t *cache; /**< NULL: every signature is checked anew */
    bearer_stats_t *stats;    /**< NULL: nothing is counted */
    int waiters_here;  /**< requests of this process that may wait at once */
    int waiters_total; /**< and of all processes */
    bearer_now_t (*now)(void *baton);
    void (*pause)(void *baton, apr_interval_time_t time);
    void *baton;
} bearer_gate_conf_t;

bearer_gate_t *bearer_gate_create(const bearer_gate_conf_t *conf,
                                  apr_pool_t *pool);

/**
 * Judges a token. Opens no connection, ever. Waits only if the keys at hand
 * cannot judge the token and a refresh is under way or could just be asked for;
 * then at most the source's timeout, and only within the bounds on waiters.
 *
 * A signature that was proven before, with keys that are still those of the
 * issuer, is not checked again; everything that depends on time and place is.
 *
 * @param token  must live as long as the verdict
 * @param out    always filled; reasons: those of verify, and
 *               BEARER_KEYS_UNAVAILABLE
 */
void bearer_gate_admit(bearer_gate_t *gate, bearer_str_t token,
                       const bearer_policy_t *policy, bearer_verdict_t *out,
                       apr_pool_t *pool);

#endif
