/* SPDX-License-Identifier: Apache-2.0 */
/* Whole requests with real tokens, through all hooks: what a program inside sees of
 * them, of their parts, and of what they are redirected to. */
#include "tests/httpd/inside.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_script.h>

#include "bearer/base/str.h"
#include "bearer/judge/basic.h"
#include "bearer/text/b64url.h"
#include "httpd/process/child.h"
#include "httpd/process/shared.h"

static const char *header(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->headers_in, name);

    return value ? value : "-";
}

/* httpd's pages for errors have one table, answers two */
static const char *answered(const request_rec *r, const char *name)
{
    const char *value = apr_table_get(r->err_headers_out, name);

    if (!value)
        value = apr_table_get(r->headers_out, name);
    return value ? value : "-";
}

static const char *good_token(apr_pool_t *pool)
{
    return inside_token("'sub':'alice','groups':['g','alice'],"
                        "'mail':'alice@example','scope':'read'",
                        pool);
}

static request_rec *arrive(const char *target, const char *token,
                           apr_pool_t *pool)
{
    request_rec *r = inside_arrival(target, pool);

    inside_open();
    inside_program = NULL;
    inside_fixup = NULL;
    if (token)
        apr_table_setn(r->headers_in, "Authorization",
                       apr_pstrcat(r->pool, "Bearer ", token, NULL));
    return r;
}

/* --- who gets in --------------------------------------------------------------------- */

typedef enum sent_t { NONE, GOOD, LATE, BROKEN, NOISE } sent_t;

static const char *token_of(sent_t sent, apr_pool_t *pool)
{
    const char *good = good_token(pool);

    switch (sent) {
    case GOOD:
        return good;
    case LATE:
        return inside_token("'sub':'alice','nbf':7258118300", pool);
    case BROKEN:
        return apr_pstrmemdup(pool, good, strlen(good) - 4);
    case NOISE:
        return "noise";
    case NONE:
        break;
    }
    return NULL;
}

