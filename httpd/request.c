/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>

#include "bearer/token.h"
#include "httpd/clock.h"
#include "httpd/shared.h"
#include "httpd/trace.h"

bool mab_request_is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && strcasecmp(type, "Bearer") == 0;
}

/* --- the chain of requests -------------------------------------------------------- */

static mab_request_t *own(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &auth_bearer_module);
}

/* httpd copies the user along internal redirects and into sub-requests, but not
 * what modules know */
static const request_rec *before(const request_rec *r)
{
    return r->prev ? r->prev : r->main;
}

mab_request_t *mab_request_find(const request_rec *r)
{
    const mab_place_t *place = mab_conf_place(r);
    mab_request_t *request;

    for (; r; r = before(r)) {
        request = own(r);
        if (request && mab_conf_same_judgement(request->place, place))
            return request;
    }
    return NULL;
}

/* --- taking the token -------------------------------------------------------------- */

static const mab_source_t default_source = {MAB_HEADER, "Authorization",
                                            "Bearer"};

static void add_place(apr_array_header_t *places, const char *value,
                      const char *scheme)
{
    bearer_place_t *place = apr_array_push(places);

    place->value = value;
    place->scheme = scheme;
}

/* every "name=value" of a list; a name that stands twice is two places */
static void add_pairs(apr_array_header_t *places, const char *text,
                      const char *separators, const char *name)
{
    apr_size_t len = strlen(name);
    const char *end;

    if (!text)
        return;
    while (*text) {
        text += strspn(text, separators);
        end = text + strcspn(text, separators);
        if (strncmp(text, name, len) == 0 && text[len] == '=')
            add_place(places,
                      apr_pstrmemdup(places->pool, text + len + 1,
                                     (apr_size_t)(end - text) - len - 1),
                      NULL);
        text = end;
    }
}

/* a forward proxy leaves Authorization to the server that is asked for */
static const char *header_of(const request_rec *r, const mab_source_t *source)
{
    return r->proxyreq == PROXYREQ_PROXY
                   && strcasecmp(source->name, "Authorization") == 0
               ? "Proxy-Authorization"
               : source->name;
}

static void add_source(apr_array_header_t *places, const request_rec *r,
                       const mab_source_t *source)
{
    switch (source->where) {
    case MAB_HEADER:
        add_place(places, apr_table_get(r->headers_in, header_of(r, source)),
                  source->scheme);
        break;
    case MAB_COOKIE:
        add_pairs(places, apr_table_get(r->headers_in, "Cookie"), "; ",
                  source->name);
        break;
    case MAB_QUERY:
        add_pairs(places, r->args, "&", source->name);
        break;
    }
}

/* whether two places look for the token in the same spots */
static bool same_sources(const mab_list_t *a, const mab_list_t *b)
{
    int i;

    if (a == b)
        return true;
    if (!a || !b || a->count != b->count)
        return false;
    for (i = 0; i < a->count; i++) {
        const mab_source_t *x = (const mab_source_t *)a->items + i;
        const mab_source_t *y = (const mab_source_t *)b->items + i;

        if (x->where != y->where || strcmp(x->name, y->name) != 0
            || !x->scheme != !y->scheme
            || (x->scheme && strcmp(x->scheme, y->scheme) != 0))
            return false;
    }
    return true;
}

/* a token that an earlier request of the chain had taken away from the headers */
static bool remember_token(const request_rec *r, mab_request_t *request)
{
    for (r = before(r); r; r = before(r)) {
        const mab_request_t *other = own(r);

        if (!other || !other->token.data
            || !same_sources(other->place->sources, request->place->sources))
            continue;
        request->token = other->token;
        return true;
    }
    return false;
}

/* Room for a list that is joined anew by two characters instead of one: all at
 * once, since a list that is copied with each word takes as much memory as the
 * square of its length (exhaustion). */
static char *make_room(apr_pool_t *pool, const char *list)
{
    return apr_palloc(pool, 2 * strlen(list) + 1);
}

