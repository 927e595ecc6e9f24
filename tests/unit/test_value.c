/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/text/json.h"
#include "bearer/text/value.h"
#include "bearer/text/write.h"

static const bearer_value_t *value_of(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *value = NULL;

    unit_expect_reason(
        text, bearer_json_parse(unit_str(text), &value, NULL, pool), "ok");
    return value;
}

#define ALL                                                                    \
    "{\"s\":\"text\",\"e\":\"\",\"i\":-12,\"r\":1.5,\"t\":true,\"f\":false,"   \
    "\"n\":null,\"a\":[1,[2,\"x\"],{}],\"o\":{\"in\":\"side\"}}"

static void value_tells_kinds(void **state)
{
    static const struct {
        const char *name;
        bearer_kind_t kind;
        bool number, boolean;
    } rows[] = {
        {"s", BEARER_KIND_STRING, false, false},
        {"e", BEARER_KIND_STRING, false, false},
        {"i", BEARER_KIND_INTEGER, true, false},
        {"r", BEARER_KIND_REAL, true, false},
        {"t", BEARER_KIND_TRUE, false, true},
        {"f", BEARER_KIND_FALSE, false, true},
        {"n", BEARER_KIND_NULL, false, false},
        {"a", BEARER_KIND_ARRAY, false, false},
        {"o", BEARER_KIND_OBJECT, false, false},
        {"x", BEARER_KIND_ABSENT, false, false},
        {"", BEARER_KIND_ABSENT, false, false},
        {"in", BEARER_KIND_ABSENT, false, false},
    };
    const bearer_value_t *all = value_of(ALL, *state);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bearer_value_t *value = bearer_value_get(all, rows[i].name);

        unit_expect(rows[i].name, bearer_value_kind(value) == rows[i].kind);
        unit_expect(rows[i].name, bearer_value_is(value, rows[i].kind));
        unit_expect(rows[i].name,
                    bearer_value_is_number(value) == rows[i].number);
        unit_expect(rows[i].name,
                    bearer_value_is_boolean(value) == rows[i].boolean);
        unit_expect(rows[i].name, (bearer_value_text(value).data != NULL)
                                      == (rows[i].kind == BEARER_KIND_STRING));
        unit_expect(rows[i].name,
                    bearer_value_integer(value)
                        == (rows[i].name[0] == 'i' && rows[i].name[1] == '\0'
                                ? -12
                                : 0));
        unit_expect(rows[i].name, (bearer_value_real(value) > 1)
                                      == (rows[i].kind == BEARER_KIND_REAL));
    }
}

static void value_compares_texts(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);
    bearer_str_t absent = {NULL, 0};

    assert_true(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("text")));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("texT")));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("tex")));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("texts")));
    assert_true(bearer_value_equals(bearer_value_get(all, "e"), unit_str("")));
    assert_false(bearer_value_equals(bearer_value_get(all, "e"), absent));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "i"), unit_str("-12")));
    assert_false(bearer_value_equals(NULL, unit_str("")));
    /* terminated, and what pads it is not part of it */
    assert_string_equal(bearer_value_text(bearer_value_get(all, "s")).data,
                        "text");
    assert_int_equal(bearer_value_text(bearer_value_get(all, "s")).len, 4);
}

static void value_walks_members(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);
    const bearer_value_t *array = bearer_value_get(all, "a");
    const bearer_value_t *at = bearer_value_first(array);

    assert_int_equal(bearer_value_integer(at), 1);
    at = bearer_value_next(array, at);
    assert_string_equal(bearer_value_text(bearer_value_at(at, 1)).data, "x");
    assert_null(bearer_value_at(at, 2));
    at = bearer_value_next(array, at);
    assert_null(bearer_value_first(at));
    assert_null(bearer_value_next(array, at));

    at = bearer_value_first(bearer_value_get(all, "o"));
    assert_string_equal(bearer_value_text(at).data, "in");
    at = bearer_value_next(bearer_value_get(all, "o"), at);
    assert_string_equal(bearer_value_text(at).data, "side");
    assert_null(bearer_value_next(bearer_value_get(all, "o"), at));
}

