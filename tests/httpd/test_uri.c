/* SPDX-License-Identifier: Apache-2.0 */
/* A token in the query, and everything that repeats it. */
#include "tests/httpd/inside.h"

#include "bearer/text/pairs.h"
#include "httpd/request/uri.h"

#define SPOTS  "/chain/spots"
#define PUBLIC "/chain/public"

/* --- arriving ------------------------------------------------------------------------- */

/* the sections are not known yet: nobody sees what may be a token in the line; the
 * query decides what httpd serves, and stays */
static void uri_covers_the_line(void **state)
{
    static const struct {
        const char *target, *covered;
    } rows[] = {
        {"/x", "/x"},
        {"/x?a=b", "/x?a=b"},
        {"/x?tok=T", "/x"},
        {"/x?a=b&tok=T&c=d", "/x?a=b&c=d"},
        {"/x?to%6B=T;a=b", "/x?a=b"},
        {"/x?token=T", "/x?token=T"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(rows[i].target, *state);
        const char *line = r->the_request;
        const char *args = r->args;

        mab_uri_arrive(r);
        assert_string_equal(r->unparsed_uri, rows[i].covered);
        assert_string_equal(
            r->the_request,
            apr_pstrcat(*state, "GET ", rows[i].covered, " HTTP/1.1", NULL));
        assert_ptr_equal(r->args, args);
        /* none of our places: as if nothing had happened */
        mab_uri_translate(r);
        assert_string_equal(r->the_request, line);
        assert_string_equal(r->unparsed_uri, rows[i].target);
        mab_uri_wait(r);
        assert_string_equal(r->unparsed_uri, rows[i].covered);
        mab_uri_entered(r);
        mab_uri_leave(r);
        assert_string_equal(r->the_request, line);
        assert_string_equal(r->unparsed_uri, rows[i].target);
        assert_string_equal(r->args ? r->args : "-", args ? args : "-");
    }
}

/* httpd logs the line of a method that it does not know */
static void uri_stays_covered_for_an_unknown_method(void **state)
{
    request_rec *r = inside_request("/x?tok=T", *state);

    mab_uri_arrive(r);
    r->method_number = M_INVALID;
    mab_uri_leave(r);
    assert_string_equal(r->unparsed_uri, "/x");
}

static void uri_cleans_the_referer_of_this_site(void **state)
{
    static const struct {
        const char *host, *referer, *want;
    } rows[] = {
        {"a.example", "https://a.example/?tok=T", "https://a.example/"},
        {"a.example", "https://A.EXAMPLE/?x&tok=T", "https://A.EXAMPLE/?x"},
        {"a.example", "https://a.example?tok=T", "https://a.example"},
        {"a.example:81", "http://a.example:81/p?tok=T",
         "http://a.example:81/p"},
        {"a.example", "/p?tok=T", "/p"},
        {NULL, "https://b.example/?tok=T", "https://b.example/"},
        /* theirs */
        {"a.example", "https://b.example/?tok=T", "https://b.example/?tok=T"},
        {"a.example", "https://a.example.evil/?tok=T",
         "https://a.example.evil/?tok=T"},
        {"a.example", "https://a.example:81/?tok=T",
         "https://a.example:81/?tok=T"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/x", *state);

        if (rows[i].host)
            apr_table_setn(r->headers_in, "Host", rows[i].host);
        apr_table_setn(r->headers_in, "Referer", rows[i].referer);
        mab_uri_arrive(r);
        assert_string_equal(apr_table_get(r->headers_in, "Referer"),
                            rows[i].want);
    }
}

/* a request that failed before its sections were known has a page, which gets its
 * query */
static void uri_cleans_what_broke_early(void **state)
{
    static const struct {
        int status;
        bool entered, part, cleaned;
    } rows[] = {{HTTP_BAD_REQUEST, false, false, true},
                {HTTP_BAD_REQUEST, true, false, false},
                {HTTP_OK, false, false, false},
                {HTTP_BAD_REQUEST, false, true, false}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *broken = inside_request("/x?tok=T", *state);
        request_rec *page = inside_request("/error?tok=T", *state);
        const char *row = apr_psprintf(*state, "row %d", (int)i);

        broken->status = rows[i].status;
        if (rows[i].entered)
            mab_uri_entered(broken);
        if (rows[i].part)
            page->main = broken;
        else
            page->prev = broken;
        mab_uri_arrive(page);
        unit_expect(row, !broken->args == rows[i].cleaned);
        unit_expect(row, !strchr(page->unparsed_uri, '?') == rows[i].cleaned);
    }
}

/* --- taking ----------------------------------------------------------------------------- */

static int enter(request_rec *r)
{
    return mab_uri_enter(r, mab_record_begin(r)->place);
}

static void uri_leaves_nothing_behind(void **state)
{
    request_rec *r = inside_request(SPOTS "?a=b&tok=T&c", *state);
    request_rec *before = inside_request(PUBLIC "?tok=T&x", *state);
    const mab_exchange_t *exchange;
    const mab_query_t *query;

    mab_uri_arrive(r);
    r->prev = before;
    mab_uri_translate(r);
    assert_string_equal(r->args, "a=b&c");
    assert_string_equal(before->args, "x");
    assert_int_equal(enter(r), OK);
    exchange = mab_record_find_exchange(r);
    assert_int_equal(exchange->queries->nelts, 1);
    query = &APR_ARRAY_IDX(exchange->queries, 0, mab_query_t);
    assert_string_equal(query->name, "tok");
    assert_string_equal(query->value, "T");
    assert_string_equal(r->args, "a=b&c");
    assert_string_equal(r->parsed_uri.query, "a=b&c");
    assert_string_equal(r->unparsed_uri, SPOTS "?a=b&c");
    assert_string_equal(r->the_request, "GET " SPOTS "?a=b&c HTTP/1.1");
}

static const char *const pieces[] = {"tok=SECRET",
                                     "tok=SECRET",
                                     "t%6fk=SECRET",
                                     "%74ok=SECRET",
                                     "tok",
                                     "a=1",
                                     "token=x",
                                     "b=%20",
                                     "=",
                                     "tok%3d=x",
                                     "&",
                                     "&",
                                     "&",
                                     ";",
                                     "x",
                                     "%",
                                     "/",
                                     "?",
                                     NULL};

static bool tells(request_rec *r)
{
    return strstr(r->the_request, "SECRET") || strstr(r->unparsed_uri, "SECRET")
           || (r->args && strstr(r->args, "SECRET"))
           || (r->parsed_uri.query && strstr(r->parsed_uri.query, "SECRET"))
           || (r->filename && strstr(r->filename, "SECRET"));
}

static bool has_pair(const char *args)
{
    return bearer_pairs_find(BEARER_PAIRS_QUERY, args, "tok", NULL, 0) > 0;
}

/* Any query. In a place of ours no token is left anywhere, and the other pairs stay
 * as they were; elsewhere nothing has changed at all. */
static void uri_takes_the_token_and_nothing_else(void **state)
{
    int i, taken = 0;

    for (i = 0; i < 20000; i++) {
        apr_pool_t *pool;
        const char *text, *rest, *target;
        request_rec *r;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        text = inside_random_text(pieces, 8, pool);
        target = apr_pstrcat(pool, SPOTS "?", text, NULL);
        rest = bearer_pairs_remove(BEARER_PAIRS_QUERY, text, "tok", pool);
        r = inside_request(target, pool);
        r->filename = apr_pstrcat(pool, "proxy:http://b/p?", text, NULL);
        mab_uri_arrive(r);
        mab_uri_translate(r);
        assert_int_equal(enter(r), OK);
        /* "a?tok=SECRET" is a name of its own, with the token as its value;
         * that is no token here */
        if (has_pair(text) && (tells(r) != (rest && strstr(rest, "SECRET"))))
            fail_msg("a token is left of %s: %s, %s", text, r->the_request,
                     r->filename);
        if (has_pair(r->args)
            || strcmp(r->args ? r->args : "", rest ? rest : ""))
            fail_msg("%s became %s", text, r->args);
        taken += has_pair(text);
        r = inside_request(apr_pstrcat(pool, PUBLIC "?", text, NULL), pool);
        mab_uri_arrive(r);
        mab_uri_translate(r);
        mab_uri_wait(r);
        mab_uri_leave(r);
        assert_string_equal(r->args, text);
        assert_string_equal(strchr(r->unparsed_uri, '?') + 1, text);
        apr_pool_destroy(pool);
    }
    assert_in_range(taken, 5000, 20000);
}

/* what mod_proxy and mod_rewrite make of path and query: ours is taken from the
 * end; a "?" that took part in decisions stays */
static void uri_cleans_a_proxied_address(void **state)
{
    static const struct {
        const char *before, *want;
    } rows[] = {
        {"proxy:http://b/p?tok=T", "proxy:http://b/p"},
        {"proxy:http://b/p?x?tok=T", "proxy:http://b/p?x"},
        {"proxy:http://b/p?tok=T?tok=T", "proxy:http://b/p?tok=T"},
        {"proxy:http://b/p", "proxy:http://b/p"},
        {"proxy:http://b/?tok=T&x", "proxy:http://b/?tok=T&x"},
        /* nocanon: as it arrived, perhaps with a fragment */
        {"proxy:http://b/p?tok=T#f", "proxy:http://b/p"},
        {"/srv/p?tok=T", "/srv/p?tok=T"},
        {NULL, NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(SPOTS "?tok=T", *state);

        if (rows[i].before && strchr(rows[i].before, '#'))
            r->unparsed_uri = apr_pstrdup(r->pool, SPOTS "?tok=T#f");
        r->filename = apr_pstrdup(r->pool, rows[i].before);
        assert_int_equal(enter(r), OK);
        if (rows[i].want)
            assert_string_equal(r->filename, rows[i].want);
        else
            assert_null(r->filename);
    }
}

/* %3F: others would see a query where the sections saw a path */
static void uri_refuses_a_decoded_question_mark(void **state)
{
    static const struct {
        const char *place, *uri;
        int proxyreq, want;
    } rows[] = {
        {SPOTS, SPOTS "/a?tok=T", PROXYREQ_NONE, HTTP_BAD_REQUEST},
        {SPOTS, SPOTS "/a?", PROXYREQ_REVERSE, HTTP_BAD_REQUEST},
        {SPOTS, SPOTS "/a", PROXYREQ_NONE, OK},
        {SPOTS, NULL, PROXYREQ_NONE, OK},
        {SPOTS, "http://b/a?x", PROXYREQ_PROXY, OK},
        {"/chain/head", "/chain/head/a?tok=T", PROXYREQ_NONE, OK},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(rows[i].place, *state);

        r->uri = apr_pstrdup(r->pool, rows[i].uri);
        r->proxyreq = rows[i].proxyreq;
        unit_expect(rows[i].place, enter(r) == rows[i].want);
    }
}

/* all of what a forward proxy is asked for is its URI */
static void uri_cleans_what_a_forward_proxy_is_asked_for(void **state)
{
    request_rec *r = inside_request(SPOTS "?tok=T&x", *state);

    r->proxyreq = PROXYREQ_PROXY;
    r->uri = apr_pstrdup(r->pool, "http://b.example/p?tok=T&x");
    assert_int_equal(enter(r), OK);
    assert_string_equal(r->uri, "http://b.example/p?x");
}

/* --- what runs inside --------------------------------------------------------------------- */

static void uri_cleans_what_httpd_copies(void **state)
{
    static const struct {
        const char *name, *before, *want;
    } rows[] = {
        {"REQUEST_URI", "/p?tok=T&a", "/p?a"},
        {"REDIRECT_REQUEST_URI", "/p?tok=T", "/p"},
        {"QUERY_STRING", "tok=T&a", "a"},
        {"QUERY_STRING", "tok=T", ""},
        {"REDIRECT_QUERY_STRING", "a;tok=T", "a"},
        {"REDIRECT_REDIRECT_QUERY_STRING", "tok=T", ""},
        {"QUERY_STRING_UNESCAPED", "tok=T", ""},
        {"DOCUMENT_ARGS", "tok=T&b", "b"},
        /* what the administrator sets is not a copy just because of its name */
        {"MY_QUERY", "tok=T", "tok=T"},
        {"DOCUMENT_URI", "/p?tok=T", "/p?tok=T"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(SPOTS, *state);
        request_rec *before = inside_request("/x?tok=T&y", *state);

        r->prev = before;
        r->args = apr_pstrdup(r->pool, "tok=T&x");
        apr_table_setn(r->headers_in, "Referer", "https://b/?tok=T");
        apr_table_setn(r->subprocess_env, rows[i].name, rows[i].before);
        mab_uri_settle(r, mab_conf_place(r));
        assert_string_equal(apr_table_get(r->subprocess_env, rows[i].name),
                            rows[i].want);
        assert_string_equal(r->args, "x");
        assert_string_equal(before->args, "y");
        assert_string_equal(apr_table_get(r->headers_in, "Referer"),
                            "https://b/");
    }
}

static void uri_leaves_places_without_queries_alone(void **state)
{
    request_rec *r = inside_request("/chain/head?tok=T", *state);

    apr_table_setn(r->subprocess_env, "QUERY_STRING", "tok=T");
    assert_int_equal(enter(r), OK);
    mab_uri_settle(r, mab_conf_place(r));
    assert_string_equal(r->args, "tok=T");
    assert_string_equal(apr_table_get(r->subprocess_env, "QUERY_STRING"),
                        "tok=T");
}

/* --- the log -------------------------------------------------------------------------------- */

/* all requests of a chain, wherever they went */
static void uri_tells_the_log_nothing(void **state)
{
    request_rec *first = inside_request(PUBLIC "?tok=T&a", *state);
    request_rec *next = inside_request("/chain/head?tok=T", *state);
    request_rec *r;

    first->next = next;
    apr_table_setn(first->headers_in, "Referer", "https://b/?tok=T");
    mab_uri_redact(first);
    assert_string_equal(first->args, "a");
    assert_string_equal(apr_table_get(first->headers_in, "Referer"),
                        "https://b/");
    for (r = first; r; r = r->next) {
        assert_null(strstr(r->the_request, "tok"));
        assert_null(strstr(r->unparsed_uri, "tok"));
        assert_null(r->args ? strstr(r->args, "tok") : NULL);
    }
}

static void uri_knows_names_behind_redirects(void **state BEARER_UNUSED)
{
    assert_string_equal(mab_uri_base_name("A"), "A");
    assert_string_equal(mab_uri_base_name("REDIRECT_A"), "A");
    assert_string_equal(mab_uri_base_name("REDIRECT_REDIRECT_A"), "A");
    assert_string_equal(mab_uri_base_name("REDIRECT"), "REDIRECT");
}

int inside_uri(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(uri_covers_the_line),
        unit_row(uri_stays_covered_for_an_unknown_method),
        unit_row(uri_cleans_the_referer_of_this_site),
        unit_row(uri_cleans_what_broke_early),
        unit_row(uri_leaves_nothing_behind),
        unit_row(uri_takes_the_token_and_nothing_else),
        unit_row(uri_cleans_a_proxied_address),
        unit_row(uri_refuses_a_decoded_question_mark),
        unit_row(uri_cleans_what_a_forward_proxy_is_asked_for),
        unit_row(uri_cleans_what_httpd_copies),
        unit_row(uri_leaves_places_without_queries_alone),
        unit_row(uri_tells_the_log_nothing),
        unit_row(uri_knows_names_behind_redirects),
    };

    return unit_run(tests);
}
