/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/gate/prove.h"

#include <stdatomic.h>
#include <string.h>

/* how often a waiting request looks at the board */
#define LOOK apr_time_from_msec(10)

struct bearer_prover_t {
    bearer_prove_conf_t conf;
    apr_time_t created; /* tick */
    atomic_int waiting; /* requests of this process */
};

bearer_prover_t *bearer_prove_create(const bearer_prove_conf_t *conf,
                                     apr_pool_t *pool)
{
    bearer_prover_t *prover = apr_pcalloc(pool, sizeof(*prover));

    prover->conf = *conf;
    prover->created = conf->tick(conf->baton);
    atomic_init(&prover->waiting, 0);
    return prover;
}

static apr_time_t tick(const bearer_prover_t *prover)
{
    return prover->conf.tick(prover->conf.baton);
}

/* --- keys ------------------------------------------------------------------ */

/* keys that nobody has confirmed for so long may have been revoked; a file is
 * confirmed by each look that finds it good, whether or not it has changed */
static bool is_stale(const bearer_prover_t *prover,
                     const bearer_source_t *source, apr_time_t now)
{
    bearer_schedule_t state;

    state = bearer_board_schedule(prover->conf.board, &source->slot);
    return !bearer_source_is_usable(source, &state, now);
}

/* how a token fared with the keys as they were at one moment */
typedef struct trial_t {
    bearer_reason_t why;
    bearer_newer_t newer;
    apr_uint64_t version; /* of the document these keys are from */
} trial_t;

/* one look at the keys, counted */
static bearer_reason_t check_with(const bearer_prover_t *prover,
                                  const bearer_job_t *job,
                                  const bearer_jwks_t *keys,
                                  bearer_newer_t *newer, bearer_note_t *note)
{
    apr_time_t began = tick(prover);
    bearer_reason_t why;

    why = bearer_verify_signature(job, keys, newer, note);
    /* only where a signature was computed */
    if (!why || why == BEARER_SIG_WRONG || why == BEARER_KEY_AMBIGUOUS)
        /* NOLINTNEXTLINE(*-core.NullDereference): it was begun, so it exists */
        bearer_stats_verify(prover->conf.stats, job->jws->alg,
                            tick(prover) - began);
    return why;
}

static trial_t try_keys(const bearer_prover_t *prover, const bearer_job_t *job,
                        apr_time_t now, bearer_note_t *note)
{
    const bearer_source_t *source = job->issuer->source;
    trial_t trial = {.why = BEARER_KEYS_UNAVAILABLE,
                     .newer = BEARER_NEWER_NEEDED};
    bearer_keyring_set_t *set;

    trial.version = bearer_board_version(prover->conf.board, &source->slot);
    if (is_stale(prover, source, now)
        || bearer_keyring_take(prover->conf.ring, &source->slot, &set)) {
        bearer_note_set(note, "issuer %.*s",
                        bearer_note_width(job->issuer->iss),
                        job->issuer->iss.data);
        return trial;
    }
    trial.version = bearer_keyring_version(set);
    trial.why =
        check_with(prover, job, bearer_keyring_keys(set), &trial.newer, note);
    bearer_keyring_give(set);
    return trial;
}

/* --- waiting --------------------------------------------------------------- */

/* what is known of the token's kid, where each kid has an address */
static bearer_kidasks_state_t find_kid(const bearer_prover_t *prover,
                                       const bearer_job_t *job, apr_time_t now)
{
    const bearer_source_t *source = job->issuer->source;
    bearer_kids_t *kids = bearer_board_kids(prover->conf.board, &source->slot);

    return kids ? bearer_kidasks_find(&kids->asks, job->jws->kid,
                                      source->schedule.miss, source->timeout,
                                      now)
                : BEARER_KIDASKS_UNKNOWN;
}

/* whether the fetcher owes an answer: one that was asked for and is not there yet,
 * even the very first */
