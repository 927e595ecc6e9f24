/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/text/json.h"
#include "bearer/text/write.h"
#include "tests/unit/oracle.h"

static const bearer_value_t *parse(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *json = NULL;

    unit_expect_reason(
        text, bearer_json_parse(unit_str(text), &json, NULL, pool), "ok");
    return json;
}

static void write_gives_compact_text_in_order(void **state)
{
    const char *text = "{\"z\":[1,2.5,true,null,\"\xc3\xa4/\\n\"],\"a\":{},"
                       "\"m\":\"\",\"b\":[],\"f\":[false,[[{}]]]}";
    const bearer_value_t *json =
        parse(apr_pstrcat(*state, " ", text, "\n", NULL), *state);
    bearer_str_t got = bearer_write_json(json, *state);

    assert_string_equal(got.data, text);
    assert_int_equal(got.len, strlen(text));
    got = bearer_write_json(bearer_value_at(bearer_value_get(json, "z"), 0),
                            *state);
    assert_string_equal(got.data, "1");
    got = bearer_write_json(bearer_value_get(json, "m"), *state);
    assert_string_equal(got.data, "\"\"");
    got = bearer_write_json(
        parse("{\"a\":\"\x7f\",\"b\":\"x\x7f\x7f\\u0001\"}", *state), *state);
    assert_string_equal(got.data,
                        "{\"a\":\"\\u007f\",\"b\":\"x\\u007f\\u007f\\u0001\"}");
    assert_int_equal(got.len, strlen(got.data));
    got = bearer_write_json(NULL, *state);
    assert_null(got.data);
    assert_int_equal(got.len, 0);
}

/* around the sizes at which the text has to grow */
static void write_gives_texts_of_every_length(void **state)
{
    char filler[2001];
    int len;

    memset(filler, 'x', sizeof(filler));
    for (len = 400; len <= 2000; len += len < 1100 ? 1 : 97) {
        const char *text =
            apr_psprintf(*state, "{\"a\":\"%.*s\",\"b\":1}", len, filler);
        bearer_str_t got = bearer_write_json(parse(text, *state), *state);

        unit_expect(text, got.len == strlen(text));
        unit_expect(text, strcmp(got.data, text) == 0);
    }
}

static void write_takes_members_one_by_one(void **state)
{
    static const struct {
        bearer_write_form_t form;
        const char *want;
    } rows[] = {
        {BEARER_WRITE_COMPACT,
         "{\"s\":\"\xc3\xa4\",\"t\":\"x\",\"n\":null,\"i\":-5,"
         "\"o\":{\"a\":[],\"b\":{},\"c\":[1,true]},\"v\":[1.5,null]}"},
        {BEARER_WRITE_ASCII,
         "{\"s\":\"\\u00E4\",\"t\":\"x\",\"n\":null,\"i\":-5,"
         "\"o\":{\"a\":[],\"b\":{},\"c\":[1,true]},\"v\":[1.5,null]}"},
        {BEARER_WRITE_LINES,
         "{\n  \"s\": \"\\u00E4\",\n  \"t\": \"x\",\n  \"n\": null,\n"
         "  \"i\": -5,\n  \"o\": {\n    \"a\": [],\n    \"b\": {},\n"
         "    \"c\": [\n      1,\n      true\n    ]\n  },\n"
         "  \"v\": [\n    1.5,\n    null\n  ]\n}"},
    };
    const bearer_value_t *value =
        bearer_value_get(parse("{\"v\":[1.5,null]}", *state), "v");
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_write_t out;

        bearer_write_begin(&out, rows[i].form, *state);
        bearer_write_open(&out, NULL, '{');
        bearer_write_string(&out, "s", unit_str("\xc3\xa4"));
        bearer_write_text(&out, "t", "x");
        bearer_write_text(&out, "n", NULL);
        bearer_write_integer(&out, "i", -5);
        bearer_write_open(&out, "o", '{');
        bearer_write_open(&out, "a", '[');
        bearer_write_close(&out);
        bearer_write_open(&out, "b", '{');
        bearer_write_close(&out);
        bearer_write_open(&out, "c", '[');
        bearer_write_integer(&out, NULL, 1);
        bearer_write_boolean(&out, NULL, true);
        bearer_write_close(&out);
        bearer_write_close(&out);
        bearer_write_value(&out, "v", value);
        bearer_write_close(&out);
        assert_string_equal(bearer_write_end(&out).data, rows[i].want);
    }
}

static void write_gives_nothing_that_is_no_utf8(void **state)
{
    bearer_write_t out;

    bearer_write_begin(&out, BEARER_WRITE_COMPACT, *state);
    bearer_write_open(&out, NULL, '[');
    bearer_write_text(&out, NULL, "\xe4");
    bearer_write_text(&out, NULL, "good");
    bearer_write_close(&out);
    assert_null(bearer_write_end(&out).data);
    assert_null(bearer_write_quoted("\xff", *state).data);
    assert_string_equal(bearer_write_quoted("a\"\xc3\xa4", *state).data,
                        "\"a\\\"\xc3\xa4\"");
    assert_string_equal(bearer_write_quoted("", *state).data, "\"\"");
}

