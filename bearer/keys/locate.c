/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/locate.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/file.h"
#include "bearer/base/str.h"
#include "bearer/jose/edit.h"
#include "bearer/keys/discovery.h"
#include "bearer/text/freshness.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"

/* how long an address found by discovery is used before it is looked up again */
#define REDISCOVER apr_time_from_sec(86400)

/* one search */
typedef struct search_t {
    const bearer_source_t *source;
    const bearer_locate_known_t *known;
    const bearer_locate_env_t *env;
    bearer_locate_found_t *found;
    apr_pool_t *pool;
} search_t;

static bearer_now_t now(const search_t *search)
{
    return search->env->now(search->env->baton);
}

static bearer_reason_t tell(const search_t *search, const char *what,
                            const bearer_outcome_t *one)
{
    if (search->env->tell)
        search->env->tell(what, one, search->env->baton);
    return one->why;
}

/* --- fetching ----------------------------------------------------------- */

/* an address that cannot be parsed has no proxy; the fetch refuses it anyway */
static const char *proxy_of(const bearer_source_t *source, const char *address,
                            apr_pool_t *pool)
{
    bearer_url_t url;

    if (bearer_url_parse(address, source->http_loopback, &url, NULL, pool))
        return NULL;
    return bearer_url_find_proxy(&source->proxies, &url);
}

/* Of a strange URL, what the status page may show: no query, and no user information
 * (RFC 3986 3.2.1; either may hold a secret). */
static bearer_str_t public_part(const char *url)
{
    const char *slashes = strstr(url, "//"), *at, *end;
    bearer_str_t out = {url, strcspn(url, "?#")};

    end = url + out.len;
    if (!slashes || slashes >= end)
        return out;
    for (at = slashes + 2; at < end && *at != '/'; at++) {
        if (*at == '@')
            out.data = at + 1;
    }
    out.len = (apr_size_t)(end - out.data);
    return out;
}

/* an address that wants to know who we are, and may not be told */
static void note_elsewhere(const search_t *search, const char *address,
                           int status, bearer_note_t *note)
{
    const bearer_source_t *source = search->source;
    const char *origin = NULL;

    if ((status == 401 || status == 403)
        && bearer_credentials_are_given(&source->credentials)
        && !bearer_source_is_home(source, address, &origin, search->pool)
        && origin)
        bearer_note_set(note,
                        "status %d; token=, header= and cert= are sent to %s "
                        "only: if this address is right, give it as keys=",
                        status, origin);
}

/* what is wrong with an answer that came, apart from its body */
static bearer_reason_t judge_status(const bearer_http_response_t *response,
                                    bool conditional, bearer_note_t *note)
{
    /* RFC 9110 15.4.5: a 304 answers a condition, and there was none */
    if (response->status == 200 || (response->status == 304 && conditional))
        return BEARER_OK;
    if (response->location) {
        bearer_str_t to = public_part(response->location);

        bearer_note_set(note, "status %d, not followed to %.*s",
                        response->status, (int)to.len, to.data);
        return BEARER_HTTP_STATUS;
    }
    bearer_note_set(note, "status %d", response->status);
    return BEARER_HTTP_STATUS;
}

/* where to connect, and who we are: for the origin that was configured only */
static bearer_reason_t identify(const search_t *search,
                                bearer_fetch_request_t *request,
                                bearer_note_t *note)
{
    const bearer_source_t *source = search->source;
    bearer_credentials_read_t who = {NULL, NULL};
    bearer_reason_t why;

    if (!source->address && !bearer_credentials_are_given(&source->credentials))
        return BEARER_OK;
    if (!bearer_source_is_home(source, request->url, NULL, search->pool))
        return BEARER_OK;
    why = bearer_credentials_read(&source->credentials, search->env->pipe, &who,
                                  note, search->pool);
    if (why)
        return why;
    request->address = source->address;
    request->headers = who.headers;
    request->pair = who.pair;
    return BEARER_OK;
}