static bool is_pending(const bearer_prover_t *prover, const bearer_job_t *job,
                       apr_time_t now)
{
    const bearer_source_t *source = job->issuer->source;
    bearer_schedule_t state;
    apr_time_t asked;

    if (source->kind == BEARER_SOURCE_PER_KID)
        return find_kid(prover, job, now) == BEARER_KIDASKS_COMING;
    state = bearer_board_schedule(prover->conf.board, &source->slot);
    asked = bearer_board_asked(prover->conf.board, &source->slot);

    /* the first round comes by itself: an ask now would only make a second one,
     * and would be missing when a new key comes */
    if (!state.last_try && now - prover->created < source->timeout)
        return true;
    /* one wait for each ask: a fetcher that hangs costs some threads this much
     * once, not with every request */
    if (now - asked >= source->timeout)
        return false;
    return state.served < asked || state.last_try < asked;
}

/* whether other keys than those just tried can be expected: from the fetcher, or
 * from another thread that is still parsing what is already on the board */
static bool is_coming(const bearer_prover_t *prover, const bearer_job_t *job,
                      const trial_t *trial, apr_time_t now)
{
    const bearer_source_t *source = job->issuer->source;

    return is_pending(prover, job, now)
           || bearer_board_version(prover->conf.board, &source->slot)
                  != trial->version;
}

/* Tries other keys until they judge the token, none are coming, or time is up.
 * Whether any are coming is found out before each try, or they could come in
 * between. */
static trial_t look(const bearer_prover_t *prover, const bearer_job_t *job,
                    trial_t trial, apr_time_t until, bearer_note_t *note)
{
    const bearer_source_t *source = job->issuer->source;

    for (;;) {
        apr_time_t now = tick(prover);
        bool more = is_coming(prover, job, &trial, now) && now < until;

        if (trial.why == BEARER_KEYS_UNAVAILABLE
            || bearer_board_version(prover->conf.board, &source->slot)
                   != trial.version)
            trial = try_keys(prover, job, now, note);
        if (!trial.newer || !more)
            return trial;
        prover->conf.pause(prover->conf.baton, LOOK);
    }
}

/*
 * A seat to wait in, or -1. It is taken in this process, so that its other
 * threads go on serving, and on the board, so that prefork children together
 * keep most of themselves free (worker starvation by random kids).
 */
static int take_seat(bearer_prover_t *prover, apr_time_t now, apr_time_t until)
{
    int seat = -1;

    if (atomic_fetch_add(&prover->waiting, 1) < prover->conf.waiters_here)
        seat = bearer_seats_take(bearer_board_seats(prover->conf.board),
                                 prover->conf.waiters_total, now, until);
    if (seat < 0) {
        atomic_fetch_sub(&prover->waiting, 1);
        bearer_stats_wait(prover->conf.stats, -1);
    }
    return seat;
}

static void leave_seat(bearer_prover_t *prover, int seat, apr_time_t until)
{
    bearer_seats_leave(bearer_board_seats(prover->conf.board), seat, until);
    atomic_fetch_sub(&prover->waiting, 1);
}

/*
 * Whether the keys that lack the token's are all that the issuer has: its last round
 * went well, whoever asked for newer ones has been answered (at most one ask in
 * "miss", so this is as old as that), and these are the keys that came. Only then a
 * key that is not among them is no key of the issuer.
 */
static bool is_current(const bearer_prover_t *prover,
                       const bearer_source_t *source, const trial_t *trial)
{
    bearer_schedule_t state =
        bearer_board_schedule(prover->conf.board, &source->slot);
    apr_time_t asked = bearer_board_asked(prover->conf.board, &source->slot);

    if (!state.last_good || state.failures)
        return false;
    if (asked && (state.served != asked || state.last_try < asked))
        return false;
    return bearer_board_version(prover->conf.board, &source->slot)
           == trial->version;
}

