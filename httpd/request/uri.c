/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/uri.h"

#include <string.h>

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>

#include "bearer/base/str.h"
#include "bearer/text/pairs.h"

/* --- what repeats the query ------------------------------------------------------- */

static bool is_in_query(const char *args, const char *name)
{
    return bearer_pairs_find(BEARER_PAIRS_QUERY, args, name, NULL, 0) > 0;
}

/* the request line and the URI as it arrived, which are for logs and REQUEST_URI */
static void clean_line(request_rec *r, const char *name)
{
    r->the_request =
        (char *)bearer_pairs_remove_query(r->the_request, name, r->pool);
    r->unparsed_uri =
        (char *)bearer_pairs_remove_query(r->unparsed_uri, name, r->pool);
}

/* what other sites have in their queries is theirs, and programs may see it */
static bool is_of_this_site(const request_rec *r, const char *referer)
{
    const char *host = apr_table_get(r->headers_in, "Host");
    const char *at = referer ? strstr(referer, "://") : NULL;
    apr_size_t len = host ? strlen(host) : 0;

    if (!at || !host)
        return true;
    return bearer_str_opens_nocase(at + 3, host)
           && (!at[3 + len] || strchr("/?#", at[3 + len]));
}

/* "http://here/page?access_token=…" of the page before */
static void clean_referer(request_rec *r, const char *name)
{
    const char *referer = apr_table_get(r->headers_in, "Referer");
    const char *clean = bearer_pairs_remove_query(referer, name, r->pool);

    if (clean != referer)
        apr_table_setn(r->headers_in, "Referer", clean);
}

/* A field that mod_proxy or mod_rewrite made of a path and our query: they put the
 * one after the other, so the query is taken from the end. A "?" before that
 * belongs to the path (from %3F), and what follows it took part in decisions: it
 * stays. */
static char *replace_end(request_rec *r, char *text, const char *old,
                         const char *rest)
{
    apr_size_t len = text ? strlen(text) : 0;
    apr_size_t end = old ? strlen(old) : 0;

    if (!end || len < end || strcmp(text + len - end, old) != 0)
        return text;
    return apr_pstrcat(r->pool, apr_pstrmemdup(r->pool, text, len - end), rest,
                       NULL);
}

static const char *query_of(const char *uri)
{
    const char *query = uri ? strchr(uri, '?') : NULL;

    return query ? query : "";
}

static void clean_target(request_rec *r, const char *args, const char *uri)
{
    char *before = r->filename;

    if (!before || strncmp(before, "proxy:", 6) != 0)
        return;
    r->filename =
        replace_end(r, before, apr_pstrcat(r->pool, "?", args, NULL),
                    r->args ? apr_pstrcat(r->pool, "?", r->args, NULL) : "");
    /* ProxyPass nocanon: the URI as it arrived, perhaps with a fragment */
    if (r->filename == before)
        r->filename =
            replace_end(r, before, query_of(uri), query_of(r->unparsed_uri));
}

/* --- what is a token here --------------------------------------------------------- */

static void remember_pairs(request_rec *r, const char *name)
{
    mab_exchange_t *exchange = mab_record_exchange(r);
    bearer_str_t values[2];
    int count = bearer_pairs_find(BEARER_PAIRS_QUERY, r->args, name, values, 2);
    int i;

    if (!exchange->queries)
        exchange->queries = apr_array_make(r->pool, 2, sizeof(mab_query_t));
    for (i = 0; i < count && i < 2; i++) {
        mab_query_t *query = apr_array_push(exchange->queries);

        query->name = name;
        query->value = apr_pstrmemdup(r->pool, values[i].data, values[i].len);
    }
}

/* what mod_proxy has for a forward proxy: all that was asked for, not decoded */
static void clean_forward(request_rec *r, const char *name)
{
    if (r->proxyreq == PROXYREQ_PROXY)
        r->uri = (char *)bearer_pairs_remove_query(r->uri, name, r->pool);
}

/* the requests before this one are over; what was theirs is now REDIRECT_* */
static void clean_before(request_rec *r, const char *name)
{
    for (r = r->prev; r; r = r->prev)
        r->args = (char *)bearer_pairs_remove(BEARER_PAIRS_QUERY, r->args, name,
                                              r->pool);
}

static void take_pairs(request_rec *r, const char *name)
{
    const char *args = r->args, *uri = r->unparsed_uri;

    if (!is_in_query(args, name))
        return;
    remember_pairs(r, name);
    r->args =
        (char *)bearer_pairs_remove(BEARER_PAIRS_QUERY, args, name, r->pool);
    r->parsed_uri.query = r->args;
    clean_line(r, name);
    clean_forward(r, name);
    clean_target(r, args, uri);
    clean_before(r, name);
}

static void take_queries(request_rec *r, const mab_place_t *place)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    for (i = 0; i < count; i++) {
        if (sources[i].where == MAB_QUERY)
            take_pairs(r, sources[i].name);
    }
}

/* --- while no place is known ------------------------------------------------------ */

/* A request that failed before its sections were known, perhaps before httpd looked
 * at its Host: it is logged by the first server of the address, no matter whose it
 * was. */
static bool is_unplaced(const request_rec *r)
{
    const mab_exchange_t *exchange = mab_record_find_exchange(r);

    return ap_is_HTTP_ERROR(r->status) && (!exchange || !exchange->entered);
}

