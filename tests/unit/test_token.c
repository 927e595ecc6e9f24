/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/judge/token.h"

static bearer_reason_t find_one(const char *value, const char *scheme,
                                bearer_str_t *out)
{
    bearer_token_spot_t spot = {value, scheme};
    bearer_str_t token = {NULL, 0};
    bearer_reason_t why = bearer_token_find(&spot, 1, &token);

    if (!why)
        why = bearer_token_check(token);
    if (!why)
        *out = token;
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

static void token_stands_in_one_place_only(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_token_spot_t spots[3];
        const char *want;
    } cases[] = {
        {"nowhere",
         {{NULL, "Bearer"}, {NULL, NULL}, {NULL, NULL}},
         "token_missing"},
        {"empty everywhere",
         {{"", "Bearer"}, {"", NULL}, {"", NULL}},
         "token_missing"},
        {"first", {{"Bearer a", "Bearer"}, {NULL, NULL}, {NULL, NULL}}, "ok"},
        {"second", {{NULL, "Bearer"}, {"a", NULL}, {NULL, NULL}}, "ok"},
        {"third, others empty",
         {{"", "Bearer"}, {"", NULL}, {"a", NULL}},
         "ok"},
        {"header and cookie",
         {{"Bearer a", "Bearer"}, {"b", NULL}, {NULL, NULL}},
         "token_twice"},
        {"the same token twice",
         {{"Bearer a", "Bearer"}, {NULL, NULL}, {"a", NULL}},
         "token_twice"},
        {"cookie and query",
         {{NULL, "Bearer"}, {"a", NULL}, {"b", NULL}},
         "token_twice"},
        {"three",
         {{"Bearer a", "Bearer"}, {"b", NULL}, {"c", NULL}},
         "token_twice"},
        {"another scheme and a cookie",
         {{"Basic a", "Bearer"}, {"b", NULL}, {NULL, NULL}},
         "token_twice"},
        {"a wrong format and a cookie",
         {{"Bearer", "Bearer"}, {"b", NULL}, {NULL, NULL}},
         "token_twice"},
        {"two wrong formats",
         {{"x y z", "Bearer"}, {"!", NULL}, {NULL, NULL}},
         "token_twice"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t out = {NULL, 0};

        unit_expect_reason(cases[i].name,
                           bearer_token_find(cases[i].spots, 3, &out),
                           cases[i].want);
        unit_expect(cases[i].name,
                    (out.data != NULL) == !strcmp(cases[i].want, "ok"));
    }
    unit_expect_reason("no spot at all", bearer_token_find(NULL, 0, NULL),
                       "token_missing");
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
        unit_row(token_alphabet_is_b64token),
    };

    return unit_run(tests);
}
