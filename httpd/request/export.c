/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/export.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <util_filter.h>

#include "bearer/text/pairs.h"
#include "httpd/conf/targets.h"
#include "httpd/request/take.h"
#include "httpd/request/uri.h"

/* compared by its address, too */
static const char bearer_type[] = "Bearer";

/* --- tables ----------------------------------------------------------------------- */

/* Unsets each key of which test says so, from the end: unsetting moves only what
 * was looked at before. */
static void remove_if(apr_table_t *table,
                      bool (*test)(const apr_table_entry_t *entry,
                                   const void *baton),
                      const void *baton)
{
    const apr_array_header_t *all = apr_table_elts(table);
    int i;

    for (i = all->nelts - 1; i >= 0; i--) {
        const apr_table_entry_t *entry =
            &APR_ARRAY_IDX(all, i, apr_table_entry_t);

        if (entry->key && test(entry, baton))
            apr_table_unset(table, entry->key);
        if (i > all->nelts)
            i = all->nelts;
    }
}

static bool is_named(const apr_table_entry_t *entry, const void *name)
{
    return mab_targets_same(entry->key, name);
}

static void remove_header(request_rec *r, const char *name)
{
    remove_if(r->headers_in, is_named, name);
}

/* --- what arrives ----------------------------------------------------------------- */

void mab_export_arrive(request_rec *r)
{
    const apr_array_header_t *names = mab_conf_registry()->headers;
    int i;

    mab_take_unmark(r);
    for (i = 0; i < names->nelts; i++)
        remove_header(r, APR_ARRAY_IDX(names, i, const char *));
}

static void clean(request_rec *r)
{
    const mab_list_t *targets = mab_conf_place(r)->targets;
    int i;

    for (i = 0; targets && i < targets->count; i++)
        remove_header(r, ((const char *const *)targets->items)[i]);
}

/* --- giving ----------------------------------------------------------------------- */

/* mod_proxy takes away the headers that Connection names: a client that names a
 * claim's would reach the back end as if nobody were known */
static void protect_header(request_rec *r, const char *name)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);
    apr_table_entry_t *entries = (apr_table_entry_t *)headers->elts;
    const char *rest;
    int i;

    for (i = 0; i < headers->nelts; i++) {
        if (!entries[i].key || strcasecmp(entries[i].key, "Connection") != 0)
            continue;
        rest = bearer_pairs_remove(BEARER_PAIRS_NAMES, entries[i].val, name,
                                   r->pool);
        entries[i].val = rest ? (char *)rest : (char *)"";
    }
}

/* a value with a flaw is not given on: it could end the header or the variable and
 * begin another, or be read as something else */
static void give_one(request_rec *r, mab_request_t *request,
                     const bearer_claims_t *claims, const mab_export_t *export)
{
    apr_table_t *table = export->header ? r->headers_in : r->subprocess_env;
    bearer_str_t text = {NULL, 0};
    const char *flaw = NULL;

    if (claims)
        flaw = bearer_claims_export(claims, export->path, export->form,
                                    export->join, &text, r->pool);
    if (flaw)
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "claim for %s not exported: %s", export->target, flaw);
    if (export->header)
        remove_header(r, export->target);
    else
        apr_table_unset(table, export->target);
    if (!text.data)
        return;
    apr_table_setn(table, export->target, text.data);
    APR_ARRAY_PUSH(request->given, const char *) = text.data;
    if (export->header)
        protect_header(r, export->target);
}

static void give(request_rec *r, mab_request_t *request)
{
    const mab_list_t *exports = request->place->exports;
    const bearer_claims_t *claims = NULL;
    int i;

    if (request->judged && request->verdict.why == BEARER_OK)
        claims = request->verdict.claims;
    if (exports && exports->count && !request->given)
        request->given =
            apr_array_make(r->pool, exports->count, sizeof(char *));
    for (i = 0; exports && i < exports->count; i++)
        give_one(r, request, claims, (const mab_export_t *)exports->items + i);
}

void mab_export_user(request_rec *r, const mab_request_t *request)
{
    r->user = (char *)request->user;
    r->ap_auth_type = (char *)bearer_type;
    if (request->verdict.issuer)
        apr_table_setn(r->notes, "bearer-iss",
                       request->verdict.issuer->iss.data);
}

