/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/text/json.h"

static const json_t *parse(const char *text, apr_pool_t *pool)
{
    const json_t *json = NULL;
    bearer_note_t note;

    unit_expect_reason(
        text, bearer_json_parse(unit_str(text), &json, &note, pool), "ok");
    return json;
}

/* head, depth times open, depth times close, tail */
static const char *nest(const char *head, char open, char close, int depth,
                        const char *tail, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 2 * (apr_size_t)depth + 1);

    memset(text, open, (apr_size_t)depth);
    memset(text + depth, close, (apr_size_t)depth);
    text[2 * depth] = '\0';
    return apr_pstrcat(pool, head, text, tail, NULL);
}

/* --- parsing ------------------------------------------------------------ */

static void json_parses_an_object(void **state)
{
    static const char *const texts[] = {
        "{}",
        " \t\r\n{ } \n",
        "{\"a\":[1,2.5,-3e2,true,false,null,\"x\",{}]}",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "{\"\":0}",
        "{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
        "{\"\xc3\xa4\":\"\xf0\x9f\x94\x91\"}",
        "{\"a\":\"\\ud83d\\udd11\\u007f\"}",
        "{\"a\":\"\x7f\"}",
        "{\"a\":1,\"A\":2,\"a \":3}",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        unit_expect(texts[i], json_is_object(parse(texts[i], *state)));
}

static void json_needs_no_terminated_text(void **state)
{
    bearer_str_t text = {"{\"a\":1}junk", 7};
    const json_t *json;

    unit_expect_reason("cut", bearer_json_parse(text, &json, NULL, *state),
                       "ok");
}

static void json_refuses_bad_documents(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"nothing", "", "json_syntax"},
        {"white space", "  ", "json_syntax"},
        {"an array", "[]", "json_syntax"},
        {"a string", "\"a\"", "json_syntax"},
        {"a number", "1", "json_syntax"},
        {"null", "null", "json_syntax"},
        {"not JSON", "SECRET", "json_syntax"},
        {"junk behind", "{\"a\":\"SECRET\"}SECRET", "json_syntax"},
        {"another object behind", "{}{}", "json_syntax"},
        {"cut off in a string", "{\"a\":\"SECRET", "json_syntax"},
        {"cut off behind a backslash", "{\"a\":\"SECRET\\", "json_syntax"},
        {"cut off in an object", "{\"a\":1", "json_syntax"},
        {"closed too often", "{}}", "json_syntax"},
        {"closed at once", "}", "json_syntax"},
        {"closed by the wrong bracket", "{\"a\":[}]", "json_syntax"},
        {"trailing comma", "{\"a\":1,}", "json_syntax"},
        {"comment", "{/*SECRET*/}", "json_syntax"},
        {"single quotes", "{'a':'SECRET'}", "json_syntax"},
        {"bare name", "{SECRET:1}", "json_syntax"},
        {"leading zero", "{\"a\":01}", "json_syntax"},
        {"NaN", "{\"a\":NaN}", "json_syntax"},
        {"hex number", "{\"a\":0x10}", "json_syntax"},
        {"byte order mark", "\xef\xbb\xbf{}", "json_syntax"},
        {"overlong UTF-8", "{\"a\":\"\xc0\xaf\"}", "json_syntax"},
        {"Latin-1", "{\"a\":\"\xe4\"}", "json_syntax"},
        {"surrogate as UTF-8", "{\"a\":\"\xed\xa0\x80\"}", "json_syntax"},
        {"lone surrogate", "{\"a\":\"\\ud800\"}", "json_syntax"},
        {"raw line feed in a string", "{\"a\":\"\n\"}", "json_syntax"},
        {"escaped NUL in a value", "{\"a\":\"S\\u0000\"}", "json_syntax"},
        {"escaped NUL in a name", "{\"S\\u0000\":1}", "json_syntax"},
        {"integer over 64 bits", "{\"a\":9223372036854775808}", "json_syntax"},
        {"real over double", "{\"a\":1e400}", "json_syntax"},
        {"member twice", "{\"SECRET\":1,\"SECRET\":1}", "json_duplicate"},
        {"member twice, once escaped", "{\"alg\":1,\"\\u0061lg\":2}",
         "json_duplicate"},
        {"member twice, deep", "{\"b\":[0,{\"c\":{\"a\":1,\"a\":1}}]}",
         "json_duplicate"},
        {"empty member twice", "{\"\":1,\"\":1}", "json_duplicate"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const json_t *json = NULL;
        bearer_note_t note = {""};

        unit_expect_reason(
            cases[i].name,
            bearer_json_parse(unit_str(cases[i].text), &json, &note, *state),
            cases[i].want);
        unit_expect(cases[i].name, json == NULL);
        unit_expect(cases[i].name, *note.text);
        unit_expect(cases[i].name, !strstr(note.text, "SECRET"));
        unit_expect_reason(
            cases[i].name,
            bearer_json_parse(unit_str(cases[i].text), &json, NULL, *state),
            cases[i].want);
    }
}

