/* SPDX-License-Identifier: Apache-2.0 */
/* What a program inside gets to see: names that are ours or nobody's, and no token. */
#include "tests/httpd/inside.h"

#include <http_core.h>
#include <util_filter.h>

#include "httpd/request/export.h"
#include "httpd/request/hide.h"
#include "httpd/request/trailers.h"

#define TOKEN "aaa.bbb.ccc"

static const char *header(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);

    return value ? value : "-";
}

static const char *variable(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->subprocess_env, name);

    return value ? value : "-";
}

/* a request whose token was good, and was in this source of its place */
static mab_request_t *admit(request_rec *r, const char *claims, int source)
{
    mab_request_t *request = inside_admit(r, claims);
    int count;

    request->source = mab_conf_sources(request->place, &count) + source;
    assert_in_range(source, 0, count - 1);
    request->presented.token = unit_str(TOKEN);
    request->taken = true;
    return request;
}

/* --- what arrives --------------------------------------------------------------------- */

/* every spelling that a program takes for the name, before anybody looks */
static void export_removes_forged_names(void **state)
{
    static const struct {
        const char *name;
        bool stays;
    } rows[] = {
        {"X-User", false},      {"x-user", false},   {"X_User", false},
        {"X_USER", false},      {"X-Mail", false},   {"X-User-Agent", true},
        {"User", true},         {"X-Userx", true},   {"X.User", false},
        {"x~USER", false},      {"X..User", true},   {"X.User.", true},
        {"Content-Type", true}, {"X-Unknown", true}, {"X.Unknown", true},
    };
    static const char *const paths[] = {"/chain/head", "/chain/public"};
    size_t i, k;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (k = 0; k < 2; k++) {
            request_rec *r = inside_arrival(paths[k], *state);

            apr_table_addn(r->headers_in, rows[i].name, "forged");
            apr_table_addn(r->headers_in, "A", "b");
            apr_table_addn(r->headers_in, rows[i].name, "again");
            mab_export_arrive(r);
            unit_expect(rows[i].name,
                        (strcmp(header(r, rows[i].name), "-") != 0)
                            == rows[i].stays);
            assert_string_equal(header(r, "A"), "b");
        }
    }
}

/* also what a module has put there between arrival and the place */
static void export_removes_what_a_place_exports(void **state)
{
    request_rec *r = inside_request("/chain/head", *state);

    apr_table_setn(r->headers_in, "X_User", "forged");
    apr_table_setn(r->headers_in, "X-Mail", "of another place");
    mab_export_enter(r);
    assert_string_equal(header(r, "X_User"), "-");
    assert_string_equal(header(r, "X-Mail"), "of another place");
}

/* "X_Token" beside "X-Token" would be one variable of both */
static void export_removes_second_tokens(void **state)
{
    static const char *const paths[] = {"/chain/spots", "/chain/public"};
    size_t i;

    for (i = 0; i < 2; i++) {
        request_rec *r = inside_request(paths[i], *state);

        apr_table_setn(r->headers_in, "X-Token", "T");
        apr_table_setn(r->headers_in, "X_Token", "U");
        mab_export_enter(r);
        assert_string_equal(header(r, "X-Token"), "T");
        assert_string_equal(header(r, "X_Token"), i ? "U" : "-");
    }
}

/* --- giving ----------------------------------------------------------------------------- */

