/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/export.h"

#include <string.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_request.h>

#include "bearer/text/pairs.h"
#include "httpd/conf/targets.h"
#include "httpd/request/hide.h"
#include "httpd/request/take.h"
#include "httpd/request/uri.h"

/* compared by its address, too */
static const char bearer_type[] = "Bearer";

/* --- what arrives ----------------------------------------------------------------- */

void mab_export_arrive(request_rec *r)
{
    const apr_array_header_t *names = mab_conf_registry()->headers;
    int i;

    mab_take_unmark(r);
    for (i = 0; i < names->nelts; i++)
        mab_hide_header(r, APR_ARRAY_IDX(names, i, const char *));
}

static void clean(request_rec *r)
{
    const mab_list_t *targets = mab_conf_place(r)->targets;
    int i;

    for (i = 0; targets && i < targets->count; i++)
        mab_hide_header(r, ((const char *const *)targets->items)[i]);
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

/* a value with a flaw is not passed on: it could end the header or the variable and
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
        mab_hide_header(r, export->target);
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
        claims = request->verdict.proof.claims;
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
    if (request->verdict.proof.issuer)
        apr_table_setn(r->notes, "bearer-iss",
                       bearer_claims_vouched(request->verdict.proof.claims,
                                             request->verdict.proof.issuer)
                           .data);
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
    mab_hide_if(r->headers_in, was_given, request);
    mab_hide_if(r->subprocess_env,
                mab_record_is_ours(r) ? was_given_here : was_given, request);
}

static bool is_other_spelling(const apr_table_entry_t *entry, const void *name)
{
    /* nearly all that are alike are the very same: that is quick to tell */
    return strcmp(entry->key, name) != 0 && mab_targets_alike(entry->key, name)
           && strcasecmp(entry->key, name) != 0;
}

/* "X_Token" or "X.Token" beside "X-Token" is a second token for a program or back
 * end that makes one variable of all, and nobody judged it */
static void clean_sources(request_rec *r)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(mab_conf_place(r), &count);

    for (i = 0; i < count; i++) {
        const char *header = mab_conf_source_header(&sources[i]);

        if (header)
            mab_hide_if(r->headers_in, is_other_spelling, header);
    }
}

void mab_export_enter(request_rec *r)
{
    clean(r);
    if (mab_record_is_ours(r))
        clean_sources(r);
}

/* --- the whole -------------------------------------------------------------------- */

static void leave_one(request_rec *r, const mab_request_t *was,
                      const mab_request_t *now)
{
    if (!was || was == now)
        return;
    withdraw(r, was);
    mab_hide_token(r, was);
}

/* what the requests of the chain had given, including this one with its former
 * sections */
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

bool mab_export_is_stale(const request_rec *r)
{
    const mab_exchange_t *exchange = mab_record_find_exchange(r);

    if (exchange)
        return exchange->ready != r->per_dir_config;
    return mab_record_find(r) != NULL;
}

/* The sections are another record's, but place, identity and all else are the same:
 * what was given stays, with what others have made of it since (RequestHeader,
 * SetEnv). */
static bool is_alike(const mab_request_t *was, const mab_request_t *now)
{
    return was && now && was->place == now->place && was->judged == now->judged
           && was->source == now->source
           && was->verdict.proof.claims == now->verdict.proof.claims
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
    /* if they are ever withdrawn, then by those addresses */
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
            mab_hide_foreign(r);
        forget_user(r);
        mab_uri_settle(r, request->place);
        clean(r);
        give(r, request);
        mab_hide_token(r, request);
        settle_user(r, request);
    }
    else if (r->ap_auth_type == bearer_type && ap_auth_type(r)) {
        r->user = NULL;
        r->ap_auth_type = NULL;
    }
    if (exchange || request)
        mab_record_exchange(r)->ready = r->per_dir_config;
}