static void json_refuses_a_raw_nul(void **state)
{
    bearer_str_t text = {"{}\0", 3};
    bearer_str_t inside = {"{\"a\":\"\0\"}", 9};
    const json_t *json;

    unit_expect_reason("behind", bearer_json_parse(text, &json, NULL, *state),
                       "json_syntax");
    unit_expect_reason("inside", bearer_json_parse(inside, &json, NULL, *state),
                       "json_syntax");
}

static void json_says_where_but_not_what(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "empty text"},
        {"[]", "an array, not an object"},
        {"{\"a\":1,\"a\":2}", "member twice, byte 10"},
        {"{} x", "more after the end, byte 4"},
        {"{\"a\":\"\xff\"}", "not UTF-8, byte 6"},
        {"{\"a\":\"\\u0000\"}", "NUL in a string, byte 13"},
        {"{\"a\\u0000\":1}", "NUL in a string, byte 10"},
        {"{\"a\":1e999}", "number too large, byte 10"},
        {"{\"a\":", "cut off after byte 5"},
        {"{\"a\":x}", "wrong syntax, byte 6"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t text = unit_str(cases[i].text);
        bearer_note_t note = {""};
        const json_t *json;

        assert_int_not_equal(bearer_json_parse(text, &json, &note, *state), 0);
        assert_string_equal(note.text, cases[i].want);
    }
}

static void json_bounds_the_nesting(void **state)
{
    const int most = BEARER_LIMIT_JSON_DEPTH;
    const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"arrays at the limit",
         nest("{\"a\":", '[', ']', most - 1, "}", *state), "ok"},
        {"arrays over the limit", nest("{\"a\":", '[', ']', most, "}", *state),
         "json_depth"},
        {"siblings at the limit",
         nest(nest("{\"a\":", '[', ']', most - 1, ",\"b\":", *state), '[', ']',
              most - 1, "}", *state),
         "ok"},
        {"over the limit behind a string with brackets",
         nest("{\"}}}}\":\"]]]\",\"a\":", '[', ']', most, "}", *state),
         "json_depth"},
        {"over the limit behind an escaped quote",
         nest("{\"a\":\"\\\"\",\"b\":", '[', ']', most, "}", *state),
         "json_depth"},
        {"over the limit behind an escaped backslash",
         nest("{\"a\":\"\\\\\",\"b\":", '[', ']', most, "}", *state),
         "json_depth"},
        {"brackets in a string",
         nest("{\"a\":\"", '[', '{', 5000, "\"}", *state), "ok"},
        {"brackets in a string behind an escaped quote",
         nest("{\"a\":\"\\\"", '[', ']', 100, "\"}", *state), "ok"},
        {"brackets in a name", nest("{\"", '{', '[', 100, "\":1}", *state),
         "ok"},
        {"jansson's own limit", nest("{\"a\":", '[', ']', 2100, "}", *state),
         "json_depth"},
        {"a stack's worth", nest("{\"a\":", '[', ']', 1000000, "}", *state),
         "json_depth"},
        {"never closed", nest("", '[', '[', 500000, "", *state), "json_depth"},
        {"only closed", nest("", ']', ']', 1000, "", *state), "json_syntax"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const json_t *json;

        unit_expect_reason(
            cases[i].name,
            bearer_json_parse(unit_str(cases[i].text), &json, NULL, *state),
            cases[i].want);
    }
}

static void json_counts_the_nesting_of_objects(void **state)
{
    const json_t *json;
    const char *text = "1";
    int i;

    for (i = 0; i < BEARER_LIMIT_JSON_DEPTH; i++)
        text = apr_pstrcat(*state, "{\"a\":", text, "}", NULL);
    unit_expect_reason(
        "limit", bearer_json_parse(unit_str(text), &json, NULL, *state), "ok");
    text = apr_pstrcat(*state, "{\"a\":", text, "}", NULL);
    unit_expect_reason("over",
                       bearer_json_parse(unit_str(text), &json, NULL, *state),
                       "json_depth");
}