static void export_gives_claims(void **state)
{
    static const struct {
        const char *claims, *user, *groups;
    } rows[] = {
        {"{\"sub\":\"alice\",\"groups\":[\"a\",\"b\"]}", "alice", "a,b"},
        {"{\"sub\":\"alice\",\"groups\":\"a\"}", "alice", "a"},
        {"{\"groups\":[]}", "-", ""},
        /* what could end a header, or a list */
        {"{\"sub\":\"a\\r\\nX: y\",\"groups\":[\"a,b\"]}", "-", "-"},
        {"{\"sub\":{\"a\":1},\"groups\":[1,true]}", "{\"a\":1}", "1,true"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/chain/head", *state);

        (void)admit(r, rows[i].claims, 0);
        apr_table_setn(r->headers_in, "X_User", "forged");
        apr_table_setn(r->subprocess_env, "GROUPS", "forged");
        mab_export_settle(r);
        unit_expect(rows[i].claims,
                    strcmp(header(r, "X-User"), rows[i].user) == 0);
        unit_expect(rows[i].claims,
                    strcmp(variable(r, "GROUPS"), rows[i].groups) == 0);
        assert_string_equal(header(r, "X_User"), "-");
        assert_string_equal(r->user, "alice");
        assert_string_equal(r->ap_auth_type, "Bearer");
        /* again, as after DirectoryIndex: the same */
        mab_export_settle(r);
        unit_expect(rows[i].claims,
                    strcmp(header(r, "X-User"), rows[i].user) == 0);
        unit_expect(rows[i].claims,
                    strcmp(variable(r, "GROUPS"), rows[i].groups) == 0);
    }
}

static void export_gives_nothing_without_a_token(void **state)
{
    request_rec *r = inside_request("/chain/head", *state);
    mab_request_t *request = admit(r, "{\"sub\":\"alice\"}", 0);

    request->verdict.why = BEARER_EXPIRED;
    apr_table_setn(r->headers_in, "X-User", "forged");
    mab_export_settle(r);
    assert_string_equal(header(r, "X-User"), "-");
    assert_null(r->user);
    assert_null(r->ap_auth_type);
}

/* "Connection: X-User" makes mod_proxy take our header away */
static void export_protects_headers(void **state)
{
    static const struct {
        const char *before, *want;
    } rows[] = {
        {"X-User", ""},
        {"close, x-user", "close"},
        {"close", "close"},
        {"X_User, te", "X_User, te"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/chain/head", *state);

        (void)admit(r, "{\"sub\":\"alice\"}", 0);
        apr_table_setn(r->headers_in, "Connection", rows[i].before);
        mab_export_settle(r);
        assert_string_equal(header(r, "Connection"), rows[i].want);
        assert_string_equal(header(r, "X-User"), "alice");
    }
}

/* --- withdrawing ---------------------------------------------------------------------------- */

/* as httpd does for a part of a page, or for the target of a redirect */
static request_rec *follow(request_rec *before, const char *path, bool part,
                           apr_pool_t *pool)
{
    request_rec *r = inside_request(path, pool);

    r->headers_in =
        part ? apr_table_copy(r->pool, before->headers_in) : before->headers_in;
    r->subprocess_env = apr_table_copy(r->pool, before->subprocess_env);
    r->user = before->user;
    r->ap_auth_type = before->ap_auth_type;
    if (part)
        r->main = before;
    else
        r->prev = before;
    return r;
}

/* claims of one identity never meet the user of another */
static void export_withdraws_in_foreign_places(void **state)
{
    static const struct {
        const char *path;
        const char *type; /* AUTH_TYPE, as httpd tells a page's parts */
        bool stays;
    } rows[] = {
        {"/chain/other", NULL, false},
        {"/chain/public", NULL, true},
        {"/chain/public", "Bearer", true},
        {"/chain/public", "Basic", false},
    };
    size_t i;
    int part;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (part = 0; part < 2; part++) {
            request_rec *page = inside_request("/chain/head", *state);
            request_rec *r;
            bool seen;

            (void)admit(page, "{\"sub\":\"alice\",\"groups\":\"g\"}", 0);
            mab_export_settle(page);
            assert_string_equal(header(page, "X-User"), "alice");
            r = follow(page, rows[i].path, part, *state);
            apr_table_setn(r->headers_in, "X-Other", "alice");
            if (rows[i].type)
                apr_table_setn(r->subprocess_env, "AUTH_TYPE", rows[i].type);
            mab_export_settle(r);
            seen = strcmp(header(r, "X-User"), "-") != 0;
            unit_expect(rows[i].path, seen == rows[i].stays);
            seen = strcmp(variable(r, "GROUPS"), "-") != 0;
            unit_expect(rows[i].path, seen == rows[i].stays);
            /* the administrator's of the same value is not ours */
            assert_string_equal(header(r, "X-Other"), "alice");
        }
    }
}

/* what was given is known by its address: another text under the name stays */
static void export_leaves_other_hands_alone(void **state)
{
    request_rec *page = inside_request("/chain/head", *state);
    request_rec *r;

    (void)admit(page, "{\"sub\":\"alice\",\"groups\":\"g\"}", 0);
    mab_export_settle(page);
    apr_table_set(page->subprocess_env, "GROUPS", "g");
    r = follow(page, "/chain/other", true, *state);
    mab_export_settle(r);
    assert_string_equal(variable(r, "GROUPS"), "g");
    assert_string_equal(header(r, "X-User"), "-");
}

/* after a redirect, REDIRECT_GROUPS is what the request before had */
static void export_keeps_redirect_names_in_places_of_ours(void **state)
{
    static const char *const paths[] = {"/chain/head", "/chain/other"};
    size_t i;

    for (i = 0; i < 2; i++) {
        request_rec *page = inside_request("/chain/head", *state);
        request_rec *r;

        (void)admit(page, "{\"sub\":\"alice\",\"groups\":\"g\"}", 0);
        mab_export_settle(page);
        r = follow(page, paths[i], false, *state);
        apr_table_setn(r->subprocess_env, "REDIRECT_GROUPS",
                       apr_table_get(page->subprocess_env, "GROUPS"));
        if (i == 0)
            (void)admit(r, "{\"sub\":\"bob\"}", 0);
        mab_export_settle(r);
        assert_string_equal(variable(r, "REDIRECT_GROUPS"), i ? "-" : "g");
        assert_string_equal(variable(r, "GROUPS"), "-");
        assert_string_equal(header(r, "X-User"), i ? "-" : "bob");
    }
}

/* a user of ours is not the user of a place that is not ours, if another type rules
 * there */
static void export_takes_the_user_along_only_where_nobody_rules(void **state)
{
    static const struct {
        const char *path;
        bool stays;
    } rows[] = {{"/chain/other", false}, {"/chain/public", true}};
    size_t i;

    for (i = 0; i < 2; i++) {
        request_rec *page = inside_request("/chain/head", *state);
        request_rec *r;

        (void)admit(page, "{\"sub\":\"alice\"}", 0);
        mab_export_settle(page);
        r = follow(page, rows[i].path, true, *state);
        mab_export_settle(r);
        unit_expect(rows[i].path, !r->user == !rows[i].stays);
    }
}

/* --- the token -------------------------------------------------------------------------------- */

static void export_hides_the_token(void **state)
{
    static const struct {
        const char *path;
        int source; /* of /chain/spots: a cookie, the query, a header */
        bool authorization, cookie, own;
    } rows[] = {
        {"/chain/head", 0, true, true, true},
        {"/chain/hidden", 0, false, true, true},
        {"/chain/spots", 0, true, false, false},
        {"/chain/spots", 1, true, false, false},
        {"/chain/spots", 2, true, false, false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(rows[i].path, *state);
        const mab_request_t *request = admit(r, "{}", rows[i].source);

        apr_table_setn(r->headers_in, "Authorization", "Bearer " TOKEN);
        apr_table_setn(r->headers_in, "Cookie", "tok=" TOKEN "; a=b");
        apr_table_setn(r->headers_in, "X-Token", TOKEN);
        apr_table_setn(r->subprocess_env, "HTTP_X_TOKEN", "of it");
        apr_table_setn(r->subprocess_env, "REDIRECT_HTTP_COOKIE", "tok");
        apr_table_setn(r->subprocess_env, "COPY", "<" TOKEN ">");
        apr_table_setn(r->subprocess_env, "FIELD", "Bearer " TOKEN);
        mab_hide_token(r, request);
        unit_expect(rows[i].path, !apr_table_get(r->headers_in, "Authorization")
                                      == !rows[i].authorization);
        unit_expect(rows[i].path, (strstr(header(r, "Cookie"), "tok") != NULL)
                                      == rows[i].cookie);
        unit_expect(rows[i].path, strstr(header(r, "Cookie"), "a=b"));
        unit_expect(rows[i].path,
                    !apr_table_get(r->headers_in, "X-Token") == !rows[i].own);
        unit_expect(rows[i].path,
                    !apr_table_get(r->subprocess_env, "HTTP_X_TOKEN")
                        == !rows[i].own);
        unit_expect(rows[i].path,
                    !apr_table_get(r->subprocess_env, "REDIRECT_HTTP_COOKIE")
                        == !rows[i].cookie);
        /* copies go wherever the token may not stay */
        unit_expect(rows[i].path,
                    (strcmp(variable(r, "COPY"), "-") != 0) == (i == 0));
        unit_expect(rows[i].path,
                    (strcmp(variable(r, "FIELD"), "-") != 0) == (i == 0));
    }
}

static void export_leaves_no_empty_cookie_field(void **state)
{
    request_rec *r = inside_request("/chain/spots", *state);

    apr_table_setn(r->headers_in, "Cookie", "tok=" TOKEN);
    mab_hide_token(r, admit(r, "{}", 0));
    assert_string_equal(header(r, "Cookie"), "-");
}

/* a client that could choose the text to look for could have a variable of the
 * administrator's removed */
static void export_looks_for_proven_tokens_only(void **state)
{
    request_rec *r = inside_request("/chain/hidden", *state);
    mab_request_t *request = admit(r, "{}", 0);

    request->verdict.why = BEARER_EXPIRED;
    request->presented.token = unit_str("yes");
    apr_table_setn(r->headers_in, "Authorization", "Bearer yes");
    apr_table_setn(r->subprocess_env, "HTTPS_ONLY", "yes");
    apr_table_setn(r->subprocess_env, "FIELD", "Bearer yes");
    mab_hide_token(r, request);
    assert_string_equal(variable(r, "HTTPS_ONLY"), "yes");
    assert_string_equal(variable(r, "FIELD"), "-");
    assert_string_equal(header(r, "Authorization"), "-");
}

/* of a cookie too, good or not: with a pair of that name in it, it is the field's copy */
static void export_hides_copies_of_fields_with_pairs(void **state)
{
    static const struct {
        const char *cookie, *variable;
        bool stays;
    } rows[] = {
        {"tok=yes", "tok=yes", false},
        {"a=b; tok=yes", "a=b; tok=yes", false},
        {"tok=x; tok=y", "tok=x; tok=y", false},
        {"tok=yes", "yes", true},
        {"tok=yes; a", "tok=yes", true},
        /* without such a pair, the text is the client's choice */
        {"yes", "yes", true},
        {"tok", "tok", true},
        {"token=yes", "token=yes", true},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/chain/spots", *state);
        mab_request_t *request = admit(r, "{}", 0);

        request->verdict.why = BEARER_EXPIRED;
        apr_table_setn(r->headers_in, "Cookie", rows[i].cookie);
        apr_table_setn(r->subprocess_env, "FIELD", rows[i].variable);
        apr_table_setn(r->subprocess_env, "REDIRECT_FIELD", rows[i].variable);
        mab_hide_token(r, request);
        unit_expect(rows[i].cookie,
                    (strcmp(variable(r, "FIELD"), "-") != 0) == rows[i].stays);
        unit_expect(rows[i].cookie,
                    (strcmp(variable(r, "REDIRECT_FIELD"), "-") != 0)
                        == rows[i].stays);
    }
}

/* a value is a copy if it could only be made of credentials: a word that could be
 * either proves nothing */
static void export_knows_copies_of_fields(void **state)
{
    static const struct {
        const char *field;
        bool copy;
    } rows[] = {
        {"Basic x", true},   {"basic x", true},
        {"Digest x", true},  {"AWS4-HMAC-SHA256 x", true},
        {"yes", false},      {"Basic", false},
        {"Basicx y", false}, {"Chunked x", false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *page = inside_request("/chain/public", *state);
        request_rec *r = follow(page, "/chain/spots", true, *state);

        (void)admit(r, "{}", 0);
        mab_record_exchange(page)->foreign = rows[i].field;
        apr_table_set(r->subprocess_env, "FIELD", rows[i].field);
        apr_table_setn(r->subprocess_env, "OTHER", "Basic xy");
        mab_hide_foreign(r);
        unit_expect(rows[i].field,
                    (strcmp(variable(r, "FIELD"), "-") == 0) == rows[i].copy);
        assert_string_equal(variable(r, "OTHER"), "Basic xy");
    }
}

/* what is not ours is left to those it is meant for */
static void export_hides_nothing_elsewhere(void **state)
{
    request_rec *r = inside_request("/chain/public", *state);

    apr_table_setn(r->headers_in, "Authorization", "Bearer " TOKEN);
    apr_table_setn(r->headers_in, "Cookie", "tok=" TOKEN);
    apr_table_setn(r->subprocess_env, "COPY", TOKEN);
    mab_export_settle(r);
    assert_string_equal(header(r, "Authorization"), "Bearer " TOKEN);
    assert_string_equal(header(r, "Cookie"), "tok=" TOKEN);
    assert_string_equal(variable(r, "COPY"), TOKEN);
    assert_null(mab_record_find_exchange(r));
}

/* --- settling again --------------------------------------------------------------------------- */

/* DirectoryIndex goes on with the sections of a sub-request: what the administrator
 * has made of ours meanwhile stays if nothing else is due */
static void export_settles_again_what_differs(void **state)
{
    static const struct {
        const char *claims;
        bool same;
    } rows[] = {{NULL, true}, {"{\"sub\":\"bob\"}", false}};
    size_t i;

    for (i = 0; i < 2; i++) {
        request_rec *r = inside_request("/chain/head", *state);
        mab_request_t *first = admit(r, "{\"sub\":\"alice\"}", 0);
        mab_request_t *second;

        assert_true(mab_export_is_stale(r));
        mab_export_settle(r);
        assert_false(mab_export_is_stale(r));
        apr_table_setn(r->headers_in, "X-User", "made of alice");
        r->per_dir_config = (ap_conf_vector_t *)first->sections;
        second = admit(r, rows[i].claims ? rows[i].claims : "{}", 0);
        second->source = first->source;
        if (!rows[i].claims)
            second->verdict.proof.claims = first->verdict.proof.claims;
        assert_true(mab_export_is_stale(r));
        mab_export_resettle(r);
        assert_false(mab_export_is_stale(r));
        assert_string_equal(header(r, "X-User"),
                            rows[i].same ? "made of alice" : "bob");
    }
}

static void export_is_never_stale_elsewhere(void **state)
{
    assert_false(mab_export_is_stale(inside_request("/chain/public", *state)));
}

/* --- trailers ------------------------------------------------------------------------------------- */

/* a body's end, as the HTTP filter hands it on: trailers are headers now */
static apr_status_t merge(ap_filter_t *filter, apr_bucket_brigade *out,
                          ap_input_mode_t mode, apr_read_type_e block,
                          apr_off_t bytes)
{
    request_rec *r = filter->r;

    (void)out, (void)mode, (void)block, (void)bytes;
    if (apr_table_elts(r->trailers_in)->nelts)
        r->headers_in =
            apr_table_overlay(r->pool, r->headers_in, r->trailers_in);
    return APR_SUCCESS;
}

static apr_status_t read_body(request_rec *r)
{
    apr_bucket_brigade *in =
        apr_brigade_create(r->pool, r->connection->bucket_alloc);

    return ap_get_brigade(r->input_filters, in, AP_MODE_READBYTES,
                          APR_BLOCK_READ, 8192);
}

static void export_cleans_trailers(void **state)
{
    static const struct {
        const char *name;
        bool stays;
    } rows[] = {
        {"X-User", false},        {"X_Mail", false},
        {"Authorization", false}, {"Proxy-Authorization", false},
        {"Cookie", false},        {"X-Token", false},
        {"Digest", true},         {"X-Checksum", true},
    };
    core_server_config *core = ap_get_core_module_config(
        inside_request("/", *state)->server->module_config);
    int before = core->merge_trailers;
    size_t i;

    (void)ap_register_input_filter("INSIDE_MERGE", merge, NULL,
                                   AP_FTYPE_PROTOCOL);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request("/chain/head", *state);

        apr_table_setn(r->headers_in, "X-User", "alice");
        apr_table_setn(r->trailers_in, rows[i].name, "late");
        ap_add_input_filter("INSIDE_MERGE", NULL, r, r->connection);
        r->input_filters = r->proto_input_filters;
        core->merge_trailers = AP_MERGE_TRAILERS_ENABLE;
        mab_trailers_insert_filter(r);
        core->merge_trailers = before;
        assert_int_equal(read_body(r), APR_SUCCESS);
        unit_expect(rows[i].name,
                    (strstr(header(r, rows[i].name), "late") != NULL)
                        == rows[i].stays);
        assert_string_equal(header(r, "X-User"), "alice");
    }
}

/* where httpd keeps them apart, and for parts of pages, which have no body */
static void export_reads_bodies_only_where_trailers_count(void **state)
{
    core_server_config *core = ap_get_core_module_config(
        inside_request("/", *state)->server->module_config);
    request_rec *r = inside_request("/chain/head", *state);
    int before = core->merge_trailers;

    mab_trailers_insert_filter(r);
    assert_null(r->input_filters);
    core->merge_trailers = AP_MERGE_TRAILERS_ENABLE;
    r->main = r;
    mab_trailers_insert_filter(r);
    assert_null(r->input_filters);
    core->merge_trailers = before;
}

int inside_export(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(export_removes_forged_names),
        unit_row(export_removes_what_a_place_exports),
        unit_row(export_removes_second_tokens),
        unit_row(export_gives_claims),
        unit_row(export_gives_nothing_without_a_token),
        unit_row(export_protects_headers),
        unit_row(export_withdraws_in_foreign_places),
        unit_row(export_leaves_other_hands_alone),
        unit_row(export_keeps_redirect_names_in_places_of_ours),
        unit_row(export_takes_the_user_along_only_where_nobody_rules),
        unit_row(export_hides_the_token),
        unit_row(export_leaves_no_empty_cookie_field),
        unit_row(export_looks_for_proven_tokens_only),
        unit_row(export_knows_copies_of_fields),
        unit_row(export_hides_copies_of_fields_with_pairs),
        unit_row(export_hides_nothing_elsewhere),
        unit_row(export_settles_again_what_differs),
        unit_row(export_is_never_stale_elsewhere),
        unit_row(export_cleans_trailers),
        unit_row(export_reads_bodies_only_where_trailers_count),
    };

    return unit_run(tests);
}
