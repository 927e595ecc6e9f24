/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/take.h"

#include <string.h>

#include <apr_strings.h>
#include <httpd.h>

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

static bool looks_at(const mab_place_t *place, const mab_source_t *source)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    for (i = 0; i < count; i++) {
        if (mab_conf_same_source(&sources[i], source))
            return true;
    }
    return false;
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
        if (sources[i].where == MAB_HEADER
            && strcasecmp(sources[i].name, "Authorization") == 0)
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
} spots_t;

static void add_spot(spots_t *spots, const mab_source_t *source,
                     const char *value)
{
    bearer_token_spot_t *spot = apr_array_push(spots->values);

    spot->value = value;
    spot->scheme = source->scheme;
    APR_ARRAY_PUSH(spots->sources, const mab_source_t *) = source;
}

static void add_cookies(spots_t *spots, request_rec *r,
                        const mab_source_t *source)
{
    bearer_str_t values[2];
    int count = bearer_pairs_find(BEARER_PAIRS_COOKIE,
                                  apr_table_get(r->headers_in, "Cookie"),
                                  source->name, values, 2);
    int i;

    for (i = 0; i < count && i < 2; i++)
        add_spot(spots, source,
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
            add_spot(spots, source, query->value);
    }
}

static void add_source(spots_t *spots, request_rec *r,
                       const mab_source_t *source)
{
    const char *value;

    switch (source->where) {
    case MAB_HEADER:
        value = apr_table_get(r->headers_in, mab_take_field(r, source));
        if (value != presented)
            add_spot(spots, source, value);
        break;
    case MAB_COOKIE:
        add_cookies(spots, r, source);
        break;
    case MAB_QUERY:
        add_queries(spots, r, source);
        break;
    }
}

static bool copy_token(mab_request_t *request, const mab_request_t *other)
{
    if (!other || !other->presented.token.data || !other->source
        || !looks_at(request->place, other->source))
        return false;
    request->presented.token = other->presented.token;
    request->source = other->source;
    return true;
}

/* a token that an earlier request of the chain had taken away */
static bool remember_token(const request_rec *r, mab_request_t *request)
{
    for (r = mab_record_before(r); r; r = mab_record_before(r)) {
        const mab_exchange_t *exchange = mab_record_find_exchange(r);

        if (copy_token(request, mab_record_find(r))
            || (exchange && copy_token(request, exchange->first)))
            return true;
    }
    return false;
}

static const mab_source_t *used_source(const spots_t *spots)
{
    int i;

    for (i = 0; i < spots->values->nelts; i++) {
        const char *value =
            APR_ARRAY_IDX(spots->values, i, bearer_token_spot_t).value;

        if (value && *value)
            return APR_ARRAY_IDX(spots->sources, i, const mab_source_t *);
    }
    return NULL;
}

void mab_take_token(request_rec *r, mab_request_t *request)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(request->place, &count);
    spots_t spots;

    if (request->taken)
        return;
    request->taken = true;
    request->took = BEARER_OK;
    if (remember_token(r, request))
        return;
    spots.values = apr_array_make(r->pool, 4, sizeof(bearer_token_spot_t));
    spots.sources = apr_array_make(r->pool, 4, sizeof(mab_source_t *));
    for (i = 0; i < count; i++)
        add_source(&spots, r, &sources[i]);
    request->took =
        bearer_token_find((const bearer_token_spot_t *)spots.values->elts,
                          spots.values->nelts, &request->presented.token);
    request->source = used_source(&spots);
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
