/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mod_auth_bearer - AuthType Bearer: httpd as an OAuth 2.0 resource server.
 *
 * Here is the order of hooks, each a short story; docs/design.md says why. The
 * judging is done by bearer/, which knows nothing of httpd.
 */
#include "httpd/mab.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "httpd/conf/check.h"
#include "httpd/conf/directives.h"
#include "httpd/conf/dump.h"
#include "httpd/conf/model.h"
#include "httpd/conf/place.h"
#include "httpd/process/child.h"
#include "httpd/process/log.h"
#include "httpd/process/segment.h"
#include "httpd/process/shared.h"
#include "httpd/process/watchdog.h"
#include "httpd/request/cors.h"
#include "httpd/request/export.h"
#include "httpd/request/expression.h"
#include "httpd/request/judge.h"
#include "httpd/request/private.h"
#include "httpd/request/record.h"
#include "httpd/request/refuse.h"
#include "httpd/request/require.h"
#include "httpd/request/resource.h"
#include "httpd/request/take.h"
#include "httpd/request/trailers.h"
#include "httpd/request/unasked.h"
#include "httpd/request/uri.h"
#include "httpd/status/status.h"

/* --- configuration ---------------------------------------------------------------- */

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog BEARER_UNUSED,
                      apr_pool_t *ptemp BEARER_UNUSED)
{
    mab_conf_begin(pconf);
    return mab_segment_register(pconf) == APR_SUCCESS
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
    bearer_jws_seed();
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
    mab_child_open(pchild, s);
}

/* --- requests: what arrives ---------------------------------------------------------- */

/* before anything looks at a header */
static int arrive(request_rec *r)
{
    mab_export_arrive(r);
    return DECLINED;
}

/* before httpd logs what it refuses */
static int take_line(request_rec *r)
{
    mab_uri_arrive(r);
    return DECLINED;
}

static int translate(request_rec *r)
{
    mab_uri_translate(r);
    return DECLINED;
}

static int wait_for_sections(request_rec *r)
{
    mab_uri_wait(r);
    return DECLINED;
}

/* All sections are known: the request gets its record. For sub-requests, too. */
static int enter(request_rec *r)
{
    const mab_request_t *request;

    mab_export_enter(r);
    mab_uri_entered(r);
    if (mab_record_join_error(r))
        return DECLINED;
    if (!mab_record_is_ours(r)) {
        mab_uri_leave(r);
        mab_take_foreign(r, NULL);
        return DECLINED;
    }
    request = mab_record_begin(r);
    mab_take_foreign(r, request->place);
    return mab_uri_enter(r, request->place);
}

/* --- requests: access ------------------------------------------------------------------ */

/* before anybody refuses */
static int present(request_rec *r)
{
    mab_request_t *request = mab_record_find(r);

    if (!mab_record_is_ours(r))
        return DECLINED;
    if (request)
        request->asked++;
    mab_cors_set_headers(r);
    mab_take_mark(r);
    /* even if others decide without us: the request carried a token */
    if (request && request->took != BEARER_TOKEN_MISSING)
        mab_private_tell(r);
    return DECLINED;
}

/* Others ask too, during their own checks or later, whether somebody has to be
 * known here (ap_some_authn_required, mod_authz_svn): httpd itself asks once, and
 * last. */
static bool is_question(mab_request_t *request)
{
    bool question = request->concluded || request->asked > 1;

    if (request->asked > 0)
        request->asked--;
    return question;
}

/* The answer when all other access checkers have been heard; they knew no user, and
 * only those claims that an expression asked for. */
static int conclude_access(request_rec *r, mab_request_t *request, int status)
{
    bearer_reason_t why = request->verdict.why;
    bool closed = status == HTTP_FORBIDDEN || status == HTTP_UNAUTHORIZED;

    request->concluded = true;
    /* a place that is closed to all (Require ip) does not tell good tokens from
     * bad ones */
    if (closed && !request->claims_read)
        return status;
    if (why == BEARER_OK) {
        /* what lines demanded of anybody is not yet what this token lacks */
        request->demanded = request->scopes;
        request->scopes = NULL;
        if (closed)
            return mab_refuse_scope(r, request);
        if (status != DECLINED)
            mab_unasked_fail(r, request->place, status);
        /* with force_authn the same, and nobody is asked twice */
        return status == DECLINED ? OK : status;
    }
    /* optional means no token; a bad one never becomes anonymous access */
    if (request->place->optional == 1 && why != BEARER_TOKEN_MISSING)
        return mab_refuse_verdict(r, request);
    /* somebody has to be known */
    if (status == DECLINED)
        return mab_refuse_verdict(r, request);
    /* "Require expr" over claims is evaluated before authentication, where a
     * negated one holds: closed to requests without a token */
    if (request->claims_read && (status == OK || closed))
        return mab_refuse_verdict(r, request);
    request->unasked = status == OK;
    mab_unasked_fail(r, request->place, status);
    return status;
}

