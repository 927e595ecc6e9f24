/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/hide.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/judge/basic.h"
#include "bearer/text/b64url.h"
#include "bearer/text/pairs.h"
#include "httpd/conf/targets.h"
#include "httpd/request/take.h"
#include "httpd/request/uri.h"

/* --- tables ----------------------------------------------------------------------- */

/* from the end: unsetting moves only what has already been looked at */
void mab_hide_if(apr_table_t *table,
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

static bool is_alike(const apr_table_entry_t *entry, const void *name)
{
    return mab_targets_alike(entry->key, name);
}

void mab_hide_header(request_rec *r, const char *name)
{
    mab_hide_if(r->headers_in, is_alike, name);
}

/* --- variables of the page ----------------------------------------------------------

 * A part of a page begins with the variables of the page, among them those that CGI
 * makes of headers: what is hidden from the part must not reach it that way. */

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
    mab_hide_if(r->subprocess_env, is_variable, name);
}

/* --- hiding the token ------------------------------------------------------------- */

static bool is_copy(const apr_table_entry_t *entry, const void *field)
{
    return strcmp(entry->val, field) == 0;
}

/* What else is in the field stays. A variable that is exactly a field with such a pair
 * in it was made from that field. */
static void remove_pair(request_rec *r, const char *field,
                        bearer_pairs_kind_t kind, const char *name)
{
    const char *all = apr_table_get(r->headers_in, field);
    const char *rest = bearer_pairs_remove(kind, all, name, r->pool);

    if (rest == all)
        return;
    forget_variable(r, field);
    mab_hide_if(r->subprocess_env, is_copy, all);
    if (rest)
        apr_table_setn(r->headers_in, field, rest);
    else
        apr_table_unset(r->headers_in, field);
}

/* Copies that were made before the place was known: by SetEnvIf or RewriteRule [E=].
 * Only variables, and only what cannot be the client's choice: a client that could
 * choose the text to look for could have a header removed that frames the message
 * (request smuggling), or a variable of the administrator's. */

/* a token that is proven: only its issuer says what is in it */
static bool holds_token(const apr_table_entry_t *entry, const void *token)
{
    return strstr(entry->val, token) != NULL;
}

/* RFC 9110 16.4.1 and in use; a variable that is exactly "Basic dXNl…" was made
 * from the field */
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
    bearer_str_t scheme = {field, strcspn(field, " ")};
    int i;

    for (i = 0; schemes[i] && field[scheme.len]; i++) {
        if (bearer_str_is_nocase(scheme, schemes[i]))
            return true;
    }
    return false;
}

static void hide_field_copies(request_rec *r, const char *field)
{
    if (field && has_known_scheme(field))
        mab_hide_if(r->subprocess_env, is_copy, field);
}

void mab_hide_foreign(request_rec *r)
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
    mab_hide_header(r, name);
    forget_variable(r, name);
}

static bool is_proven(const mab_request_t *request)
{
    return request->judged && request->verdict.why == BEARER_OK
           && request->source && request->presented.token.data;
}

/* "basic:*": the name beside the token is the client's word, and mod_php makes a user
 * of it that nobody has verified */
static bool is_unnamed(const mab_source_t *source)
{
    return source->where == MAB_BASIC && source->user
           && strcmp(source->user, "*") == 0;
}

static bool goes_on(const mab_request_t *request, const mab_source_t *source)
{
    return request->place->forward != 0 && !is_unnamed(source)
           && (source->where == MAB_HEADER || source->where == MAB_BASIC);
}

static bool has_scheme(const request_rec *r, const char *field,
                       const char *scheme)
{
    const char *value = apr_table_get(r->headers_in, field);

    return value && bearer_str_opens_nocase(value, scheme);
}

static void hide_source(request_rec *r, const mab_request_t *request,
                        const mab_source_t *source)
{
    const char *field = source->name;

    switch (source->where) {
    case MAB_COOKIE:
        remove_pair(r, "Cookie", BEARER_PAIRS_COOKIE, source->name);
        break;
    case MAB_WEBSOCKET:
        remove_pair(r, field, BEARER_PAIRS_PROTOCOL, MAB_PROTOCOL_NAME);
        break;
    case MAB_HEADER:
    case MAB_BASIC:
        field = mab_take_field(r, source);
        /* a Bearer token in the same field is not what has no name */
        if (request->place->forward == 0
            || (is_unnamed(source) && has_scheme(r, field, source->scheme)))
            hide_field(r, field);
        break;
    case MAB_QUERY:
        break;
    }
}

static void hide_copies(request_rec *r, bearer_str_t text)
{
    mab_hide_if(r->subprocess_env, holds_token,
                apr_pstrmemdup(r->pool, text.data, text.len));
}

/* the token as it is, and as its sources write it */
static void hide_spellings(request_rec *r, const mab_request_t *request)
{
    bearer_str_t token = request->presented.token;

    hide_copies(r, token);
    if (request->name.data)
        hide_copies(
            r, bearer_str(bearer_basic_render(request->name, token, r->pool)));
    if (mab_conf_find_source(request->place, MAB_WEBSOCKET))
        hide_copies(r, bearer_b64url_render(token, r->pool));
}

/* a token that goes on in one of its places is no secret from what runs inside */
static bool stays_here(const mab_request_t *request)
{
    const apr_array_header_t *all = request->sources;
    int i;

    for (i = 0; all && i < all->nelts; i++) {
        if (goes_on(request, APR_ARRAY_IDX(all, i, const mab_source_t *)))
            return false;
    }
    return !goes_on(request, request->source);
}

void mab_hide_token(request_rec *r, const mab_request_t *request)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(request->place, &count);

    for (i = 0; i < count; i++)
        hide_source(r, request, &sources[i]);
    if (is_proven(request) && stays_here(request))
        hide_spellings(r, request);
}
