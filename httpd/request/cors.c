/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/cors.h"

#include <string.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "bearer/base/str.h"
#include "bearer/text/names.h"
#include "httpd/conf/conf.h"
#include "httpd/request/record.h"

#define OWN_FILTER   "AUTH_BEARER_CORS"
#define ONCE_FILTER  "AUTH_BEARER_CORS_ONCE"
#define SEEN_KEY     "mod_auth_bearer cors"
#define FAMILY       "Access-Control-"
#define ALLOW_ORIGIN "Access-Control-Allow-Origin"
#define EXPOSE       "Access-Control-Expose-Headers"

/** What a script may send with its token, whatever the place says. */
#define ALWAYS "Authorization, Content-Type"
/** What it may send where the place does not say: MCP, DPoP, W3C Trace Context,
 * WebDAV. */
#define BY_DEFAULT                                                             \
    "Accept, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, "      \
    "Mcp-Session-Id, DPoP, traceparent, tracestate, Depth, Destination, If, "  \
    "Lock-Token, Overwrite, Timeout"
/** What it may read: why it was refused, and its session. */
#define READABLE        "WWW-Authenticate"
#define READ_BY_DEFAULT "Mcp-Session-Id, DPoP-Nonce"

/** What is known of a client's request and of those that it leads to. It is not
 * kept in tables of headers, which programs and other modules change. */
typedef struct seen_t {
    const char *origin; /**< as the client sent it */
    const char *method; /**< of a preflight that is answered, or NULL */
    const mab_origins_t *origins; /**< of the last place on the way that says */
    const char *expose;           /**< as we said it last, or NULL */
    const char *theirs;           /**< of it, what the program said */
} seen_t;

/** What one answer says. */
typedef struct answer_t {
    const mab_origins_t *origins;
    const char *allowed; /**< an origin, "*", or NULL: none */
    seen_t *seen;
    bool given; /**< it stands in the headers */
} answer_t;

/* --- what was seen ---------------------------------------------------------------- */

/* of the client's request, also when asked for parts of pages and look-ups */
static apr_pool_t *pool_of(const request_rec *r)
{
    return mab_record_page((request_rec *)r)->pool;
}

static seen_t *find_seen(const request_rec *r)
{
    void *seen = NULL;

    apr_pool_userdata_get(&seen, SEEN_KEY, pool_of(r));
    return seen;
}

static seen_t *see(const request_rec *r)
{
    seen_t *seen = find_seen(r);

    if (seen)
        return seen;
    seen = apr_pcalloc(pool_of(r), sizeof(*seen));
    seen->origin =
        apr_pstrdup(pool_of(r), apr_table_get(r->headers_in, "Origin"));
    apr_pool_userdata_setn(seen, SEEN_KEY, NULL, pool_of(r));
    return seen;
}

/* --- what is decided --------------------------------------------------------------- */

/* the configured origin that answers this one: itself, or "*"; NULL: none */
static const char *find_origin(const mab_origins_t *origins, const char *origin)
{
    const char *const *list = origins ? origins->list.items : NULL;
    int i;

    for (i = 0; origin && origins && i < origins->list.count; i++) {
        if (strcmp(list[i], "*") == 0 || strcmp(list[i], origin) == 0)
            return list[i];
    }
    return NULL;
}

static bool is_on(const mab_origins_t *origins)
{
    return origins && origins->list.count > 0;
}

/* what the place itself says, even if "off"; NULL: nothing, as in all places of
 * other AuthTypes */
static const mab_origins_t *find_origins(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type && strcasecmp(type, "Bearer") == 0 ? mab_conf_place(r)->origins
                                                   : NULL;
}

/* The current place: httpd lets the index of a directory replace the directory without
 * asking anybody. NULL: the headers are not ours. */
static answer_t *decide(request_rec *r)
{
    seen_t *seen = find_seen(r);
    const mab_origins_t *origins;
    answer_t *answer;

    if (!seen)
        return NULL;
    origins = find_origins(r);
    /* a page for an error, or the target of a program's own redirect */
    if (!origins && !r->main)
        origins = seen->origins;
    if (!is_on(origins))
        return NULL;
    answer = apr_pcalloc(r->pool, sizeof(*answer));
    answer->origins = origins;
    answer->allowed = find_origin(origins, seen->origin);
    answer->seen = seen;
    return answer;
}

/* --- what is said ------------------------------------------------------------------ */

