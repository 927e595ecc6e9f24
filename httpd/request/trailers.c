/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/trailers.h"

#include <http_core.h>
#include <util_filter.h>

#include "httpd/conf/conf.h"
#include "httpd/conf/targets.h"

#define FILTER_NAME "AUTH_BEARER_TRAILERS"

static bool is_header_source(const char *name)
{
    const apr_array_header_t *all = mab_conf_registry()->sources;
    int i;

    for (i = 0; i < all->nelts; i++) {
        const char *header =
            mab_conf_source_header(&APR_ARRAY_IDX(all, i, mab_source_t));

        if (header && mab_targets_alike(header, name))
            return true;
    }
    return mab_targets_alike(name, "Cookie")
           || mab_targets_alike(name, "Proxy-Authorization");
}

static bool is_exported(const char *name)
{
    const apr_array_header_t *names = mab_conf_registry()->headers;
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (mab_targets_alike(APR_ARRAY_IDX(names, i, const char *), name))
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

static void drop(request_rec *r)
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

static apr_status_t watch(ap_filter_t *filter, apr_bucket_brigade *out,
                          ap_input_mode_t mode, apr_read_type_e block,
                          apr_off_t bytes)
{
    request_rec *r = filter->r;
    const apr_table_t *before = r->headers_in;
    apr_status_t rv = ap_get_brigade(filter->next, out, mode, block, bytes);

    if (r->headers_in != before)
        drop(r);
    return rv;
}

void mab_trailers_insert_filter(request_rec *r)
{
    const core_server_config *core =
        ap_get_core_module_config(r->server->module_config);

    if (core->merge_trailers == AP_MERGE_TRAILERS_ENABLE && !r->main)
        ap_add_input_filter(FILTER_NAME, NULL, r, r->connection);
}

void mab_trailers_register(void)
{
    ap_register_input_filter(FILTER_NAME, watch, NULL, AP_FTYPE_RESOURCE);
}
