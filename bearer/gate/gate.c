/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/gate.h"

#include <stdatomic.h>
#include <string.h>

/* how often a waiting request looks at the board */
#define LOOK apr_time_from_msec(10)

struct bearer_gate_t {
    bearer_gate_conf_t conf;
    apr_time_t created; /* tick */
    atomic_int waiting; /* requests of this process */
};

bearer_gate_t *bearer_gate_create(const bearer_gate_conf_t *conf,
                                  apr_pool_t *pool)
{
    bearer_gate_t *gate = apr_pcalloc(pool, sizeof(*gate));

    gate->conf = *conf;
    gate->created = conf->now(conf->baton).tick;
    atomic_init(&gate->waiting, 0);
    return gate;
}

static apr_time_t tick(const bearer_gate_t *gate)
{
    return gate->conf.now(gate->conf.baton).tick;
}

/* --- keys ------------------------------------------------------------------ */

/* keys that nobody has confirmed for so long may be revoked ones; a file is
 * confirmed by each look that finds it good, whether or not it has changed */
static bool is_stale(const bearer_gate_t *gate, const bearer_source_t *source)
{
    bearer_schedule_t state;

    state = bearer_board_schedule(gate->conf.board, source->slot, &source->id);
    return !bearer_schedule_usable(&state, &source->schedule, tick(gate));
}

/* how a token fared with the keys of one moment */
typedef struct trial_t {
    bearer_reason_t why;
    bool newer_may_help;
    apr_uint64_t version; /* of the document these keys are from */
} trial_t;

/* one look at the keys, counted */
static bearer_reason_t check_with(const bearer_gate_t *gate,
                                  const bearer_job_t *job,
                                  const bearer_jwks_t *keys,
                                  bool *newer_may_help, bearer_note_t *note)
{
    apr_time_t began = tick(gate);
    bearer_reason_t why;

    why = bearer_verify_signature(job, keys, newer_may_help, note);
    /* only where a signature was computed */
    if (!why || why == BEARER_SIG_WRONG || why == BEARER_KEY_AMBIGUOUS)
        /* NOLINTNEXTLINE(*-core.NullDereference): it was begun, so it is there */
        bearer_stats_verify(gate->conf.stats, job->jws->alg,
                            tick(gate) - began);
    return why;
}

static trial_t try_keys(const bearer_gate_t *gate, const bearer_job_t *job,
                        bearer_note_t *note)
{
    const bearer_source_t *source = job->issuer->source;
    trial_t trial = {.why = BEARER_KEYS_UNAVAILABLE, .newer_may_help = true};
    bearer_keyring_set_t *set;

    trial.version = bearer_board_version(gate->conf.board, source->slot);
    if (is_stale(gate, source)
        || bearer_keyring_take(gate->conf.ring, source->slot, &source->id,
                               &set)) {
        bearer_note_set(note, "issuer %.*s",
                        bearer_note_width(job->issuer->iss),
                        job->issuer->iss.data);
        return trial;
    }
    trial.version = bearer_keyring_version(set);
    trial.why = check_with(gate, job, bearer_keyring_keys(set),
                           &trial.newer_may_help, note);
    bearer_keyring_give(set);
    return trial;
}

/* --- waiting --------------------------------------------------------------- */

/* whether the fetcher owes an answer: one that was asked for and is not there
 * yet, be it the very first */
static bool is_pending(const bearer_gate_t *gate, const bearer_source_t *source)
{
    bearer_schedule_t state =
        bearer_board_schedule(gate->conf.board, source->slot, &source->id);
    apr_time_t asked = bearer_board_asked(gate->conf.board, source->slot);

    /* the first round comes by itself: an ask now would only make a second one,
     * and be missing when a new key comes */
    if (!state.last_try && tick(gate) - gate->created < source->timeout)
        return true;
    /* one ask, one time to wait for it: a fetcher that hangs costs some threads
     * this much once, not with every request */
    if (tick(gate) - asked >= source->timeout)
        return false;
    return state.served < asked || state.last_try < asked;
}

