/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/refresh.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/keys/journal.h"
#include "bearer/keys/locate.h"
#include "bearer/keys/perkid.h"

/* a longer ETag is not remembered, which costs one document for each fetch */
#define ETAG_SIZE 256

struct bearer_refresh_t {
    const bearer_source_t *source;
    char address[BEARER_LIMIT_URL + 1]; /* of the last good keys; "": none */
    char etag[ETAG_SIZE];               /* of what it answered; "": none */
    apr_uint64_t version; /* the board's counter when etag was good */
    apr_time_t found;     /* when discovery last found the address */
    bool doubted;         /* the address failed: look it up again first */
    apr_time_t
        emptied; /* of the first of the answers in a row that had no key; 0:
                             the last one was another */
    int keys;
    bearer_journal_t journal;
    bearer_schedule_t state; /* as of the last round */
};

/* one round */
typedef struct attempt_t {
    bearer_refresh_t *refresh;
    const bearer_refresh_env_t *env;
    bearer_str_t posted;  /* the board's document; data is NULL: none */
    apr_uint64_t version; /* of that document */
    bearer_locate_found_t found;
    apr_pool_t *tmp;
    bearer_perkid_t perkid; /* of a source with an address for each kid */
} attempt_t;

bearer_refresh_t *bearer_refresh_create(const bearer_source_t *source,
                                        apr_pool_t *pool)
{
    bearer_refresh_t *refresh = apr_pcalloc(pool, sizeof(*refresh));

    refresh->source = source;
    return refresh;
}

/* The board's schedule, or our own if the slot was given to another source, so that
 * a fetcher of an older configuration does not fetch without a pause. */
static bearer_schedule_t state_of(const bearer_refresh_t *refresh,
                                  const bearer_refresh_env_t *env)
{
    bearer_schedule_t state =
        bearer_board_schedule(env->board, &refresh->source->slot);

    return state.last_try ? state : refresh->state;
}

apr_time_t bearer_refresh_next(const bearer_refresh_t *refresh,
                               const bearer_refresh_env_t *env)
{
    const bearer_source_t *source = refresh->source;
    bearer_schedule_conf_t conf = bearer_source_schedule(source);
    apr_time_t now = env->now(env->baton).tick;
    bearer_schedule_t state;

    if (source->kind == BEARER_SOURCE_SECRET)
        return BEARER_SCHEDULE_NEVER;
    if (bearer_perkid_is_asked(source, env->board, now))
        return now;
    state = state_of(refresh, env);
    return bearer_schedule_next(&state, &conf, now,
                                bearer_board_asked(env->board, &source->slot));
}

/* --- what is known ------------------------------------------------------ */

/* what another process has found, if this one knows nothing yet */
static void recall_address(attempt_t *attempt)
{
    bearer_refresh_t *refresh = attempt->refresh;
    apr_time_t now = attempt->env->now(attempt->env->baton).tick;
    const char *address;
    apr_time_t found;

    if (refresh->address[0] || !attempt->posted.data
        || refresh->source->kind != BEARER_SOURCE_DISCOVERY)
        return;
    address = bearer_locate_recall(attempt->posted, now, &found, attempt->tmp);
    if (!address)
        return;
    (void)apr_cpystrn(refresh->address, address, sizeof(refresh->address));
    refresh->found = found;
}

/* The ETag to ask with: only for exactly the document that the board still has,
 * else a 304 would leave us with nothing, or with another fetcher's keys. */
static const char *condition(const attempt_t *attempt)
{
    const bearer_refresh_t *refresh = attempt->refresh;

    if (!refresh->etag[0] || !attempt->posted.data
        || attempt->version != refresh->version)
        return NULL;
    return refresh->etag;
}

static bearer_reason_t find_keys(attempt_t *attempt, bearer_outcome_t *told)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const bearer_refresh_env_t *env = attempt->env;
    bearer_locate_env_t world = {
        .fetch = env->fetch,
        .now = env->now,
        .baton = env->baton,
        .stop = env->stop,
    };
    bearer_locate_known_t known = {
        .etag = condition(attempt),
        .found = refresh->found,
        .doubted = refresh->doubted,
        .keys = attempt->perkid.keys,
        .kid = attempt->perkid.job.kid,
        .victim = attempt->perkid.victim,
    };
    bearer_reason_t why;

    if (refresh->address[0])
        known.address = apr_pstrdup(attempt->tmp, refresh->address);
    why = bearer_locate_keys(refresh->source, &known, &world, &attempt->found,
                             told, attempt->tmp);
    if (attempt->found.doubted)
        refresh->doubted = true;
    return why;
}