static void json_gives_documents_to_the_pool(void **state)
{
    json_t *json = json_object();
    apr_pool_t *tmp;

    assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
    assert_null(bearer_json_adopt(NULL, tmp));
    assert_ptr_equal(bearer_json_adopt(json, tmp), json);
    json_incref(json);
    assert_int_equal(json->refcount, 2);
    apr_pool_destroy(tmp);
    assert_int_equal(json->refcount, 1);
    json_decref(json);
}

/* --- values ------------------------------------------------------------- */

static void json_gets_strings_only(void **state)
{
    const json_t *json = parse("{\"s\":\"\xc3\xa4x\",\"e\":\"\",\"n\":1,"
                               "\"z\":null,\"a\":[\"x\"],\"o\":{},\"t\":true}",
                               *state);
    static const char *const wrong[] = {"n", "z", "a", "o", "t"};
    bearer_str_t out = {"untouched", 9};
    apr_size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        unit_expect(wrong[i], bearer_json_string(json, wrong[i], &out)
                                  == BEARER_JSON_WRONG);
    assert_int_equal(bearer_json_string(json, "S", &out), BEARER_JSON_ABSENT);
    assert_int_equal(bearer_json_string(NULL, "s", &out), BEARER_JSON_ABSENT);
    assert_int_equal(bearer_json_string(json_object_get(json, "a"), "s", &out),
                     BEARER_JSON_ABSENT);
    assert_string_equal(out.data, "untouched");

    assert_int_equal(bearer_json_string(json, "s", &out), BEARER_JSON_GOT);
    assert_int_equal(out.len, 3);
    assert_string_equal(out.data, "\xc3\xa4x");
    assert_int_equal(bearer_json_string(json, "e", &out), BEARER_JSON_GOT);
    assert_int_equal(out.len, 0);
    assert_non_null(out.data);
}

static void json_gets_seconds(void **state)
{
    static const struct {
        const char *text;
        bearer_json_got_t got;
        apr_int64_t want;
    } cases[] = {
        {"0", BEARER_JSON_GOT, 0},
        {"-0", BEARER_JSON_GOT, 0},
        {"1800000000", BEARER_JSON_GOT, 1800000000},
        {"-5", BEARER_JSON_GOT, -5},
        {"1800000000.0", BEARER_JSON_GOT, 1800000000},
        {"1800000000.999", BEARER_JSON_GOT, 1800000000},
        {"1.8e9", BEARER_JSON_GOT, 1800000000},
        {"0.5", BEARER_JSON_GOT, 0},
        {"-0.0", BEARER_JSON_GOT, 0},
        {"-0.5", BEARER_JSON_GOT, -1},
        {"-1.0", BEARER_JSON_GOT, -1},
        {"-1.0001", BEARER_JSON_GOT, -2},
        {"1e-300", BEARER_JSON_GOT, 0},
        {"-1e-300", BEARER_JSON_GOT, -1},
        {"1000000000000000", BEARER_JSON_GOT, 1000000000000000},
        {"1000000000000001", BEARER_JSON_WRONG, 0},
        {"-1000000000000000", BEARER_JSON_GOT, -1000000000000000},
        {"-1000000000000001", BEARER_JSON_WRONG, 0},
        {"1e15", BEARER_JSON_GOT, 1000000000000000},
        {"1000000000000000.5", BEARER_JSON_WRONG, 0},
        {"-1e15", BEARER_JSON_GOT, -1000000000000000},
        {"-1000000000000000.5", BEARER_JSON_WRONG, 0},
        {"-999999999999999.5", BEARER_JSON_GOT, -1000000000000000},
        {"9223372036854775807", BEARER_JSON_WRONG, 0},
        {"-9223372036854775808", BEARER_JSON_WRONG, 0},
        {"1e300", BEARER_JSON_WRONG, 0},
        {"-1e300", BEARER_JSON_WRONG, 0},
        {"9.3e18", BEARER_JSON_WRONG, 0},
        {"\"1800000000\"", BEARER_JSON_WRONG, 0},
        {"\"\"", BEARER_JSON_WRONG, 0},
        {"null", BEARER_JSON_WRONG, 0},
        {"true", BEARER_JSON_WRONG, 0},
        {"false", BEARER_JSON_WRONG, 0},
        {"[1800000000]", BEARER_JSON_WRONG, 0},
        {"{}", BEARER_JSON_WRONG, 0},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text =
            apr_pstrcat(*state, "{\"exp\":", cases[i].text, "}", NULL);
        apr_int64_t out = 77;

        unit_expect(cases[i].text,
                    bearer_json_seconds(parse(text, *state), "exp", &out)
                        == cases[i].got);
        unit_expect(
            cases[i].text,
            out == (cases[i].got == BEARER_JSON_GOT ? cases[i].want : 77));
    }
}