static void strip(apr_table_t *headers, apr_pool_t *pool)
{
    const apr_array_header_t *all = apr_table_elts(headers);
    apr_array_header_t *names = apr_array_make(pool, 8, sizeof(char *));
    int i;

    for (i = 0; i < all->nelts; i++) {
        const char *name = APR_ARRAY_IDX(all, i, apr_table_entry_t).key;

        if (bearer_str_opens_nocase(name, FAMILY))
            APR_ARRAY_PUSH(names, const char *) = name;
    }
    for (i = 0; i < names->nelts; i++)
        apr_table_unset(headers, APR_ARRAY_IDX(names, i, const char *));
}

/* The whole family is removed, and from both tables: the program's headers beside
 * ours make two origins in a field, or give credentials to the origins that we
 * allow. CGI programs and FastCGI's set headers where modules do. */
static void strip_all(request_rec *r)
{
    strip(r->headers_out, r->pool);
    strip(r->err_headers_out, r->pool);
}

/* Names of headers that the program lets scripts read: they are all that counts of
 * what it says. Not our own list, which stands there since the access checks and may
 * be another place's. */
static const char *read_exposed(const request_rec *r, const seen_t *seen)
{
    const apr_table_t *const tables[] = {r->headers_out, r->err_headers_out};
    const char *all = "";
    int t, i;

    for (t = 0; t < 2; t++) {
        const apr_array_header_t *elts = apr_table_elts(tables[t]);

        for (i = 0; i < elts->nelts; i++) {
            const apr_table_entry_t *one =
                &APR_ARRAY_IDX(elts, i, apr_table_entry_t);

            if (strcasecmp(one->key, EXPOSE) == 0
                && !bearer_str_same(one->val, seen->expose))
                all = bearer_names_join(all, one->val, r->pool);
        }
    }
    return all;
}

/* it is asked several times for one answer, and ours replaces what it said */
static const char *hear(const request_rec *r, seen_t *seen)
{
    const char *names = read_exposed(r, seen);

    /* a part of a page does not speak for the page */
    if (r->main)
        return names;
    seen->theirs = bearer_names_join(seen->theirs, names, r->pool);
    return seen->theirs;
}

/* the headers that carry a token here */
static const char *list_sources(const request_rec *r)
{
    int count, i;
    const mab_source_t *sources = mab_conf_sources(mab_conf_place(r), &count);
    const char *all = ALWAYS;

    for (i = 0; i < count; i++) {
        if (sources[i].where == MAB_HEADER)
            all = bearer_names_join(all, sources[i].name, r->pool);
    }
    return all;
}

static const char *list_allowed(const request_rec *r,
                                const mab_origins_t *origins)
{
    const char *asked = origins->headers ? origins->headers : BY_DEFAULT;

    if (origins->requested)
        asked = apr_table_get(r->headers_in, "Access-Control-Request-Headers");
    /* a list with anything else in it is not one that a browser made */
    if (!bearer_names_check(asked))
        asked = NULL;
    return bearer_names_join(list_sources(r), asked, r->pool);
}

static void give_preflight(request_rec *r, const answer_t *answer)
{
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Methods",
                   answer->seen->method);
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Headers",
                   list_allowed(r, answer->origins));
    apr_table_setn(r->err_headers_out, "Access-Control-Max-Age", "600");
}

/* exposed: what the program says */
static void give(request_rec *r, answer_t *answer, const char *exposed)
{
    const mab_origins_t *origins = answer->origins;
    const char *allowed = answer->allowed;
    const char *own = origins->expose ? origins->expose : READ_BY_DEFAULT;

    strip_all(r);
    answer->given = true;
    /* caches must not give one origin's answer to another */
    if ((!allowed || strcmp(allowed, "*") != 0)
        && !ap_find_token(r->pool, apr_table_get(r->err_headers_out, "Vary"),
                          "Origin"))
        apr_table_mergen(r->err_headers_out, "Vary", "Origin");
    if (!allowed)
        return;
    apr_table_setn(r->err_headers_out, ALLOW_ORIGIN, allowed);
    if (origins->credentials)
        apr_table_setn(r->err_headers_out, "Access-Control-Allow-Credentials",
                       "true");
    if (answer->seen->method) {
        give_preflight(r, answer);
        return;
    }
    exposed = bearer_names_join(bearer_names_join(READABLE, own, r->pool),
                                exposed, r->pool);
    apr_table_setn(r->err_headers_out, EXPOSE, exposed);
    if (!r->main)
        answer->seen->expose = exposed;
}

