/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a request and its answer: caches, the query's token, exported
 * names. The ways that lead there are shown end to end. */
#include "tests/httpd/inside.h"

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "httpd/request/export.h"
#include "httpd/request/private.h"
#include "httpd/request/take.h"

/* --- Cache-Control -------------------------------------------------------------------- */

static const char *controlled(const char *program, const char *always,
                              apr_pool_t *pool)
{
    request_rec *r = inside_request("/plain", pool);

    if (program)
        apr_table_setn(r->headers_out, "Cache-Control", program);
    if (always)
        apr_table_setn(r->err_headers_out, "Cache-Control", always);
    mab_private_tell(r);
    mab_private_insert_filter(r);
    ap_rputs("body", r);
    assert_string_equal(inside_body(r), "body");
    assert_null(apr_table_get(r->headers_out, "Cache-Control"));
    return apr_table_get(r->err_headers_out, "Cache-Control");
}

static void requests_are_answered_privately(void **state)
{
    static const struct {
        const char *program, *always, *answer;
    } rows[] = {
        {NULL, NULL, "private"},
        {"", NULL, "private"},
        {"public", NULL, "private"},
        {"PUBLIC, max-age=60", NULL, "private, max-age=60"},
        {"max-age=60, s-maxage=5", NULL, "private, max-age=60"},
        {"S-MaxAge = 5", NULL, "private"},
        {" public ,, max-age=60 ", NULL, "private, max-age=60 "},
        {"private", NULL, "private"},
        {"Private, max-age=1", NULL, "Private, max-age=1"},
        {"no-store", NULL, "no-store"},
        {"no-cache", "public", "private, no-cache"},
        {"public", "no-store", "no-store"},
        /* of one field only, and so not of the answer */
        {"private=\"Set-Cookie\"", NULL, "private, private=\"Set-Cookie\""},
        {"x=\"a, public\", public", NULL, "private, x=\"a, public\""},
        {"x=\"a\\\", public\", max-age=1", NULL,
         "private, x=\"a\\\", public\", max-age=1"},
        {"x=\"a, public", NULL, "private, x=\"a, public"},
        {"publicity, private-area", NULL, "private, publicity, private-area"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *answer =
            controlled(rows[i].program, rows[i].always, *state);

        if (strcmp(answer, rows[i].answer) != 0)
            fail_msg("row %d: \"%s\", not \"%s\"", (int)i, answer,
                     rows[i].answer);
    }
}

/* nobody carried a token, so nothing changes */
static void requests_without_a_token_are_left_alone(void **state)
{
    request_rec *r = inside_request("/plain", *state);

    apr_table_setn(r->headers_out, "Cache-Control", "public");
    mab_private_insert_filter(r);
    ap_rputs("body", r);
    assert_string_equal(inside_body(r), "body");
    assert_string_equal(apr_table_get(r->headers_out, "Cache-Control"),
                        "public");
}

/* a part is refused, or is for a token: then the page is for nobody else either */
static void requests_tell_those_before(void **state)
{
    request_rec *page = inside_request("/plain", *state);
    request_rec *r = inside_request("/plain", *state);
    request_rec *part = inside_request("/plain", *state);

    r->prev = page;
    part->main = r;
    mab_private_tell(part);
    for (; part; part = mab_record_before(part)) {
        mab_private_insert_filter(part);
        ap_rputs("body", part);
        assert_string_equal(inside_body(part), "body");
        assert_string_equal(
            apr_table_get(part->err_headers_out, "Cache-Control"), "private");
        /* mod_cache's sign */
        assert_non_null(apr_table_get(part->subprocess_env, "no-cache"));
    }
}

static bool has_filter(const request_rec *r, const char *name)
{
    const ap_filter_t *filter;

    for (filter = r->output_filters; filter; filter = filter->next) {
        if (strcasecmp(filter->frec->name, name) == 0)
            return true;
    }
    return false;
}

/* a page that is on its way into mod_cache already is not kept */
static void requests_are_not_stored_half(void **state)
{
    static const char *const names[] = {"INSIDE_OTHER", "CACHE_SAVE",
                                        "CACHE_SAVE_SUBREQ"};
    request_rec *early = inside_request("/plain", *state);
    request_rec *late = inside_request("/plain", *state);
    size_t i;

    mab_private_insert_filter(late);
    for (i = 0; i < 3; i++) {
        ap_register_output_filter(names[i], NULL, NULL, AP_FTYPE_CONTENT_SET);
        ap_add_output_filter(names[i], NULL, early, early->connection);
        ap_add_output_filter(names[i], NULL, late, late->connection);
    }
    mab_private_tell(early);
    mab_private_tell(late);
    for (i = 0; i < 3; i++) {
        unit_expect(names[i], has_filter(early, names[i]));
        unit_expect(names[i], has_filter(late, names[i]) == (i == 0));
    }
}

/* The header of a page leaves before its parts are known, any of which may be one for
 * a token, if the client carries something where any place looks. */
static void requests_for_pages_with_parts(void **state)
{
    static const struct {
        const char *target, *header, *value;
        bool carries;
    } rows[] = {
        {"/x", "Accept", "a", false},
        {"/x", "Authorization", "Bearer T", true},
        {"/x", "Authorization", "bearer", true},
        {"/x", "Authorization", "  Bearer T", true},
        {"/x", "Authorization", "Basic x", true},
        {"/x", "Authorization", "Digest x", false},
        {"/x", MAB_PROTOCOL_HEADER, "a, " MAB_PROTOCOL_NAME ".VA", true},
        {"/x", MAB_PROTOCOL_HEADER, "a, " MAB_PROTOCOL_NAME, false},
        {"/x", "X-Token", "T", true},
        {"/x", "Cookie", "a=b; tok=T", true},
        {"/x", "Cookie", "a=b", false},
        {"/x?tok=T", "Accept", "a", true},
        {"/x?token=T", "Accept", "a", false},
    };
    static const char *const kinds[] = {"none", "list", "INCLUDES"};
    size_t i, k;

    ap_register_output_filter("INCLUDES", NULL, NULL, AP_FTYPE_RESOURCE);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (k = 0; k < 3; k++) {
            request_rec *r = inside_request(rows[i].target, *state);
            const char *row =
                apr_psprintf(*state, "row %d, %s", (int)i, kinds[k]);

            apr_table_setn(r->headers_in, rows[i].header, rows[i].value);
            r->handler = k == 1 ? DIR_MAGIC_TYPE : "a program";
            if (k == 2)
                ap_add_output_filter(kinds[k], NULL, r, r->connection);
            mab_private_insert_filter(r);
            unit_expect(row, has_filter(r, "AUTH_BEARER_PRIVATE")
                                 == (rows[i].carries && k));
        }
    }
}

