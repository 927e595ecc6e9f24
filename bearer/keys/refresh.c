/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/refresh.h"

#include <apr_strings.h>

#include "bearer/base/file.h"
#include "bearer/base/log.h"
#include "bearer/base/str.h"
#include "bearer/keys/discovery.h"
#include "bearer/text/freshness.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"
#include "bearer/text/url.h"

/* an address found by discovery is looked up again after so long */
#define REDISCOVER apr_time_from_sec(86400)
/* a longer ETag is not remembered, which costs one document for each fetch */
#define ETAG_SIZE 256

/* how loud a failure was last logged; another one is a change of state */
typedef struct logged_t {
    bearer_reason_t why; /* BEARER_OK: none since the last good round */
    int status;
    bool usable; /* whether there still were keys to serve with */
} logged_t;

struct bearer_refresh_t {
    const bearer_source_t *source;
    char address[BEARER_LIMIT_URL + 1]; /* of the last good keys; "": none */
    char etag[ETAG_SIZE];               /* of what it gave; "": none */
    apr_uint64_t version; /* the board's counter when etag was good */
    apr_time_t found;     /* when discovery last found the address */
    bool doubted;         /* the address failed: look it up again first */
    int keys;
    int skipped;
    bearer_reason_t skipped_why;
    bearer_reason_t metadata_why; /* logged about metadata beside good keys */
    logged_t logged;
    apr_status_t stored;     /* what the store last said */
    bearer_schedule_t state; /* as of the last round */
};

/* what one attempt has to tell */
typedef struct outcome_t {
    bearer_reason_t why;
    bearer_note_t note;
    const char *tried;
    int status;
} outcome_t;

/* one round */
typedef struct attempt_t {
    bearer_refresh_t *refresh;
    const bearer_refresh_env_t *env;
    bearer_str_t posted;       /* the board's document; data is NULL: none */
    apr_uint64_t version;      /* of that document */
    const bearer_jwks_t *keys; /* NULL: a 304 */
    bearer_str_t keys_text;    /* the keys as text */
    bearer_str_t text;  /* and as the board gets them: with the address */
    const char *etag;   /* that came with them; may be NULL */
    apr_int64_t fresh;  /* seconds until they should be asked for */
    apr_time_t found;   /* set by a good discovery in this round */
    outcome_t metadata; /* of the discovery in this round */
    outcome_t told;     /* what decided the round */
    apr_pool_t *tmp;
} attempt_t;

bearer_refresh_t *bearer_refresh_create(const bearer_source_t *source,
                                        apr_pool_t *pool)
{
    bearer_refresh_t *refresh = apr_pcalloc(pool, sizeof(*refresh));

    refresh->source = source;
    return refresh;
}

/* The board's schedule; our own when the slot was given to another source, so
 * that a fetcher of an older configuration does not fetch without a pause. */
static bearer_schedule_t state_of(const bearer_refresh_t *refresh,
                                  const bearer_refresh_env_t *env)
{
    const bearer_source_t *source = refresh->source;
    bearer_schedule_t state;

    state = bearer_board_schedule(env->board, &source->slot);
    return state.last_try ? state : refresh->state;
}

bool bearer_refresh_due(const bearer_refresh_t *refresh,
                        const bearer_refresh_env_t *env)
{
    const bearer_source_t *source = refresh->source;
    bearer_schedule_conf_t conf = bearer_source_schedule(source);
    bearer_schedule_t state;

    if (source->kind == BEARER_SOURCE_SECRET)
        return false;
    state = state_of(refresh, env);
    return bearer_schedule_due(&state, &conf, env->now(env->baton).tick,
                               bearer_board_asked(env->board, &source->slot));
}

/* --- files -------------------------------------------------------------- */

bearer_reason_t bearer_refresh_read_file(const char *path,
                                         const bearer_jwks_t **out,
                                         bearer_note_t *note, apr_pool_t *pool)
{
    bearer_str_t text;
    bearer_reason_t why;

    why = bearer_file_read(path, &bearer_file_keys, &text, note, pool);
    if (why)
        return why;
    return bearer_jwks_parse_file(text, out, note, pool);
}

/* --- what to tell ------------------------------------------------------- */

