/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered without the program: refusals, metadata of resources; and the log's
 * story of a verdict. */
#include "tests/httpd/inside.h"

#include <http_protocol.h>

#include "httpd/request/refuse.h"
#include "httpd/request/resource.h"
#include "httpd/request/trace.h"

static const char *sent(request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->err_headers_out, name);

    return value ? value : "-";
}

/* --- refusals ------------------------------------------------------------------------- */

static int refuse(request_rec *r, bearer_reason_t why)
{
    mab_request_t *request = inside_admit(r, "{}");

    request->verdict.why = why;
    return mab_refuse_verdict(r, request);
}

/* the page that httpd would send, and what becomes of it */
static const char *answered(request_rec *r, int status)
{
    r->status = status;
    mab_refuse_insert_filter(r);
    ap_rputs("httpd's own page", r);
    return inside_body(r);
}

static void expect_refusal(const bearer_reason_info_t *info,
                           bearer_reason_t why, apr_pool_t *pool)
{
    request_rec *r = inside_request("/plain", pool);
    int status = refuse(r, why);
    const char *challenge = sent(r, "WWW-Authenticate");
    const char *body = answered(r, status);
    bool retry = strcmp(sent(r, "Retry-After"), "-") != 0;

    unit_expect(info->slug, status == info->status);
    unit_expect(info->slug, strcmp(sent(r, "Cache-Control"), "no-store") == 0);
    unit_expect(info->slug,
                strcmp(apr_table_get(r->notes, "bearer-reason"), info->slug)
                    == 0);
    unit_expect(info->slug, (strncmp(challenge, "Bearer ", 7) == 0)
                                == (status < HTTP_INTERNAL_SERVER_ERROR));
    unit_expect(info->slug, retry == (status == HTTP_SERVICE_UNAVAILABLE));
    unit_expect(info->slug,
                strstr(body, apr_pstrcat(pool, "\"", info->code, "\"", NULL)));
    unit_expect(info->slug, !strstr(body, "httpd's own page"));
    /* what is wrong with us is for the log */
    unit_expect(info->slug,
                !strstr(body, "the server is not configured to judge")
                    == (status != HTTP_INTERNAL_SERVER_ERROR));
}

static void answers_every_reason(void **state)
{
    int why, count = 0;

    for (why = BEARER_OK + 1; why < BEARER_REASON_COUNT; why++) {
        const bearer_reason_info_t *info =
            bearer_error_find((bearer_reason_t)why);

        if (!info->status)
            continue;
        expect_refusal(info, (bearer_reason_t)why, *state);
        count++;
    }
    assert_in_range(count, 20, BEARER_REASON_COUNT);
}

/* "/all": errors off, no details, 401 while there are no keys */
static void answers_as_the_place_wants(void **state)
{
    request_rec *r = inside_request("/all", *state);

    assert_int_equal(refuse(r, BEARER_EXPIRED), HTTP_UNAUTHORIZED);
    assert_non_null(strstr(sent(r, "WWW-Authenticate"),
                           "error_description=\"the token is not accepted\""));
    assert_string_equal(answered(r, HTTP_UNAUTHORIZED), "httpd's own page");
    r = inside_request("/all", *state);
    assert_int_equal(refuse(r, BEARER_KEYS_UNAVAILABLE), HTTP_UNAUTHORIZED);
    assert_non_null(strstr(sent(r, "WWW-Authenticate"), "\"invalid_token\""));
    r = inside_request("/plain", *state);
    assert_int_equal(refuse(r, BEARER_KEYS_UNAVAILABLE),
                     HTTP_SERVICE_UNAVAILABLE);
}

static void answers_as_a_forward_proxy(void **state)
{
    request_rec *r = inside_request("/plain", *state);

    r->proxyreq = PROXYREQ_PROXY;
    assert_int_equal(refuse(r, BEARER_TOKEN_MISSING),
                     HTTP_PROXY_AUTHENTICATION_REQUIRED);
    assert_string_equal(sent(r, "WWW-Authenticate"), "-");
    assert_int_equal(strncmp(sent(r, "Proxy-Authenticate"), "Bearer ", 7), 0);
}

/* the name is quoted once, however many modules it has passed */
static void answers_name_scopes_and_metadata(void **state)
{
    request_rec *r = inside_request("/resource", *state);
    mab_request_t *request = inside_admit(r, "{}");
    const char *challenge;

    request->scopes = "read write";
    assert_int_equal(mab_refuse_scope(r, request), HTTP_FORBIDDEN);
    challenge = sent(r, "WWW-Authenticate");
    assert_non_null(strstr(challenge, "realm=\"a \\\"b\\\"\""));
    assert_non_null(strstr(challenge, "scope=\"read write\""));
    assert_non_null(strstr(challenge, "error=\"insufficient_scope\""));
    assert_non_null(strstr(challenge,
                           "resource_metadata=\"https://localhost/.well-known/"
                           "oauth-protected-resource/resource\""));
}

/* a later status, or none of ours: httpd's page stays */
static void answers_leave_other_pages_alone(void **state)
{
    request_rec *r = inside_request("/plain", *state);

    (void)refuse(r, BEARER_EXPIRED);
    assert_string_equal(answered(r, HTTP_NOT_FOUND), "httpd's own page");
    r = inside_request("/plain", *state);
    assert_string_equal(answered(r, HTTP_UNAUTHORIZED), "httpd's own page");
}

/* --- metadata --------------------------------------------------------------------------- */

#define WELL_KNOWN "/.well-known/oauth-protected-resource"