static bearer_reason_t get(const search_t *search, const char *address,
                           const char *etag, const bearer_http_response_t **out,
                           bearer_outcome_t *one)
{
    const bearer_source_t *source = search->source;
    const volatile apr_uint32_t *stop = search->env->stop;
    bearer_fetch_request_t request = {
        .url = address,
        .etag = etag,
        .proxy = proxy_of(source, address, search->pool),
        .http_loopback = source->http_loopback,
        .timeout = source->timeout,
        .connect = source->connect,
        .max_body = source->max_body,
        .tls = source->tls,
        .stop = stop,
    };

    memset(one, 0, sizeof(*one));
    one->tried = address;
    if (stop && *stop)
        return one->why = BEARER_FETCH_STOPPED;
    one->why = identify(search, &request, &one->note);
    if (!one->why)
        one->why = search->env->fetch(&request, out, &one->note, search->pool);
    if (one->why)
        return one->why;
    one->status = (*out)->status;
    one->why = judge_status(*out, etag != NULL, &one->note);
    if (one->why)
        note_elsewhere(search, address, one->status, &one->note);
    return one->why;
}

/* --- what the board keeps ------------------------------------------------- */

/* After the keys, the document says where discovery found them and when (a tick):
 * see bearer_locate_recall. */
static bearer_str_t add_address(const search_t *search, const char *address)
{
    const bearer_str_t *keys = &search->found->rendered;
    apr_time_t found =
        search->found->found ? search->found->found : search->known->found;
    bearer_str_t text = *keys;
    bearer_str_t quoted;

    if (search->source->kind != BEARER_SOURCE_DISCOVERY)
        return text;
    quoted = bearer_write_quoted(address, search->pool);
    /* without it, the next fetcher has to find it again */
    if (!quoted.len)
        return text;
    text.data = apr_psprintf(
        search->pool, "%.*s,\"jwks_uri\":%s,\"found\":%" APR_INT64_T_FMT "}",
        (int)(keys->len - 1), keys->data, quoted.data,
        (apr_int64_t)apr_time_sec(found));
    text.len = strlen(text.data);
    return text;
}

const char *bearer_locate_recall(bearer_str_t text, apr_time_t tick,
                                 apr_time_t *found, apr_pool_t *pool)
{
    const bearer_value_t *document;
    apr_int64_t seconds;
    bearer_str_t uri;

    if (bearer_json_parse(text, &document, NULL, pool)
        || bearer_value_get_string(document, "jwks_uri", &uri)
               != BEARER_VALUE_GOT
        || bearer_value_get_seconds(document, "found", &seconds)
               != BEARER_VALUE_GOT)
        return NULL;
    if (uri.len > BEARER_LIMIT_URL || seconds < 0
        || seconds > apr_time_sec(tick))
        return NULL;
    *found = apr_time_from_sec(seconds);
    return apr_pstrmemdup(pool, uri.data, uri.len);
}

static bearer_reason_t check_size(const bearer_locate_found_t *found,
                                  bearer_note_t *note)
{
    if (found->document.len <= BEARER_LIMIT_DOCUMENT)
        return BEARER_OK;
    bearer_note_set(note, "%d keys, %" APR_SIZE_T_FMT " bytes",
                    found->keys->count, found->document.len);
    return BEARER_JWKS_SIZE;
}

static bearer_reason_t render(const search_t *search, const char *address,
                              bearer_note_t *note)
{
    bearer_locate_found_t *found = search->found;

    found->rendered = bearer_jwks_render(found->keys, search->pool);
    if (!found->rendered.data)
        return BEARER_NO_MEMORY;
    found->document = add_address(search, address);
    return check_size(found, note);
}

/* --- keys ------------------------------------------------------------------- */

static bearer_reason_t parse_keys(const search_t *search, const char *address,
                                  bearer_str_t body, bearer_note_t *note)
{
    bearer_reason_t why;

    search->found->published = body;
    why = bearer_jwks_parse_published(body, bearer_source_form(search->source),
                                      &search->found->keys, note, search->pool);
    return why ? why : render(search, address, note);
}

