/* SPDX-License-Identifier: Apache-2.0 */
/* How bearer/text/pairs takes lists apart, compared with those that do so after us:
 * httpd's own functions, and mod_proxy itself. */
#include "tests/httpd/inside.h"

#include <apr_lib.h>
#include <http_core.h>
#include <http_protocol.h>
#include <mod_proxy.h>
#include <util_cookies.h>
#include <util_script.h>

#include "bearer/text/pairs.h"

#define ROUNDS 100000

/* --- Connection ------------------------------------------------------------------------ */

static const char *const names[] = {
    "X-User", "x-user", "X_USER", "close", "te",    "X-Other", "upgrade", ",",
    ",",      ";",      " ",      "\t",    ", ",    "; ",      "\"",      "\"",
    "=",      "\\",     "a",      "\v",    "\xc3x", NULL};

/* the names in their order, each in <>, without empty ones and without ours */
static const char *take_names(const char *text, int *ours, apr_pool_t *pool)
{
    const char *all = "", *name;

    *ours = 0;
    while (text && *text) {
        while (*text == ',' || *text == ';')
            text++;
        name = ap_get_token(pool, &text, 0);
        if (strcasecmp(name, "X-User") == 0)
            (*ours)++;
        else if (*name)
            all = apr_pstrcat(pool, all, "<", name, ">", NULL);
    }
    return all;
}

/* what mod_proxy would send to a back end */
static const char *proxied(request_rec *r, const char *connection)
{
    apr_bucket_brigade *sent =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);
    proxy_conn_rec *conn = apr_pcalloc(r->pool, sizeof(*conn));
    proxy_worker *worker = apr_pcalloc(r->pool, sizeof(*worker));
    proxy_server_conf *conf = apr_pcalloc(r->pool, sizeof(*conf));
    apr_uri_t uri = {.hostname = (char *)"127.0.0.1"};
    char *old_cl = NULL, *old_te = NULL, *text = NULL;
    apr_size_t len = 0;

    worker->s = apr_pcalloc(r->pool, sizeof(*worker->s));
    conn->worker = worker;
    apr_table_clear(r->headers_in);
    apr_table_setn(r->headers_in, "X-User", "alice");
    apr_table_setn(r->headers_in, "X-Other", "other");
    apr_table_setn(r->headers_in, "a", "a");
    if (connection)
        apr_table_setn(r->headers_in, "Connection", connection);
    assert_int_equal(ap_proxy_create_hdrbrgd(r->pool, sent, r, conn, worker,
                                             conf, &uri, (char *)"/",
                                             (char *)":80", &old_cl, &old_te),
                     OK);
    assert_int_equal(apr_brigade_pflatten(sent, &text, &len, r->pool), 0);
    return apr_pstrmemdup(r->pool, text, len);
}

/* The header is kept, and nothing else that the client may decide changes. Returns
 * whether it would be lost without us. */
static bool expect_proxied(const char *text, const char *rest, apr_pool_t *pool)
{
    request_rec *r = inside_request("/plain", pool);
    const char *before = proxied(r, text), *after = proxied(r, rest);
    bool other = strstr(before, "X-Other: other\r\n") != NULL;
    bool a = strstr(before, "\r\na: a\r\n") != NULL;

    if (!strstr(after, "X-User: alice\r\n"))
        fail_msg("mod_proxy takes X-User away for \"%s\" of \"%s\"", rest,
                 text);
    if (other != (strstr(after, "X-Other: other\r\n") != NULL)
        || a != (strstr(after, "\r\na: a\r\n") != NULL))
        fail_msg("mod_proxy reads \"%s\" as another than \"%s\"", rest, text);
    return !strstr(before, "X-User: ");
}

static void oracles_mod_proxy_keeps_the_header(void **state)
{
    int i, lost = 0;

    for (i = 0; i < ROUNDS; i++) {
        apr_pool_t *pool;
        const char *text, *rest, *all, *left;
        int ours, still;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        text = inside_random_text(names, 12, pool);
        rest = bearer_pairs_remove(BEARER_PAIRS_NAMES, text, "X-User", pool);
        all = take_names(text, &ours, pool);
        left = take_names(rest, &still, pool);
        if (bearer_pairs_find(BEARER_PAIRS_NAMES, text, "X-User", NULL, 0)
            != ours)
            fail_msg("ap_get_token finds %d in \"%s\"", ours, text);
        if (still || strcmp(all, left) != 0)
            fail_msg("\"%s\" became \"%s\"", text, rest ? rest : "nothing");
        lost += expect_proxied(text, rest, pool);
        apr_pool_destroy(pool);
    }
    assert_in_range(lost, ROUNDS / 10, ROUNDS);
}

/* --- cookies ---------------------------------------------------------------------------- */

static const char *const cookies[] = {
    "tok", "tok=", "t%6fk=", "note=", "note=a", "$Path=/", ";",    ";",
    "; ",  "=",    "\"",     "admin", "T",      "%20",     "\xa0", NULL};

/* mod_usertrack's way, in the words of its documentation: at the beginning, or
 * after a separator and blanks */
static bool is_tracked(const ap_regex_t *regex, const char *text)
{
    return text && ap_regexec(regex, text, 0, NULL, 0) == 0;
}

