/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/record.h"

#include <string.h>

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "bearer/base/str.h"

bool mab_record_is_ours(request_rec *r)
{
    const char *type;

    /* asked many times for a request, and no place of others has a record */
    if (mab_record_find(r))
        return true;
    type = ap_auth_type(r);
    return type && strcasecmp(type, "Bearer") == 0;
}

mab_request_t *mab_record_find(const request_rec *r)
{
    const mab_place_t *place =
        ap_get_module_config(r->per_dir_config, &auth_bearer_module);

    return place->request;
}

/* httpd takes two requests with the same sections for one, and lets the second in
 * because the first was: for another target that is wrong. */
static mab_place_t *copy_sections(request_rec *r)
{
    mab_place_t *place =
        apr_pmemdup(r->pool, mab_conf_place(r), sizeof(*place));

    place->configured = mab_conf_place(r);
    r->per_dir_config = ap_merge_per_dir_configs(
        r->pool, r->per_dir_config, ap_create_per_dir_config(r->pool));
    ap_set_module_config(r->per_dir_config, &auth_bearer_module, place);
    return place;
}

mab_request_t *mab_record_begin(request_rec *r)
{
    mab_request_t *request = apr_pcalloc(r->pool, sizeof(*request));
    mab_exchange_t *exchange = mab_record_exchange(r);
    mab_place_t *place;

    request->sections = r->per_dir_config;
    place = copy_sections(r);
    request->place = place->configured;
    place->request = request;
    if (!exchange->first)
        exchange->first = request;
    return request;
}

bool mab_record_join_error(request_rec *r)
{
    const mab_request_t *refused = r->prev ? mab_record_find(r->prev) : NULL;

    if (!refused || refused->admitted || !ap_is_HTTP_ERROR(r->prev->status)
        || refused->sections != r->per_dir_config)
        return false;
    r->per_dir_config = r->prev->per_dir_config;
    return true;
}

mab_exchange_t *mab_record_find_exchange(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &auth_bearer_module);
}

mab_exchange_t *mab_record_exchange(request_rec *r)
{
    mab_exchange_t *exchange = mab_record_find_exchange(r);

    if (exchange)
        return exchange;
    exchange = apr_pcalloc(r->pool, sizeof(*exchange));
    ap_set_module_config(r->request_config, &auth_bearer_module, exchange);
    return exchange;
}

request_rec *mab_record_before(const request_rec *r)
{
    return r->prev ? r->prev : r->main;
}

static request_rec *first_of_chain(request_rec *r)
{
    request_rec *before;

    while ((before = mab_record_before(r)) != NULL)
        r = before;
    return r;
}

static bool was_left(const apr_array_header_t *left, const mab_left_t *one)
{
    int i;

    for (i = 0; left && i < left->nelts; i++) {
        const mab_left_t *other = &APR_ARRAY_IDX(left, i, mab_left_t);

        if (other->trail == one->trail && other->why == one->why
            && bearer_str_same(other->where, one->where))
            return true;
    }
    return false;
}

bool mab_record_leave_trail(request_rec *r, mab_trail_t trail,
                            bearer_reason_t why)
{
    request_rec *first = first_of_chain(r);
    mab_exchange_t *exchange = mab_record_exchange(first);
    mab_left_t one = {trail, why, NULL};

    /* what is no sub-request is found by those after it, with its record */
    if (!r->main && !exchange->left)
        return true;
    one.where = mab_conf_place(r)->where;
    if (was_left(exchange->left, &one))
        return false;
    if (!r->main)
        return true;
    if (!exchange->left)
        exchange->left = apr_array_make(first->pool, 2, sizeof(mab_left_t));
    one.where = apr_pstrdup(first->pool, one.where);
    APR_ARRAY_PUSH(exchange->left, mab_left_t) = one;
    return true;
}

request_rec *mab_record_page(request_rec *r)
{
    while (r->main)
        r = r->main;
    return r;
}