static void keep_headers(const search_t *search,
                         const bearer_http_response_t *response)
{
    bearer_locate_found_t *found = search->found;
    bearer_freshness_t headers = {
        .cache_control = response->cache_control,
        .expires = response->expires,
        .date = response->date,
        .age = response->age,
    };

    found->cache_control = response->cache_control;
    found->fresh = bearer_freshness_seconds(
        &headers, now(search).wall,
        apr_time_sec(bearer_source_schedule(search->source).refresh));
}

/* a bundle that wants to be fetched more often than its headers say, but within the
 * same bounds: it does not make us ask every second */
static void heed_hint(const search_t *search)
{
    bearer_locate_found_t *found = search->found;
    apr_int64_t hint = found->keys ? found->keys->hint : 0;

    if (hint && hint < BEARER_FRESHNESS_LEAST)
        hint = BEARER_FRESHNESS_LEAST;
    if (hint && hint < found->fresh)
        found->fresh = hint;
}

static bearer_reason_t get_keys(const search_t *search, const char *address,
                                bearer_outcome_t *one)
{
    const bearer_locate_known_t *known = search->known;
    const bearer_http_response_t *response;
    const char *etag = NULL;

    if (known->etag && known->address && !strcmp(known->address, address))
        etag = known->etag;
    if (get(search, address, etag, &response, one))
        return tell(search, "keys", one);
    keep_headers(search, response);
    if (response->status == 200) {
        one->why = parse_keys(search, address, response->body, &one->note);
        heed_hint(search);
        etag = NULL;
    }
    search->found->etag = response->etag ? response->etag : etag;
    return tell(search, "keys", one);
}

bearer_reason_t bearer_locate_file(const bearer_source_t *source, bool pipe,
                                   bearer_locate_found_t *found,
                                   bearer_note_t *note, apr_pool_t *pool)
{
    bearer_file_rules_t rules = bearer_file_keys;
    bearer_reason_t why;

    rules.pipe = pipe;
    why = bearer_file_read(source->location, &rules, &found->published, note,
                           pool);
    if (!why)
        why = bearer_jwks_parse_published(found->published,
                                          bearer_source_form(source),
                                          &found->keys, note, pool);
    if (why)
        return why;
    found->rendered = bearer_jwks_render(found->keys, pool);
    if (!found->rendered.data)
        return BEARER_NO_MEMORY;
    found->document = found->rendered;
    return check_size(found, note);
}

static bearer_reason_t read_keys(const search_t *search, bearer_outcome_t *one)
{
    const bearer_source_t *source = search->source;

    one->tried = source->location;
    search->found->fresh = apr_time_sec(bearer_source_schedule(source).refresh);
    one->why = bearer_locate_file(source, search->env->pipe, search->found,
                                  &one->note, search->pool);
    return tell(search, "keys", one);
}

/* --- an address for each kid --------------------------------------------- */

/* the set with this key in it, and without the one that makes room */
static bearer_reason_t put_key(const search_t *search, bearer_str_t body,
                               bearer_note_t *note)
{
    const bearer_locate_known_t *known = search->known;
    const bearer_jwks_t *keys = known->keys;
    bearer_reason_t why;

    search->found->published = body;
    if (known->victim && *known->victim)
        keys = bearer_edit_drop(keys, bearer_str(known->victim), search->pool);
    why = bearer_edit_put(keys, bearer_str(known->kid), body,
                          &search->found->keys, note, search->pool);
    return why ? why : render(search, known->kid, note);
}

/* The issuer takes a key back. Only what is there can go, so that a kid that never was
 * changes nothing. */
static void take_key(const search_t *search, bearer_note_t *note)
{
    const bearer_jwks_t *before = search->known->keys;
    const bearer_jwks_t *keys;

    search->found->missing = true;
    if (!before)
        return;
    keys =
        bearer_edit_drop(before, bearer_str(search->known->kid), search->pool);
    if (keys->count == before->count)
        return;
    search->found->keys = keys;
    if (!render(search, search->known->kid, note))
        return;
    /* out of memory: it is asked again */
    search->found->missing = false;
    search->found->keys = NULL;
}