/* what has no members, or is another kind than asked for */
static void value_finds_nothing_in_other_kinds(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);

    assert_null(bearer_value_first(NULL));
    assert_null(bearer_value_first(bearer_value_get(all, "s")));
    assert_null(bearer_value_first(bearer_value_get(all, "n")));
    assert_null(bearer_value_get(NULL, "s"));
    assert_null(bearer_value_get(bearer_value_get(all, "a"), "1"));
    assert_null(bearer_value_at(NULL, 0));
    assert_null(bearer_value_at(all, 0));
    assert_null(bearer_value_at(bearer_value_get(all, "a"), 3));
    assert_int_equal(bearer_value_size(NULL), 0);
}

/* a copy elsewhere says the same when the first is gone */
static void value_moves_as_a_whole(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);
    apr_size_t size = bearer_value_size(all);
    char *copy = apr_palloc(*state, size + 8);
    const char *before = bearer_write_json(all, *state).data;

    assert_int_equal(size % 8, 0);
    memcpy(copy, all, size);
    memset((char *)all, 'x', size);
    assert_string_equal(
        bearer_write_json((const bearer_value_t *)(const void *)copy, *state)
            .data,
        before);
    assert_string_equal(before, ALL);
}

/* every function says no at each size that is too small, and writes nothing past
 * the end (ASan looks) */
static void value_keeps_to_its_room(void **state BEARER_UNUSED)
{
    apr_size_t size;

    for (size = 0; size <= 48; size += 8) {
        char *memory = malloc(size ? size : 1);
        bearer_value_room_t room = {memory, memory + size};
        bearer_value_t *whole = bearer_value_open(&room, BEARER_KIND_ARRAY);

        assert_int_equal(whole != NULL, size >= 8);
        assert_int_equal(bearer_value_put_string(&room, unit_str("1234567")),
                         size >= 24);
        if (size >= 24)
            assert_int_equal(bearer_value_put_plain(&room, BEARER_KIND_TRUE),
                             size >= 32);
        if (size >= 32)
            assert_int_equal(bearer_value_put_integer(&room, 1), size >= 48);
        if (size == 40)
            assert_false(bearer_value_put_real(&room, 1));
        if (whole) {
            bearer_value_close(&room, whole);
            assert_true(bearer_value_size(whole) <= size);
        }
        free(memory);
    }
}

static void value_refuses_a_text_that_has_no_length(void **state BEARER_UNUSED)
{
    char memory[64];
    bearer_value_room_t room = {memory, memory + sizeof(memory)};
    bearer_str_t huge = {memory, (apr_size_t)1 << 28};

    assert_false(bearer_value_put_string(&room, huge));
    huge.len = (apr_size_t)-8;
    assert_false(bearer_value_put_string(&room, huge));
    assert_ptr_equal(room.at, memory);
}

static void value_gets_strings_only(void **state)
{
    const bearer_value_t *json =
        value_of("{\"s\":\"\xc3\xa4x\",\"e\":\"\",\"n\":1,"
                 "\"z\":null,\"a\":[\"x\"],\"o\":{},\"t\":true}",
                 *state);
    static const char *const wrong[] = {"n", "a", "o", "t"};
    bearer_str_t out = {"untouched", 9};
    apr_size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        unit_expect(wrong[i], bearer_value_get_string(json, wrong[i], &out)
                                  == BEARER_VALUE_WRONG);
    assert_int_equal(bearer_value_get_string(json, "S", &out),
                     BEARER_VALUE_ABSENT);
    /* null is no member */
    assert_int_equal(bearer_value_get_string(json, "z", &out),
                     BEARER_VALUE_ABSENT);
    assert_null(bearer_value_some(json, "z"));
    assert_non_null(bearer_value_get(json, "z"));
    assert_non_null(bearer_value_some(json, "e"));
    assert_int_equal(bearer_value_get_string(NULL, "s", &out),
                     BEARER_VALUE_ABSENT);
    assert_int_equal(
        bearer_value_get_string(bearer_value_get(json, "a"), "s", &out),
        BEARER_VALUE_ABSENT);
    assert_string_equal(out.data, "untouched");

    assert_int_equal(bearer_value_get_string(json, "s", &out),
                     BEARER_VALUE_GOT);
    assert_int_equal(out.len, 3);
    assert_string_equal(out.data, "\xc3\xa4x");
    assert_int_equal(bearer_value_get_string(json, "e", &out),
                     BEARER_VALUE_GOT);
    assert_int_equal(out.len, 0);
    assert_non_null(out.data);
}

