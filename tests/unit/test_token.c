/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/base/str.h"
#include "bearer/judge/token.h"

static bearer_reason_t find_one(const char *value, const char *scheme,
                                bearer_str_t *out)
{
    bearer_token_spot_t spot = {.value = value, .scheme = scheme};
    bearer_token_found_t found;
    bearer_reason_t why = bearer_token_find(&spot, 1, &found, NULL);

    if (!why)
        why = bearer_token_check(found.token);
    if (!why)
        *out = found.token;
    return why;
}

static void token_stands_in_a_header(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name, *header, *want, *token;
    } cases[] = {
        {"one token", "Bearer abc", "ok", "abc"},
        {"a JWT", "Bearer eyJh.eyJ-_.c2ln", "ok", "eyJh.eyJ-_.c2ln"},
        {"scheme is case blind", "bEaReR abc", "ok", "abc"},
        {"scheme in capitals", "BEARER abc", "ok", "abc"},
        {"many spaces between", "Bearer    abc", "ok", "abc"},
        {"spaces around", "  Bearer abc   ", "ok", "abc"},
        {"all of the alphabet", "Bearer ABCXYZabcxyz0189-._~+/", "ok",
         "ABCXYZabcxyz0189-._~+/"},
        {"padding", "Bearer abc==", "ok", "abc=="},
        {"much padding", "Bearer a=====", "ok", "a====="},
        {"the token is called Bearer", "Bearer Bearer", "ok", "Bearer"},
        {"no header", NULL, "token_missing", NULL},
        {"empty header", "", "token_missing", NULL},
        {"only spaces", "   ", "token_missing", NULL},
        {"nothing after the scheme", "Bearer", "token_format", NULL},
        {"only spaces after the scheme", "Bearer   ", "token_format", NULL},
        {"only a token", "eyJh.eyJ.c2ln", "token_format", NULL},
        {"another scheme alone", "Basic", "token_format", NULL},
        {"two tokens", "Bearer a b", "token_format", NULL},
        {"three tokens", "Bearer a b c", "token_format", NULL},
        {"three words of another scheme", "Digest a b", "token_format", NULL},
        {"two Bearers and a token", "Bearer Bearer abc", "token_format", NULL},
        {"another scheme", "Basic dXNlcjpwYXNz", "token_scheme", NULL},
        {"another scheme and no b64token", "Basic !!", "token_scheme", NULL},
        {"the scheme's beginning", "Bear abc", "token_scheme", NULL},
        {"the scheme with more", "Bearers abc", "token_scheme", NULL},
        {"the scheme with a colon", "Bearer: abc", "token_scheme", NULL},
        {"a Kelvin sign is no k", "Bearer\xe2\x84\xaa abc", "token_scheme",
         NULL},
        {"a tab between", "Bearer\tabc", "token_format", NULL},
        {"a tab in front", "\tBearer abc", "token_scheme", NULL},
        {"a tab in front of the token", "Bearer \tabc", "token_format", NULL},
        {"a tab after", "Bearer abc\t", "token_format", NULL},
        {"only a tab", "\t", "token_format", NULL},
        {"only padding", "Bearer =", "token_format", NULL},
        {"padding in front", "Bearer =abc", "token_format", NULL},
        {"padding in the middle", "Bearer a=b", "token_format", NULL},
        {"comma", "Bearer abc,def", "token_format", NULL},
        {"two merged headers", "Bearer abc, Bearer def", "token_format", NULL},
        {"quotes", "Bearer \"abc\"", "token_format", NULL},
        {"a parameter", "Bearer token=abc", "token_format", NULL},
        {"byte of UTF-8", "Bearer ab\xc3\xa4", "token_format", NULL},
        {"control character",
         "Bearer ab\x01"
         "c",
         "token_format", NULL},
        {"line feed", "Bearer abc\n", "token_format", NULL},
        {"no-break space",
         "Bearer\xa0"
         "abc",
         "token_format", NULL},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t out = {NULL, 0};

        unit_expect_reason(cases[i].name,
                           find_one(cases[i].header, "Bearer", &out),
                           cases[i].want);
        unit_expect(cases[i].name, !out.data == !cases[i].token);
        if (!cases[i].token)
            continue;
        unit_expect(cases[i].name, out.len == strlen(cases[i].token));
        unit_expect(cases[i].name,
                    memcmp(out.data, cases[i].token, out.len) == 0);
        /* it points into what was given */
        unit_expect(cases[i].name,
                    out.data >= cases[i].header
                        && out.data
                               < cases[i].header + strlen(cases[i].header));
    }
}

static void token_header_may_have_another_scheme(void **state BEARER_UNUSED)
{
    bearer_str_t out;

    unit_expect_reason("same", find_one("Token abc", "token", &out), "ok");
    unit_expect_reason("Bearer", find_one("Bearer abc", "token", &out),
                       "token_scheme");
    unit_expect_reason("DPoP", find_one("DPoP abc", "Bearer", &out),
                       "token_scheme");
}