/* appends a word; returns where the next one goes */
static char *append(const char *list, char *to, const char *join,
                    const char *word, apr_size_t len)
{
    if (to > list) {
        memcpy(to, join, strlen(join));
        to += strlen(join);
    }
    memcpy(to, word, len);
    to[len] = '\0';
    return to + len;
}

/* the list without the pairs of this name; NULL if none is left */
static const char *without_pairs(apr_pool_t *pool, const char *text,
                                 const char *separators, const char *join,
                                 const char *name)
{
    apr_size_t len = strlen(name);
    char *rest, *to;

    if (!text)
        return NULL;
    rest = to = make_room(pool, text);
    while (*text) {
        apr_size_t pair;

        text += strspn(text, separators);
        pair = strcspn(text, separators);
        if (pair && (strncmp(text, name, len) != 0 || text[len] != '='))
            to = append(rest, to, join, text, pair);
        text += pair;
    }
    return to > rest ? rest : NULL;
}

/* the same for the query of a URI that may have more behind it ("HTTP/1.1") */
static char *without_query(apr_pool_t *pool, const char *uri, const char *name)
{
    const char *query = uri ? strchr(uri, '?') : NULL;
    const char *end, *rest;

    if (!query)
        return (char *)uri;
    end = query + strcspn(query, " ");
    rest = without_pairs(
        pool, apr_pstrmemdup(pool, query + 1, (apr_size_t)(end - query) - 1),
        "&", "&", name);
    return apr_pstrcat(pool,
                       apr_pstrmemdup(pool, uri, (apr_size_t)(query - uri)),
                       rest ? "?" : "", rest ? rest : "", end, NULL);
}

/* A token in a query would go on into access logs (%r), the program's REQUEST_URI
 * and the back end's URL: it is taken out of every spelling of the request. */
static void hide_query(request_rec *r, const char *name)
{
    r->args = (char *)without_pairs(r->pool, r->args, "&", "&", name);
    r->parsed_uri.query = r->args;
    r->unparsed_uri = without_query(r->pool, r->unparsed_uri, name);
    r->the_request = without_query(r->pool, r->the_request, name);
    r->filename = without_query(r->pool, r->filename, name);
}

/* also of the requests before this one in the chain: they are what is logged */
static void hide_queries(request_rec *r, const mab_list_t *sources)
{
    int i;

    for (i = 0; sources && i < sources->count; i++) {
        const mab_source_t *source = (const mab_source_t *)sources->items + i;
        request_rec *one;

        if (source->where != MAB_QUERY || !r->args
            || !strstr(r->args, source->name))
            continue;
        for (one = r; one; one = one->prev ? one->prev : one->main)
            hide_query(one, source->name);
    }
}

static bearer_reason_t take_token(request_rec *r, mab_request_t *request)
{
    const mab_list_t *sources = request->place->sources;
    apr_array_header_t *places;
    bearer_reason_t why;
    int i;

    if (remember_token(r, request))
        return BEARER_OK;
    places = apr_array_make(r->pool, 4, sizeof(bearer_place_t));
    if (!sources)
        add_source(places, r, &default_source);
    for (i = 0; sources && i < sources->count; i++)
        add_source(places, r, (const mab_source_t *)sources->items + i);
    why = bearer_token_find((const bearer_place_t *)places->elts, places->nelts,
                            &request->token);
    hide_queries(r, sources);
    /* caches spare answers to Authorization by themselves (RFC 9111 3.5), others
     * they would give to anybody (RFC 6750 2.3); mod_cache does so before us */
    if (!why && r->proxyreq != PROXYREQ_PROXY
        && !apr_table_get(r->headers_in, "Authorization"))
        apr_table_mergen(r->err_headers_out, "Cache-Control", "private");
    return why;
}

/* --- judging ------------------------------------------------------------------------ */

static bool is_visible(const char *text)
{
    bearer_str_t str = {text, text ? strlen(text) : 0};

    return str.len && !bearer_claims_flaw(str);
}