static void json_seconds_may_be_absent(void **state)
{
    apr_int64_t out = 77;

    assert_int_equal(bearer_json_seconds(parse("{}", *state), "exp", &out),
                     BEARER_JSON_ABSENT);
    assert_int_equal(bearer_json_seconds(NULL, "exp", &out),
                     BEARER_JSON_ABSENT);
    assert_int_equal(out, 77);
}

static void json_compares_strings_byte_for_byte(void **state)
{
    static const struct {
        const char *value, *text;
        bool want;
    } cases[] = {
        {"\"abc\"", "abc", true},   {"\"abc\"", "abd", false},
        {"\"abc\"", "ab", false},   {"\"abc\"", "abcd", false},
        {"\"abc\"", "ABC", false},  {"\"\"", "", true},
        {"\"\"", NULL, false},      {"1", "1", false},
        {"null", "null", false},    {"[\"abc\"]", "abc", false},
        {"\"\\u0061\"", "a", true},
    };
    bearer_str_t nul = {"ab\0", 3};
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text =
            apr_pstrcat(*state, "{\"v\":", cases[i].value, "}", NULL);
        const json_t *value = json_object_get(parse(text, *state), "v");

        unit_expect(text, bearer_json_equals(value, unit_str(cases[i].text))
                              == cases[i].want);
    }
    assert_false(bearer_json_equals(NULL, unit_str("abc")));
    assert_false(bearer_json_equals(NULL, unit_str(NULL)));
    assert_false(bearer_json_equals(
        json_object_get(parse("{\"v\":\"ab\"}", *state), "v"), nul));
}

static void json_renders_compact_text_in_order(void **state)
{
    const char *text = "{\"z\":[1,2.5,true,null,\"\xc3\xa4/\\n\"],\"a\":{},"
                       "\"m\":\"\"}";
    const json_t *json =
        parse(apr_pstrcat(*state, " ", text, "\n", NULL), *state);
    bearer_str_t got = bearer_json_render(json, *state);

    assert_string_equal(got.data, text);
    assert_int_equal(got.len, strlen(text));
    got = bearer_json_render(json_array_get(json_object_get(json, "z"), 0),
                             *state);
    assert_string_equal(got.data, "1");
    got = bearer_json_render(json_object_get(json, "m"), *state);
    assert_string_equal(got.data, "\"\"");
    got = bearer_json_render(
        parse("{\"a\":\"\x7f\",\"b\":\"x\x7f\x7f\\u0001\"}", *state), *state);
    assert_string_equal(got.data,
                        "{\"a\":\"\\u007f\",\"b\":\"x\\u007f\\u007f\\u0001\"}");
    assert_int_equal(got.len, strlen(got.data));
    got = bearer_json_render(NULL, *state);
    assert_null(got.data);
    assert_int_equal(got.len, 0);
}

/* around the size at which a second rendering is needed */
static void json_renders_texts_of_every_length(void **state)
{
    char filler[2001];
    int len;

    memset(filler, 'x', sizeof(filler));
    for (len = 1000; len <= 2000; len += len < 1040 ? 1 : 97) {
        const char *text =
            apr_psprintf(*state, "{\"a\":\"%.*s\"}", len, filler);
        bearer_str_t got = bearer_json_render(parse(text, *state), *state);

        unit_expect(text, got.len == strlen(text));
        unit_expect(text, strcmp(got.data, text) == 0);
    }
}

static const bearer_value_t *read_value(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *value = NULL;

    unit_expect_reason(
        text, bearer_json_read(unit_str(text), &value, NULL, pool), "ok");
    return value;
}

