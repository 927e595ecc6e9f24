/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mod_auth_bearer - AuthType Bearer: httpd as an OAuth 2.0 resource server.
 *
 * Here is the order of hooks, each a short story; docs/design.md tells why. The
 * judging is done by bearer/, which knows nothing of httpd.
 */
#include "httpd/mab.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "httpd/check.h"
#include "httpd/conf.h"
#include "httpd/cors.h"
#include "httpd/directives.h"
#include "httpd/dump.h"
#include "httpd/log.h"
#include "httpd/refuse.h"
#include "httpd/request.h"
#include "httpd/require.h"
#include "httpd/resource.h"
#include "httpd/shared.h"
#include "httpd/status.h"
#include "httpd/watchdog.h"

/* --- configuration ---------------------------------------------------------------- */

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog BEARER_UNUSED,
                      apr_pool_t *ptemp BEARER_UNUSED)
{
    mab_conf_begin(pconf);
    mab_resource_begin(pconf);
    return mab_shared_register(pconf) == APR_SUCCESS
               ? OK
               : HTTP_INTERNAL_SERVER_ERROR;
}

/* also run by "httpd -t": every mistake stops the start */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog BEARER_UNUSED,
                        apr_pool_t *ptemp, server_rec *s)
{
    int foreign, wrong;

    mab_log_install(s);
    foreign = mab_require_check(ptemp, s);
    wrong = mab_check_all(pconf, ptemp, s);
    return foreign != OK ? foreign : wrong;
}

/* 1 the log, 2 the shared segment with the keys of files, 3 the fetcher */
static int post_config(apr_pool_t *pconf, apr_pool_t *plog BEARER_UNUSED,
                       apr_pool_t *ptemp, server_rec *s)
{
    int rv;

    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    /* 1 */
    mab_log_install(s);
    bearer_json_seed();
    /* 2 */
    rv = mab_shared_open(pconf, ptemp, s);
    if (rv != OK)
        return rv;
    /* 3 */
    return mab_watchdog_register(pconf, s);
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    mab_log_install(s);
    mab_watchdog_open_child(pchild);
    mab_shared_open_child(pchild, s);
}

/* --- requests ----------------------------------------------------------------------- */

/* Before all other access checkers: they then run with a user and claims, or
 * without, and their denial of a user becomes a 403 with a challenge. Also
 * closes "Require expr" over claims to requests without a token: it is
 * evaluated before authentication, where a negated one holds. */
static int check_access(request_rec *r)
{
    mab_request_t *request;
    bool accepted;
    int status;

    if (!mab_request_is_ours(r))
        return DECLINED;
    request = ap_get_module_config(r->request_config, &auth_bearer_module);
    if (request && request->nested)
        return DECLINED;
    mab_cors_set_headers(r);
    if (mab_cors_answers(r))
        return DONE;
    request = mab_request_judge(r);
    accepted = request->verdict.why == BEARER_OK;
    if (accepted)
        mab_request_accept(r, request);
    /* optional means no token; a bad one never becomes anonymous access */
    else if (request->place->optional == 1
             && request->verdict.why != BEARER_TOKEN_MISSING)
        return mab_refuse_verdict(r, request);

    /* what an earlier request of the chain looked at does not count here */
    request->claims_read = false;
    request->nested = true;
    status = ap_run_access_checker_ex(r);
    request->nested = false;

    if (accepted && (status == HTTP_FORBIDDEN || status == HTTP_UNAUTHORIZED))
        return mab_refuse_scope(r, request);
    if (!accepted && request->claims_read
        && (status == OK || status == HTTP_FORBIDDEN))
        return mab_refuse_verdict(r, request);
    return status;
}

/* somebody has to be known, so the token must be good */
static int check_authn(request_rec *r)
{
    mab_request_t *request;

    if (!mab_request_is_ours(r))
        return DECLINED;
    request = mab_request_judge(r);
    if (request->verdict.why != BEARER_OK)
        return mab_refuse_verdict(r, request);
    mab_request_accept(r, request);
    return OK;
}

/* "Require expr" over REMOTE_USER waits for a user although there is one, and then
 * says 401 to a good token: like any other denial, it becomes a 403 */
static int check_authz(request_rec *r)
{
    mab_request_t *request;
    int status;

    if (!mab_request_is_ours(r))
        return DECLINED;
    request = ap_get_module_config(r->request_config, &auth_bearer_module);
    if (!request || request->nested || request->verdict.why != BEARER_OK)
        return DECLINED;
    request->nested = true;
    status = ap_run_auth_checker(r);
    request->nested = false;
    if (status == HTTP_FORBIDDEN || status == HTTP_UNAUTHORIZED)
        return mab_refuse_scope(r, request);
    return status;
}

static void register_hooks(apr_pool_t *pool)
{
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(mab_dump_places, NULL, NULL, APR_HOOK_MIDDLE);
    /* not LAST: mod_watchdog counts its callbacks in a LAST hook */
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* before mod_watchdog's, whose threads need what is made here */
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_FIRST);

    ap_hook_quick_handler(mab_resource_serve, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_header_parser(mab_request_clean, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_check_access_ex(check_access, NULL, NULL, APR_HOOK_FIRST,
                            AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(check_authn, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(check_authz, NULL, NULL, APR_HOOK_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    /* before mod_headers and mod_rewrite look at environment and headers */
    ap_hook_fixups(mab_request_export, NULL, NULL, APR_HOOK_FIRST);

    ap_hook_insert_filter(mab_cors_insert_filter, NULL, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(mab_refuse_insert_filter, NULL, NULL,
                                APR_HOOK_LAST);
    mab_refuse_register();
    mab_cors_register();
    mab_require_register(pool);
    mab_status_register();
}

module AP_MODULE_DECLARE_DATA auth_bearer_module = {
    STANDARD20_MODULE_STUFF, mab_conf_create_place, /* per directory: create */
    mab_conf_merge_place,                           /* per directory: merge */
    mab_conf_create_server,                         /* per server: create */
    mab_conf_merge_server,                          /* per server: merge */
    mab_directives,          register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE,
#endif
};
