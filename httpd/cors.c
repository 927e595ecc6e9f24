/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/cors.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "httpd/conf.h"

#define FILTER_NAME  "AUTH_BEARER_CORS"
#define ALLOW_ORIGIN "Access-Control-Allow-Origin"
#define EXPOSE       "Access-Control-Expose-Headers"

/* the configured origin that answers this one: itself, or "*"; NULL: none */
static const char *find_origin(const mab_list_t *origins, const char *origin)
{
    const char *const *list = origins ? origins->items : NULL;
    int i;

    for (i = 0; origin && origins && i < origins->count; i++) {
        if (strcmp(list[i], "*") == 0 || strcmp(list[i], origin) == 0)
            return list[i];
    }
    return NULL;
}

static bool is_on(const mab_list_t *origins)
{
    return origins && origins->count > 0;
}

void mab_cors_set_headers(request_rec *r)
{
    const mab_list_t *origins = mab_conf_place(r)->origins;
    const char *allowed;

    if (!is_on(origins))
        return;
    /* mod_dir joins the headers of a directory and of its index; browsers refuse
     * two */
    if (r->main && apr_table_get(r->main->err_headers_out, ALLOW_ORIGIN))
        return;
    allowed = find_origin(origins, apr_table_get(r->headers_in, "Origin"));
    /* caches must not give one origin's answer to another */
    if (!allowed || strcmp(allowed, "*") != 0)
        apr_table_mergen(r->err_headers_out, "Vary", "Origin");
    if (!allowed)
        return;
    apr_table_setn(r->err_headers_out, ALLOW_ORIGIN, allowed);
    /* scripts may read why they were refused */
    apr_table_setn(r->err_headers_out, EXPOSE, "WWW-Authenticate");
}

static bool is_method(const char *text)
{
    const char *c;

    for (c = text; *c; c++) {
        if (!apr_isalpha(*c))
            return false;
    }
    return c != text && c - text < 32;
}

/* an empty 204; needs no token, because browsers send none with a preflight */
static void prepare_preflight(request_rec *r, const char *method)
{
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Methods", method);
    apr_table_setn(r->err_headers_out, "Access-Control-Allow-Headers",
                   "Authorization, Content-Type");
    apr_table_setn(r->err_headers_out, "Access-Control-Max-Age", "600");
    apr_table_unset(r->err_headers_out, EXPOSE);
}

bool mab_cors_answers(request_rec *r)
{
    const mab_list_t *origins = mab_conf_place(r)->origins;
    const char *origin = apr_table_get(r->headers_in, "Origin");
    const char *method =
        apr_table_get(r->headers_in, "Access-Control-Request-Method");

    if (!is_on(origins) || r->main || r->prev || r->method_number != M_OPTIONS
        || !origin || !method || !is_method(method))
        return false;
    if (find_origin(origins, origin))
        prepare_preflight(r, method);
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

static apr_status_t give_way(ap_filter_t *filter, apr_bucket_brigade *in)
{
    apr_table_unset(filter->r->headers_out, ALLOW_ORIGIN);
    apr_table_unset(filter->r->headers_out, EXPOSE);
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, in);
}

void mab_cors_insert_filter(request_rec *r)
{
    if (apr_table_get(r->err_headers_out, ALLOW_ORIGIN)
        && is_on(mab_conf_place(r)->origins))
        ap_add_output_filter(FILTER_NAME, NULL, r, r->connection);
}

void mab_cors_register(void)
{
    ap_register_output_filter(FILTER_NAME, give_way, NULL,
                              AP_FTYPE_CONTENT_SET);
}