/* whether other keys than those just tried are to be expected: from the fetcher,
 * or from another thread, which still parses what is on the board already */
static bool is_coming(const bearer_gate_t *gate, const bearer_source_t *source,
                      const trial_t *trial)
{
    return is_pending(gate, source)
           || bearer_board_version(gate->conf.board, source->slot)
                  != trial->version;
}

/* Tries other keys until they judge the token, none are coming, or time is up.
 * What is coming is found out before each try, or it could come in between. */
static trial_t look(const bearer_gate_t *gate, const bearer_job_t *job,
                    trial_t trial, apr_time_t until, bearer_note_t *note)
{
    const bearer_source_t *source = job->issuer->source;
    bool more;

    for (;;) {
        more = is_coming(gate, source, &trial) && tick(gate) < until;
        if (trial.why == BEARER_KEYS_UNAVAILABLE
            || bearer_board_version(gate->conf.board, source->slot)
                   != trial.version)
            trial = try_keys(gate, job, note);
        if (!trial.newer_may_help || !more)
            return trial;
        gate->conf.pause(gate->conf.baton, LOOK);
    }
}

/*
 * A place to wait in, or -1. It is taken in this process, so that its other
 * threads go on serving, and on the board, so that prefork children together
 * keep most of themselves free (worker starvation by random kids).
 */
static int take_place(bearer_gate_t *gate, apr_time_t now, apr_time_t until)
{
    int place = -1;

    if (atomic_fetch_add(&gate->waiting, 1) < gate->conf.waiters_here)
        place = bearer_board_wait(gate->conf.board, gate->conf.waiters_total,
                                  now, until);
    if (place < 0) {
        atomic_fetch_sub(&gate->waiting, 1);
        bearer_stats_wait(gate->conf.stats, -1);
    }
    return place;
}

static void give_place(bearer_gate_t *gate, int place, apr_time_t until)
{
    bearer_board_wait_end(gate->conf.board, place, until);
    atomic_fetch_sub(&gate->waiting, 1);
}

/* the keys at hand could not judge the token: asks for newer ones, and waits for
 * them if they are coming */
static trial_t try_newer(bearer_gate_t *gate, const bearer_job_t *job,
                         trial_t trial, bearer_note_t *note)
{
    const bearer_source_t *source = job->issuer->source;
    apr_time_t now = tick(gate);
    apr_time_t until = now + source->timeout;
    int place = -1;

    if (!is_coming(gate, source, &trial))
        (void)bearer_board_ask(gate->conf.board, source->slot,
                               &source->schedule, now);
    if (is_coming(gate, source, &trial))
        place = take_place(gate, now, until);
    /* also without a place: the keys may have come in the meantime */
    if (place < 0)
        return look(gate, job, trial, now, note);
    trial = look(gate, job, trial, until, note);
    give_place(gate, place, until);
    bearer_stats_wait(gate->conf.stats, tick(gate) - now);
    return trial;
}

static bearer_reason_t check_signature(bearer_gate_t *gate,
                                       const bearer_job_t *job,
                                       apr_uint64_t *version,
                                       bearer_note_t *note)
{
    bool newer_may_help;
    trial_t trial;

    *version = 0;
    if (job->issuer->secret)
        return check_with(gate, job, job->issuer->secret, &newer_may_help,
                          note);
    trial = try_keys(gate, job, note);
    if (trial.newer_may_help)
        trial = try_newer(gate, job, trial, note);
    *version = trial.version;
    return trial.why;
}

/* --- what was proven before -------------------------------------------------- */

/* whether two lines of the configuration mean the same keys */
static bool same_keys(const bearer_issuer_t *a, const bearer_issuer_t *b)
{
    if (a->secret || b->secret)
        return a->secret == b->secret;
    return a->source->slot == b->source->slot
           && memcmp(&a->source->id, &b->source->id, sizeof(a->source->id))
                  == 0;
}

/*
 * Whether the signature need not be checked again for this issuer of this place
 * (cache poisoning): the same keys, still those that the board has, confirmed
 * recently enough, and an algorithm and a type that the place accepts. If not,
 * the token goes the whole way, which finds the reason.
 */
