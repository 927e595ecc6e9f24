/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/take.h"

#include <string.h>

#include <apr_strings.h>
#include <httpd.h>

#include "bearer/base/str.h"
#include "bearer/judge/token.h"
#include "bearer/text/pairs.h"

/* compared by its address, too: ours, not a client's */
static const char presented[] = "Bearer";

/* --- sources ---------------------------------------------------------------------- */

const char *mab_take_field(const request_rec *r, const mab_source_t *source)
{
    return r->proxyreq == PROXYREQ_PROXY
                   && strcasecmp(source->name, "Authorization") == 0
               ? "Proxy-Authorization"
               : source->name;
}

/* the place's own source for the same spot, or NULL */
static const mab_source_t *find_own(const mab_place_t *place,
                                    const mab_source_t *source)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    for (i = 0; i < count; i++) {
        if (mab_conf_same_source(&sources[i], source))
            return &sources[i];
    }
    return NULL;
}

/* --- credentials that are not a source --------------------------------------------- */

/* For a forward proxy, Authorization is for the server that is asked for. */
static bool keeps_authorization(const request_rec *r, const mab_place_t *place)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    if (r->proxyreq == PROXYREQ_PROXY || place->foreign == 1)
        return true;
    for (i = 0; i < count; i++) {
        const char *header = mab_conf_source_header(&sources[i]);

        if (header && strcasecmp(header, "Authorization") == 0)
            return true;
    }
    return false;
}

/* what an earlier place of the chain took away is of interest again here */
static void give_back(request_rec *r)
{
    const request_rec *one;

    if (apr_table_get(r->headers_in, "Authorization"))
        return;
    for (one = r; one; one = mab_record_before(one)) {
        const mab_exchange_t *exchange = mab_record_find_exchange(one);

        if (!exchange || !exchange->foreign)
            continue;
        apr_table_setn(r->headers_in, "Authorization", exchange->foreign);
        return;
    }
}

void mab_take_foreign(request_rec *r, const mab_place_t *place)
{
    const char *value;

    if (!place || keeps_authorization(r, place)) {
        give_back(r);
        return;
    }
    value = apr_table_get(r->headers_in, "Authorization");
    if (!value || value == presented)
        return;
    mab_record_exchange(r)->foreign = value;
    apr_table_unset(r->headers_in, "Authorization");
}

/* --- the token -------------------------------------------------------------------- */

/** The spots where a token may be, and what is there. */
typedef struct spots_t {
    apr_array_header_t *values;  /* of bearer_token_spot_t */
    apr_array_header_t *sources; /* of const mab_source_t *, for each */
    int number;                  /* of the source that is looked at */
} spots_t;

static void add_spot(spots_t *spots, const mab_source_t *source,
                     bearer_token_form_t form, const char *value)
{
    bearer_token_spot_t *spot = apr_array_push(spots->values);

    spot->value = value;
    spot->scheme = source->scheme;
    spot->form = form;
    spot->source = spots->number;
    APR_ARRAY_PUSH(spots->sources, const mab_source_t *) = source;
}

/* a pair twice is two tokens, whatever they say */
static void add_pairs(spots_t *spots, request_rec *r,
                      const mab_source_t *source, bearer_pairs_kind_t kind)
{
    bool cookie = kind == BEARER_PAIRS_COOKIE;
    bearer_str_t values[2];
    int count = bearer_pairs_find(
        kind, apr_table_get(r->headers_in, cookie ? "Cookie" : source->name),
        cookie ? source->name : MAB_PROTOCOL_NAME, values, 2);
    int i;

    for (i = 0; i < count && i < 2; i++)
        add_spot(spots, source,
                 cookie ? BEARER_TOKEN_PLAIN : BEARER_TOKEN_CODED,
                 apr_pstrmemdup(r->pool, values[i].data, values[i].len));
}

static void add_queries(spots_t *spots, const request_rec *r,
                        const mab_source_t *source)
{
    const mab_exchange_t *exchange = mab_record_find_exchange(r);
    int i;

    for (i = 0; exchange && exchange->queries && i < exchange->queries->nelts;
         i++) {
        const mab_query_t *query =
            &APR_ARRAY_IDX(exchange->queries, i, mab_query_t);

        if (strcmp(query->name, source->name) == 0)
            add_spot(spots, source, BEARER_TOKEN_PLAIN, query->value);
    }
}

