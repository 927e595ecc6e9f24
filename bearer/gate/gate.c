/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/gate.h"

#include <string.h>

struct bearer_gate_t {
    bearer_gate_conf_t conf;
    bearer_prover_t *prover;
};

bearer_gate_t *bearer_gate_create(const bearer_gate_conf_t *conf,
                                  apr_pool_t *pool)
{
    bearer_gate_t *gate = apr_pcalloc(pool, sizeof(*gate));

    gate->conf = *conf;
    gate->prover = bearer_prove_create(&conf->prove, pool);
    return gate;
}

static apr_status_t give_entry(void *entry)
{
    bearer_tokcache_give(entry);
    return APR_SUCCESS;
}

/* a proof that was made before; false if there is none that still holds */
static bool recall(const bearer_gate_t *gate, bearer_str_t token,
                   const bearer_policy_t *policy, apr_time_t now,
                   bearer_verdict_t *out, apr_pool_t *pool)
{
    const bearer_issuer_t *issuer;
    bearer_tokcache_entry_t *entry;
    const bearer_proof_t *proof;

    if (!gate->conf.cache)
        return false;
    proof = bearer_tokcache_find(gate->conf.cache, token, now, &entry);
    if (!proof)
        return false;
    issuer = bearer_prove_again(gate->prover, proof, policy, now);
    if (!issuer) {
        bearer_tokcache_give(entry);
        return false;
    }
    apr_pool_cleanup_register(pool, entry, give_entry, apr_pool_cleanup_null);
    out->proof = *proof;
    out->proof.issuer = issuer;
    out->recalled = true;
    return true;
}

/* with an old proof or a new one; only what is accepted here and now is
 * remembered */
static bearer_reason_t judge(const bearer_gate_t *gate,
                             const bearer_presented_t *presented,
                             const bearer_policy_t *policy, bearer_now_t now,
                             bearer_verdict_t *out, apr_pool_t *pool)
{
    bearer_proof_t *proof = &out->proof;
    bearer_reason_t why = BEARER_OK;

    if (!recall(gate, presented->token, policy, now.tick, out, pool))
        why = bearer_prove_token(gate->prover, presented, policy, &now, proof,
                                 &out->note, pool);
    if (!why)
        why = bearer_verify_claims(proof->claims, policy, proof->issuer,
                                   now.wall, &out->subject, &out->note);
    if (!why && !out->recalled && gate->conf.cache)
        bearer_tokcache_store(gate->conf.cache, presented->token, proof,
                              now.tick);
    return why;
}

void bearer_gate_admit(bearer_gate_t *gate, const bearer_presented_t *presented,
                       const bearer_policy_t *policy, bearer_now_t now,
                       bearer_verdict_t *out, apr_pool_t *pool)
{
    const bearer_prove_conf_t *conf = &gate->conf.prove;

    memset(out, 0, sizeof(*out));
    out->why = judge(gate, presented, policy, now, out, pool);
    /* nobody reads claims of a token that is refused */
    if (out->why)
        out->proof.claims = NULL;
    bearer_stats_admit(conf->stats, conf->tick(conf->baton) - now.tick);
}
