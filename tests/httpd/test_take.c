/* SPDX-License-Identifier: Apache-2.0 */
/* The token of a request, and credentials that are not a token. */
#include "tests/httpd/inside.h"

#include "bearer/judge/token.h"
#include "httpd/request/hide.h"
#include "httpd/request/take.h"
#include "httpd/request/uri.h"

#define SPOTS "/chain/spots"
#define CODED "/chain/coded"

static request_rec *enter(const char *target, apr_pool_t *pool)
{
    request_rec *r = inside_request(target, pool);
    mab_request_t *request = mab_record_begin(r);

    assert_int_equal(mab_uri_enter(r, request->place), OK);
    return r;
}

static mab_request_t *take(request_rec *r)
{
    mab_request_t *request = mab_record_find(r);

    mab_take_token(r, request);
    return request;
}

/* --- sources -------------------------------------------------------------------------- */

static void take_finds_the_one_token(void **state)
{
    static const struct {
        const char *target, *authorization, *cookie, *own;
        const char *reason, *token;
        int where; /* -1: none */
    } rows[] = {
        {"/chain/head", NULL, NULL, NULL, "token_missing", NULL, -1},
        {"/chain/head", "Bearer T", NULL, NULL, "ok", "T", MAB_HEADER},
        {"/chain/head", "bearer  T", NULL, NULL, "ok", "T", MAB_HEADER},
        {"/chain/head", "Basic T", NULL, NULL, "token_scheme", NULL,
         MAB_HEADER},
        {"/chain/head", "Bearer", NULL, NULL, "token_format", NULL, MAB_HEADER},
        {"/chain/head", "Bearer T U", NULL, NULL, "token_format", NULL,
         MAB_HEADER},
        {"/chain/head", "", NULL, NULL, "token_missing", NULL, -1},
        /* no sources there */
        {"/chain/head?tok=T", NULL, "tok=T", "T", "token_missing", NULL, -1},
        {SPOTS, "Bearer T", NULL, NULL, "token_missing", NULL, -1},
        {SPOTS, NULL, "tok=T", NULL, "ok", "T", MAB_COOKIE},
        {SPOTS, NULL, "a=b; tok=T; c=d", NULL, "ok", "T", MAB_COOKIE},
        {SPOTS, NULL, NULL, "T", "ok", "T", MAB_HEADER},
        {SPOTS "?tok=T", NULL, NULL, NULL, "ok", "T", MAB_QUERY},
        {SPOTS "?a=b&tok=T&c", NULL, NULL, NULL, "ok", "T", MAB_QUERY},
        {SPOTS "?to%6b=%54", NULL, NULL, NULL, "ok", "%54", MAB_QUERY},
        /* an empty one is none */
        {SPOTS "?tok=", NULL, "tok=", "", "token_missing", NULL, -1},
        {SPOTS "?tok=", NULL, "tok=T", NULL, "ok", "T", MAB_COOKIE},
        /* RFC 6750 2: one token only, wherever it stands */
        {SPOTS "?tok=T", NULL, "tok=T", NULL, "ok", "T", MAB_COOKIE},
        {SPOTS "?tok=T", NULL, NULL, "T", "ok", "T", MAB_QUERY},
        {SPOTS "?tok=T", NULL, "tok=T", "T", "ok", "T", MAB_COOKIE},
        {SPOTS "?tok=U", NULL, "tok=T", NULL, "token_twice", NULL, MAB_COOKIE},
        {SPOTS "?tok=T", NULL, NULL, "U", "token_twice", NULL, MAB_QUERY},
        {SPOTS "?tok=T", NULL, "tok=T", "U", "token_twice", NULL, MAB_COOKIE},
        {SPOTS, NULL, "tok=T", "t", "token_twice", NULL, MAB_COOKIE},
        {SPOTS, NULL, "tok=T; tok=T", NULL, "token_twice", NULL, MAB_COOKIE},
        {SPOTS "?tok=T&tok=T", NULL, NULL, NULL, "token_twice", NULL,
         MAB_QUERY},
        {SPOTS "?tok=T", NULL, "tok=T; tok=T", NULL, "token_twice", NULL,
         MAB_COOKIE},
        /* one field, two sources (b64 of "u:T", and of "u") */
        {CODED, "Bearer T", NULL, NULL, "ok", "T", MAB_HEADER},
        {CODED, "Basic dTpU", NULL, NULL, "ok", "T", MAB_BASIC},
        {CODED, "basic  dTpU", NULL, NULL, "ok", "T", MAB_BASIC},
        {CODED, "Basic dTpU", "tok=T", NULL, "ok", "T", MAB_BASIC},
        {CODED, "Basic dTpU", "tok=U", NULL, "token_twice", NULL, MAB_BASIC},
        {CODED, "Basic dQ==", NULL, NULL, "token_format", NULL, MAB_BASIC},
        {CODED, "Basic", NULL, NULL, "token_format", NULL, MAB_BASIC},
        {CODED, "Bearer", NULL, NULL, "token_format", NULL, MAB_HEADER},
        {CODED, "Digest T", NULL, NULL, "token_scheme", NULL, MAB_HEADER},
        {CODED, "Basical dTpU", NULL, NULL, "token_scheme", NULL, MAB_HEADER},
        {"/chain/head", "Basic dTpU", NULL, NULL, "token_scheme", NULL,
         MAB_HEADER},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = enter(rows[i].target, *state);
        const char *row = apr_psprintf(*state, "row %d", (int)i);
        const mab_request_t *request;

        if (rows[i].authorization)
            apr_table_setn(r->headers_in, "Authorization",
                           rows[i].authorization);
        if (rows[i].cookie)
            apr_table_setn(r->headers_in, "Cookie", rows[i].cookie);
        if (rows[i].own)
            apr_table_setn(r->headers_in, "X-Token", rows[i].own);
        request = take(r);
        unit_expect_reason(row, request->took, rows[i].reason);
        unit_expect(row, !request->presented.token.data == !rows[i].token);
        if (rows[i].token)
            assert_string_equal(apr_pstrmemdup(*state,
                                               request->presented.token.data,
                                               request->presented.token.len),
                                rows[i].token);
        unit_expect(row, !request->source == (rows[i].where < 0));
        if (request->source)
            unit_expect(row, (int)request->source->where == rows[i].where);
    }
}

