/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof - what is known of a token, no matter who vouches for it.
 *
 * Owns:     the record of what was proven and by what, and its words for logs.
 * Does not: prove anything (prove), or keep it (tokcache).
 * Memory:   texts and claims are the maker's; issuers are of the configuration
 * Threads:  any; constant once made
 */
#ifndef BEARER_PROOF_H
#define BEARER_PROOF_H

#include "bearer/gate/presented.h"
#include "bearer/judge/claims.h"
#include "bearer/judge/stage.h"

/** How it was proven. */
typedef enum bearer_proven_t {
    BEARER_PROVEN_NOT,      /**< not, or not yet */
    BEARER_PROVEN_BY_KEY,   /**< a signature, by a published key */
    BEARER_PROVEN_BY_SECRET /**< a signature, by a shared secret */
} bearer_proven_t;

/** By which key. The texts are the token's own words. */
typedef struct bearer_proof_key_t {
    const bearer_alg_t *alg; /**< NULL: the header was not read */
    bearer_str_t kid;        /**< data is NULL if absent */
    bearer_str_t typ;        /**< data is NULL if absent */
    apr_uint64_t version;    /**< of the key set; 0: no published one */
} bearer_proof_key_t;

/** A proof that is never over by itself. */
#define BEARER_PROOF_LASTS INT64_MAX

/**
 * What is known of a token, as far as it got: the claims are there only when it was
 * proven. What depends on time and place (exp, aud, typ) is no part of a proof: it is
 * judged each time.
 */
typedef struct bearer_proof_t {
    const bearer_issuer_t *issuer; /**< whose it is; NULL: nobody we trust */
    bearer_proven_t how;
    unsigned int depends; /**< bits of bearer_depends_t; 0: the token only */
    bearer_proof_key_t key;
    const bearer_claims_t *claims; /**< NULL unless proven */
    apr_time_t until;              /**< tick of its end, if it was proven */
} bearer_proof_t;

/**
 * What a check that passed has looked at, as far as logs may show it: the
 * algorithm, key id, type or issuer. For other stages the note stays as it is.
 */
void bearer_proof_note(bearer_stage_t stage, const bearer_proof_t *proof,
                       bearer_note_t *note);

#endif