/* AuthBearerUser expr=: the claims are there already */
static void evaluate_user(request_rec *r, mab_request_t *request)
{
    const char *error = NULL;

    request->user = ap_expr_str_exec(r, request->place->user_expr, &error);
    if (!error && !request->withheld && is_visible(request->user))
        return;
    request->user = NULL;
    request->verdict.why = BEARER_SUBJECT_MISSING;
    if (error)
        bearer_note_set(&request->verdict.note, "AuthBearerUser expr: %s",
                        error);
}

static void judge(request_rec *r, mab_request_t *request)
{
    const mab_shared_t *shared = mab_shared_get();
    const bearer_policy_t *policy = &request->place->policy;
    bearer_verdict_t *verdict = &request->verdict;

    verdict->why = bearer_policy_check(policy, &verdict->note);
    if (verdict->why)
        return;
    verdict->note.text[0] = '\0';
    verdict->why = take_token(r, request);
    if (verdict->why)
        return;
    if (!shared || !shared->gate) {
        verdict->why = BEARER_NO_MEMORY;
        return;
    }
    bearer_gate_admit(shared->gate, request->token, policy, verdict, r->pool);
    if (verdict->why)
        return;
    if (request->place->user_expr)
        evaluate_user(r, request);
    else
        request->user = apr_pstrmemdup(r->pool, verdict->subject.data,
                                       verdict->subject.len);
}

/* the verdict is the earlier one's; how it is answered is the place's own, and what
 * its access checkers do must not be taken for what the earlier ones did */
static mab_request_t *take_over(request_rec *r, mab_request_t *earlier)
{
    mab_request_t *request = apr_pcalloc(r->pool, sizeof(*request));

    request->earlier = earlier;
    request->token = earlier->token;
    request->verdict = earlier->verdict;
    request->user = earlier->user;
    request->logged = earlier->logged;
    return request;
}

mab_request_t *mab_request_judge(request_rec *r)
{
    const mab_place_t *place = mab_conf_place(r);
    mab_request_t *found = mab_request_find(r);
    mab_request_t *request;

    if (found && found == own(r) && found->place == place)
        return found;
    request =
        found ? take_over(r, found) : apr_pcalloc(r->pool, sizeof(*request));
    request->place = place;
    ap_set_module_config(r->request_config, &auth_bearer_module, request);
    if (found)
        return request;
    judge(r, request);
    mab_trace_checks(r, &request->verdict);
    if (mab_shared_get())
        bearer_stats_verdict(mab_shared_get()->stats, request->verdict.why);
    return request;
}

const bearer_claims_t *mab_request_claims(const request_rec *r)
{
    mab_request_t *request = mab_request_find(r);

    if (request && request->verdict.why == BEARER_OK)
        return request->verdict.claims;
    if (request)
        request->claims_read = true;
    return NULL;
}

void mab_request_accept(request_rec *r, const mab_request_t *request)
{
    r->user = (char *)request->user;
    r->ap_auth_type = (char *)"Bearer";
    if (request->verdict.issuer)
        apr_table_setn(r->notes, "bearer-iss",
                       request->verdict.issuer->iss.data);
}

/* --- what runs behind ----------------------------------------------------------------- */

/* CGI makes one variable of "X-User", "x_user" and "X_USER": so do we */
static bool same_header(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a == '_' ? '-' : *a;
        char y = *b == '_' ? '-' : *b;

        if (apr_tolower(x) != apr_tolower(y))
            return false;
    }
    return *a == *b;
}

static void remove_header(request_rec *r, const char *name)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);
    const apr_table_entry_t *entries = (const apr_table_entry_t *)headers->elts;
    int i;

    for (i = headers->nelts - 1; i >= 0; i--) {
        if (entries[i].key && same_header(entries[i].key, name))
            apr_table_unset(r->headers_in, entries[i].key);
        if (i > headers->nelts)
            i = headers->nelts;
    }
}

