/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/httpd/inside.h"

#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "httpd/request/cors.h"

static const char *sent(request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->err_headers_out, name);

    return value ? value : "-";
}

/* what an answer says to scripts of other origins */
static void cors_headers(void **state)
{
    static const struct {
        const char *path, *origin, *allow, *vary;
    } rows[] = {
        {"/plain", "https://app.example", "-", "-"},
        {"/cors", NULL, "-", "Origin"},
        {"/cors", "https://app.example", "https://app.example", "Origin"},
        {"/cors", "https://other.example", "https://other.example", "Origin"},
        {"/cors", "https://evil.example", "-", "Origin"},
        {"/cors", "https://app.example.evil.example", "-", "Origin"},
        {"/cors", "https://app.example/", "-", "Origin"},
        {"/cors", "HTTPS://APP.EXAMPLE", "-", "Origin"},
        {"/cors", "*", "-", "Origin"},
        {"/cors", "null", "-", "Origin"},
        {"/open", "https://any.example", "*", "-"},
        {"/open", "null", "*", "-"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(rows[i].path, *state);
        const char *name =
            apr_pstrcat(*state, rows[i].path, " ",
                        rows[i].origin ? rows[i].origin : "without", NULL);

        if (rows[i].origin)
            apr_table_setn(r->headers_in, "Origin", rows[i].origin);
        mab_cors_set_headers(r);
        unit_expect(
            name,
            strcmp(sent(r, "Access-Control-Allow-Origin"), rows[i].allow) == 0);
        unit_expect(name, strcmp(sent(r, "Vary"), rows[i].vary) == 0);
        unit_expect(name,
                    (strcmp(sent(r, "Access-Control-Expose-Headers"), "-") != 0)
                        == (strcmp(rows[i].allow, "-") != 0));
        unit_expect(name,
                    strcmp(sent(r, "Access-Control-Allow-Credentials"), "-")
                        == 0);
    }
}

static void cors_preflights(void **state)
{
    static const struct {
        const char *path, *method, *origin, *asked;
        bool answered;
    } rows[] = {
        {"/cors", "OPTIONS", "https://app.example", "PUT", true},
        {"/cors", "OPTIONS", "https://app.example", "VERSION-CONTROL", true},
        {"/cors", "OPTIONS", "https://evil.example", "PUT", true},
        {"/open", "OPTIONS", "https://any.example", "GET", true},
        {"/plain", "OPTIONS", "https://app.example", "PUT", false},
        {"/cors", "GET", "https://app.example", "PUT", false},
        {"/cors", "OPTIONS", NULL, "PUT", false},
        {"/cors", "OPTIONS", "https://app.example", NULL, false},
        {"/cors", "OPTIONS", "https://app.example", "", false},
        {"/cors", "OPTIONS", "https://app.example", "PUT, GET", false},
        {"/cors", "OPTIONS", "https://app.example", "P\xc3T", false},
        {"/cors", "OPTIONS", "https://app.example",
         "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(rows[i].path, *state);
        const char *name = apr_psprintf(*state, "row %d", (int)i);
        bool allowed;

        inside_set_method(r, rows[i].method);
        if (rows[i].origin)
            apr_table_setn(r->headers_in, "Origin", rows[i].origin);
        if (rows[i].asked)
            apr_table_setn(r->headers_in, "Access-Control-Request-Method",
                           rows[i].asked);
        mab_cors_set_headers(r);
        allowed = strcmp(sent(r, "Access-Control-Allow-Origin"), "-") != 0;
        unit_expect(name, mab_cors_answers(r) == rows[i].answered);
        unit_expect(name, (r->status == HTTP_NO_CONTENT) == rows[i].answered);
        /* who is not named learns nothing of methods */
        unit_expect(name,
                    strcmp(sent(r, "Access-Control-Allow-Methods"),
                           rows[i].answered && allowed ? rows[i].asked : "-")
                        == 0);
    }
}

/* parts and later requests of a chain are never preflights of their own */
static void cors_preflights_only_of_the_client(void **state)
{
    request_rec *r = inside_request("/cors", *state);
    request_rec *first = inside_request("/cors", *state);

    inside_set_method(r, "OPTIONS");
    apr_table_setn(r->headers_in, "Origin", "https://app.example");
    apr_table_setn(r->headers_in, "Access-Control-Request-Method", "PUT");
    r->prev = first;
    assert_false(mab_cors_answers(r));
    r->prev = NULL;
    r->main = first;
    assert_false(mab_cors_answers(r));
    /* and a part does not repeat what the whole has said */
    apr_table_setn(first->err_headers_out, "Access-Control-Allow-Origin", "x");
    mab_cors_set_headers(r);
    assert_string_equal(sent(r, "Access-Control-Allow-Origin"), "-");
}

static void cors_documents_for_all(void **state)
{
    request_rec *r = inside_request("/plain", *state);

    mab_cors_open_document(r);
    assert_string_equal(sent(r, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(sent(r, "Access-Control-Allow-Methods"), "-");
    inside_set_method(r, "OPTIONS");
    mab_cors_open_document(r);
    assert_string_equal(sent(r, "Access-Control-Allow-Methods"), "GET, HEAD");
}

/* the program's own field gives way, where the place names origins */
static void cors_one_origin_in_an_answer(void **state)
{
    static const char *const paths[] = {"/cors", "/plain"};
    size_t i;

    for (i = 0; i < 2; i++) {
        request_rec *r = inside_request(paths[i], *state);

        apr_table_setn(r->headers_in, "Origin", "https://app.example");
        apr_table_setn(r->headers_out, "Access-Control-Allow-Origin", "*");
        mab_cors_set_headers(r);
        mab_cors_insert_filter(r);
        ap_rputs("body", r);
        assert_string_equal(inside_body(r), "body");
        unit_expect(paths[i], !apr_table_get(r->headers_out,
                                             "Access-Control-Allow-Origin")
                                  == (i == 0));
    }
}

int inside_cors(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(cors_headers),
        unit_row(cors_preflights),
        unit_row(cors_preflights_only_of_the_client),
        unit_row(cors_documents_for_all),
        unit_row(cors_one_origin_in_an_answer),
    };

    return unit_run(tests);
}