void mab_cors_set_headers(request_rec *r)
{
    const mab_origins_t *origins = mab_conf_place(r)->origins;
    answer_t *answer;
    seen_t *seen;
    bool was_on;

    if (!origins)
        return;
    seen = see(r);
    /* a part of a page does not speak for the page */
    if (r->main)
        return;
    was_on = is_on(seen->origins);
    seen->origins = origins;
    seen->theirs = NULL;
    /* at once, too: a hook may answer by itself, without any filter */
    answer = decide(r);
    if (answer)
        give(r, answer, NULL);
    else if (was_on)
        strip_all(r);
}

/* RFC 9110 9.1: a token, as VERSION-CONTROL */
static bool is_method(const char *text)
{
    bearer_str_t method = bearer_str(text);

    return method.len < 32 && bearer_str_is_token(method);
}

/* an empty 204; it needs no token, because browsers send none with a preflight */
bool mab_cors_answers(request_rec *r)
{
    const mab_origins_t *origins = mab_conf_place(r)->origins;
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *method =
        apr_table_get(r->headers_in, "Access-Control-Request-Method");
    answer_t *answer;

    if (!is_on(origins) || r->main || r->prev || r->method_number != M_OPTIONS
        || !origin || !method || !is_method(method))
        return false;
    see(r)->method = method;
    answer = decide(r);
    if (answer)
        give(r, answer, NULL);
    r->status = HTTP_NO_CONTENT;
    return true;
}

void mab_cors_open_document(request_rec *r)
{
    apr_table_setn(r->err_headers_out, ALLOW_ORIGIN, "*");
    if (r->method_number != M_OPTIONS)
        return;
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Methods",
                   "GET, HEAD");
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Headers", "*");
}

/* --- the filters ------------------------------------------------------------------- */

/* before mod_headers, with which the administrator may change ours, and before a
 * cache keeps anything, parts of pages included */
static apr_status_t give_own(ap_filter_t *filter, apr_bucket_brigade *in)
{
    request_rec *r = filter->r;
    answer_t *answer = filter->ctx;

    give(r, answer, hear(r, answer->seen));
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, in);
}

/* An administrator's "Header set" writes to the other table, and browsers would
 * refuse the two. Of what scripts may read, both count. */
static void unite(request_rec *r, const seen_t *seen)
{
    static const char *const rest[] = {
        ALLOW_ORIGIN, "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
        "Access-Control-Max-Age"};
    size_t i;

    for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++) {
        if (apr_table_get(r->headers_out, rest[i]))
            apr_table_unset(r->err_headers_out, rest[i]);
    }
    if (!apr_table_get(r->headers_out, EXPOSE))
        return;
    apr_table_setn(r->err_headers_out, EXPOSE,
                   bearer_names_join(apr_table_get(r->err_headers_out, EXPOSE),
                                     read_exposed(r, seen), r->pool));
    apr_table_unset(r->headers_out, EXPOSE);
}

/* after both: what a cache kept does not pass the first filter */
static apr_status_t give_once(ap_filter_t *filter, apr_bucket_brigade *in)
{
    request_rec *r = filter->r;
    answer_t *answer = filter->ctx;

    if (!answer->given)
        give(r, answer, hear(r, answer->seen));
    else
        unite(r, answer->seen);
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, in);
}

void mab_cors_insert_filter(request_rec *r)
{
    answer_t *answer = decide(r);

    if (!answer)
        return;
    ap_add_output_filter(OWN_FILTER, answer, r, r->connection);
    if (!r->main)
        ap_add_output_filter(ONCE_FILTER, answer, r, r->connection);
}

/* It is sent past the filters of the page around it, and under its header: what the
 * program says there has to go by another way than the filter. */
void mab_cors_insert_error_filter(request_rec *r)
{
    request_rec *page = mab_record_page(r);
    answer_t *answer = page != r ? decide(page) : NULL;

    mab_cors_insert_filter(r);
    if (answer)
        give(page, answer, hear(page, answer->seen));
}

void mab_cors_register(void)
{
    /* mod_cache keeps parts of pages just before AP_FTYPE_CONTENT_SET, answers just
     * after it */
    ap_register_output_filter(OWN_FILTER, give_own, NULL,
                              AP_FTYPE_CONTENT_SET - 2);
    ap_register_output_filter(ONCE_FILTER, give_once, NULL,
                              AP_FTYPE_CONTENT_SET + 2);
}