/* nobody answered: other addresses of the host would not either */
static bool is_network(bearer_reason_t why)
{
    static const bearer_reason_t network[] = {
        BEARER_FETCH_RESOLVE, BEARER_FETCH_CONNECT, BEARER_FETCH_TLS,
        BEARER_FETCH_PROXY,   BEARER_FETCH_TIMEOUT, BEARER_FETCH_IO,
        BEARER_FETCH_STOPPED};
    apr_size_t i;

    for (i = 0; i < sizeof(network) / sizeof(network[0]); i++) {
        if (network[i] == why)
            return true;
    }
    return false;
}

/* How much a failure tells whoever reads the log. A wrong document was written
 * by the issuer; a 404 on one of three addresses is a guess that missed. */
static int weight(const outcome_t *outcome)
{
    if (outcome->why == BEARER_OK)
        return 0;
    if (outcome->why == BEARER_HTTP_STATUS)
        return outcome->status == 404 ? 1 : 2;
    if (outcome->why == BEARER_JSON_SYNTAX)
        return 3;
    if (outcome->why == BEARER_FETCH_STOPPED)
        return 6;
    return is_network(outcome->why) ? 4 : 5;
}

static void keep_telling(outcome_t *told, const outcome_t *other)
{
    if (weight(other) > weight(told))
        *told = *other;
}

/* --- fetching ----------------------------------------------------------- */

/* an address that cannot be cut has none; the fetch refuses it anyway */
static const char *proxy_of(const bearer_source_t *source, const char *address,
                            apr_pool_t *tmp)
{
    bearer_url_t url;

    if (bearer_url_parse(address, source->http_loopback, &url, NULL, tmp))
        return NULL;
    return bearer_url_find_proxy(&source->proxies, &url);
}

static bearer_reason_t get(attempt_t *attempt, const char *address,
                           const char *etag, const bearer_http_response_t **out,
                           outcome_t *outcome)
{
    const bearer_source_t *source = attempt->refresh->source;
    const bearer_refresh_env_t *env = attempt->env;
    const bearer_http_response_t *response;
    bearer_fetch_request_t request = {
        .url = address,
        .etag = etag,
        .proxy = proxy_of(source, address, attempt->tmp),
        .http_loopback = source->http_loopback,
        .timeout = source->timeout,
        .connect = source->connect,
        .max_body = source->max_body,
        .tls = source->tls,
        .stop = env->stop,
    };

    memset(outcome, 0, sizeof(*outcome));
    outcome->tried = address;
    if (env->stop && *env->stop)
        return outcome->why = BEARER_FETCH_STOPPED;
    outcome->why =
        env->fetch(&request, &response, &outcome->note, attempt->tmp);
    if (outcome->why)
        return outcome->why;

    outcome->status = response->status;
    /* RFC 9110 15.4.5: a 304 answers a condition, and there was none */
    if (response->status == 200 || (response->status == 304 && etag)) {
        *out = response;
        return BEARER_OK;
    }
    if (response->location)
        bearer_note_set(&outcome->note, "status %d, not followed to %s",
                        response->status, response->location);
    else
        bearer_note_set(&outcome->note, "status %d", response->status);
    return outcome->why = BEARER_HTTP_STATUS;
}

/*
 * Behind the keys, the board's document says where discovery found them and when
 * (a tick): the next fetcher begins there. Without that, a slow issuer would have
 * to answer twice in each fetcher's life before its keys are known.
 */
static bearer_str_t add_address(const attempt_t *attempt, const char *address)
{
    const bearer_str_t *keys = &attempt->keys_text;
    apr_time_t found =
        attempt->found ? attempt->found : attempt->refresh->found;
    bearer_str_t text = *keys;
    bearer_str_t quoted;

    if (attempt->refresh->source->kind != BEARER_SOURCE_DISCOVERY)
        return text;
    quoted = bearer_write_quoted(address, attempt->tmp);
    /* without it, the next fetcher has to look for it */
    if (!quoted.len)
        return text;
    text.data = apr_psprintf(
        attempt->tmp, "%.*s,\"jwks_uri\":%s,\"found\":%" APR_INT64_T_FMT "}",
        (int)(keys->len - 1), keys->data, quoted.data,
        (apr_int64_t)apr_time_sec(found));
    text.len = strlen(text.data);
    return text;
}

