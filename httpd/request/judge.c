/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/judge.h"

#include <string.h>

#include <apr_strings.h>
#include <http_log.h>

#include "bearer/base/str.h"
#include "httpd/conf/place.h"
#include "httpd/process/child.h"
#include "httpd/process/clock.h"
#include "httpd/process/shared.h"
#include "httpd/request/private.h"
#include "httpd/request/take.h"
#include "httpd/request/trace.h"

/* --- the user --------------------------------------------------------------------- */

static bool is_visible(const char *text)
{
    bearer_str_t str = bearer_str(text);

    return str.len && !bearer_claims_flaw(str);
}

/* AuthBearerUser expr=: the claims are there already */
static void evaluate_user(request_rec *r, mab_request_t *request)
{
    const char *error = NULL;

    request->withheld = request->nameless = false;
    request->user = ap_expr_str_exec(r, request->place->user_expr, &error);
    /* "%{claim:tenant}#%{claim:sub}" of a token without both would be the user "#",
     * the same for all of them */
    if (!error && !request->withheld && !request->nameless
        && is_visible(request->user))
        return;
    request->user = NULL;
    request->verdict.why = BEARER_SUBJECT_MISSING;
    if (error)
        bearer_note_set(&request->verdict.note, "AuthBearerUser expr: %s",
                        error);
    else if (request->nameless)
        bearer_note_set(&request->verdict.note,
                        "a claim of AuthBearerUser expr= is absent, empty, or "
                        "neither text nor a number");
}

/* the expression may ask for what only this request of the chain knows */
static void find_user(request_rec *r, mab_request_t *request)
{
    const bearer_verdict_t *verdict = &request->verdict;

    if (request->place->user_expr)
        evaluate_user(r, request);
    else
        request->user = apr_pstrmemdup(r->pool, verdict->subject.data,
                                       verdict->subject.len);
}

static const mab_source_t *find_basic(const mab_request_t *request)
{
    int i;

    for (i = 0; request->sources && i < request->sources->nelts; i++) {
        const mab_source_t *source =
            APR_ARRAY_IDX(request->sources, i, const mab_source_t *);

        if (source->where == MAB_BASIC)
            return source;
    }
    return NULL;
}

/* The name that came beside the token: programs and logs that get the field take it
 * for the user (impersonation), so it is the token's, or the administrator's word. */
static void check_name(mab_request_t *request)
{
    const mab_source_t *basic = find_basic(request);
    const char *wanted;

    if (!basic || (basic->user && strcmp(basic->user, "*") == 0))
        return;
    wanted = basic->user ? basic->user : request->user;
    if (bearer_str_is(request->name, wanted))
        return;
    request->user = NULL;
    request->verdict.why = BEARER_USER_WRONG;
    if (basic->user)
        bearer_note_set(&request->verdict.note, "it must be %s", basic->user);
    else
        bearer_note_set(&request->verdict.note, "it must be the token's user");
}

static void name_user(request_rec *r, mab_request_t *request)
{
    if (!request->verdict.why)
        find_user(r, request);
    if (!request->verdict.why)
        check_name(request);
}

/* --- judging ---------------------------------------------------------------------- */

/* what this request brought; the token was already taken from it */
static void present(const request_rec *r, mab_request_t *request)
{
    request->presented.scheme =
        request->source ? request->source->scheme : NULL;
    request->presented.method = r->method;
    request->presented.target = r->unparsed_uri;
}

static void judge(request_rec *r, mab_request_t *request)
{
    const bearer_policy_t *policy = &request->place->policy;
    bearer_verdict_t *verdict = &request->verdict;
    bearer_gate_t *gate = mab_child_gate();

    verdict->why = bearer_policy_check(policy, &verdict->note);
    if (verdict->why)
        return;
    verdict->note.text[0] = '\0';
    verdict->why = request->took;
    if (!verdict->why && !gate)
        verdict->why = BEARER_NO_MEMORY;
    else if (!verdict->why)
        bearer_gate_admit(gate, &request->presented, policy,
                          mab_clock_now(NULL), verdict, r->pool);
    if (verdict->why)
        mab_take_explain(r, request, verdict->why, &verdict->note);
}