/* Calls clean for each name under which some place of this server takes tokens from
 * queries; sections of the main server count in all. */
static void each_query_name(request_rec *r,
                            void (*clean)(request_rec *r, const char *name))
{
    const apr_array_header_t *all = mab_conf_registry()->queries;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_query_name_t *query =
            &APR_ARRAY_IDX(all, i, mab_query_name_t);

        if (query->s == r->server || !query->s->is_virtual || is_unplaced(r))
            clean(r, query->name);
    }
}

/* what httpd logs and an error document is told of a request that is over */
static void clean_told(request_rec *r, const char *name)
{
    clean_line(r, name);
    clean_referer(r, name);
    r->args =
        (char *)bearer_pairs_remove(BEARER_PAIRS_QUERY, r->args, name, r->pool);
    r->parsed_uri.query = (char *)bearer_pairs_remove(
        BEARER_PAIRS_QUERY, r->parsed_uri.query, name, r->pool);
}

/* while no place is known; httpd may log complaints about it */
static void cover(request_rec *r)
{
    char *the_request = r->the_request, *unparsed_uri = r->unparsed_uri;
    mab_exchange_t *exchange;

    each_query_name(r, clean_line);
    if (r->the_request == the_request && r->unparsed_uri == unparsed_uri)
        return;
    exchange = mab_record_exchange(r);
    exchange->the_request = the_request;
    exchange->unparsed_uri = unparsed_uri;
}

static void uncover(request_rec *r)
{
    mab_exchange_t *exchange = mab_record_find_exchange(r);

    if (!exchange || !exchange->the_request)
        return;
    r->the_request = (char *)exchange->the_request;
    r->unparsed_uri = (char *)exchange->unparsed_uri;
    exchange->the_request = exchange->unparsed_uri = NULL;
}

/* its error document would be told REDIRECT_QUERY_STRING */
static void arrive_redirected(request_rec *r)
{
    if (!is_unplaced(r->prev))
        return;
    each_query_name(r->prev, clean_told);
    each_query_name(r, clean_line);
}

void mab_uri_arrive(request_rec *r)
{
    if (r->main || !mab_conf_registry()->queries->nelts)
        return;
    if (r->prev) {
        arrive_redirected(r);
        return;
    }
    if (is_of_this_site(r, apr_table_get(r->headers_in, "Referer")))
        each_query_name(r, clean_referer);
    cover(r);
}

/* --- when it is known ------------------------------------------------------------- */

void mab_uri_translate(request_rec *r)
{
    uncover(r);
    if (r->args && mab_record_is_ours(r))
        take_queries(r, mab_conf_place(r));
}

void mab_uri_wait(request_rec *r)
{
    if (!r->main && !r->prev && mab_conf_registry()->queries->nelts)
        cover(r);
}

int mab_uri_enter(request_rec *r, const mab_place_t *place)
{
    uncover(r);
    if (!mab_conf_takes_query(place))
        return OK;
    if (r->args)
        take_queries(r, place);
    /* %3F: mod_proxy's address and the program that gets it have a query there,
     * the sections that were chosen have a path. A forward proxy decodes
     * nothing. */
    if (r->proxyreq == PROXYREQ_PROXY || !r->uri || !strchr(r->uri, '?'))
        return OK;
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "refused: the path has an encoded question mark (%%3F), and "
                  "tokens may come in the query here");
    return HTTP_BAD_REQUEST;
}

void mab_uri_entered(request_rec *r)
{
    if (mab_conf_registry()->queries->nelts)
        mab_record_exchange(r)->entered = true;
}

void mab_uri_leave(request_rec *r)
{
    /* httpd logs the line of a method that it does not know */
    if (r->method_number != M_INVALID)
        uncover(r);
}

/* --- what runs inside ------------------------------------------------------------- */

const char *mab_uri_base_name(const char *key)
{
    while (strncmp(key, "REDIRECT_", 9) == 0)
        key += 9;
    return key;
}

/* those of the requests and pages before this one, which httpd copies */
static void clean_variables(request_rec *r, const char *name)
{
    const apr_array_header_t *all = apr_table_elts(r->subprocess_env);
    apr_table_entry_t *entries = (apr_table_entry_t *)all->elts;
    const char *rest;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const char *base = mab_uri_base_name(entries[i].key);

        if (strcmp(base, "REQUEST_URI") == 0)
            rest = bearer_pairs_remove_query(entries[i].val, name, r->pool);
        else if (strcmp(base, "QUERY_STRING") == 0
                 || strcmp(base, "QUERY_STRING_UNESCAPED") == 0
                 || strcmp(base, "DOCUMENT_ARGS") == 0)
            rest = bearer_pairs_remove(BEARER_PAIRS_QUERY, entries[i].val, name,
                                       r->pool);
        else
            continue;
        entries[i].val = (char *)(rest ? rest : "");
    }
}

void mab_uri_settle(request_rec *r, const mab_place_t *place)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(place, &count);

    for (i = 0; i < count; i++) {
        if (sources[i].where != MAB_QUERY)
            continue;
        clean_told(r, sources[i].name);
        clean_before(r, sources[i].name);
        clean_variables(r, sources[i].name);
    }
}

/* --- what is logged --------------------------------------------------------------- */

void mab_uri_redact(request_rec *r)
{
    for (; r; r = r->next)
        each_query_name(r, clean_told);
}