/* as beside mod_auth_basic, which knows neither user nor claims by now */
static int ask_others(request_rec *r, mab_request_t *request)
{
    int status;

    r->user = NULL;
    r->ap_auth_type = NULL;
    request->claims_read = false;
    request->nested = true;
    status = ap_run_access_checker_ex(r);
    request->nested = false;
    r->user = NULL;
    r->ap_auth_type = NULL;
    return status;
}

/* Before all other access checkers, and around them: they run as beside
 * mod_auth_basic, without a user. What they say is not hidden from anybody: with a
 * good token, authentication and authorization follow (force_authn). */
static int check_access(request_rec *r)
{
    mab_request_t *request;
    bool question;
    int status;

    if (!mab_record_is_ours(r))
        return DECLINED;
    request = mab_record_find(r);
    if (request && request->nested)
        return DECLINED;
    mab_take_unmark(r);
    if (mab_cors_answers(r)) {
        /* no handler runs, so that httpd would not do it */
        ap_run_insert_filter(r);
        return DONE;
    }
    request = mab_judge_request(r);
    question = is_question(request);
    status = ask_others(r, request);
    return question ? status : conclude_access(r, request, status);
}

/* A client with a good token is known, even where nobody has to be: the authn and
 * authz hooks of all modules are asked (mod_authz_svn, mod_lua). */
static int force_authn(request_rec *r)
{
    const mab_request_t *request = mab_record_find(r);

    if (!mab_record_is_ours(r) || !request || !request->judged)
        return DECLINED;
    return request->verdict.why == BEARER_OK ? OK : DECLINED;
}

/* Before anybody else's: a provider of an outer section (mod_authnz_fcgi, mod_lua)
 * must not name the user of a place of ours. With a good token the others are asked all
 * the same, as they would be beside mod_auth_basic: what they deny is denied. */
static int check_authn(request_rec *r)
{
    mab_request_t *request;

    if (!mab_record_is_ours(r))
        return DECLINED;
    request = mab_judge_request(r);
    if (request->verdict.why != BEARER_OK)
        return mab_refuse_verdict(r, request);
    mab_export_user(r, request);
    return DECLINED;
}

/* nobody has objected; mod_authn_core would say that nobody knows this type */
static int accept_authn(request_rec *r)
{
    const mab_request_t *request = mab_record_find(r);

    if (!mab_record_is_ours(r) || !request || !request->judged
        || request->verdict.why != BEARER_OK)
        return DECLINED;
    mab_export_user(r, request);
    return OK;
}

/* Around the other authz checkers: their denial becomes a 403 with a challenge. */
static int check_authz(request_rec *r)
{
    mab_request_t *request;
    int status;

    if (!mab_record_is_ours(r))
        return DECLINED;
    request = mab_judge_request(r);
    if (request->nested)
        return DECLINED;
    /* whoever set a user here, it was not a token */
    if (request->verdict.why != BEARER_OK)
        return mab_refuse_verdict(r, request);
    mab_export_user(r, request);
    /* from here on they are what this token lacks, not what anybody would
     * lack */
    request->scopes = NULL;
    request->nested = true;
    status = ap_run_auth_checker(r);
    request->nested = false;
    if (status != HTTP_FORBIDDEN && status != HTTP_UNAUTHORIZED)
        return status;
    mab_refuse_complete_scopes(r, request);
    return mab_refuse_scope(r, request);
}

/* --- requests: what runs inside -------------------------------------------------------- */

/* access was granted to these sections and this target */
static int fixup(request_rec *r)
{
    mab_request_t *request = mab_record_find(r);

    if (request && request->lost) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "MAB0407: claims were asked for in other sections than "
                      "the request's; answered 500");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (request)
        request->admitted = true;
    mab_export_settle(r);
    return DECLINED;
}

/* DirectoryIndex, FallbackResource and MultiViews go on with the sections of a
 * sub-request: what runs inside gets what belongs to these */
static void insert_filter_first(request_rec *r)
{
    if (mab_export_is_stale(r))
        mab_export_resettle(r);
    mab_trailers_insert_filter(r);
}