static void answers_metadata(void **state)
{
    static const struct {
        const char *method, *path;
        int lookup, want;
    } rows[] = {
        {"GET", WELL_KNOWN "/resource", 0, OK},
        {"GET", WELL_KNOWN, 0, OK},
        {"HEAD", WELL_KNOWN "/resource", 0, OK},
        {"OPTIONS", WELL_KNOWN "/resource", 0, OK},
        {"POST", WELL_KNOWN "/resource", 0, HTTP_METHOD_NOT_ALLOWED},
        {"DELETE", WELL_KNOWN "/resource", 0, HTTP_METHOD_NOT_ALLOWED},
        {"GET", WELL_KNOWN "/resource", 1, DECLINED},
        {"GET", WELL_KNOWN "/resource/x", 0, DECLINED},
        {"GET", WELL_KNOWN "/other", 0, DECLINED},
        {"GET", "/.well-known/oauth-protected", 0, DECLINED},
        {"GET", "/resource", 0, DECLINED},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(rows[i].path, *state);
        const char *name =
            apr_pstrcat(*state, rows[i].method, " ", rows[i].path, NULL);
        bool document, open;

        inside_set_method(r, rows[i].method);
        r->header_only = strcmp(rows[i].method, "HEAD") == 0;
        unit_expect(name,
                    mab_resource_serve(r, rows[i].lookup) == rows[i].want);
        document = strstr(inside_body(r), "\"https://localhost/resource\"");
        unit_expect(name, document
                              == (rows[i].want == OK
                                  && strcmp(rows[i].method, "GET") == 0));
        open = strcmp(sent(r, "Access-Control-Allow-Origin"), "*") == 0;
        unit_expect(name, open == (rows[i].want != DECLINED));
    }
}

static void answers_unchanged_metadata(void **state)
{
    request_rec *r = inside_request(WELL_KNOWN "/resource", *state);
    request_rec *again = inside_request(WELL_KNOWN "/resource", *state);

    assert_int_equal(mab_resource_serve(r, 0), OK);
    apr_table_setn(again->headers_in, "If-None-Match",
                   apr_table_get(r->headers_out, "ETag"));
    assert_int_equal(mab_resource_serve(again, 0), HTTP_NOT_MODIFIED);
    assert_string_equal(inside_body(again), "");
}

/* --- the log ------------------------------------------------------------------------------ */

/* no reason trips over a verdict that knows nothing yet, or only the issuer */
static void answers_trace_of_any_verdict(void **state)
{
    static const bearer_issuer_t issuer = {.iss = BEARER_LIT("https://i")};
    request_rec *r = inside_request("/plain", *state);
    int why, told = 0;

    for (why = BEARER_OK; why < BEARER_REASON_COUNT; why++) {
        bearer_verdict_t verdict = {.why = (bearer_reason_t)why};

        if (bearer_error_find(verdict.why)->status == 0)
            continue;
        inside_listen(r);
        mab_trace_checks(r, &verdict);
        verdict.proof.issuer = &issuer;
        mab_trace_checks(r, &verdict);
        verdict.recalled = true;
        mab_trace_checks(r, &verdict);
        told += *inside_heard(*state) != '\0';
    }
    /* all except those that are not about a token */
    assert_in_range(told, 30, BEARER_REASON_COUNT);
}

static int lines_of(const char *text)
{
    int count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* One line for a refusal, no matter how often and by whom it is asked for: what,
 * why, whose and where, and nothing that would let a client write a line of its
 * own. */
static void answers_write_one_line(void **state)
{
    static const bearer_issuer_t issuer = {.iss = BEARER_LIT("https://i")};
    int why;

    for (why = BEARER_OK + 1; why < BEARER_REASON_COUNT; why++) {
        const bearer_reason_info_t *info =
            bearer_error_find((bearer_reason_t)why);
        request_rec *r = inside_request("/plain", *state);
        mab_request_t *request = inside_admit(r, "{}");
        mab_request_t earlier = *request;
        const char *text;
        bool grave = info->level == BEARER_LEVEL_ERROR
                     || info->level == BEARER_LEVEL_WARNING;

        if (!info->status)
            continue;
        request->earlier = &earlier;
        request->verdict.why = (bearer_reason_t)why;
        request->verdict.proof.issuer = &issuer;
        request->verdict.proof.key.kid = unit_str("k\ney");
        bearer_note_set(&request->verdict.note, "a note");
        inside_listen(r);
        (void)mab_refuse_verdict(r, request);
        (void)mab_refuse_verdict(r, request);
        (void)mab_refuse_verdict(r, &earlier);
        text = inside_heard(*state);
        unit_expect(info->slug, lines_of(text) == 1);
        unit_expect(info->slug, (strstr(text, "MAB0401: ") != NULL) == grave);
        unit_expect(
            info->slug,
            strstr(text, apr_pstrcat(*state, info->slug, ": ", info->sentence,
                                     " (a note)",
                                     "; issuer \"https://i\"; kid ", NULL)));
        unit_expect(info->slug, strstr(text, "; in <Location \"/plain\">"));
    }
}

/* nothing is written where the level of the log says so */
static void answers_write_no_line_that_nobody_wants(void **state)
{
    static struct ap_logconf quiet = {.level = APLOG_EMERG};
    request_rec *r = inside_request("/plain", *state);

    inside_listen(r);
    r->log = &quiet;
    (void)refuse(r, BEARER_EXPIRED);
    assert_string_equal(inside_heard(*state), "");
}

int inside_answers(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(answers_every_reason),
        unit_row(answers_as_the_place_wants),
        unit_row(answers_as_a_forward_proxy),
        unit_row(answers_name_scopes_and_metadata),
        unit_row(answers_leave_other_pages_alone),
        unit_row(answers_metadata),
        unit_row(answers_unchanged_metadata),
        unit_row(answers_trace_of_any_verdict),
        unit_row(answers_write_one_line),
        unit_row(answers_write_no_line_that_nobody_wants),
    };

    return unit_run(tests);
}