/* whoever set a user before (a certificate's, another module's), in a place of ours
 * it is the token's or there is none */
static void settle_user(request_rec *r, const mab_request_t *request)
{
    if (request->judged && request->verdict.why == BEARER_OK) {
        mab_export_user(r, request);
        return;
    }
    r->user = NULL;
    r->ap_auth_type = NULL;
}

/* a part of a page has the variables of the page, and its user's name */
static void forget_user(request_rec *r)
{
    apr_table_unset(r->subprocess_env, "REMOTE_USER");
    apr_table_unset(r->subprocess_env, "AUTH_TYPE");
}

/* --- withdrawing ------------------------------------------------------------------ */

/* by their addresses: what the administrator sets under the same name stays */
static bool is_given(const mab_request_t *request, const char *value)
{
    int i;

    for (i = 0; request->given && i < request->given->nelts; i++) {
        if (APR_ARRAY_IDX(request->given, i, const char *) == value)
            return true;
    }
    return false;
}

static bool was_given(const apr_table_entry_t *entry, const void *request)
{
    return is_given(request, entry->val);
}

/* an internal redirect keeps the variables of the request before it as REDIRECT_* */
static bool was_given_here(const apr_table_entry_t *entry, const void *request)
{
    return strncmp(entry->key, "REDIRECT_", 9) != 0
           && is_given(request, entry->val);
}

/* Claims of one identity never meet the user of another: where another AuthType
 * rules, nothing of ours is left. Where none does, httpd hands the environment of a
 * page on to its parts, and so do we, if that is not another's. */
static void withdraw(request_rec *r, const mab_request_t *request)
{
    const char *type = apr_table_get(r->subprocess_env, "AUTH_TYPE");
    bool another = type && strcmp(type, bearer_type) != 0;

    if (!request->given || (!ap_auth_type(r) && !another))
        return;
    remove_if(r->headers_in, was_given, request);
    remove_if(r->subprocess_env,
              mab_record_is_ours(r) ? was_given_here : was_given, request);
}

static bool is_other_spelling(const apr_table_entry_t *entry, const void *name)
{
    return mab_targets_same(entry->key, name)
           && strcasecmp(entry->key, name) != 0;
}

/* "X_Token" beside "X-Token" is a second token to whoever makes one variable of both,
 * and nobody judged it */
static void clean_sources(request_rec *r)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(mab_conf_place(r), &count);

    for (i = 0; i < count; i++) {
        if (sources[i].where == MAB_HEADER)
            remove_if(r->headers_in, is_other_spelling, sources[i].name);
    }
}

void mab_export_enter(request_rec *r)
{
    clean(r);
    if (mab_record_is_ours(r))
        clean_sources(r);
}

/* --- variables of the page ----------------------------------------------------------

 * A part of a page begins with the variables of the page, among them those that CGI
 * makes of headers: what is hidden from the part must not come by them. */

static bool is_variable(const apr_table_entry_t *entry, const void *name)
{
    return strcmp(mab_uri_base_name(entry->key), name) == 0;
}

static void forget_variable(request_rec *r, const char *header)
{
    char *name = apr_pstrcat(r->pool, "HTTP_", header, NULL);
    char *c;

    for (c = name; *c; c++)
        *c = apr_isalnum(*c) ? (char)apr_toupper(*c) : '_';
    remove_if(r->subprocess_env, is_variable, name);
}

/* --- hiding the token ------------------------------------------------------------- */

static void remove_cookie(request_rec *r, const char *name)
{
    const char *cookies = apr_table_get(r->headers_in, "Cookie");
    const char *rest =
        bearer_pairs_remove(BEARER_PAIRS_COOKIE, cookies, name, r->pool);

    if (rest == cookies)
        return;
    forget_variable(r, "Cookie");
    if (rest)
        apr_table_setn(r->headers_in, "Cookie", rest);
    else
        apr_table_unset(r->headers_in, "Cookie");
}

/* Copies that were made before the place was known: by SetEnvIf or RewriteRule [E=].
 * Only variables, and only what cannot be the client's choice: whoever could have any
 * text looked for could have a header removed that frames the message (request
 * smuggling), or a variable of the administrator's. */