/* what another process found, if this one knows nothing yet */
static void recall_address(attempt_t *attempt)
{
    bearer_refresh_t *refresh = attempt->refresh;
    apr_time_t now = attempt->env->now(attempt->env->baton).tick;
    const bearer_value_t *document;
    apr_int64_t found;
    bearer_str_t uri;

    if (refresh->address[0] || !attempt->posted.data
        || refresh->source->kind != BEARER_SOURCE_DISCOVERY
        || bearer_json_parse(attempt->posted, &document, NULL, attempt->tmp))
        return;
    if (bearer_value_get_string(document, "jwks_uri", &uri) != BEARER_VALUE_GOT
        || bearer_value_get_seconds(document, "found", &found)
               != BEARER_VALUE_GOT)
        return;
    if (uri.len >= sizeof(refresh->address) || found < 0
        || found > apr_time_sec(now))
        return;
    (void)apr_cpystrn(refresh->address, uri.data, uri.len + 1);
    refresh->found = apr_time_from_sec(found);
}

/* the keys as the board keeps them */
static bearer_reason_t render(attempt_t *attempt, const char *address,
                              outcome_t *outcome)
{
    attempt->keys_text = bearer_jwks_render(attempt->keys, attempt->tmp);
    if (!attempt->keys_text.data)
        return outcome->why = BEARER_NO_MEMORY;
    attempt->text = add_address(attempt, address);
    if (attempt->text.len <= BEARER_LIMIT_DOCUMENT)
        return BEARER_OK;
    bearer_note_set(&outcome->note, "%d keys, %" APR_SIZE_T_FMT " bytes",
                    attempt->keys->count, attempt->text.len);
    return outcome->why = BEARER_JWKS_SIZE;
}

/* The ETag to ask with: only for the very document that the board still has,
 * else a 304 would leave us with nothing, or with another fetcher's keys. */
static const char *condition(const attempt_t *attempt, const char *address)
{
    const bearer_refresh_t *refresh = attempt->refresh;

    if (!refresh->etag[0] || strcmp(refresh->address, address) != 0)
        return NULL;
    if (!attempt->posted.data || attempt->version != refresh->version)
        return NULL;
    return refresh->etag;
}

static bearer_reason_t get_keys(attempt_t *attempt, const char *address,
                                outcome_t *outcome)
{
    const bearer_http_response_t *response;
    const char *etag = condition(attempt, address);
    bearer_freshness_t headers;
    bearer_schedule_conf_t conf =
        bearer_source_schedule(attempt->refresh->source);
    bearer_reason_t why;

    why = get(attempt, address, etag, &response, outcome);
    if (why)
        return why;
    if (response->status == 200) {
        why = bearer_jwks_parse(response->body, &attempt->keys, &outcome->note,
                                attempt->tmp);
        if (!why)
            why = render(attempt, address, outcome);
        if (why)
            return outcome->why = why;
        etag = NULL;
    }
    attempt->etag = response->etag ? response->etag : etag;
    headers.cache_control = response->cache_control;
    headers.expires = response->expires;
    headers.date = response->date;
    headers.age = response->age;
    attempt->fresh = bearer_freshness_seconds(
        &headers, attempt->env->now(attempt->env->baton).wall,
        apr_time_sec(conf.refresh));
    return BEARER_OK;
}

/* --- discovery ---------------------------------------------------------- */

static bearer_reason_t read_metadata(attempt_t *attempt, const char *address,
                                     const char **jwks_uri, outcome_t *outcome)
{
    const bearer_source_t *source = attempt->refresh->source;
    const bearer_http_response_t *response;
    bearer_reason_t why;

    why = get(attempt, address, NULL, &response, outcome);
    if (why)
        return why;
    outcome->why = bearer_discovery_parse(response->body, source->issuer,
                                          source->http_loopback, jwks_uri,
                                          &outcome->note, attempt->tmp);
    return outcome->why;
}

/* Tries the forms of the metadata's address. Even a document with the wrong
 * issuer does not end it: some hosts serve another one at the next form. Gives
 * the address of the keys, or NULL. */
