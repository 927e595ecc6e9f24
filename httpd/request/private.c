/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/private.h"

#include <string.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "bearer/base/str.h"
#include "bearer/text/pairs.h"
#include "httpd/request/take.h"

#define WHOLE_FILTER  "AUTH_BEARER_PRIVATE"
#define PART_FILTER   "AUTH_BEARER_PRIVATE_PART"
#define CACHE_CONTROL "Cache-Control"

/* --- who is told ------------------------------------------------------------------ */

/* A page that began before a part of it was judged is already on its way into
 * mod_cache: without its end, nothing is kept. (One that has not begun says so
 * in its header, which mod_cache needs to see: it turns a 304 back into an answer.) */
static void stop_storing(request_rec *r)
{
    ap_filter_t *filter, *next;

    for (filter = r->output_filters; filter; filter = next) {
        next = filter->next;
        if (strncmp(filter->frec->name, "cache_save", 10) == 0)
            ap_remove_output_filter(filter);
    }
}

void mab_private_tell(request_rec *r)
{
    mab_exchange_t *exchange;

    for (; r; r = mab_record_before(r)) {
        exchange = mab_record_exchange(r);
        if (exchange->told)
            continue;
        exchange->told = true;
        if (exchange->begun)
            stop_storing(r);
    }
}

static bool is_told(const request_rec *r)
{
    for (; r; r = mab_record_before(r)) {
        const mab_exchange_t *exchange = mab_record_find_exchange(r);

        if (exchange && exchange->told)
            return true;
    }
    return false;
}

/* --- pages with parts ------------------------------------------------------------- */

static bool has_scheme(const request_rec *r, const mab_source_t *source)
{
    const char *value = apr_table_get(r->headers_in, mab_take_field(r, source));

    if (!value || !source->scheme)
        return value != NULL;
    return bearer_str_opens_nocase(value + strspn(value, " "), source->scheme);
}

/* whether the request has something where any place of the server looks for
 * tokens */
static bool carries_token(const request_rec *r)
{
    const apr_array_header_t *all = mab_conf_registry()->sources;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const mab_source_t *source = &APR_ARRAY_IDX(all, i, mab_source_t);
        const char *cookies = apr_table_get(r->headers_in, "Cookie");

        if ((source->where == MAB_HEADER || source->where == MAB_BASIC)
            && has_scheme(r, source))
            return true;
        if (source->where == MAB_WEBSOCKET
            && bearer_pairs_find(BEARER_PAIRS_PROTOCOL,
                                 apr_table_get(r->headers_in, source->name),
                                 MAB_PROTOCOL_NAME, NULL, 0))
            return true;
        if (source->where == MAB_COOKIE
            && bearer_pairs_find(BEARER_PAIRS_COOKIE, cookies, source->name,
                                 NULL, 0))
            return true;
        if (source->where == MAB_QUERY
            && bearer_pairs_find(BEARER_PAIRS_QUERY, r->args, source->name,
                                 NULL, 0))
            return true;
    }
    return false;
}

/* mod_include itself, or through mod_filter under a name of the administrator's */
static bool is_include(request_rec *r, const ap_filter_t *filter)
{
    return strcmp(filter->frec->name, "includes") == 0
           || (filter->frec->providers && (ap_allow_options(r) & OPT_INCLUDES));
}

/* The header of a page leaves before mod_include asks for the parts, and that of a
 * list before mod_autoindex asks for each file, any of which may be one for a
 * token. */
static bool may_have_parts(request_rec *r)
{
    const ap_filter_t *filter;

    if (r->handler && strcmp(r->handler, DIR_MAGIC_TYPE) == 0)
        return carries_token(r);
    for (filter = r->output_filters; filter; filter = filter->next) {
        if (is_include(r, filter))
            return carries_token(r);
    }
    return false;
}

/* --- the header ------------------------------------------------------------------- */