/* --- a user --------------------------------------------------------------------------- */

static void requests_have_the_user_of_the_token_or_none(void **state)
{
    request_rec *r = inside_request("/cors", *state);
    mab_request_t *request = inside_admit(r, "{\"sub\":\"alice\"}");

    r->user = (char *)"mallory";
    apr_table_setn(r->subprocess_env, "REMOTE_USER", "mallory");
    mab_export_settle(r);
    assert_string_equal(r->user, "alice");
    assert_null(apr_table_get(r->subprocess_env, "REMOTE_USER"));
    request->verdict.why = BEARER_EXPIRED;
    mab_export_settle(r);
    assert_null(r->user);
    assert_null(r->ap_auth_type);
}

/* --- a mark of credentials ------------------------------------------------------------ */

static void requests_are_marked_while_others_look(void **state)
{
    request_rec *r = inside_request("/cors", *state);
    mab_request_t *request = inside_admit(r, "{}");

    request->taken = true;
    request->took = BEARER_OK;
    mab_take_mark(r);
    assert_string_equal(apr_table_get(r->headers_in, "Authorization"),
                        "Bearer");
    mab_take_unmark(r);
    assert_null(apr_table_get(r->headers_in, "Authorization"));
    /* a client's own of the same text stays */
    apr_table_set(r->headers_in, "Authorization", "Bearer");
    mab_take_mark(r);
    mab_take_unmark(r);
    assert_string_equal(apr_table_get(r->headers_in, "Authorization"),
                        "Bearer");
    /* and without a token there is no sign */
    r = inside_request("/cors", *state);
    request = inside_admit(r, "{}");
    request->taken = true;
    request->took = BEARER_TOKEN_MISSING;
    mab_take_mark(r);
    assert_null(apr_table_get(r->headers_in, "Authorization"));
}

int inside_requests(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(requests_are_answered_privately),
        unit_row(requests_without_a_token_are_left_alone),
        unit_row(requests_tell_those_before),
        unit_row(requests_are_not_stored_half),
        unit_row(requests_for_pages_with_parts),
        unit_row(requests_have_the_user_of_the_token_or_none),
        unit_row(requests_are_marked_while_others_look),
    };

    return unit_run(tests);
}