static const char *discover(attempt_t *attempt)
{
    const char *issuer = attempt->refresh->source->issuer;
    outcome_t *told = &attempt->metadata;
    outcome_t one;
    const char *address, *jwks_uri;
    int form;

    for (form = 0; form < BEARER_URL_METADATA_FORMS; form++) {
        address = bearer_url_metadata(issuer, form, attempt->tmp);
        if (!address)
            continue;
        if (!read_metadata(attempt, address, &jwks_uri, &one)) {
            *told = one;
            attempt->found = attempt->env->now(attempt->env->baton).tick;
            return jwks_uri;
        }
        keep_telling(told, &one);
        if (is_network(one.why))
            break;
    }
    return NULL;
}

static bool must_discover(const attempt_t *attempt)
{
    const bearer_refresh_t *refresh = attempt->refresh;
    apr_time_t now = attempt->env->now(attempt->env->baton).tick;

    return !refresh->address[0] || refresh->doubted
           || now - refresh->found >= REDISCOVER;
}

/* The remembered address first, as long as it works; when it does not, the
 * metadata decides; when that does not either, the remembered address after
 * all: an issuer that lost its metadata has not lost its keys. */
static bearer_reason_t discover_keys(attempt_t *attempt)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const char *known = apr_pstrdup(attempt->tmp, refresh->address);
    bool asked = !must_discover(attempt);
    const char *jwks_uri;
    outcome_t *told = &attempt->told;
    outcome_t one;

    if (asked) {
        if (!get_keys(attempt, known, told))
            return BEARER_OK;
        refresh->doubted = true;
        if (is_network(told->why))
            return told->why;
    }
    jwks_uri = discover(attempt);
    if (jwks_uri) {
        if (asked && strcmp(jwks_uri, known) == 0)
            return told->why;
        (void)get_keys(attempt, jwks_uri, told);
        return told->why;
    }
    keep_telling(told, &attempt->metadata);
    if (asked || !known[0])
        return told->why;
    if (!get_keys(attempt, known, &one))
        *told = one;
    else
        keep_telling(told, &one);
    return told->why;
}

static bearer_reason_t find_keys(attempt_t *attempt)
{
    const bearer_source_t *source = attempt->refresh->source;
    outcome_t *told = &attempt->told;

    switch (source->kind) {
    case BEARER_SOURCE_DISCOVERY:
        return discover_keys(attempt);
    case BEARER_SOURCE_URL:
        return get_keys(attempt, source->location, told);
    case BEARER_SOURCE_FILE:
        told->tried = source->location;
        attempt->fresh = apr_time_sec(bearer_source_schedule(source).refresh);
        told->why = bearer_refresh_read_file(source->location, &attempt->keys,
                                             &told->note, attempt->tmp);
        return told->why ? told->why : render(attempt, source->location, told);
    case BEARER_SOURCE_SECRET:
        break;
    }
    return told->why;
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

/* a 304, or the same keys again, wherever they came from */
static bool are_same_keys(const attempt_t *attempt)
{
    const bearer_str_t *keys = &attempt->keys_text;

    if (!attempt->keys)
        return true;
    /* the last brace apart: the address may follow */
    return attempt->posted.data && attempt->posted.len >= keys->len
           && !memcmp(attempt->posted.data, keys->data, keys->len - 1)
           && strchr(",}", attempt->posted.data[keys->len - 1]);
}

/* nothing new to post */
static bool is_same(const attempt_t *attempt)
{
    const bearer_str_t *text = &attempt->text;

    if (!attempt->keys)
        return true;
    return attempt->posted.data && bearer_str_equal(attempt->posted, *text);
}

/* Whether this round still is the fetcher's. One that lost the lease since it
 * began may have an older answer than its successor, and must not put it in the
 * place of a newer one (a withdrawn key that comes back), even if its process
 * has the lease again. Asked under the lock: the successor posts under it, too. */
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
        why =
            bearer_board_post(env->board, &source->slot, attempt->text, state);
        attempt->version = bearer_board_version(env->board, &source->slot);
    }
    unlock(env);
    return why;
}

/* false: it is another's to note now */
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

/* --- what is remembered ------------------------------------------------- */

/* An ETag fit to be sent back (RFC 9110 8.8.3 without obs-text): it will stand
 * in a request header (request splitting). */
static bool is_etag(const char *etag)
{
    apr_size_t len;

    for (len = 0; etag[len]; len++) {
        if (!bearer_str_is_visible(etag[len]))
            return false;
    }
    return len > 0 && len < ETAG_SIZE;
}