static void token_is_the_whole_value_without_a_scheme(
    void **state BEARER_UNUSED)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        {"abc", "ok"},
        {"abc==", "ok"},
        {"Bearer", "ok"},
        {NULL, "token_missing"},
        {"", "token_missing"},
        {" ", "token_format"},
        {" abc", "token_format"},
        {"abc ", "token_format"},
        {"Bearer abc", "token_format"},
        {"abc%3D", "token_format"},
        {"=", "token_format"},
        {"a=b", "token_format"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].value ? cases[i].value : "NULL";
        bearer_str_t out = {"untouched", 0};
        bearer_reason_t why = find_one(cases[i].value, NULL, &out);

        unit_expect_reason(name, why, cases[i].want);
        if (why)
            unit_expect(name, strcmp(out.data, "untouched") == 0);
        else
            unit_expect(name, out.data == cases[i].value
                                  && out.len == strlen(cases[i].value));
    }
}

/* a spot of the source with this number */
#define HEADER(value)                                                          \
    {                                                                          \
        value, "Bearer", BEARER_TOKEN_PLAIN, 0                                 \
    }
#define COOKIE(value)                                                          \
    {                                                                          \
        value, NULL, BEARER_TOKEN_PLAIN, 1                                     \
    }
#define QUERY(value)                                                           \
    {                                                                          \
        value, NULL, BEARER_TOKEN_PLAIN, 2                                     \
    }
#define BASIC(value)                                                           \
    {                                                                          \
        value, "Basic", BEARER_TOKEN_BASIC, 3                                  \
    }
#define CODED(value)                                                           \
    {                                                                          \
        value, NULL, BEARER_TOKEN_CODED, 4                                     \
    }
#define NONE                                                                   \
    {                                                                          \
        NULL, NULL, BEARER_TOKEN_PLAIN, 9                                      \
    }

static void token_stands_in_one_place_only(void **state)
{
    static const struct {
        const char *name;
        bearer_token_spot_t spots[3];
        const char *want;
    } cases[] = {
        {"nowhere", {HEADER(NULL), COOKIE(NULL), QUERY(NULL)}, "token_missing"},
        {"empty everywhere",
         {HEADER(""), COOKIE(""), QUERY("")},
         "token_missing"},
        {"first", {HEADER("Bearer a"), NONE, NONE}, "ok"},
        {"second", {HEADER(NULL), COOKIE("a"), NONE}, "ok"},
        {"third, others empty", {HEADER(""), COOKIE(""), QUERY("a")}, "ok"},
        {"header and cookie",
         {HEADER("Bearer a"), COOKIE("b"), NONE},
         "token_twice"},
        {"cookie and query", {NONE, COOKIE("a"), QUERY("b")}, "token_twice"},
        {"three", {HEADER("Bearer a"), COOKIE("b"), QUERY("c")}, "token_twice"},
        {"another scheme and a cookie",
         {HEADER("Basic a"), COOKIE("a"), NONE},
         "token_twice"},
        {"a wrong format and a cookie",
         {HEADER("Bearer"), COOKIE("b"), NONE},
         "token_twice"},
        {"two wrong formats",
         {HEADER("x y z"), COOKIE("!"), NONE},
         "token_twice"},
        {"a cookie and a wrong format",
         {COOKIE("a"), HEADER("Bearer a b"), NONE},
         "token_twice"},
        /* a gateway's header beside its cookie */
        {"the same token twice", {HEADER("Bearer a"), NONE, QUERY("a")}, "ok"},
        {"the same token in three",
         {HEADER("bearer  a"), COOKIE("a"), QUERY("a")},
         "ok"},
        {"the same, but for one",
         {HEADER("Bearer a"), COOKIE("a"), QUERY("b")},
         "token_twice"},
        {"the same, but for the first",
         {HEADER("Bearer b"), COOKIE("a"), QUERY("a")},
         "token_twice"},
        {"the beginning of the other",
         {HEADER("Bearer ab"), COOKIE("a"), NONE},
         "token_twice"},
        {"another case",
         {HEADER("Bearer a"), COOKIE("A"), NONE},
         "token_twice"},
        {"another spelling",
         {HEADER("Bearer a"), QUERY("%61"), NONE},
         "token_twice"},
        {"twice in one source",
         {COOKIE("a"), COOKIE("a"), NONE},
         "token_twice"},
        {"twice in one source, and in another",
         {HEADER("Bearer a"), COOKIE("a"), COOKIE("a")},
         "token_twice"},
        /* b64("u:a"), b64url("a") */
        {"coded and plain",
         {COOKIE("a"), BASIC("Basic dTph"), CODED("YQ")},
         "ok"},
        {"coded, and another",
         {COOKIE("b"), BASIC("Basic dTph"), NONE},
         "token_twice"},
        {"the code itself",
         {COOKIE("dTph"), BASIC("Basic dTph"), NONE},
         "token_twice"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_token_found_t out = {{NULL, 0}, {NULL, 0}};

        unit_expect_reason(cases[i].name,
                           bearer_token_find(cases[i].spots, 3, &out, *state),
                           cases[i].want);
        unit_expect(cases[i].name,
                    (out.token.data != NULL) == !strcmp(cases[i].want, "ok"));
    }
    unit_expect_reason("no spot at all",
                       bearer_token_find(NULL, 0, NULL, *state),
                       "token_missing");
}

/* what is written otherwise than it is: each beside its hostile twins */
static void token_may_be_coded(void **state)
{
    static const struct {
        bearer_token_spot_t spot;
        const char *want, *token, *user;
    } cases[] = {
        {BASIC("Basic dTph"), "ok", "a", "u"},
        {BASIC("bASIC   dTph "), "ok", "a", "u"},
        {BASIC("Basic Omph"), "ok", "ja", ""},       /* ":ja" */
        {BASIC("Basic dTphOmI="), "ok", "a:b", "u"}, /* "u:a:b" */
        {BASIC("Basic"), "token_format", NULL, NULL},
        {BASIC("Bearer dTph"), "token_scheme", NULL, NULL},
        {BASIC("Basicx dTph"), "token_scheme", NULL, NULL},
        {BASIC("Basic dTph dTph"), "token_format", NULL, NULL},
        {BASIC("Basic dTph, Basic dTph"), "token_format", NULL, NULL},
        {BASIC("Basic dTo="), "token_format", NULL, NULL}, /* "u:" */
        {BASIC("Basic dWE="), "token_format", NULL, NULL}, /* "ua" */
        {BASIC("Basic u:a"), "token_format", NULL, NULL},
        {CODED("YQ"), "ok", "a", NULL},
        {CODED("YWIuY2Q"), "ok", "ab.cd", NULL},
        {CODED("YQ=="), "token_format", NULL, NULL},
        {CODED("YR"), "token_format", NULL, NULL}, /* not canonical */
        {CODED("Y"), "token_format", NULL, NULL},
        {CODED("a.b"), "token_format", NULL, NULL},
        {CODED(" YQ"), "token_format", NULL, NULL},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].spot.value;
        bearer_token_found_t out = {{NULL, 0}, {NULL, 0}};

        unit_expect_reason(name,
                           bearer_token_find(&cases[i].spot, 1, &out, *state),
                           cases[i].want);
        unit_expect(name, !out.token.data == !cases[i].token);
        unit_expect(name, !out.user.data == !cases[i].user);
        if (cases[i].token)
            unit_expect(name, bearer_str_is(out.token, cases[i].token));
        if (cases[i].user)
            unit_expect(name, bearer_str_is(out.user, cases[i].user));
    }
}