/* httpd's readers (mod_session's, mod_usertrack's) see nothing that we do not, and
 * the same value where we take one */
static void expect_cookie(request_rec *r, const char *text)
{
    bearer_str_t value = {NULL, 0};
    int count = bearer_pairs_find(BEARER_PAIRS_COOKIE, text, "tok", &value, 1);
    const char *theirs = NULL, *ours;

    apr_table_setn(r->headers_in, "Cookie", text);
    if (ap_cookie_read(r, "tok", &theirs, 0) != APR_SUCCESS) {
        if (count < 1)
            fail_msg("httpd finds tok twice in \"%s\", we do not at all", text);
        return;
    }
    if (theirs && !count)
        fail_msg("httpd finds tok in \"%s\", we do not", text);
    ours = apr_pstrmemdup(r->pool, value.data, value.len);
    if (count != 1 || !value.len || strchr(ours, ',') || strchr(ours, '='))
        return;
    if (!theirs || strncmp(theirs, ours, strlen(ours)) != 0)
        fail_msg("httpd finds \"%s\" in \"%s\", we \"%s\"", theirs, text, ours);
}

static void oracles_httpd_finds_no_other_cookie(void **state)
{
    const ap_regex_t *regex = ap_pregcomp(
        *state, "^tok=([^;,]+)|[;,][ \t]+tok=([^;,]+)", AP_REG_EXTENDED);
    int i, found = 0;

    for (i = 0; i < ROUNDS; i++) {
        const char *text, *rest, *theirs = NULL;
        apr_pool_t *pool;
        request_rec *r;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        r = inside_request("/plain", pool);
        text = inside_random_text(cookies, 10, pool);
        expect_cookie(r, text);
        found +=
            bearer_pairs_find(BEARER_PAIRS_COOKIE, text, "tok", NULL, 0) > 0;
        rest = bearer_pairs_remove(BEARER_PAIRS_COOKIE, text, "tok", pool);
        apr_table_setn(r->headers_in, "Cookie", rest ? rest : "");
        assert_int_equal(ap_cookie_read(r, "tok", &theirs, 0), APR_SUCCESS);
        if (theirs || is_tracked(regex, rest))
            fail_msg("httpd still finds tok in \"%s\" of \"%s\"", rest, text);
        apr_pool_destroy(pool);
    }
    assert_in_range(found, ROUNDS / 10, ROUNDS);
}

/* --- queries ------------------------------------------------------------------------------ */

static const char *const queries[] = {
    "tok=T", "tok=", "t%6fk=", "%74ok=V", "a=1", "b=%20",   "&", "&",
    ";",     "=",    "%",      "x",       "?",   "tok%2f=", "#", NULL};

/* no pair with a value that we do not see; a name alone has "1" there */
static const char *in_table(request_rec *r, const char *args)
{
    apr_table_t *table = NULL;
    const char *value;

    r->args = apr_pstrdup(r->pool, args ? args : "");
    ap_args_to_table(r, &table);
    value = apr_table_get(table, "tok");
    return value && strcmp(value, "1") != 0 ? value : NULL;
}

static void oracles_httpd_finds_no_other_pair(void **state)
{
    int i, found = 0;

    for (i = 0; i < ROUNDS; i++) {
        const char *text, *rest;
        apr_pool_t *pool;
        request_rec *r;
        int count;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        r = inside_request("/plain", pool);
        text = inside_random_text(queries, 10, pool);
        count = bearer_pairs_find(BEARER_PAIRS_QUERY, text, "tok", NULL, 0);
        rest = bearer_pairs_remove(BEARER_PAIRS_QUERY, text, "tok", pool);
        if (in_table(r, text) && !count)
            fail_msg("httpd finds tok in \"%s\", we do not", text);
        if (in_table(r, rest))
            fail_msg("httpd still finds tok in \"%s\" of \"%s\"", rest, text);
        found += count > 0;
        apr_pool_destroy(pool);
    }
    assert_in_range(found, ROUNDS / 10, ROUNDS);
}

/* what is taken out of a URI leaves the one that httpd parses as it was */
static void oracles_httpd_parses_the_same_uri(void **state)
{
    int i;

    for (i = 0; i < ROUNDS; i++) {
        const char *uri, *rest, *args;
        apr_uri_t before, after;
        apr_pool_t *pool;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        uri = apr_pstrcat(pool, "/p", inside_random_text(queries, 10, pool),
                          NULL);
        rest = bearer_pairs_remove_query(uri, "tok", pool);
        assert_int_equal(apr_uri_parse(pool, uri, &before), 0);
        assert_int_equal(apr_uri_parse(pool, rest, &after), 0);
        assert_string_equal(before.path, after.path);
        args = before.query ? bearer_pairs_remove(BEARER_PAIRS_QUERY,
                                                  before.query, "tok", pool)
                            : NULL;
        if (!args != !after.query || (args && strcmp(args, after.query) != 0))
            fail_msg("\"%s\" became \"%s\"", uri, rest);
        apr_pool_destroy(pool);
    }
}

int inside_oracles(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(oracles_mod_proxy_keeps_the_header),
        unit_row(oracles_httpd_finds_no_other_cookie),
        unit_row(oracles_httpd_finds_no_other_pair),
        unit_row(oracles_httpd_parses_the_same_uri),
    };

    return unit_run(tests);
}