/* what cannot be judged is not refused: the token may be good */
static void doubt(const bearer_prover_t *prover, const bearer_source_t *source,
                  trial_t *trial, bearer_note_t *note)
{
    if (trial->newer != BEARER_NEWER_NEEDED
        || trial->why == BEARER_KEYS_UNAVAILABLE
        || is_current(prover, source, trial))
        return;
    trial->why = BEARER_KEYS_UNAVAILABLE;
    bearer_note_prefix(note, "newer keys are needed, and there is no answer "
                             "yet: ");
}

static void ask(const bearer_prover_t *prover, const bearer_job_t *job,
                apr_time_t now)
{
    const bearer_source_t *source = job->issuer->source;

    if (source->kind == BEARER_SOURCE_PER_KID)
        (void)bearer_board_want(prover->conf.board, &source->slot,
                                job->jws->kid, source->schedule.miss, now);
    else
        (void)bearer_board_ask(prover->conf.board, &source->slot,
                               &source->schedule, now);
}

/* the present keys could not judge the token: asks for newer ones, and waits for
 * them if they are coming. All that strangers ask for together is one fetch in
 * "miss", whatever kid they write and whatever they sign. */
static trial_t try_newer(bearer_prover_t *prover, const bearer_job_t *job,
                         trial_t trial, bearer_now_t *now, bearer_note_t *note)
{
    const bearer_source_t *source = job->issuer->source;
    apr_time_t began = tick(prover);
    apr_time_t until = began + source->timeout;
    apr_time_t waited;
    int seat = -1;

    if (!is_coming(prover, job, &trial, began))
        ask(prover, job, began);
    if (is_coming(prover, job, &trial, began))
        seat = take_seat(prover, began, until);
    /* even without a seat: the keys may have come in the meantime */
    if (seat < 0)
        return look(prover, job, trial, began, note);
    trial = look(prover, job, trial, until, note);
    leave_seat(prover, seat, until);
    waited = tick(prover) - began;
    now->tick += waited;
    now->wall += apr_time_sec(waited);
    bearer_stats_wait(prover->conf.stats, waited);
    return trial;
}

/*
 * Where each kid has an address, that a key is not there says nothing until the issuer
 * has said so: a kid that is not among the ones asked for lately cannot be judged.
 */
static bearer_reason_t conclude_kid(const bearer_prover_t *prover,
                                    const bearer_job_t *job,
                                    bearer_reason_t why, apr_time_t now,
                                    bearer_note_t *note)
{
    const bearer_source_t *source = job->issuer->source;
    bearer_kids_t *kids = bearer_board_kids(prover->conf.board, &source->slot);

    if (!why && kids)
        bearer_kids_use(kids, job->jws->kid, now);
    if (why != BEARER_KEY_UNKNOWN && why != BEARER_KEYS_UNAVAILABLE)
        return why;
    bearer_note_set(note, "kid %.*s", bearer_note_width(job->jws->kid),
                    job->jws->kid.data);
    return find_kid(prover, job, now) == BEARER_KIDASKS_MISSING
               ? BEARER_KEY_UNKNOWN
               : BEARER_KEYS_UNAVAILABLE;
}

/* it becomes part of an address (path traversal, SSRF) */
static bearer_reason_t check_kid(const bearer_job_t *job, bearer_note_t *note)
{
    bearer_str_t kid = job->jws->kid;

    if (job->issuer->source->kind != BEARER_SOURCE_PER_KID
        || bearer_kidname_check(kid))
        return BEARER_OK;
    bearer_note_set(note,
                    "kid %.*s; pem-per-kid: wants 1 to %d of A-Z a-z 0-9 . _ -",
                    bearer_note_width(kid), kid.data ? kid.data : "",
                    BEARER_LIMIT_KID_NAME);
    return BEARER_HEADER_KID;
}

/* where each kid has an address, a key is fetched again by itself, and never because a
 * stranger wrote its kid */
static bool may_wait(const bearer_job_t *job, const trial_t *trial)
{
    return job->issuer->source->kind == BEARER_SOURCE_PER_KID
               ? trial->newer == BEARER_NEWER_NEEDED
               : trial->newer != 0;
}