/* Whether an ETag is fit to be sent back (RFC 9110 8.8.3 without obs-text): it goes
 * into a request header (request splitting). */
static bool is_etag(const char *etag)
{
    apr_size_t len;

    for (len = 0; etag[len]; len++) {
        if (!bearer_str_is_visible(etag[len]))
            return false;
    }
    return len > 0 && len < ETAG_SIZE;
}

static void remember(const attempt_t *attempt, const char *address)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const bearer_locate_found_t *found = &attempt->found;
    const char *etag = found->etag && is_etag(found->etag) ? found->etag : "";

    if (refresh->source->kind != BEARER_SOURCE_FILE
        && refresh->source->kind != BEARER_SOURCE_PER_KID) {
        (void)apr_cpystrn(refresh->address, address, sizeof(refresh->address));
        (void)apr_cpystrn(refresh->etag, etag, sizeof(refresh->etag));
        refresh->version = attempt->version;
    }
    if (found->found)
        refresh->found = found->found;
    refresh->doubted = false;
    if (found->keys)
        refresh->keys = found->keys->count;
}

/* --- the board ---------------------------------------------------------- */

static void lock(const bearer_refresh_env_t *env)
{
    if (env->lock)
        env->lock(env->baton);
}

static void unlock(const bearer_refresh_env_t *env)
{
    if (env->unlock)
        env->unlock(env->baton);
}

/* a 304, or the same keys again, from any address */
static bool are_same_keys(const attempt_t *attempt)
{
    const bearer_str_t *keys = &attempt->found.rendered;

    if (!attempt->found.keys)
        return true;
    /* without the last brace: the address may follow */
    return attempt->posted.data && attempt->posted.len >= keys->len
           && !memcmp(attempt->posted.data, keys->data, keys->len - 1)
           && strchr(",}", attempt->posted.data[keys->len - 1]);
}

/* nothing new to post */
static bool is_same(const attempt_t *attempt)
{
    if (!attempt->found.keys)
        return true;
    return attempt->posted.data
           && bearer_str_equal(attempt->posted, attempt->found.document);
}

/* Whether this round is still the fetcher's. One that has lost the lease since it
 * began may have an older answer than its successor, and must not replace a newer
 * one with it (a withdrawn key that comes back), even if its process has the lease
 * again. Asked under the lock: the successor posts under it, too. */
static bool is_leading(const bearer_refresh_env_t *env)
{
    return !env->leads || env->leads(env->baton);
}

static bearer_reason_t post(attempt_t *attempt, const bearer_schedule_t *state)
{
    const bearer_source_t *source = attempt->refresh->source;
    const bearer_refresh_env_t *env = attempt->env;
    bearer_reason_t why = BEARER_OK;

    lock(env);
    if (!is_leading(env)) {
        why = BEARER_FETCH_STOPPED;
    }
    else if (is_same(attempt)) {
        bearer_board_note(env->board, &source->slot, state);
    }
    else {
        why = bearer_board_post(env->board, &source->slot,
                                attempt->found.document, state);
        attempt->version = bearer_board_version(env->board, &source->slot);
    }
    unlock(env);
    return why;
}

/* false: it is no longer ours to note */
static bool note_failure(attempt_t *attempt, const bearer_schedule_t *state)
{
    const bearer_source_t *source = attempt->refresh->source;
    const bearer_refresh_env_t *env = attempt->env;
    bool leading;

    lock(env);
    leading = is_leading(env);
    if (leading)
        bearer_board_note(env->board, &source->slot, state);
    unlock(env);
    return leading;
}

/* --- the store ---------------------------------------------------------- */