/* the fast reader, jansson, and what is written again: one document */
static void json_reads_what_it_parses(void **state)
{
    static const char *const rows[] = {
        "{}",
        "{\"a\":1,\"b\":[true,false,null,\"x\",[],{}],\"c\":{\"d\":\"e\"}}",
        /* what is not plain goes by jansson */
        "{\"a\":1.5,\"b\":-0.25,\"c\":1e300,\"d\":[0.1]}",
        "{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
        "{\"a\":\"\\n\\\"\\\\\",\"\\u00e4\":{\"b\":[{}]}}",
        "{\"a\":\"\x7f\",\"b\":\"\xc3\xa4\"}",
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(
            bearer_json_write(read_value(rows[i], *state), *state).data,
            bearer_json_render(parse(rows[i], *state), *state).data);
}

static void json_reads_nothing_that_it_does_not_parse(void **state)
{
    static const struct {
        const char *text, *slug;
    } rows[] = {
        {"", "json_syntax"},
        {"[1]", "json_syntax"},
        {"{\"a\":1,\"a\":1}", "json_duplicate"},
        {"{\"a\":1.5,\"a\":1}", "json_duplicate"},
        {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
         "json_depth"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bearer_value_t *value = NULL;
        bearer_note_t note = {""};

        unit_expect_reason(
            rows[i].text,
            bearer_json_read(unit_str(rows[i].text), &value, &note, *state),
            rows[i].slug);
        unit_expect(rows[i].text, value == NULL && note.text[0]);
    }
}

/* both getters of a value agree with those of a document */
static void json_gets_the_same_from_both(void **state)
{
    static const char *const values[] = {
        "1800000000",
        "-1",
        "1000000000000000",
        "1000000000000001",
        "1.5",
        "-1.5",
        "1e300",
        "-1e300",
        "1e15",
        "1e16",
        "\"1\"",
        "\"\"",
        "\"x\"",
        "null",
        "true",
        "false",
        "[1]",
        "{}",
        "0",
        "-1000000000000001",
    };
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const char *text =
            apr_psprintf(*state, "{\"other\":0,\"a\":%s}", values[i]);
        const bearer_value_t *value = read_value(text, *state);
        const json_t *json = parse(text, *state);
        bearer_str_t x = {NULL, 0}, y = {NULL, 0};
        apr_int64_t n = 0, m = 0;

        unit_expect(values[i], bearer_json_get_string(value, "a", &x)
                                   == bearer_json_string(json, "a", &y));
        unit_expect(values[i], (x.data == NULL) == (y.data == NULL)
                                   && x.len == y.len
                                   && (!x.data || !strcmp(x.data, y.data)));
        unit_expect(values[i], bearer_json_get_seconds(value, "a", &n)
                                       == bearer_json_seconds(json, "a", &m)
                                   && n == m);
    }
    assert_int_equal(bearer_json_get_seconds(read_value("{}", *state), "a",
                                             (apr_int64_t[]){0}),
                     BEARER_JSON_ABSENT);
    assert_int_equal(bearer_json_get_string(read_value("{}", *state), "a",
                                            (bearer_str_t[]){{NULL, 0}}),
                     BEARER_JSON_ABSENT);
}

static void json_writes_scalars(void **state)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"1", "1"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"true", "true"},
        {"false", "false"},
        {"0.1", "0.1"},
        {"1e300", "1e300"},
        {"-2.2250738585072014e-308", "-2.2250738585072014e-308"},
        {"null", NULL},
        {"\"1\"", NULL},
        {"[1]", NULL},
        {"{}", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = apr_psprintf(*state, "{\"a\":%s}", rows[i].value);
        char buffer[64];
        bearer_str_t got =
            bearer_json_scalar(bearer_value_get(read_value(text, *state), "a"),
                               buffer, sizeof(buffer));

        unit_expect(rows[i].value, !got.data == !rows[i].want);
        if (rows[i].want) {
            unit_expect(rows[i].value, got.len == strlen(rows[i].want));
            assert_memory_equal(got.data, rows[i].want, got.len);
        }
    }
    assert_null(bearer_json_scalar(NULL, (char[64]){0}, 64).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(json_parses_an_object),
        unit_row(json_needs_no_terminated_text),
        unit_row(json_refuses_bad_documents),
        unit_row(json_refuses_a_raw_nul),
        unit_row(json_says_where_but_not_what),
        unit_row(json_bounds_the_nesting),
        unit_row(json_counts_the_nesting_of_objects),
        unit_row(json_gives_documents_to_the_pool),
        unit_row(json_gets_strings_only),
        unit_row(json_gets_seconds),
        unit_row(json_seconds_may_be_absent),
        unit_row(json_compares_strings_byte_for_byte),
        unit_row(json_renders_compact_text_in_order),
        unit_row(json_renders_texts_of_every_length),
        unit_row(json_reads_what_it_parses),
        unit_row(json_reads_nothing_that_it_does_not_parse),
        unit_row(json_gets_the_same_from_both),
        unit_row(json_writes_scalars),
    };

    return unit_run(tests);
}