static void remember(const attempt_t *attempt)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const char *address = attempt->told.tried;
    const char *etag =
        attempt->etag && is_etag(attempt->etag) ? attempt->etag : "";

    if (refresh->source->kind != BEARER_SOURCE_FILE) {
        (void)apr_cpystrn(refresh->address, address, sizeof(refresh->address));
        (void)apr_cpystrn(refresh->etag, etag, sizeof(refresh->etag));
        refresh->version = attempt->version;
    }
    if (attempt->found)
        refresh->found = attempt->found;
    refresh->doubted = false;
    if (attempt->keys)
        refresh->keys = attempt->keys->count;
}

/* --- log lines ---------------------------------------------------------- */

static apr_int64_t seconds_until(apr_time_t then, apr_time_t now)
{
    return then > now ? apr_time_sec(then - now + APR_USEC_PER_SEC - 1) : 0;
}

static void log_skipped(attempt_t *attempt, bool changed)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const bearer_jwks_t *keys = attempt->keys;
    outcome_t first = {0};
    bearer_level_t level;

    if (!keys)
        return;
    changed = changed || keys->skipped != refresh->skipped
              || keys->why != refresh->skipped_why;
    refresh->skipped = keys->skipped;
    refresh->skipped_why = keys->why;
    if (!changed || !keys->skipped)
        return;
    first.why = keys->why;
    first.note = keys->skipped_note;
    level = bearer_error_find(first.why)->level;
    bearer_log_write(level, level <= BEARER_LEVEL_WARNING ? "MAB0202" : "",
                     "issuer %.256s: %d of %d keys not used, the first: %s; "
                     "from %.256s",
                     refresh->source->issuer, keys->skipped,
                     keys->skipped + keys->count,
                     bearer_error_text(first.why, &first.note, attempt->tmp),
                     attempt->told.tried);
}

/* good keys, but by an address whose metadata is no longer there */
static void log_metadata(attempt_t *attempt)
{
    bearer_refresh_t *refresh = attempt->refresh;
    bearer_reason_t why = attempt->metadata.why;
    bool changed = why != refresh->metadata_why;

    refresh->metadata_why = why;
    if (!changed || !why)
        return;
    bearer_log_write(BEARER_LEVEL_WARNING, "MAB0203",
                     "issuer %.256s: metadata not found: %s; tried %.256s; "
                     "keys still come from %.256s",
                     refresh->source->issuer,
                     bearer_error_text(attempt->metadata.why,
                                       &attempt->metadata.note, attempt->tmp),
                     attempt->metadata.tried, attempt->told.tried);
}

static void log_good(attempt_t *attempt, bool changed, apr_uint32_t failures,
                     apr_int64_t next)
{
    bearer_refresh_t *refresh = attempt->refresh;
    apr_pool_t *tmp = attempt->tmp;
    const char *again = "", *what = "unchanged", *kids = "";

    log_metadata(attempt);
    log_skipped(attempt, changed);
    refresh->logged.why = BEARER_OK;
    if (!changed && !failures)
        return;
    if (failures)
        again = apr_psprintf(tmp, "refreshed again after %u failures, ",
                             (unsigned)failures);
    if (changed)
        what = attempt->posted.data ? "changed" : "loaded";
    if (attempt->keys)
        kids = apr_psprintf(tmp, " (%s)", bearer_jwks_kids(attempt->keys, tmp));
    bearer_log_write(failures ? BEARER_LEVEL_NOTICE : BEARER_LEVEL_INFO, "",
                     "issuer %.256s: %skeys %s: %d%s; from %.256s; next "
                     "refresh in %" APR_INT64_T_FMT " s",
                     refresh->source->issuer, again, what, refresh->keys, kids,
                     attempt->told.tried, next);
}