/* the same in each run: a generator of our own */
static unsigned int next(unsigned int *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16 & 0x7fff;
}

static json_t *invent(unsigned int *seed, int depth);

static const char *invent_text(unsigned int *seed, apr_pool_t *pool)
{
    static const char *const pieces[] = {
        "a",
        "xyz",
        " ",
        "\"",
        "\\",
        "/",
        "\n",
        "\x01",
        "\x1f",
        "\x7f",
        "\xc3\xa4",
        "\xe2\x82\xac",
        "\t",
        "0",
        "\xf0\x9f\x94\x91",
        "\xef\xbf\xbf",
    };
    const char *text = "";
    unsigned int count = next(seed) % 5;

    while (count--)
        text = apr_pstrcat(
            pool, text,
            pieces[next(seed) % (sizeof(pieces) / sizeof(pieces[0]))], NULL);
    return text;
}

static json_t *invent_number(unsigned int *seed)
{
    double scale[] = {1, 0.1, 1e-7, 1e20, 1e-300, 1.0 / 3};
    json_int_t integer = (json_int_t)next(seed) << next(seed) % 49;

    if (next(seed) % 2)
        integer = -integer;
    if (next(seed) % 2)
        return json_integer(integer);
    return json_real((double)integer * scale[next(seed) % 6]);
}

static json_t *invent_members(unsigned int *seed, int depth)
{
    json_t *json = next(seed) % 2 ? json_object() : json_array();
    unsigned int count = next(seed) % 6;
    apr_pool_t *pool;

    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    while (count--) {
        if (json_is_object(json))
            (void)json_object_set_new(json, invent_text(seed, pool),
                                      invent(seed, depth - 1));
        else
            (void)json_array_append_new(json, invent(seed, depth - 1));
    }
    apr_pool_destroy(pool);
    return json;
}

static json_t *invent(unsigned int *seed, int depth)
{
    unsigned int kind = next(seed) % (depth ? 8 : 4);
    apr_pool_t *pool;
    json_t *json;

    if (kind > 3)
        return invent_members(seed, depth);
    if (kind == 3)
        return invent_number(seed);
    if (kind == 2)
        return next(seed) % 3 ? json_boolean(next(seed) % 2) : json_null();
    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    json = json_string(invent_text(seed, pool));
    apr_pool_destroy(pool);
    return json;
}

static const char *in_form(const bearer_value_t *value,
                           bearer_write_form_t form, apr_pool_t *pool)
{
    bearer_write_t out;

    bearer_write_begin(&out, form, pool);
    bearer_write_value(&out, NULL, value);
    return bearer_write_end(&out).data;
}

/* byte by byte what jansson writes of invented documents, in all forms; and what is
 * written reads back as the same block of memory */
static void write_gives_what_jansson_gives(void **state)
{
    unsigned int seed = 11;
    int round;

    for (round = 0; round < 5000; round++) {
        json_t *json = json_object();
        const bearer_value_t *value, *again;
        const char *text;

        (void)json_object_set_new(json, "a", invent(&seed, 4));
        (void)json_object_set_new(json, "b", invent(&seed, 2));
        text = oracle_text(json, JSON_COMPACT, *state);
        value = parse(text, *state);
        assert_true(oracle_equals(value, json));
        if (ORACLE_WRITES_REALS) {
            assert_string_equal(bearer_write_json(value, *state).data, text);
            assert_string_equal(
                in_form(value, BEARER_WRITE_ASCII, *state),
                oracle_text(json, JSON_COMPACT | JSON_ENSURE_ASCII, *state));
            assert_string_equal(
                in_form(value, BEARER_WRITE_LINES, *state),
                oracle_text(json, JSON_INDENT(2) | JSON_ENSURE_ASCII, *state));
        }
        again = parse(in_form(value, BEARER_WRITE_LINES, *state), *state);
        assert_int_equal(bearer_value_size(again), bearer_value_size(value));
        assert_memory_equal(again, value, bearer_value_size(value));
        json_decref(json);
        if (round % 100 == 0)
            apr_pool_clear(*state);
    }
}

static void write_gives_scalars(void **state)
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
        {"18446744073709551615", "18446744073709551615"},
        {"1e400", "1e400"},
        {"null", NULL},
        {"\"1\"", NULL},
        {"[1]", NULL},
        {"{}", NULL},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = apr_psprintf(*state, "{\"a\":%s}", rows[i].value);
        char buffer[64];
        bearer_str_t got = bearer_write_scalar(
            bearer_value_get(parse(text, *state), "a"), buffer, sizeof(buffer));

        unit_expect(rows[i].value, !got.data == !rows[i].want);
        if (rows[i].want) {
            unit_expect(rows[i].value, got.len == strlen(rows[i].want));
            assert_memory_equal(got.data, rows[i].want, got.len);
        }
    }
    assert_null(bearer_write_scalar(NULL, (char[64]){0}, 64).data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(write_gives_compact_text_in_order),
        unit_row(write_gives_texts_of_every_length),
        unit_row(write_takes_members_one_by_one),
        unit_row(write_gives_nothing_that_is_no_utf8),
        unit_row(write_gives_what_jansson_gives),
        unit_row(write_gives_scalars),
    };

    return unit_run(tests);
}