/* a 304 and the same keys again count: they are confirmed as of now */
static void store(const attempt_t *attempt)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const bearer_refresh_env_t *env = attempt->env;
    const bearer_source_t *source = refresh->source;
    const bearer_locate_found_t *found = &attempt->found;
    apr_status_t rv;

    if (!env->store || !bearer_source_is_fetched(source))
        return;
    /* a kid that is not there, and no other ever was */
    if (!found->keys && !attempt->posted.data)
        return;
    /* not under the lock, which nobody holds while waiting for a disk: a
     * process that is stopped right here replaces a newer file with an older
     * one, until the next good answer */
    if (!is_leading(env))
        return;
    rv = bearer_keystore_write(env->store, &source->slot.id, source->issuer,
                               found->keys ? found->rendered : attempt->posted,
                               env->now(env->baton).wall, attempt->tmp);
    bearer_journal_stored(
        &refresh->journal, source, rv,
        bearer_keystore_path(env->store, &source->slot.id, attempt->tmp));
}

/* --- an address for each kid -------------------------------------------- */

/* A good key that nobody needs, or nobody confirms, goes without a fetch, and the rest
 * stays as good as it was. */
static void drop_kid(attempt_t *attempt, bearer_schedule_t *state,
                     apr_time_t now)
{
    bearer_perkid_t *round = &attempt->perkid;

    state->next = now; /* there may be more to do */
    state->last_try = now;
    if (!bearer_perkid_drop(round, &attempt->found, attempt->tmp)
        || post(attempt, state))
        return;
    bearer_kids_drop(round->kids, round->job.kid);
    bearer_journal_dropped(round->source, round->job.kid,
                           attempt->found.keys->count);
    store(attempt);
}

/* What this round is for. False if there is nothing to fetch, and the round is over. */
static bool begin_kid(attempt_t *attempt, bearer_schedule_t *state,
                      bearer_outcome_t *told)
{
    bearer_refresh_t *refresh = attempt->refresh;
    bearer_perkid_t *round = &attempt->perkid;
    const bearer_refresh_env_t *env = attempt->env;
    bearer_schedule_conf_t conf = bearer_source_schedule(refresh->source);
    apr_time_t now = env->now(env->baton).tick;
    bool regular = bearer_schedule_next(state, &conf, now, 0) <= now;
    bool leading;

    told->tried = refresh->source->location;
    told->why = BEARER_FETCH_STOPPED;
    if (!bearer_perkid_open(round, refresh->source, env->board, attempt->posted,
                            attempt->tmp)) {
        /* the slot was given away: not without a pause, again and again */
        refresh->state.last_try = now;
        refresh->state.next = now + conf.refresh;
        return false;
    }
    lock(env);
    leading = is_leading(env);
    if (leading)
        bearer_perkid_sync(round, state->last_good, now, attempt->tmp);
    unlock(env);
    if (!leading)
        return false;
    told->why = BEARER_OK;
    switch (bearer_perkid_choose(round, &refresh->journal, regular, now)) {
    case BEARER_KIDS_ASK:
    case BEARER_KIDS_CONFIRM:
        return true;
    case BEARER_KIDS_DROP:
        drop_kid(attempt, state, now);
        break;
    case BEARER_KIDS_NOTHING:
        bearer_perkid_idle(round, state, now);
        (void)note_failure(attempt, state);
        break;
    }
    refresh->state = *state;
    told->keys = round->keys ? round->keys->count : 0;
    told->next = state->next;
    return false;
}

/* --- a round ------------------------------------------------------------ */

/* returns why the keys could not be posted after all */
static bearer_reason_t succeed(attempt_t *attempt, bearer_schedule_t state,
                               bearer_outcome_t *told)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const bearer_refresh_env_t *env = attempt->env;
    bearer_schedule_conf_t conf = bearer_source_schedule(refresh->source);
    bearer_journal_good_t good = {
        .outcome = told,
        .found = &attempt->found,
        .first = !attempt->posted.data,
        .failures = state.failures,
        .now = env->now(env->baton).tick,
    };
    bearer_reason_t why;

    bearer_schedule_succeed(&state, &conf, good.now, attempt->found.fresh,
                            env->jitter(env->baton));
    bearer_perkid_keep(&attempt->perkid, &attempt->found, &state, good.now);
    why = post(attempt, &state);
    if (why)
        return why;
    bearer_perkid_settle(&attempt->perkid, &attempt->found, good.now);
    remember(attempt, told->tried);
    refresh->state = state;
    told->changed = !are_same_keys(attempt);
    told->keys = refresh->keys;
    told->next = state.next;
    bearer_journal_good(&refresh->journal, refresh->source, &good,
                        attempt->tmp);
    told->skipped = refresh->journal.skipped;
    store(attempt);
    return BEARER_OK;
}