static bool begins_with(const char *directive, const char *name)
{
    return bearer_str_opens_nocase(directive, name)
           && strchr(BEARER_STR_BLANKS "=", directive[strlen(name)]);
}

/* "public" and "s-maxage" are for shared caches, which must not have this */
static bool is_for_all(const char *directive)
{
    return begins_with(directive, "public")
           || begins_with(directive, "s-maxage");
}

/* the end of a directive: its value may be quoted and hold commas */
static const char *end_of(const char *at)
{
    bool quoted = false;

    for (; *at && (quoted || *at != ','); at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (quoted && *at == '\\' && at[1])
            at++;
    }
    return at;
}

/** What a Cache-Control field is to become. */
typedef struct control_t {
    apr_pool_t *pool;
    const char *rest; /* without what is meant for everybody; "" at first */
    bool closed;      /* private or no-store, not just for a field */
} control_t;

static int read_field(void *baton, const char *name BEARER_UNUSED,
                      const char *value)
{
    control_t *control = baton;

    while (*value) {
        const char *end = end_of(value);
        char *one =
            apr_pstrmemdup(control->pool, value, (apr_size_t)(end - value));

        one += strspn(one, " \t");
        if (*one && !is_for_all(one))
            control->rest = apr_pstrcat(control->pool, control->rest,
                                        *control->rest ? ", " : "", one, NULL);
        /* private="Set-Cookie" is about that field only */
        if ((begins_with(one, "private") && !strchr(one, '='))
            || begins_with(one, "no-store"))
            control->closed = true;
        value = *end ? end + 1 : end;
    }
    return 1;
}

/* One field says it all, and httpd sends err_headers_out last. */
static void make_private(request_rec *r)
{
    control_t control = {r->pool, "", false};

    apr_table_do(read_field, &control, r->err_headers_out, CACHE_CONTROL, NULL);
    apr_table_do(read_field, &control, r->headers_out, CACHE_CONTROL, NULL);
    apr_table_unset(r->headers_out, CACHE_CONTROL);
    apr_table_setn(r->err_headers_out, CACHE_CONTROL,
                   control.closed ? control.rest
                                  : apr_pstrcat(r->pool, "private",
                                                *control.rest ? ", " : "",
                                                control.rest, NULL));
}

/* --- the filter ------------------------------------------------------------------- */

/* Beside mod_auth_basic mod_cache sees Authorization and keeps nothing, not even with
 * CacheStorePrivate On; here the token may have come another way, or be hidden. It
 * looks for this variable, which the program inside has not seen. */
static apr_status_t filter_answer(ap_filter_t *filter, apr_bucket_brigade *in)
{
    make_private(filter->r);
    apr_table_setn(filter->r->subprocess_env, "no-cache", "token");
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, in);
}

void mab_private_insert_filter(request_rec *r)
{
    /* no answer is for a token where no token is taken */
    if (!mab_conf_registry()->settings->nelts)
        return;
    mab_record_exchange(r)->begun = true;
    if (is_told(r) || may_have_parts(r))
        ap_add_output_filter(r->main ? PART_FILTER : WHOLE_FILTER, NULL, r,
                             r->connection);
}

/* httpd writes the error page of a part that was redirected straight to the client,
 * past all filters of the page around it, and under its header: that may never have come
 * by our filter, if another (mod_deflate) held the page back. */
void mab_private_insert_error_filter(request_rec *r)
{
    request_rec *page = mab_record_page(r);

    mab_private_insert_filter(r);
    if (page != r && is_told(r))
        make_private(page);
}

void mab_private_register(void)
{
    /* after "Header set", and before mod_cache keeps the answer */
    ap_register_output_filter(WHOLE_FILTER, filter_answer, NULL,
                              AP_FTYPE_CONTENT_SET);
    /* mod_cache also keeps parts of pages, and earlier */
    ap_register_output_filter(PART_FILTER, filter_answer, NULL,
                              AP_FTYPE_CONTENT_SET - 2);
}