static bool still_holds(const bearer_gate_t *gate, const bearer_proof_t *proof,
                        const bearer_policy_t *policy,
                        const bearer_issuer_t *issuer)
{
    if (!issuer || !same_keys(issuer, proof->issuer)
        || !(proof->alg & bearer_policy_algs(policy, issuer))
        || !bearer_policy_accepts_typ(policy, proof->typ))
        return false;
    if (issuer->secret)
        return true;
    return bearer_board_version(gate->conf.board, issuer->source->slot)
               == proof->version
           && !is_stale(gate, issuer->source);
}

static apr_status_t give_entry(void *entry)
{
    bearer_tokcache_give(entry);
    return APR_SUCCESS;
}

/* judges by a proof that is at hand; false if there is none that holds */
static bool recall(const bearer_gate_t *gate, bearer_str_t token,
                   const bearer_policy_t *policy, bearer_now_t now,
                   bearer_verdict_t *out, apr_pool_t *pool)
{
    bearer_tokcache_entry_t *entry;
    const bearer_proof_t *proof;
    bearer_job_t job = {.policy = policy};

    if (!gate->conf.cache)
        return false;
    proof = bearer_tokcache_find(gate->conf.cache, token, now.tick, &entry);
    if (!proof)
        return false;
    job.claims = proof->claims;
    job.issuer = bearer_policy_find(policy, proof->claims->iss);
    if (!still_holds(gate, proof, policy, job.issuer)) {
        bearer_tokcache_give(entry);
        return false;
    }
    apr_pool_cleanup_register(pool, entry, give_entry, apr_pool_cleanup_null);
    out->issuer = job.issuer;
    out->kid = proof->kid;
    out->why = bearer_verify_claims(&job, now.wall, &out->subject, &out->note);
    if (!out->why)
        out->claims = job.claims;
    return true;
}

static void remember(const bearer_gate_t *gate, bearer_str_t token,
                     const bearer_job_t *job, apr_uint64_t version,
                     apr_time_t now)
{
    bearer_proof_t proof = {
        .issuer = job->issuer,
        .version = version,
        /* NOLINTNEXTLINE(*-core.NullDereference): as above */
        .alg = job->jws->alg->bit,
        .kid = job->jws->kid,
        .typ = job->jws->typ,
        .claims = job->claims};

    if (gate->conf.cache)
        bearer_tokcache_store(gate->conf.cache, token, &proof, now);
}

/* --- the door ----------------------------------------------------------------- */

/* the whole way; only what is accepted here and now is remembered */
static void judge(bearer_gate_t *gate, bearer_str_t token,
                  const bearer_policy_t *policy, bearer_verdict_t *out,
                  apr_pool_t *pool)
{
    apr_uint64_t version = 0;
    bearer_now_t now;
    bearer_job_t job;

    out->why = bearer_verify_begin(token, policy, &job, &out->note, pool);
    out->jws = job.jws;
    out->issuer = job.issuer;
    if (job.jws)
        out->kid = job.jws->kid;
    if (!out->why)
        out->why = check_signature(gate, &job, &version, &out->note);
    if (out->why)
        return;
    /* what the first try said about the keys is no longer true */
    out->note.text[0] = '\0';
    now = gate->conf.now(gate->conf.baton);
    out->why = bearer_verify_claims(&job, now.wall, &out->subject, &out->note);
    if (out->why)
        return;
    out->claims = job.claims;
    remember(gate, token, &job, version, now.tick);
}

void bearer_gate_admit(bearer_gate_t *gate, bearer_str_t token,
                       const bearer_policy_t *policy, bearer_verdict_t *out,
                       apr_pool_t *pool)
{
    bearer_now_t began = gate->conf.now(gate->conf.baton);

    memset(out, 0, sizeof(*out));
    if (!recall(gate, token, policy, began, out, pool))
        judge(gate, token, policy, out, pool);
    bearer_stats_admit(gate->conf.stats, tick(gate) - began.tick);
}