/* a token that is proven: nobody but its issuer says what is in it */
static bool holds_token(const apr_table_entry_t *entry, const void *token)
{
    return strstr(entry->val, token) != NULL;
}

static bool is_copy(const apr_table_entry_t *entry, const void *field)
{
    return strcmp(entry->val, field) == 0;
}

/* RFC 9110 16.4.1 and in use; a variable that says "Basic dXNl…" and that alone was
 * made from the field */
static bool has_known_scheme(const char *field)
{
    static const char *const schemes[] = {"Basic",        "Bearer",
                                          "Digest",       "DPoP",
                                          "GNAP",         "HOBA",
                                          "Mutual",       "Negotiate",
                                          "NTLM",         "OAuth",
                                          "PrivateToken", "SCRAM-SHA-1",
                                          "vapid",        "SCRAM-SHA-256",
                                          "Token",        "AWS4-HMAC-SHA256",
                                          "ApiKey",       NULL};
    apr_size_t len = strcspn(field, " ");
    int i;

    for (i = 0; schemes[i] && field[len]; i++) {
        if (strlen(schemes[i]) == len
            && strncasecmp(schemes[i], field, len) == 0)
            return true;
    }
    return false;
}

static void hide_field_copies(request_rec *r, const char *field)
{
    if (field && has_known_scheme(field))
        remove_if(r->subprocess_env, is_copy, field);
}

/* credentials that are no source here, whatever was made of them */
static void hide_foreign(request_rec *r)
{
    const request_rec *one;

    for (one = r; one; one = mab_record_before(one)) {
        const mab_exchange_t *exchange = mab_record_find_exchange(one);

        if (exchange)
            hide_field_copies(r, exchange->foreign);
    }
}

static void hide_field(request_rec *r, const char *name)
{
    hide_field_copies(r, apr_table_get(r->headers_in, name));
    remove_header(r, name);
    forget_variable(r, name);
}

static bool is_proven(const mab_request_t *request)
{
    return request->judged && request->verdict.why == BEARER_OK
           && request->source && request->token.data;
}

/* a token in a cookie never travels on; in a header only if it may */
static void hide_token(request_rec *r, const mab_request_t *request)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(request->place, &count);
    bool forward = request->place->forward != 0;

    for (i = 0; i < count; i++) {
        if (sources[i].where == MAB_COOKIE)
            remove_cookie(r, sources[i].name);
        if (sources[i].where == MAB_HEADER && !forward)
            hide_field(r, mab_take_field(r, &sources[i]));
    }
    if (is_proven(request)
        && (request->source->where != MAB_HEADER || !forward))
        remove_if(
            r->subprocess_env, holds_token,
            apr_pstrmemdup(r->pool, request->token.data, request->token.len));
}

/* --- the whole -------------------------------------------------------------------- */

static void leave_one(request_rec *r, const mab_request_t *was,
                      const mab_request_t *now)
{
    if (!was || was == now)
        return;
    withdraw(r, was);
    hide_token(r, was);
}

/* what the requests of the chain had given, this one's former sections too */
static void leave_others(request_rec *r, const mab_request_t *now)
{
    const request_rec *one;

    for (one = r; one; one = mab_record_before(one)) {
        const mab_exchange_t *exchange = mab_record_find_exchange(one);

        leave_one(r, mab_record_find(one), now);
        if (exchange)
            leave_one(r, exchange->first, now);
    }
}

/* --- trailers -----------------------------------------------------------------------

 * With "MergeTrailers On", httpd puts what comes after a chunked body into a new table
 * of headers, which mod_proxy_fcgi looks at only then. RFC 9110 6.5.1: fields of
 * authentication are none of a trailer. */

#define TRAILERS_FILTER "AUTH_BEARER_TRAILERS"

static bool is_header_source(const char *name)
{
    const apr_array_header_t *all = mab_conf_registry()->sources;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_source_t *source = &APR_ARRAY_IDX(all, i, mab_source_t);

        if (source->where == MAB_HEADER && mab_targets_same(source->name, name))
            return true;
    }
    return mab_targets_same(name, "Cookie")
           || mab_targets_same(name, "Proxy-Authorization");
}