static bearer_reason_t get_key(const search_t *search, bearer_outcome_t *one)
{
    const bearer_http_response_t *response = NULL;
    const char *address = apr_pstrcat(search->pool, search->source->location,
                                      search->known->kid, NULL);

    if (get(search, address, NULL, &response, one)) {
        /* RFC 9110 15.5.5 and 15.5.11; nothing else says that there is none */
        if (one->status == 404 || one->status == 410)
            take_key(search, &one->note);
        (void)tell(search, "key", one);
        if (search->found->missing)
            one->why = BEARER_OK;
        return one->why;
    }
    keep_headers(search, response);
    one->why = put_key(search, response->body, &one->note);
    return tell(search, "key", one);
}

/* --- discovery ---------------------------------------------------------- */

static bearer_reason_t read_metadata(const search_t *search,
                                     const char *address, const char **jwks_uri,
                                     bearer_outcome_t *one)
{
    const bearer_source_t *source = search->source;
    const bearer_http_response_t *response;

    if (!get(search, address, NULL, &response, one))
        one->why = bearer_discovery_parse(response->body, source->issuer,
                                          source->http_loopback, jwks_uri,
                                          &one->note, search->pool);
    return tell(search, "metadata", one);
}

/* Tries the forms of the metadata's address. Even a document with the wrong
 * issuer does not end it: some hosts serve another one at the next form. Gives
 * the address of the keys, or NULL. */
static const char *discover(const search_t *search)
{
    bearer_outcome_t *told = &search->found->metadata;
    bearer_outcome_t one;
    const char *address, *jwks_uri = NULL;
    int form;

    for (form = 0; form < BEARER_URL_METADATA_FORMS; form++) {
        address = bearer_url_metadata(bearer_source_address(search->source),
                                      form, search->pool);
        if (!address)
            continue;
        if (!read_metadata(search, address, &jwks_uri, &one)) {
            *told = one;
            search->found->found = now(search).tick;
            return jwks_uri;
        }
        bearer_outcome_keep(told, &one);
        if (bearer_outcome_is_network(one.why))
            break;
    }
    return NULL;
}

static bool must_discover(const search_t *search)
{
    const bearer_locate_known_t *known = search->known;

    return !known->address || known->doubted
           || now(search).tick - known->found >= REDISCOVER;
}

/* if there is no metadata, or it failed */
static bearer_reason_t fall_back(const search_t *search, bool asked,
                                 bearer_outcome_t *told)
{
    const char *known = search->known->address;
    bearer_outcome_t one;

    bearer_outcome_keep(told, &search->found->metadata);
    if (asked || !known)
        return told->why;
    if (!get_keys(search, known, &one))
        *told = one;
    else
        bearer_outcome_keep(told, &one);
    return told->why;
}

static bearer_reason_t discover_keys(const search_t *search,
                                     bearer_outcome_t *told)
{
    const char *known = search->known->address;
    bool asked = !must_discover(search);
    const char *jwks_uri;

    if (asked) {
        if (!get_keys(search, known, told))
            return BEARER_OK;
        search->found->doubted = true;
        if (bearer_outcome_is_network(told->why))
            return told->why;
    }
    jwks_uri = discover(search);
    if (!jwks_uri)
        return fall_back(search, asked, told);
    if (asked && strcmp(jwks_uri, known) == 0)
        return told->why;
    return get_keys(search, jwks_uri, told);
}

bearer_reason_t bearer_locate_keys(const bearer_source_t *source,
                                   const bearer_locate_known_t *known,
                                   const bearer_locate_env_t *env,
                                   bearer_locate_found_t *found,
                                   bearer_outcome_t *told, apr_pool_t *pool)
{
    search_t search = {source, known, env, found, pool};

    memset(found, 0, sizeof(*found));
    memset(told, 0, sizeof(*told));
    switch (source->kind) {
    case BEARER_SOURCE_DISCOVERY:
        return discover_keys(&search, told);
    case BEARER_SOURCE_URL:
        return get_keys(&search, source->location, told);
    case BEARER_SOURCE_FILE:
        return read_keys(&search, told);
    case BEARER_SOURCE_PER_KID:
        return get_key(&search, told);
    case BEARER_SOURCE_SECRET:
        break;
    }
    return BEARER_OK;
}