/* The last lock: nothing of a place of ours is served that did not pass the access
 * checks of exactly these sections. */
static int guard(request_rec *r)
{
    const mab_request_t *request = mab_record_find(r);

    if (!mab_record_is_ours(r) || (request && request->admitted)) {
        mab_unasked_tell(r);
        return DECLINED;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "MAB0406: a request reached its handler without passing the "
                  "access checks; answered 403");
    return HTTP_FORBIDDEN;
}

static void insert_filter_last(request_rec *r)
{
    mab_private_insert_filter(r);
    mab_cors_insert_filter(r);
}

static void insert_error_filter(request_rec *r)
{
    mab_private_insert_error_filter(r);
    mab_cors_insert_error_filter(r);
    mab_refuse_insert_filter(r);
}

static int tell_log(request_rec *r)
{
    mab_uri_redact(r);
    mab_refuse_tell_log(r);
    return DECLINED;
}

/* The order is written down here and never left to LoadModule. */
static void register_hooks(apr_pool_t *pool)
{
    static const char *const proxy[] = {"mod_proxy.c", NULL};
    /* really is first, too */
    static const char *const methods[] = {"mod_allowmethods.c", NULL};
    static const char *const authn_core[] = {"mod_authn_core.c", NULL};
    static const char *const headers[] = {"mod_headers.c", NULL};
    const int first = APR_HOOK_REALLY_FIRST, last = APR_HOOK_REALLY_LAST;
    const int per_conf = AP_AUTH_INTERNAL_PER_CONF;

    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(mab_dump_places, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_test_config(mab_model_print, NULL, NULL, APR_HOOK_MIDDLE);
    /* not LAST: mod_watchdog counts its callbacks in a LAST hook */
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    /* before mod_watchdog's, whose threads need what is made here */
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_FIRST);

    ap_hook_quick_handler(mab_resource_serve, NULL, NULL, APR_HOOK_FIRST);
    /* before mod_setenvif, mod_headers (early) and mod_rewrite look */
    ap_hook_post_read_request(arrive, NULL, NULL, first);
    /* after mod_proxy has made an address of what a forward proxy is asked for */
    ap_hook_post_read_request(take_line, proxy, NULL, APR_HOOK_FIRST);
    /* before mod_proxy and mod_rewrite make an address of the query */
    ap_hook_translate_name(translate, NULL, NULL, first);
    /* after all that look at the request line, before httpd complains */
    ap_hook_translate_name(wait_for_sections, NULL, NULL, APR_HOOK_LAST);
    ap_hook_map_to_storage(wait_for_sections, NULL, NULL, first);
    /* nobody changes the sections after us */
    ap_hook_post_perdir_config(enter, NULL, NULL, last);
    ap_hook_check_access(present, NULL, methods, first, per_conf);
    ap_hook_check_access_ex(check_access, NULL, NULL, first, per_conf);
    ap_hook_force_authn(force_authn, NULL, NULL, first);
    ap_hook_check_authn(check_authn, NULL, NULL, first, per_conf);
    ap_hook_check_authn(accept_authn, NULL, authn_core, APR_HOOK_LAST,
                        per_conf);
    ap_hook_check_authz(check_authz, NULL, NULL, first, per_conf);
    /* before mod_headers and mod_rewrite look at environment and headers */
    ap_hook_fixups(fixup, NULL, NULL, first);

    ap_hook_insert_filter(insert_filter_first, NULL, NULL, first);
    /* what "Header set" says about caches and origins is said before us */
    ap_hook_insert_filter(insert_filter_last, headers, NULL, APR_HOOK_LAST);
    ap_hook_insert_error_filter(insert_error_filter, headers, NULL,
                                APR_HOOK_LAST);
    ap_hook_handler(guard, NULL, NULL, first);
    ap_hook_log_transaction(tell_log, NULL, NULL, first);
    mab_refuse_register();
    mab_private_register();
    mab_trailers_register();
    mab_cors_register();
    mab_require_register(pool);
    mab_expression_register();
    mab_status_register();
}

module AP_MODULE_DECLARE_DATA auth_bearer_module = {
    STANDARD20_MODULE_STUFF, mab_place_create, /* per directory: create */
    mab_place_merge,                           /* per directory: merge */
    mab_conf_create_server,                    /* per server: create */
    mab_conf_merge_server,                     /* per server: merge */
    mab_directives,          register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE,
#endif
};