static void log_failure(attempt_t *attempt, const bearer_schedule_t *state,
                        apr_time_t now)
{
    bearer_refresh_t *refresh = attempt->refresh;
    bearer_schedule_conf_t conf = bearer_source_schedule(refresh->source);
    const outcome_t *told = &attempt->told;
    logged_t *logged = &refresh->logged;
    bool usable = bearer_schedule_usable(state, &conf, now);
    bool same = logged->why == told->why && logged->status == told->status
                && logged->usable == usable;
    const char *age = "there are no keys";

    logged->why = told->why;
    logged->status = told->status;
    logged->usable = usable;
    if (same)
        return;
    if (state->last_good)
        age =
            apr_psprintf(attempt->tmp, "the keys %s %" APR_INT64_T_FMT " s old",
                         usable ? "in use are" : "are no longer used, they are",
                         (apr_int64_t)apr_time_sec(now - state->last_good));
    bearer_log_write(BEARER_LEVEL_WARNING, "MAB0201",
                     "issuer %.256s: keys not refreshed: %s; tried %.256s; "
                     "next try in %" APR_INT64_T_FMT " s; %s",
                     refresh->source->issuer,
                     bearer_error_text(told->why, &told->note, attempt->tmp),
                     told->tried, seconds_until(state->next, now), age);
}

/* --- the store ---------------------------------------------------------- */

static void log_stored(const bearer_refresh_t *refresh, const char *path)
{
    const char *issuer = refresh->source->issuer;
    char text[80];

    if (!refresh->stored) {
        bearer_log_write(BEARER_LEVEL_NOTICE, "",
                         "issuer %.256s: keys stored again in %.256s", issuer,
                         path);
        return;
    }
    bearer_log_write(BEARER_LEVEL_WARNING, "MAB0204",
                     "issuer %.256s: keys not stored: %s; the file is %.256s",
                     issuer, apr_strerror(refresh->stored, text, sizeof(text)),
                     path);
}

/* a 304 and the same keys again count: they are confirmed as of now */
static void store(const attempt_t *attempt)
{
    bearer_refresh_t *refresh = attempt->refresh;
    const bearer_refresh_env_t *env = attempt->env;
    const bearer_source_t *source = refresh->source;
    apr_status_t rv;

    if (!env->store || !bearer_source_is_fetched(source))
        return;
    /* not under the lock, which nobody holds while a disk is waited for: who is
     * stopped right here puts an older file in the place of a newer one, until
     * the next good answer */
    if (!is_leading(env))
        return;
    rv = bearer_keystore_write(env->store, &source->slot.id, source->issuer,
                               attempt->keys ? attempt->keys_text
                                             : attempt->posted,
                               env->now(env->baton).wall, attempt->tmp);
    if (rv == refresh->stored)
        return;
    refresh->stored = rv;
    log_stored(refresh, bearer_keystore_path(env->store, &source->slot.id,
                                             attempt->tmp));
}

/* posts what was found, unless somebody was faster; false: somebody was */
static bool post_stored(const bearer_source_t *source,
                        const bearer_refresh_env_t *env,
                        const bearer_keystore_found_t *found,
                        bearer_reason_t *why, apr_pool_t *tmp)
{
    apr_time_t now = env->now(env->baton).tick;
    apr_time_t fetched = now - apr_time_from_sec(found->age);
    bearer_str_t text = bearer_jwks_render(found->keys, tmp);
    bearer_schedule_t state;
    bool empty;

    if (!text.data) {
        *why = BEARER_NO_MEMORY;
        return true;
    }
    /* ticks that began later have no number for it, and 0 means never */
    if (fetched <= 0) {
        *why = BEARER_KEYSTORE_AGE;
        return true;
    }
    lock(env);
    empty = !bearer_board_version(env->board, &source->slot);
    if (empty) {
        state = bearer_board_schedule(env->board, &source->slot);
        state.last_good = fetched;
        state.last_try = fetched;
        state.next = now;
        *why = bearer_board_post(env->board, &source->slot, text, &state);
    }
    unlock(env);
    return empty;
}

static void log_restored(const bearer_source_t *source, const char *path,
                         const bearer_keystore_found_t *found,
                         const outcome_t *outcome, apr_pool_t *tmp)
{
    bool old = outcome->why == BEARER_KEYSTORE_AGE;

    if (outcome->why)
        bearer_log_write(old ? BEARER_LEVEL_NOTICE : BEARER_LEVEL_WARNING,
                         old ? "" : "MAB0205",
                         "issuer %.256s: stored keys not used: %s; the file is "
                         "%.256s",
                         source->issuer,
                         bearer_error_text(outcome->why, &outcome->note, tmp),
                         path);
    else
        bearer_log_write(BEARER_LEVEL_INFO, "",
                         "issuer %.256s: keys loaded from the store: %d (%s), "
                         "%" APR_INT64_T_FMT " s old; from %.256s",
                         source->issuer, found->keys->count,
                         bearer_jwks_kids(found->keys, tmp), found->age, path);
}