static bool is_exported(const char *name)
{
    const apr_array_header_t *names = mab_conf_registry()->headers;
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (mab_targets_same(APR_ARRAY_IDX(names, i, const char *), name))
            return true;
    }
    return false;
}

/* by its address, which merging keeps */
static bool is_trailer(const request_rec *r, const char *value)
{
    const apr_array_header_t *all = apr_table_elts(r->trailers_in);
    int i;

    for (i = 0; i < all->nelts; i++) {
        if (APR_ARRAY_IDX(all, i, apr_table_entry_t).val == value)
            return true;
    }
    return false;
}

static void drop_trailers(request_rec *r)
{
    const apr_array_header_t *all = apr_table_elts(r->headers_in);
    apr_table_t *kept = apr_table_make(r->pool, all->nelts);
    int i;

    for (i = 0; i < all->nelts; i++) {
        const apr_table_entry_t *one =
            &APR_ARRAY_IDX(all, i, apr_table_entry_t);

        if (!is_trailer(r, one->val)
            || !(is_exported(one->key) || is_header_source(one->key)))
            apr_table_addn(kept, one->key, one->val);
    }
    r->headers_in = kept;
}

static apr_status_t watch_trailers(ap_filter_t *filter, apr_bucket_brigade *out,
                                   ap_input_mode_t mode, apr_read_type_e block,
                                   apr_off_t bytes)
{
    request_rec *r = filter->r;
    const apr_table_t *before = r->headers_in;
    apr_status_t rv = ap_get_brigade(filter->next, out, mode, block, bytes);

    if (r->headers_in != before)
        drop_trailers(r);
    return rv;
}

void mab_export_insert_filter(request_rec *r)
{
    const core_server_config *core =
        ap_get_core_module_config(r->server->module_config);

    if (core->merge_trailers == AP_MERGE_TRAILERS_ENABLE && !r->main)
        ap_add_input_filter(TRAILERS_FILTER, NULL, r, r->connection);
}

void mab_export_register(void)
{
    ap_register_input_filter(TRAILERS_FILTER, watch_trailers, NULL,
                             AP_FTYPE_RESOURCE);
}

bool mab_export_is_stale(const request_rec *r)
{
    const mab_exchange_t *exchange = mab_record_find_exchange(r);

    if (exchange)
        return exchange->ready != r->per_dir_config;
    return mab_record_find(r) != NULL;
}

/* The sections are another record's, but the same place, identity and all: what was
 * given is given, and what others have made of it since (RequestHeader, SetEnv) stays. */
static bool is_alike(const mab_request_t *was, const mab_request_t *now)
{
    return was && now && was->place == now->place && was->judged == now->judged
           && was->source == now->source
           && was->verdict.claims == now->verdict.claims
           && (was->user == now->user
               || (was->user && now->user
                   && strcmp(was->user, now->user) == 0));
}

void mab_export_resettle(request_rec *r)
{
    const mab_exchange_t *exchange = mab_record_find_exchange(r);
    mab_request_t *request = mab_record_find(r);

    if (!exchange || !is_alike(exchange->first, request)) {
        mab_export_settle(r);
        return;
    }
    /* withdrawn by those addresses, if ever */
    request->given = exchange->first->given;
    mab_record_exchange(r)->ready = r->per_dir_config;
}

void mab_export_settle(request_rec *r)
{
    mab_request_t *request = mab_record_find(r);
    mab_exchange_t *exchange = mab_record_find_exchange(r);

    mab_take_unmark(r);
    leave_others(r, request);
    mab_take_foreign(r, request ? request->place : NULL);
    if (request) {
        if (!apr_table_get(r->headers_in, "Authorization"))
            hide_foreign(r);
        forget_user(r);
        mab_uri_settle(r, request->place);
        clean(r);
        give(r, request);
        hide_token(r, request);
        settle_user(r, request);
    }
    else if (r->ap_auth_type == bearer_type && ap_auth_type(r)) {
        r->user = NULL;
        r->ap_auth_type = NULL;
    }
    if (exchange || request)
        mab_record_exchange(r)->ready = r->per_dir_config;
}