/* "Basic …", or the scheme alone */
static bool is_basic(const char *value)
{
    value += strspn(value, " ");
    return bearer_str_opens_nocase(value, "Basic")
           && (value[5] == ' ' || !value[5]);
}

/* Authorization may be two sources, told apart by the scheme: Basic, and another. What
 * has neither is wrong for the other. */
static bool is_for(const mab_place_t *place, const mab_source_t *source,
                   const char *value)
{
    const mab_source_t *basic;
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    if (count == 1)
        return true;
    basic = mab_conf_find_source(place, MAB_BASIC);
    if (!basic || strcasecmp(source->name, basic->name) != 0)
        return true;
    if (source != basic)
        return !is_basic(value);
    for (i = 0; i < count && !is_basic(value); i++) {
        if (sources[i].where == MAB_HEADER
            && strcasecmp(sources[i].name, basic->name) == 0)
            return false;
    }
    return true;
}

static void add_field(spots_t *spots, const request_rec *r,
                      const mab_place_t *place, const mab_source_t *source)
{
    const char *value = apr_table_get(r->headers_in, mab_take_field(r, source));

    if (value && value != presented && is_for(place, source, value))
        add_spot(spots, source,
                 source->where == MAB_BASIC ? BEARER_TOKEN_BASIC
                                            : BEARER_TOKEN_PLAIN,
                 value);
}

static void add_source(spots_t *spots, request_rec *r, const mab_place_t *place,
                       const mab_source_t *source)
{
    switch (source->where) {
    case MAB_HEADER:
    case MAB_BASIC:
        add_field(spots, r, place, source);
        break;
    case MAB_COOKIE:
        add_pairs(spots, r, source, BEARER_PAIRS_COOKIE);
        break;
    case MAB_WEBSOCKET:
        add_pairs(spots, r, source, BEARER_PAIRS_PROTOCOL);
        break;
    case MAB_QUERY:
        add_queries(spots, r, source);
        break;
    }
}

/* --- a token of the chain ----------------------------------------------------------- */

/* it counts where this place looks too, by this place's own rules */
static bool copy_token(const request_rec *r, mab_request_t *request,
                       const mab_request_t *other)
{
    apr_array_header_t *own = NULL;
    int i;

    if (!other || !other->presented.token.data || !other->sources)
        return false;
    for (i = 0; i < other->sources->nelts; i++) {
        const mab_source_t *source =
            find_own(request->place,
                     APR_ARRAY_IDX(other->sources, i, const mab_source_t *));

        if (!source)
            continue;
        if (!own)
            own = apr_array_make(r->pool, 2, sizeof(source));
        APR_ARRAY_PUSH(own, const mab_source_t *) = source;
    }
    if (!own)
        return false;
    request->presented.token = other->presented.token;
    request->name = other->name;
    request->sources = own;
    request->source = APR_ARRAY_IDX(own, 0, const mab_source_t *);
    return true;
}

/* a token that an earlier request of the chain had taken away */
static bool remember_token(const request_rec *r, mab_request_t *request)
{
    const request_rec *one;

    for (one = mab_record_before(r); one; one = mab_record_before(one)) {
        const mab_exchange_t *exchange = mab_record_find_exchange(one);

        if (copy_token(r, request, mab_record_find(one))
            || (exchange && copy_token(r, request, exchange->first)))
            return true;
    }
    return false;
}

/* --- the whole ------------------------------------------------------------------------ */

/* the sources of those spots that hold anything, in their order */
static void keep_used(mab_request_t *request, const spots_t *spots)
{
    apr_array_header_t *sources = spots->sources;
    int i, used = 0;

    for (i = 0; i < sources->nelts; i++) {
        const char *value =
            APR_ARRAY_IDX(spots->values, i, bearer_token_spot_t).value;

        if (value && *value)
            APR_ARRAY_IDX(sources, used++, const mab_source_t *) =
                APR_ARRAY_IDX(sources, i, const mab_source_t *);
    }
    sources->nelts = used;
    request->sources = sources;
    if (used)
        request->source = APR_ARRAY_IDX(sources, 0, const mab_source_t *);
}

/* Browsers end a connection if they asked for subprotocols and the answer names none
 * of them (WHATWG WebSockets 3); and the one with the token is not for the answer. */