/* RFC 6455 11.3.4, and what Kubernetes makes of it */
static void take_finds_a_subprotocol(void **state)
{
    static const struct {
        const char *protocols, *reason, *token, *rest;
    } rows[] = {
        {"chat", "token_missing", NULL, "chat"},
        {"chat, " MAB_PROTOCOL_NAME ".VA", "ok", "T", "chat"},
        {MAB_PROTOCOL_NAME ".VA ,chat,v2", "ok", "T", "chat,v2"},
        {MAB_PROTOCOL_NAME ".VA", "token_format", NULL, NULL},
        {MAB_PROTOCOL_NAME ".VA, ,", "token_format", NULL, NULL},
        {"chat, " MAB_PROTOCOL_NAME ".VA==", "token_format", NULL, "chat"},
        {"chat, " MAB_PROTOCOL_NAME ".", "token_missing", NULL, "chat"},
        {"chat, " MAB_PROTOCOL_NAME, "token_missing", NULL,
         "chat, " MAB_PROTOCOL_NAME},
        {"chat, " MAB_PROTOCOL_NAME ".VA, " MAB_PROTOCOL_NAME ".VA",
         "token_twice", NULL, "chat"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = enter(CODED, *state);
        const char *row = rows[i].protocols, *rest;
        const mab_request_t *request;

        apr_table_setn(r->headers_in, MAB_PROTOCOL_HEADER, row);
        request = take(r);
        unit_expect_reason(row, request->took, rows[i].reason);
        unit_expect(row, !request->presented.token.data == !rows[i].token);
        mab_hide_token(r, request);
        rest = apr_table_get(r->headers_in, MAB_PROTOCOL_HEADER);
        unit_expect(row, rest ? rows[i].rest && !strcmp(rest, rows[i].rest)
                              : !rows[i].rest);
    }
}

/* where the token was, and nothing of what was there */
static void take_explains_what_is_wrong(void **state)
{
    static const struct {
        const char *target, *authorization, *cookie, *own, *said;
    } rows[] = {
        {"/chain/head", "Bearer a b", NULL, NULL,
         "the Authorization header is not of the form Bearer <token>"},
        {"/chain/head", "Basic x", NULL, NULL,
         "the scheme in the Authorization header is not Bearer"},
        {CODED, "Digest x", NULL, NULL,
         "the scheme in the Authorization header is not Bearer or Basic"},
        {CODED, "Basic x", NULL, NULL,
         "the Authorization header is not Basic with a user name and a token "
         "as the password"},
        {SPOTS, NULL, "tok=\"secret\"", NULL,
         "the cookie tok does not hold a token"},
        {SPOTS, NULL, NULL, "Bearer secret",
         "the X-Token header does not hold a token alone"},
        {SPOTS "?tok=%22secret", NULL, NULL, NULL,
         "the query parameter tok does not hold a token"},
        {CODED, NULL, NULL, NULL, ""},
        {SPOTS "?tok=T", NULL, "tok=U", NULL, ""},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = enter(rows[i].target, *state);
        bearer_note_t note = {""};
        mab_request_t *request;
        bearer_reason_t why;

        if (rows[i].authorization)
            apr_table_setn(r->headers_in, "Authorization",
                           rows[i].authorization);
        if (rows[i].cookie)
            apr_table_setn(r->headers_in, "Cookie", rows[i].cookie);
        if (rows[i].own)
            apr_table_setn(r->headers_in, "X-Token", rows[i].own);
        request = take(r);
        why = request->took ? request->took
                            : bearer_token_check(request->presented.token);
        mab_take_explain(r, request, why, &note);
        assert_string_equal(note.text, rows[i].said);
    }
}

/* once: what comes later is not the token of the request that was judged */
static void take_looks_once(void **state)
{
    request_rec *r = enter(SPOTS, *state);
    mab_request_t *request = take(r);

    apr_table_setn(r->headers_in, "X-Token", "T");
    (void)take(r);
    unit_expect_reason("later", request->took, "token_missing");
    assert_null(request->presented.token.data);
}

/* RFC 9110 11.7.2: Authorization is the server's that a forward proxy asks */
static void take_as_a_forward_proxy(void **state)
{
    request_rec *r = enter("/chain/head", *state);

    r->proxyreq = PROXYREQ_PROXY;
    apr_table_setn(r->headers_in, "Authorization", "Bearer T");
    unit_expect_reason("theirs", take(r)->took, "token_missing");
    r = enter("/chain/head", *state);
    r->proxyreq = PROXYREQ_PROXY;
    apr_table_setn(r->headers_in, "Proxy-Authorization", "Bearer T");
    unit_expect_reason("ours", take(r)->took, "ok");
    r->proxyreq = PROXYREQ_REVERSE;
    assert_string_equal(mab_take_field(r, mab_record_find(r)->source),
                        "Authorization");
}

/* a part of a page, or the target of a redirect, does not bring again what was
 * taken away before; that counts if it was found where this place looks */
static void take_remembers_the_chain(void **state)
{
    static const struct {
        const char *first, *next, *reason;
        bool part;
    } rows[] = {
        {SPOTS "?tok=T", SPOTS, "ok", true},
        {SPOTS "?tok=T", SPOTS, "ok", false},
        {SPOTS "?tok=T", SPOTS "?tok=U", "ok", false},
        {SPOTS "?tok=T", "/chain/head", "token_missing", false},
        {SPOTS "?tok=T", "/all", "ok", false},
        {SPOTS, SPOTS, "token_missing", true},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *first = enter(rows[i].first, *state);
        request_rec *r = enter(rows[i].next, *state);
        const mab_request_t *request;

        (void)take(first);
        if (rows[i].part)
            r->main = first;
        else
            r->prev = first;
        request = take(r);
        unit_expect_reason(rows[i].next, request->took, rows[i].reason);
        if (request->took == BEARER_OK)
            unit_expect(rows[i].next,
                        request->presented.token.len == 1
                            && *request->presented.token.data == 'T');
    }
}

/* --- credentials that are not a source --------------------------------------------- */

static const char *left(const request_rec *r)
{
    const char *value = apr_table_get(r->headers_in, "Authorization");

    return value ? value : "-";
}

static void take_foreign_credentials_away(void **state)
{
    static const struct {
        const char *path, *want;
        int proxyreq, foreign;
    } rows[] = {
        {SPOTS, "-", PROXYREQ_NONE, 0},
        {SPOTS, "-", PROXYREQ_REVERSE, 0},
        {SPOTS, "Basic x", PROXYREQ_PROXY, 0},
        {SPOTS, "Basic x", PROXYREQ_NONE, 1},
        {"/chain/head", "Basic x", PROXYREQ_NONE, 0},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        request_rec *r = inside_request(rows[i].path, *state);
        mab_place_t place = *mab_conf_place(r);

        place.foreign = rows[i].foreign;
        r->proxyreq = rows[i].proxyreq;
        apr_table_setn(r->headers_in, "Authorization", "Basic x");
        mab_take_foreign(r, &place);
        unit_expect(rows[i].path, strcmp(left(r), rows[i].want) == 0);
        /* where they mean something again, they are back */
        mab_take_foreign(r, NULL);
        assert_string_equal(left(r), "Basic x");
    }
}

static void take_gives_back_along_the_chain(void **state)
{
    request_rec *first = inside_request(SPOTS, *state);
    request_rec *r = inside_request("/chain/head", *state);

    apr_table_setn(first->headers_in, "Authorization", "Basic x");
    mab_take_foreign(first, mab_conf_place(first));
    r->prev = first;
    mab_take_foreign(r, mab_conf_place(r));
    assert_string_equal(left(r), "Basic x");
    /* what stands there now is newer */
    apr_table_setn(r->headers_in, "Authorization", "Basic y");
    mab_take_foreign(r, NULL);
    assert_string_equal(left(r), "Basic y");
    /* and what nobody sent is not put back */
    r = inside_request("/chain/head", *state);
    mab_take_foreign(r, NULL);
    assert_string_equal(left(r), "-");
}

/* the sign for others does not count as the client's credentials */
static void take_sign_is_not_foreign(void **state)
{
    request_rec *r = enter(SPOTS "?tok=T", *state);
    request_rec *part;

    mab_take_mark(r);
    assert_string_equal(left(r), "Bearer");
    mab_take_foreign(r, mab_conf_place(r));
    assert_string_equal(left(r), "Bearer");
    /* nor is it a token for what is looked up meanwhile */
    part = enter("/chain/head", *state);
    apr_table_setn(part->headers_in, "Authorization", left(r));
    unit_expect_reason("part", take(part)->took, "token_missing");
    mab_take_unmark(r);
    assert_string_equal(left(r), "-");
    /* elsewhere there is no record, and no sign */
    r = inside_request("/chain/public", *state);
    mab_take_mark(r);
    assert_string_equal(left(r), "-");
}

int inside_take(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(take_finds_the_one_token),
        unit_row(take_finds_a_subprotocol),
        unit_row(take_explains_what_is_wrong),
        unit_row(take_looks_once),
        unit_row(take_as_a_forward_proxy),
        unit_row(take_remembers_the_chain),
        unit_row(take_foreign_credentials_away),
        unit_row(take_gives_back_along_the_chain),
        unit_row(take_sign_is_not_foreign),
    };

    return unit_run(tests);
}