/*
 * An issuer takes keys back by publishing none (revocation), and one that is just
 * starting, or whose disk is empty, publishes none for a while (an outage, in which
 * keys stay in use). What is meant is said again: by a second such answer, with no
 * other in between and "miss" after the first, or at any time if the keys are gone
 * already. Without keys there is nothing to take back.
 */
static bool is_withdrawn(const attempt_t *attempt, bearer_reason_t why)
{
    bearer_refresh_t *refresh = attempt->refresh;
    apr_time_t now = attempt->env->now(attempt->env->baton).tick;

    if (why == BEARER_FETCH_STOPPED)
        return false;
    if (why != BEARER_JWKS_NONE) {
        refresh->emptied = 0;
        return false;
    }
    if (!attempt->posted.data)
        return false;
    if (bearer_str_begins(attempt->posted, "{\"keys\":[]"))
        return true;
    if (!refresh->emptied)
        refresh->emptied = now;
    return now - refresh->emptied >= refresh->source->schedule.miss
           && now != refresh->emptied;
}

/* from now on no key is good: what the issuer has said */
static void withdraw(attempt_t *attempt, bearer_outcome_t *told)
{
    bearer_locate_found_t *found = &attempt->found;

    found->keys = &bearer_jwks_nothing;
    found->rendered = bearer_jwks_render(found->keys, attempt->tmp);
    found->document = found->rendered;
    told->why = BEARER_OK;
}

static void fail_round(attempt_t *attempt, bearer_schedule_t state,
                       bearer_outcome_t *told)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const bearer_refresh_env_t *env = attempt->env;
    bearer_schedule_conf_t conf = bearer_source_schedule(refresh->source);
    apr_time_t now = env->now(env->baton).tick;
    apr_time_t pause;

    bearer_schedule_fail(&state, &conf, now, env->jitter(env->baton));
    pause = state.next;
    state.next = bearer_perkid_resume(&attempt->perkid, pause);
    told->next = state.next;
    if (!note_failure(attempt, &state)) {
        told->why = BEARER_FETCH_STOPPED;
        return;
    }
    bearer_perkid_fail(&attempt->perkid, now, pause);
    refresh->state = state;
    bearer_journal_failure(&refresh->journal, refresh->source, told, &state,
                           now, attempt->tmp);
}

void bearer_refresh_run(bearer_refresh_t *refresh,
                        const bearer_refresh_env_t *env, bearer_outcome_t *told,
                        apr_pool_t *tmp)
{
    const bearer_source_t *source = refresh->source;
    bearer_schedule_t state = state_of(refresh, env);
    attempt_t *attempt = apr_pcalloc(tmp, sizeof(*attempt));

    memset(told, 0, sizeof(*told));
    if (source->kind == BEARER_SOURCE_SECRET)
        return;
    attempt->refresh = refresh;
    attempt->env = env;
    attempt->tmp = tmp;
    /* an ask that comes from now on calls for another round */
    bearer_schedule_begin(&state,
                          bearer_board_asked(env->board, &source->slot));
    if (bearer_board_read(env->board, &source->slot, &attempt->posted,
                          &attempt->version, tmp))
        attempt->posted.data = NULL;
    recall_address(attempt);
    if (source->kind == BEARER_SOURCE_PER_KID
        && !begin_kid(attempt, &state, told))
        return;

    if (is_withdrawn(attempt, find_keys(attempt, told)))
        withdraw(attempt, told);
    if (!told->why)
        told->why = succeed(attempt, state, told);
    /* a server that stops says nothing about the issuer */
    if (told->why && told->why != BEARER_FETCH_STOPPED)
        fail_round(attempt, state, told);
    else if (told->why)
        told->next = state.next;
    else
        told->note.text[0] = '\0';
}