/* the list without this name; blanks around names do not count */
static char *without_name(apr_pool_t *pool, const char *list, const char *name)
{
    char *rest = make_room(pool, list);
    char *to = rest;

    *rest = '\0';
    while (*list) {
        char *word = ap_getword(pool, &list, ',');

        apr_collapse_spaces(word, word);
        if (*word && !same_header(word, name))
            to = append(rest, to, ", ", word, strlen(word));
    }
    return rest;
}

/* mod_proxy takes away the headers that Connection names: a client that names a
 * claim's would reach the back end as if nobody were known */
static void protect_header(request_rec *r, const char *name)
{
    const apr_array_header_t *headers = apr_table_elts(r->headers_in);
    apr_table_entry_t *entries = (apr_table_entry_t *)headers->elts;
    int i;

    for (i = 0; i < headers->nelts; i++) {
        if (entries[i].key && strcasecmp(entries[i].key, "Connection") == 0)
            entries[i].val = without_name(r->pool, entries[i].val, name);
    }
}

int mab_request_clean(request_rec *r)
{
    const mab_list_t *targets = mab_conf_place(r)->targets;
    int i;

    for (i = 0; targets && i < targets->count; i++)
        remove_header(r, ((const char *const *)targets->items)[i]);
    return DECLINED;
}

/* a value with a flaw is not given on: it could end the header or the variable and
 * begin another, or be read as something else */
static void export_one(request_rec *r, const bearer_claims_t *claims,
                       const mab_export_t *export)
{
    bearer_str_t text = {NULL, 0};
    const char *flaw = NULL;

    if (claims)
        flaw = bearer_claims_export(claims, export->path, export->form,
                                    export->join, &text, r->pool);
    if (flaw)
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      "claim for %s not exported: %s", export->target, flaw);
    if (export->header) {
        if (!text.data) {
            remove_header(r, export->target);
            return;
        }
        apr_table_setn(r->headers_in, export->target, text.data);
        protect_header(r, export->target);
        return;
    }
    if (text.data)
        apr_table_setn(r->subprocess_env, export->target, text.data);
    else
        apr_table_unset(r->subprocess_env, export->target);
}

/* a token in a cookie never travels on; in a header only if it may */
static void hide_source(request_rec *r, const mab_place_t *place,
                        const mab_source_t *source)
{
    const char *cookies;

    switch (source->where) {
    case MAB_HEADER:
        if (place->forward == 0)
            remove_header(r, header_of(r, source));
        break;
    case MAB_COOKIE:
        cookies = without_pairs(r->pool, apr_table_get(r->headers_in, "Cookie"),
                                "; ", "; ", source->name);
        if (cookies)
            apr_table_setn(r->headers_in, "Cookie", cookies);
        else
            apr_table_unset(r->headers_in, "Cookie");
        break;
    case MAB_QUERY:
        r->args =
            (char *)without_pairs(r->pool, r->args, "&", "&", source->name);
        break;
    }
}

static void hide_token(request_rec *r, const mab_place_t *place)
{
    const mab_list_t *sources = place->sources;
    int i;

    if (!sources)
        hide_source(r, place, &default_source);
    for (i = 0; sources && i < sources->count; i++)
        hide_source(r, place, (const mab_source_t *)sources->items + i);
}

int mab_request_export(request_rec *r)
{
    const mab_place_t *place = mab_conf_place(r);
    const mab_list_t *exports = place->exports;
    const mab_request_t *request;
    const bearer_claims_t *claims = NULL;
    int i;

    /* the hook before is not run for sub-requests */
    (void)mab_request_clean(r);
    if (!mab_request_is_ours(r))
        return DECLINED;
    request = mab_request_find(r);
    if (request && request->verdict.why == BEARER_OK)
        claims = request->verdict.claims;
    for (i = 0; exports && i < exports->count; i++)
        export_one(r, claims, (const mab_export_t *)exports->items + i);
    hide_token(r, place);
    return DECLINED;
}