static bearer_reason_t check_signature(bearer_prover_t *prover,
                                       const bearer_job_t *job,
                                       bearer_now_t *now, apr_uint64_t *version,
                                       bearer_note_t *note)
{
    bearer_newer_t newer;
    bearer_reason_t why;
    trial_t trial;

    if (job->issuer->secret)
        return check_with(prover, job, job->issuer->secret, &newer, note);
    why = check_kid(job, note);
    if (why)
        return why;
    trial = try_keys(prover, job, now->tick, note);
    if (may_wait(job, &trial)) {
        trial = try_newer(prover, job, trial, now, note);
        doubt(prover, job->issuer->source, &trial, note);
    }
    *version = trial.version;
    return job->issuer->source->kind == BEARER_SOURCE_PER_KID
               ? conclude_kid(prover, job, trial.why, now->tick, note)
               : trial.why;
}

/* --- a proof ------------------------------------------------------------------ */

void bearer_prove_begin(const bearer_job_t *job, bearer_proof_t *proof)
{
    memset(proof, 0, sizeof(*proof));
    proof->issuer = job->issuer;
    if (!job->jws)
        return;
    proof->key.alg = job->jws->alg;
    proof->key.kid = job->jws->kid;
    proof->key.typ = job->jws->typ;
}

bearer_reason_t bearer_prove_token(bearer_prover_t *prover,
                                   const bearer_presented_t *presented,
                                   const bearer_policy_t *policy,
                                   bearer_now_t *now, bearer_proof_t *proof,
                                   bearer_note_t *note, apr_pool_t *pool)
{
    bearer_reason_t why;
    bearer_job_t job;

    why = bearer_verify_begin(presented->token, policy, &job, note, pool);
    bearer_prove_begin(&job, proof);
    if (!why)
        why = check_signature(prover, &job, now, &proof->key.version, note);
    if (why)
        return why;
    /* what the first try said about the keys no longer holds */
    note->text[0] = '\0';
    proof->how =
        job.issuer->secret ? BEARER_PROVEN_BY_SECRET : BEARER_PROVEN_BY_KEY;
    proof->claims = job.claims;
    proof->until = BEARER_PROOF_LASTS;
    return BEARER_OK;
}

/* --- what was proven before --------------------------------------------------- */

/* whether two lines of the configuration mean the same keys */
static bool same_keys(const bearer_issuer_t *a, const bearer_issuer_t *b)
{
    if (a->secret || b->secret)
        return a->secret == b->secret;
    return a->source->slot.number == b->source->slot.number
           && memcmp(&a->source->slot.id, &b->source->slot.id,
                     sizeof(a->source->slot.id))
                  == 0;
}

/*
 * The signature need not be checked again (cache poisoning) by the same keys, if they
 * are still those that the board has, confirmed recently enough, and the place accepts
 * algorithm and type. If not, the token goes the whole way, which finds the reason.
 */
const bearer_issuer_t *bearer_prove_again(const bearer_prover_t *prover,
                                          const bearer_proof_t *proof,
                                          const bearer_policy_t *policy,
                                          apr_time_t now)
{
    const bearer_claims_t *claims = proof->claims;
    const bearer_trust_t *trust =
        claims->by_header
            ? bearer_policy_find_header(policy, claims->iss)
            : bearer_policy_find(policy, claims->iss, claims->all);
    const bearer_issuer_t *issuer = trust ? trust->issuer : NULL;

    if (!issuer || !same_keys(issuer, proof->issuer)
        || !(proof->key.alg->bit & trust->algs)
        || !bearer_policy_accepts_typ(policy, issuer, proof->key.typ))
        return NULL;
    if (proof->how == BEARER_PROVEN_BY_SECRET)
        return issuer;
    return proof->how == BEARER_PROVEN_BY_KEY
                   && bearer_board_version(prover->conf.board,
                                           &issuer->source->slot)
                          == proof->key.version
                   && !is_stale(prover, issuer->source, now)
               ? issuer
               : NULL;
}