static void value_gets_seconds(void **state)
{
    static const struct {
        const char *text;
        bearer_value_got_t got;
        apr_int64_t want;
    } cases[] = {
        {"0", BEARER_VALUE_GOT, 0},
        {"-0", BEARER_VALUE_GOT, 0},
        {"1800000000", BEARER_VALUE_GOT, 1800000000},
        {"-5", BEARER_VALUE_GOT, -5},
        {"1800000000.0", BEARER_VALUE_GOT, 1800000000},
        {"1800000000.999", BEARER_VALUE_GOT, 1800000000},
        {"1.8e9", BEARER_VALUE_GOT, 1800000000},
        {"0.5", BEARER_VALUE_GOT, 0},
        {"-0.0", BEARER_VALUE_GOT, 0},
        {"-0.5", BEARER_VALUE_GOT, -1},
        {"-1.0", BEARER_VALUE_GOT, -1},
        {"-1.0001", BEARER_VALUE_GOT, -2},
        {"1e-300", BEARER_VALUE_GOT, 0},
        {"-1e-300", BEARER_VALUE_GOT, -1},
        {"1000000000000000", BEARER_VALUE_GOT, 1000000000000000},
        {"1000000000000001", BEARER_VALUE_WRONG, 0},
        {"-1000000000000000", BEARER_VALUE_GOT, -1000000000000000},
        {"-1000000000000001", BEARER_VALUE_WRONG, 0},
        {"1e15", BEARER_VALUE_GOT, 1000000000000000},
        {"1000000000000000.5", BEARER_VALUE_WRONG, 0},
        {"-1e15", BEARER_VALUE_GOT, -1000000000000000},
        {"-1000000000000000.5", BEARER_VALUE_WRONG, 0},
        {"-999999999999999.5", BEARER_VALUE_GOT, -1000000000000000},
        {"9223372036854775807", BEARER_VALUE_WRONG, 0},
        {"-9223372036854775808", BEARER_VALUE_WRONG, 0},
        {"1e300", BEARER_VALUE_WRONG, 0},
        {"-1e300", BEARER_VALUE_WRONG, 0},
        {"9.3e18", BEARER_VALUE_WRONG, 0},
        {"9223372036854775808", BEARER_VALUE_WRONG, 0},
        {"-9223372036854775809", BEARER_VALUE_WRONG, 0},
        {"18446744073709551615", BEARER_VALUE_WRONG, 0},
        /* 2^64 + 1800000000 */
        {"18446744075509551616", BEARER_VALUE_WRONG, 0},
        {"1e400", BEARER_VALUE_WRONG, 0},
        {"-1e400", BEARER_VALUE_WRONG, 0},
        {"\"1800000000\"", BEARER_VALUE_WRONG, 0},
        {"\"\"", BEARER_VALUE_WRONG, 0},
        {"null", BEARER_VALUE_ABSENT, 0},
        {"true", BEARER_VALUE_WRONG, 0},
        {"false", BEARER_VALUE_WRONG, 0},
        {"[1800000000]", BEARER_VALUE_WRONG, 0},
        {"{}", BEARER_VALUE_WRONG, 0},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text =
            apr_pstrcat(*state, "{\"exp\":", cases[i].text, "}", NULL);
        apr_int64_t out = 77;

        unit_expect(cases[i].text, bearer_value_get_seconds(
                                       value_of(text, *state), "exp", &out)
                                       == cases[i].got);
        unit_expect(
            cases[i].text,
            out == (cases[i].got == BEARER_VALUE_GOT ? cases[i].want : 77));
    }
}