static bool lacks_protocol(const request_rec *r, const mab_request_t *request)
{
    const char *all;

    if (request->source->where != MAB_WEBSOCKET || request->sources->nelts > 1)
        return false;
    all = apr_table_get(r->headers_in, request->source->name);
    return !bearer_pairs_remove(BEARER_PAIRS_PROTOCOL, all, MAB_PROTOCOL_NAME,
                                r->pool);
}

static bearer_reason_t find(request_rec *r, mab_request_t *request)
{
    int count;
    const mab_source_t *sources = mab_conf_sources(request->place, &count);
    spots_t spots = {NULL, NULL, 0};
    bearer_token_found_t found;
    bearer_reason_t why;

    spots.values = apr_array_make(r->pool, 4, sizeof(bearer_token_spot_t));
    spots.sources = apr_array_make(r->pool, 4, sizeof(mab_source_t *));
    for (; spots.number < count; spots.number++)
        add_source(&spots, r, request->place, &sources[spots.number]);
    why = bearer_token_find((const bearer_token_spot_t *)spots.values->elts,
                            spots.values->nelts, &found, r->pool);
    keep_used(request, &spots);
    if (why)
        return why;
    if (lacks_protocol(r, request))
        return BEARER_TOKEN_FORMAT;
    request->presented.token = found.token;
    request->name = found.user;
    return BEARER_OK;
}

void mab_take_token(request_rec *r, mab_request_t *request)
{
    if (request->taken)
        return;
    request->taken = true;
    request->took = remember_token(r, request) ? BEARER_OK : find(r, request);
}

/* --- what is wrong with it ------------------------------------------------------------ */

static void tell_scheme(const request_rec *r, const mab_request_t *request,
                        bearer_note_t *note)
{
    const mab_source_t *source = request->source;
    bool both = source->where == MAB_HEADER
                && strcasecmp(source->name, "Authorization") == 0
                && mab_conf_find_source(request->place, MAB_BASIC);

    bearer_note_set(note, "the scheme in the %s header is not %s%s",
                    mab_take_field(r, source), source->scheme,
                    both ? " or Basic" : "");
}

static void tell_format(const request_rec *r, const mab_request_t *request,
                        bearer_note_t *note)
{
    const mab_source_t *source = request->source;

    switch (source->where) {
    case MAB_COOKIE:
        bearer_note_set(note, "the cookie %s does not hold a token",
                        source->name);
        break;
    case MAB_QUERY:
        bearer_note_set(note, "the query parameter %s does not hold a token",
                        source->name);
        break;
    case MAB_WEBSOCKET:
        bearer_note_set(
            note,
            lacks_protocol(r, request)
                ? "a subprotocol besides the one with the token is needed, "
                  "which the answer can name"
                : "the subprotocol " MAB_PROTOCOL_NAME
                  ".<...> does not hold a token in base64url");
        break;
    case MAB_BASIC:
        bearer_note_set(note,
                        "the %s header is not Basic with a user name and a "
                        "token as the password",
                        mab_take_field(r, source));
        break;
    case MAB_HEADER:
        bearer_note_set(note,
                        source->scheme
                            ? "the %s header is not of the form %s <token>"
                            : "the %s header does not hold a token alone",
                        mab_take_field(r, source), source->scheme);
        break;
    }
}

void mab_take_explain(const request_rec *r, const mab_request_t *request,
                      bearer_reason_t why, bearer_note_t *note)
{
    if (!request->source)
        return;
    if (why == BEARER_TOKEN_SCHEME)
        tell_scheme(r, request, note);
    if (why == BEARER_TOKEN_FORMAT)
        tell_format(r, request, note);
}

/* --- the sign --------------------------------------------------------------------- */

static const char *credentials_field(const request_rec *r)
{
    return r->proxyreq == PROXYREQ_PROXY ? "Proxy-Authorization"
                                         : "Authorization";
}

void mab_take_mark(request_rec *r)
{
    mab_request_t *request = mab_record_find(r);

    if (!request)
        return;
    mab_take_token(r, request);
    if (request->took != BEARER_TOKEN_MISSING
        && !apr_table_get(r->headers_in, credentials_field(r)))
        apr_table_setn(r->headers_in, credentials_field(r), presented);
}

void mab_take_unmark(request_rec *r)
{
    if (apr_table_get(r->headers_in, credentials_field(r)) == presented)
        apr_table_unset(r->headers_in, credentials_field(r));
}