/* the name counts wherever its field stands among the spots */
static void token_keeps_the_name_beside_it(void **state)
{
    static const bearer_token_spot_t orders[][2] = {
        {BASIC("Basic dTph"), COOKIE("a")}, {COOKIE("a"), BASIC("Basic dTph")}};
    apr_size_t i;

    for (i = 0; i < 2; i++) {
        bearer_token_found_t out = {{NULL, 0}, {NULL, 0}};

        unit_expect_reason("both",
                           bearer_token_find(orders[i], 2, &out, *state), "ok");
        unit_expect("both", bearer_str_is(out.user, "u"));
    }
}

/* a decoded NUL does not end the token early for anybody */
static void token_decoded_is_whole(void **state)
{
    bearer_token_spot_t spot = CODED("YQBi"); /* a, NUL, b */
    bearer_token_found_t out = {{NULL, 0}, {NULL, 0}};

    unit_expect_reason("NUL", bearer_token_find(&spot, 1, &out, *state), "ok");
    assert_int_equal(out.token.len, 3);
    unit_expect_reason("NUL", bearer_token_check(out.token), "token_format");
}

/* RFC 6750 2.1, each byte in the middle of a token */
static void token_alphabet_is_b64token(void **state)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    int c;

    for (c = 1; c < 256; c++) {
        char value[] = "a?b";
        bearer_str_t out;

        value[1] = (char)c;
        unit_expect_reason(apr_psprintf(*state, "byte %d", c),
                           find_one(value, NULL, &out),
                           strchr(good, c) ? "ok" : "token_format");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(token_stands_in_a_header),
        unit_row(token_header_may_have_another_scheme),
        unit_row(token_is_the_whole_value_without_a_scheme),
        unit_row(token_stands_in_one_place_only),
        unit_row(token_may_be_coded),
        unit_row(token_keeps_the_name_beside_it),
        unit_row(token_decoded_is_whole),
        unit_row(token_alphabet_is_b64token),
    };

    return unit_run(tests);
}