/* A verdict that depended on method or target is one for the request that it was made
 * for, as long as that stays what it was: a fast redirect changes it (a proof that
 * is used for another target). */
static bool is_judged(const request_rec *r, const mab_request_t *request)
{
    unsigned int depends = request->verdict.proof.depends;

    if (!request->judged || !depends)
        return request->judged;
    return bearer_presented_holds(&request->presented, depends, r->method,
                                  r->unparsed_uri);
}

static mab_request_t *judged_alike(mab_request_t *other,
                                   const mab_request_t *request)
{
    return other && other != request && other->judged
                   && !other->verdict.proof.depends
                   && mab_place_same_judgement(other->place, request->place)
               ? other
               : NULL;
}

/* httpd copies the user along internal redirects and into sub-requests, but not
 * what modules know */
static mab_request_t *find_earlier(const request_rec *r,
                                   const mab_request_t *request)
{
    mab_request_t *found;

    for (; r; r = mab_record_before(r)) {
        const mab_exchange_t *exchange = mab_record_find_exchange(r);

        found = judged_alike(mab_record_find(r), request);
        if (!found && exchange)
            found = judged_alike(exchange->first, request);
        if (found)
            return found;
    }
    return NULL;
}

/* the verdict is the earlier one's; how it is answered is the place's own, and what
 * its access checkers do must not be taken for what the earlier ones did */
static void take_over(mab_request_t *request, mab_request_t *earlier)
{
    request->earlier = earlier;
    request->taken = earlier->taken;
    request->took = earlier->took;
    request->source = earlier->source;
    request->sources = earlier->sources;
    request->name = earlier->name;
    request->presented = earlier->presented;
    request->verdict = earlier->verdict;
    request->logged = earlier->logged;
}

static void forget(mab_request_t *request)
{
    memset(&request->verdict, 0, sizeof(request->verdict));
    request->user = NULL;
}

void mab_judge_count(request_rec *r, bearer_reason_t why)
{
    if (mab_shared_get() && mab_record_leave_trail(r, MAB_COUNTED, why))
        bearer_stats_verdict(mab_shared_get()->stats, why);
}

static void judge_anew(request_rec *r, mab_request_t *request)
{
    mab_take_token(r, request);
    present(r, request);
    judge(r, request);
    name_user(r, request);
    mab_trace_checks(r, &request->verdict);
    mab_judge_count(r, request->verdict.why);
}

static void judge_once(request_rec *r, mab_request_t *request)
{
    mab_request_t *earlier;

    if (request->judged)
        forget(request);
    request->judged = true;
    earlier = find_earlier(r, request);
    if (earlier) {
        take_over(request, earlier);
        name_user(r, request);
    }
    else {
        judge_anew(r, request);
    }
    if (request->took != BEARER_TOKEN_MISSING)
        mab_private_tell(r);
}

mab_request_t *mab_judge_request(request_rec *r)
{
    mab_request_t *request = mab_record_find(r);

    /* asked many times for a request */
    if (request && is_judged(r, request))
        return request;
    if (!request)
        request = mab_record_begin(r);
    judge_once(r, request);
    return request;
}

/* A request that has a record is asked without it: what is decided there, as if there
 * were no claims, must not let anybody in. */
static void note_lost(const request_rec *r)
{
    const mab_exchange_t *exchange = mab_record_find_exchange(r);

    if (exchange && exchange->first)
        exchange->first->lost = true;
}

const bearer_claims_t *mab_judge_claims(const request_rec *r)
{
    mab_request_t *request = mab_record_find(r);

    if (!request) {
        note_lost(r);
        return NULL;
    }
    request->claims_read = true;
    if (!is_judged(r, request) || request->verdict.why != BEARER_OK)
        return NULL;
    return request->verdict.proof.claims;
}