bool bearer_refresh_restore(const bearer_source_t *source,
                            const bearer_refresh_env_t *env, apr_pool_t *tmp)
{
    bearer_keystore_wanted_t wanted = {
        .id = &source->slot.id,
        .issuer = source->issuer,
        .stale = apr_time_sec(source->schedule.stale),
    };
    bearer_keystore_found_t found;
    outcome_t outcome = {0};

    if (!env->store || !bearer_source_is_fetched(source)
        || bearer_board_version(env->board, &source->slot))
        return false;
    wanted.now = env->now(env->baton).wall;
    outcome.why =
        bearer_keystore_read(env->store, &wanted, &found, &outcome.note, tmp);
    if (outcome.why == BEARER_KEYS_UNAVAILABLE)
        return false;
    if (!outcome.why && !post_stored(source, env, &found, &outcome.why, tmp))
        return false;
    log_restored(source,
                 bearer_keystore_path(env->store, &source->slot.id, tmp),
                 &found, &outcome, tmp);
    return !outcome.why;
}

/* --- a round ------------------------------------------------------------ */

/* returns why the keys could not be posted after all */
static bearer_reason_t succeed(attempt_t *attempt, bearer_schedule_t state,
                               bearer_refresh_result_t *result)
{
    const bearer_refresh_env_t *env = attempt->env;
    bearer_schedule_conf_t conf =
        bearer_source_schedule(attempt->refresh->source);
    apr_uint32_t failures = state.failures;
    apr_time_t now = env->now(env->baton).tick;
    bool same = are_same_keys(attempt);
    bearer_reason_t why;

    bearer_schedule_succeed(&state, &conf, now, attempt->fresh,
                            env->jitter(env->baton));
    why = post(attempt, &state);
    if (why)
        return why;
    remember(attempt);
    attempt->refresh->state = state;
    log_good(attempt, !same, failures, seconds_until(state.next, now));
    store(attempt);
    result->changed = !same;
    result->unchanged = same;
    result->keys = attempt->refresh->keys;
    result->skipped = attempt->refresh->skipped;
    result->next = state.next;
    return BEARER_OK;
}

static void fail_round(attempt_t *attempt, bearer_schedule_t state,
                       bearer_refresh_result_t *result)
{
    const bearer_refresh_env_t *env = attempt->env;
    bearer_schedule_conf_t conf =
        bearer_source_schedule(attempt->refresh->source);
    apr_time_t now = env->now(env->baton).tick;

    bearer_schedule_fail(&state, &conf, now, env->jitter(env->baton));
    result->next = state.next;
    if (!note_failure(attempt, &state)) {
        attempt->told.why = BEARER_FETCH_STOPPED;
        return;
    }
    attempt->refresh->state = state;
    log_failure(attempt, &state, now);
}

void bearer_refresh_run(bearer_refresh_t *refresh,
                        const bearer_refresh_env_t *env,
                        bearer_refresh_result_t *result, apr_pool_t *tmp)
{
    const bearer_source_t *source = refresh->source;
    bearer_schedule_t state = state_of(refresh, env);
    attempt_t *attempt = apr_pcalloc(tmp, sizeof(*attempt));
    outcome_t *told = &attempt->told;

    memset(result, 0, sizeof(*result));
    if (source->kind == BEARER_SOURCE_SECRET)
        return;
    attempt->refresh = refresh;
    attempt->env = env;
    attempt->tmp = tmp;
    /* an ask that comes from now on wants another round */
    bearer_schedule_begin(&state,
                          bearer_board_asked(env->board, &source->slot));
    if (bearer_board_read(env->board, &source->slot, &attempt->posted,
                          &attempt->version, tmp))
        attempt->posted.data = NULL;
    recall_address(attempt);

    if (!find_keys(attempt))
        told->why = succeed(attempt, state, result);
    /* a server that stops says nothing about the issuer */
    if (told->why && told->why != BEARER_FETCH_STOPPED)
        fail_round(attempt, state, result);
    else if (told->why)
        result->next = state.next;
    result->why = told->why;
    if (told->why)
        result->note = told->note;
    result->tried = told->tried;
    result->status = told->status;
}