static void value_seconds_may_be_absent(void **state)
{
    apr_int64_t out = 77;

    assert_int_equal(
        bearer_value_get_seconds(value_of("{}", *state), "exp", &out),
        BEARER_VALUE_ABSENT);
    assert_int_equal(bearer_value_get_seconds(NULL, "exp", &out),
                     BEARER_VALUE_ABSENT);
    assert_int_equal(out, 77);
}

static void value_compares_strings_byte_for_byte(void **state)
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
        const bearer_value_t *value =
            bearer_value_get(value_of(text, *state), "v");

        unit_expect(text, bearer_value_equals(value, unit_str(cases[i].text))
                              == cases[i].want);
    }
    assert_false(bearer_value_equals(NULL, unit_str("abc")));
    assert_false(bearer_value_equals(NULL, unit_str(NULL)));
    assert_false(bearer_value_equals(
        bearer_value_get(value_of("{\"v\":\"ab\"}", *state), "v"), nul));
}

/* kept as it was written, and nothing else */
static void value_keeps_numerals(void **state)
{
    const bearer_value_t *all = value_of(
        "{\"n\":18446744073709551615,\"e\":-1E+400,\"s\":\"1\"}", *state);
    const bearer_value_t *n = bearer_value_get(all, "n");

    assert_int_equal(bearer_value_kind(n), BEARER_KIND_NUMERAL);
    assert_true(bearer_value_is_number(n));
    assert_string_equal(bearer_value_numeral(n).data, "18446744073709551615");
    assert_int_equal(bearer_value_numeral(n).len, 20);
    assert_string_equal(bearer_value_numeral(bearer_value_get(all, "e")).data,
                        "-1E+400");
    assert_null(bearer_value_text(n).data);
    assert_int_equal(bearer_value_integer(n), 0);
    assert_true(bearer_value_real(n) == 0);
    assert_false(bearer_value_equals(n, unit_str("18446744073709551615")));
    assert_null(bearer_value_first(n));
    assert_null(bearer_value_numeral(bearer_value_get(all, "s")).data);
    assert_null(bearer_value_numeral(NULL).data);
}

static void value_holds_kinds(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);
    const bearer_value_t *deep =
        value_of("{\"a\":[{\"1e9\":\"x\",\"b\":[[1e999]]}],\"c\":1}", *state);

    assert_true(bearer_value_holds(all, BEARER_KIND_OBJECT));
    assert_true(bearer_value_holds(all, BEARER_KIND_REAL));
    assert_false(bearer_value_holds(all, BEARER_KIND_NUMERAL));
    assert_true(bearer_value_holds(deep, BEARER_KIND_NUMERAL));
    assert_false(bearer_value_holds(deep, BEARER_KIND_REAL));
    /* only what is in it */
    assert_false(
        bearer_value_holds(bearer_value_get(deep, "c"), BEARER_KIND_NUMERAL));
    assert_true(
        bearer_value_holds(bearer_value_get(deep, "a"), BEARER_KIND_NUMERAL));
    assert_false(bearer_value_holds(NULL, BEARER_KIND_NUMERAL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(value_tells_kinds),
        unit_row(value_compares_texts),
        unit_row(value_walks_members),
        unit_row(value_finds_nothing_in_other_kinds),
        unit_row(value_moves_as_a_whole),
        unit_row(value_keeps_to_its_room),
        unit_row(value_refuses_a_text_that_has_no_length),
        unit_row(value_gets_strings_only),
        unit_row(value_gets_seconds),
        unit_row(value_seconds_may_be_absent),
        unit_row(value_compares_strings_byte_for_byte),
        unit_row(value_keeps_numerals),
        unit_row(value_holds_kinds),
    };

    return unit_run(tests);
}