static void chains_let_in(void **state)
{
    static const struct {
        const char *path;
        sent_t sent;
        int status;
        const char *error; /* of the challenge; "": a bare one; NULL: none */
    } rows[] = {
        {"/chain/head", GOOD, OK, NULL},
        {"/chain/head", NONE, 401, ""},
        {"/chain/head", LATE, 401, "invalid_token"},
        {"/chain/head", BROKEN, 401, "invalid_token"},
        {"/chain/head", NOISE, 401, "invalid_token"},
        {"/chain/optional", GOOD, OK, NULL},
        {"/chain/optional", NONE, OK, NULL},
        {"/chain/optional", LATE, 401, "invalid_token"},
        {"/chain/optional", BROKEN, 401, "invalid_token"},
        {"/chain/scope", GOOD, 403, "insufficient_scope"},
        {"/chain/scope", NONE, 401, ""},
        /* closed to all: good tokens are not told from bad ones */
        {"/chain/closed", GOOD, 403, NULL},
        {"/chain/closed", NONE, 403, NULL},
        {"/chain/closed", BROKEN, 403, NULL},
        {"/chain/public", NONE, OK, NULL},
        {"/chain/public", BROKEN, OK, NULL},
        /* asks for claims before anybody is known */
        {"/chain/without", GOOD, 403, "insufficient_scope"},
        {"/chain/without", NONE, 401, ""},
        {"/chain/without", BROKEN, 401, "invalid_token"},
        {"/chain/head?a", NONE, 401, ""},
        {"/chain/spots?tok=x", NONE, 401, "invalid_token"},
        {"/chain/spots/%3Fa", GOOD, 400, NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *token = token_of(rows[i].sent, *state);
        request_rec *r = arrive(rows[i].path, token, *state);
        const char *row =
            apr_psprintf(*state, "%s, %d", rows[i].path, (int)rows[i].sent);
        int status = inside_process(r);
        const char *challenge = answered(r, "WWW-Authenticate");

        if (status != rows[i].status)
            fail_msg("%s: %d, not %d", row, status, rows[i].status);
        unit_expect(row,
                    (strcmp(inside_body(r), "inside") == 0) == (status == OK));
        unit_expect(row, (strncmp(challenge, "Bearer ", 7) == 0)
                             == (rows[i].error != NULL));
        if (rows[i].error && *rows[i].error)
            unit_expect(row, strstr(challenge, rows[i].error));
        else
            unit_expect(row, !strstr(challenge, "error="));
    }
}

/* --- who it is ------------------------------------------------------------------------- */

/* "%{claim:tenant}#%{claim:sub}": a token without both would be the user of all such */
static void chains_name_the_user(void **state)
{
    static const struct {
        const char *path, *claims, *user, *reason;
    } rows[] = {
        {"/chain/named", "'sub':'alice','tenant':'acme'", "acme#alice", NULL},
        {"/chain/named", "'sub':7,'tenant':'acme'", "acme#7", NULL},
        {"/chain/named", "'sub':'alice'", NULL, "subject_missing"},
        {"/chain/named", "'sub':'alice','tenant':''", NULL, "subject_missing"},
        {"/chain/named", "'sub':'alice','tenant':['a']", NULL,
         "subject_missing"},
        {"/chain/named", "'sub':'alice','tenant':'a\\n'", NULL,
         "subject_missing"},
        {"/chain/failing", "'sub':'alice'", NULL, "subject_missing"},
        {"/chain/head", "'sub':'alice'", "alice", NULL},
        {"/chain/head", "'tenant':'acme'", NULL, "subject_missing"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r =
            arrive(rows[i].path, inside_token(rows[i].claims, *state), *state);
        const char *reason;
        int status = inside_process(r);

        reason = apr_table_get(r->notes, "bearer-reason");
        unit_expect(rows[i].claims, (status == OK) == (rows[i].user != NULL));
        unit_expect(rows[i].claims, !reason == !rows[i].reason);
        if (rows[i].user)
            assert_string_equal(r->user, rows[i].user);
        else
            assert_string_equal(reason, rows[i].reason);
    }
}

/* --- pages for errors -------------------------------------------------------------------- */

static const request_rec *shown;

static int show(request_rec *r)
{
    shown = r;
    ap_rprintf(r, "page for %s", r->user ? r->user : "nobody");
    return OK;
}

static void chains_show_the_administrators_page(void **state)
{
    request_rec *r = arrive("/chain/paged", NULL, *state);

    assert_int_equal(inside_process(r), HTTP_UNAUTHORIZED);
    assert_string_equal(inside_body(r), "the administrator's own page");
    /* a page in exactly the place that refuses: it is shown to the client that
     * was refused, and has the record of that refusal */
    r = arrive("/chain/linked", NULL, *state);
    inside_program = show;
    assert_int_equal(inside_process(r), HTTP_UNAUTHORIZED);
    assert_non_null(shown);
    assert_ptr_equal(shown->prev, r);
    assert_string_equal(inside_body(r), "page for nobody");
    assert_ptr_equal(mab_record_find(shown), mab_record_find(r));
    assert_false(mab_record_find(r)->admitted
                 && mab_record_find(r)->verdict.why == BEARER_OK);
    /* but only as such a page: asked for by itself it is closed */
    shown = NULL;
    r = arrive("/chain/head", NULL, *state);
    inside_program = show;
    assert_int_equal(inside_process(r), HTTP_UNAUTHORIZED);
    assert_null(shown);
}

/* only a page with exactly the same sections, after a refusal, is such a page */
static void chains_join_only_the_refused(void **state)
{
    static const struct {
        const char *page;
        int status;
        bool refused, admitted, joins;
    } rows[] = {
        {"/chain/head", HTTP_UNAUTHORIZED, true, false, true},
        {"/chain/head", HTTP_UNAUTHORIZED, true, true, false},
        {"/chain/head", HTTP_OK, true, false, false},
        {"/chain/head", HTTP_UNAUTHORIZED, false, false, false},
        {"/chain/hidden", HTTP_UNAUTHORIZED, true, false, false},
        {"/chain/public", HTTP_UNAUTHORIZED, true, false, false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *before = inside_request("/chain/head", *state);
        request_rec *r = inside_request(rows[i].page, *state);
        const char *row = apr_psprintf(*state, "row %d", (int)i);

        if (rows[i].refused)
            mab_record_begin(before)->admitted = rows[i].admitted;
        before->status = rows[i].status;
        r->prev = before;
        /* httpd keeps merged sections, and finds the same again */
        if (strcmp(rows[i].page, "/chain/head") == 0)
            r->per_dir_config =
                rows[i].refused
                    ? (ap_conf_vector_t *)mab_record_find(before)->sections
                    : before->per_dir_config;
        unit_expect(row, mab_record_join_error(r) == rows[i].joins);
        unit_expect(row, (mab_record_find(r) != NULL) == rows[i].joins);
    }
}

/* whoever asks for the verdict: caches are told that there was a token */
static void chains_tell_of_a_verdict(void **state)
{
    static const struct {
        sent_t sent;
        bool told;
    } rows[] = {{GOOD, true}, {BROKEN, true}, {NONE, false}};
    size_t i;

    for (i = 0; i < 3; i++) {
        request_rec *r =
            arrive("/chain/head", token_of(rows[i].sent, *state), *state);

        assert_int_equal(ap_location_walk(r), OK);
        (void)mab_judge_request(r);
        assert_int_equal(mab_record_exchange(r)->told, rows[i].told);
    }
}

/* a handler that was reached past all checks: the last lock */
static void chains_lock_the_handler(void **state)
{
    request_rec *r = arrive("/chain/head", NULL, *state);
    const char *log;

    assert_int_equal(ap_location_walk(r), OK);
    (void)mab_record_begin(r);
    r->handler = "inside";
    inside_listen(r);
    assert_int_equal(ap_run_handler(r), HTTP_FORBIDDEN);
    log = inside_heard(*state);
    assert_non_null(strstr(log, "MAB0406: "));
    mab_record_find(r)->admitted = true;
    assert_int_equal(ap_run_handler(r), OK);
}

/* --- judged once ------------------------------------------------------------------------ */

static apr_uint64_t judged(apr_pool_t *pool)
{
    const bearer_stats_snapshot_t *snapshot =
        bearer_stats_snapshot(mab_shared_get()->stats, mab_child_alive, pool);

    return snapshot->sum.verdicts[BEARER_OK];
}

static const char *part_of_page;

static int page_with_part(request_rec *r)
{
    request_rec *part = ap_sub_req_lookup_uri(part_of_page, r, NULL);

    ap_rprintf(r, "%d", part->status);
    ap_destroy_sub_req(part);
    return OK;
}

/* a part of a page is judged again where the place judges differently, and only
 * there */
static void chains_judge_once_for_a_place(void **state)
{
    static const struct {
        const char *part;
        int judged;
        const char *status;
    } rows[] = {
        {"/chain/head", 1, "200"},
        {"/chain/head?x", 1, "200"},
        {"/chain/hidden", 1, "200"},
        {"/chain/public", 1, "200"},
        {"/chain/scope", 1, "403"},
        {"/secret", 2, "200"},
        /* the place takes no Authorization, and nobody has given it anything else */
        {"/chain/spots", 1, "401"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = arrive("/chain/head", good_token(*state), *state);
        apr_uint64_t before = judged(*state);

        part_of_page = rows[i].part;
        inside_program = page_with_part;
        unit_expect(rows[i].part, inside_process(r) == OK);
        if (strcmp(inside_body(r), rows[i].status) != 0)
            fail_msg("%s: %s", rows[i].part, inside_body(r));
        unit_expect(rows[i].part,
                    judged(*state) - before == (apr_uint64_t)rows[i].judged);
    }
}

/* --- any chain ------------------------------------------------------------------------------ */

/* What a client sends, and what runs inside: programs with parts, redirects and the
 * sections of other requests, to any place. */
static struct {
    const char *alice, *bob; /* good tokens */
    const char *sent;        /* the client's own, perhaps of no worth */
    int steps;               /* that are left */
    bool torn;
    int seen, parts, redirects, moves;
} world;

static const char *const places[] = {
    "/chain/head",  "/chain/hidden",  "/chain/spots", "/chain/optional",
    "/chain/other", "/chain/public",  "/secret",      "/chain/closed",
    "/chain/scope", "/chain/without", "/chain/coded", NULL};

static bool chance(unsigned int of)
{
    return inside_random(of) == 0;
}

static const char *random_target(apr_pool_t *pool)
{
    const char *path = places[inside_random(11)];

    switch (inside_random(5)) {
    case 0:
        return apr_pstrcat(pool, path, "?a=b", NULL);
    case 1:
        return apr_pstrcat(pool, path, "?a&tok=", world.bob, "&c", NULL);
    case 2:
        return apr_pstrcat(pool, path, "?t%6fk=", world.sent, NULL);
    default:
        return path;
    }
}

static bool is_at(const request_rec *r, const char *path)
{
    return strncmp(r->uri, path, strlen(path)) == 0;
}

static bool is_seen_in(const apr_table_t *table, const char *text)
{
    const apr_array_header_t *all = apr_table_elts(table);
    int i;

    for (i = 0; i < all->nelts; i++) {
        if (strstr(APR_ARRAY_IDX(all, i, apr_table_entry_t).val, text))
            return true;
    }
    return false;
}

/* everything that a program of any kind gets */
static bool is_seen(request_rec *r, const char *text)
{
    request_rec copy = *r;

    copy.subprocess_env = apr_table_copy(r->pool, r->subprocess_env);
    ap_add_common_vars(&copy);
    ap_add_cgi_vars(&copy);
    return is_seen_in(r->headers_in, text)
           || is_seen_in(copy.subprocess_env, text)
           || strstr(r->the_request, text) || strstr(r->unparsed_uri, text)
           || (r->args && strstr(r->args, text))
           || (r->filename && strstr(r->filename, text));
}

static const char *subject_of(const mab_request_t *request, apr_pool_t *pool)
{
    const char *token = apr_pstrmemdup(pool, request->presented.token.data,
                                       request->presented.token.len);

    return strcmp(token, world.alice) == 0 ? "alice"
           : strcmp(token, world.bob) == 0 ? "bob"
                                           : "nobody";
}

/* no record of another request or of another place, and access was checked */
static void expect_own_record(request_rec *r)
{
    const mab_request_t *request = mab_record_find(r);
    request_rec *one;

    assert_non_null(request);
    assert_true(request->admitted);
    assert_ptr_equal(request->place, mab_conf_place(r));
    for (one = mab_record_before(r); one; one = mab_record_before(one))
        assert_ptr_not_equal(mab_record_find(one), request);
}

static void expect_names(request_rec *r, const char *user)
{
    bool sub = is_at(r, "/chain/head") || is_at(r, "/chain/optional");
    bool groups = is_at(r, "/chain/head") || is_at(r, "/chain/hidden");
    const char *value = apr_table_get(r->subprocess_env, "GROUPS");

    assert_string_equal(header(r, "X-User"), user && sub ? user : "-");
    assert_string_equal(header(r, "X-Mail"),
                        user && is_at(r, "/chain/spots")
                            ? apr_pstrcat(r->pool, user, "@example", NULL)
                            : "-");
    assert_string_equal(value ? value : "-",
                        user && groups ? apr_pstrcat(r->pool, "g,", user, NULL)
                                       : "-");
}

static void expect_no_token(request_rec *r, const mab_request_t *request)
{
    if (is_at(r, "/chain/coded"))
        assert_null(strstr(header(r, MAB_PROTOCOL_HEADER), MAB_PROTOCOL_NAME));
    if (is_at(r, "/chain/hidden") || is_at(r, "/chain/spots"))
        assert_string_equal(header(r, "Authorization"), "-");
    if (!is_at(r, "/chain/spots"))
        return;
    assert_false(is_seen(r, "tok="));
    assert_false(is_seen(r, "t%6fk="));
    assert_string_equal(header(r, "X-Token"), "-");
    if (request->verdict.why == BEARER_OK)
        assert_false(
            is_seen(r, apr_pstrmemdup(r->pool, request->presented.token.data,
                                      request->presented.token.len)));
}

static void expect_ours(request_rec *r)
{
    const mab_request_t *request = mab_record_find(r);
    const char *user = NULL;

    expect_own_record(r);
    request = mab_record_find(r);
    if (request->verdict.why == BEARER_OK)
        user = subject_of(request, r->pool);
    else
        assert_true(is_at(r, "/chain/optional")
                    && request->verdict.why == BEARER_TOKEN_MISSING);
    assert_false(is_at(r, "/chain/closed") || is_at(r, "/chain/scope"));
    assert_string_equal(r->user ? r->user : "-", user ? user : "-");
    expect_names(r, user);
    expect_no_token(r, request);
}

static void inspect(request_rec *r)
{
    const char *type = ap_auth_type(r);

    world.seen++;
    assert_false(is_seen(r, "forged"));
    if (type && strcmp(type, "Bearer") == 0) {
        expect_ours(r);
    }
    else if (type) {
        assert_null(r->user);
        expect_names(r, NULL);
    }
    else {
        assert_null(mab_record_find(r));
    }
}

static const request_rec *page_of(const request_rec *r)
{
    while (r->main)
        r = r->main;
    return r;
}

static int random_program(request_rec *r)
{
    request_rec *part;

    inspect(r);
    while (world.steps > 0 && chance(2)) {
        world.steps--;
        part =
            ap_sub_req_lookup_uri(random_target(r->pool), r, r->output_filters);
        if (part->status == HTTP_OK) {
            world.parts++;
            (void)ap_run_sub_req(part);
        }
        ap_destroy_sub_req(part);
        inspect(r);
    }
    if (world.steps > 0 && chance(2)) {
        world.steps--;
        world.redirects++;
        ap_internal_redirect(random_target(r->pool), r);
        /* httpd's page for an error there has ended the whole page, past its
         * filters */
        world.torn |= r->main && page_of(r)->eos_sent;
        return OK;
    }
    ap_rputs("inside", r);
    return OK;
}

/* as DirectoryIndex */
static int random_fixup(request_rec *r)
{
    request_rec *other;

    if (r->main || world.steps < 1 || !chance(4))
        return DECLINED;
    world.steps--;
    other = ap_sub_req_lookup_uri(random_target(r->pool), r, NULL);
    if (other->status != HTTP_OK) {
        ap_destroy_sub_req(other);
        return DECLINED;
    }
    world.moves++;
    ap_internal_fast_redirect(other, r);
    return OK;
}

static request_rec *random_request(apr_pool_t *pool)
{
    request_rec *r = arrive(random_target(pool), NULL, pool);

    if (chance(2))
        apr_table_setn(r->headers_in, "Authorization",
                       apr_pstrcat(r->pool, "Bearer ", world.sent, NULL));
    else if (chance(4))
        apr_table_setn(r->headers_in, "Authorization", "Basic x");
    else if (chance(2))
        apr_table_setn(
            r->headers_in, "Authorization",
            apr_pstrcat(r->pool, "Basic ",
                        bearer_basic_render(bearer_str("alice"),
                                            bearer_str(world.sent), r->pool),
                        NULL));
    if (chance(4))
        apr_table_setn(
            r->headers_in, MAB_PROTOCOL_HEADER,
            apr_pstrcat(
                r->pool, "chat, " MAB_PROTOCOL_NAME ".",
                bearer_b64url_render(bearer_str(world.sent), r->pool).data,
                NULL));
    if (chance(3))
        apr_table_setn(r->headers_in, "Cookie",
                       apr_pstrcat(r->pool, "a=b; tok=", world.sent, NULL));
    if (chance(4))
        apr_table_setn(r->headers_in, chance(4) ? "X_Token" : "X-Token",
                       world.sent);
    if (chance(4))
        apr_table_setn(
            r->headers_in, "Referer",
            apr_pstrcat(r->pool, "http://localhost/?tok=", world.sent, NULL));
    apr_table_addn(r->headers_in, "X-User", "forged");
    apr_table_addn(r->headers_in, "x_mail", "forged");
    return r;
}

/* what is logged of it, and whether caches know whose it is */
static void expect_end(request_rec *r)
{
    request_rec *one, *last = r;

    for (one = r; one; one = one->next) {
        const char *line = one->the_request;

        last = one;
        assert_null(strstr(line, "tok="));
        assert_null(strstr(line, "t%6fk="));
        assert_null(strstr(one->unparsed_uri, "tok="));
        assert_null(one->args ? strstr(one->args, "tok=") : NULL);
        assert_null(strstr(header(one, "Referer"), "tok="));
    }
    for (one = last; one; one = one->prev) {
        const mab_request_t *request = mab_record_find(one);

        if (!world.torn && request && request->judged
            && request->took == BEARER_OK
            && !strstr(answered(last, "Cache-Control"), "private")
            && !strstr(answered(last, "Cache-Control"), "no-store"))
            fail_msg("%s (%d) may be stored: %s; %s of %s", last->uri,
                     last->status, answered(last, "Cache-Control"), one->uri,
                     r->unparsed_uri);
    }
}

#define CHAINS 4000

static void chains_keep_each_request_apart(void **state)
{
    int i;

    memset(&world, 0, sizeof(world));
    world.alice = good_token(*state);
    world.bob = inside_token(
        "'sub':'bob','groups':['g','bob'],'mail':'bob@example'", *state);
    for (i = 0; i < CHAINS; i++) {
        apr_pool_t *pool;
        request_rec *r;

        assert_int_equal(apr_pool_create(&pool, *state), 0);
        world.steps = 4;
        world.torn = false;
        world.sent = chance(4)
                         ? token_of(NONE + 1 + (sent_t)inside_random(4), pool)
                         : world.alice;
        r = random_request(pool);
        inside_program = random_program;
        inside_fixup = random_fixup;
        (void)inside_process(r);
        expect_end(r);
        apr_pool_destroy(pool);
    }
    inside_program = NULL;
    inside_fixup = NULL;
    /* or it has looked at nothing */
    assert_in_range(world.seen, CHAINS / 2, CHAINS * 100);
    assert_in_range(world.parts, CHAINS / 10, CHAINS * 10);
    assert_in_range(world.redirects, CHAINS / 10, CHAINS * 10);
    assert_in_range(world.moves, CHAINS / 20, CHAINS * 10);
}

int inside_chains(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(chains_let_in),
        unit_row(chains_name_the_user),
        unit_row(chains_show_the_administrators_page),
        unit_row(chains_join_only_the_refused),
        unit_row(chains_tell_of_a_verdict),
        unit_row(chains_lock_the_handler),
        unit_row(chains_judge_once_for_a_place),
        unit_row(chains_keep_each_request_apart),
    };

    return unit_run(tests);
}
