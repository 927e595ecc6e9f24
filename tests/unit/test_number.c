/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <locale.h>

#include "bearer/text/json.h"
#include "bearer/text/number.h"
#include "tests/unit/oracle.h"

/* the number at the beginning of a text, and how much of it was read */
static bearer_number_t take(const char *text, apr_size_t *len, apr_pool_t *pool)
{
    bearer_number_t number = {.kind = BEARER_KIND_ABSENT};
    const char *at = text;

    if (!bearer_number_take(&at, text + strlen(text), &number, pool))
        number.kind = BEARER_KIND_ABSENT;
    *len = (apr_size_t)(at - text);
    return number;
}

static const struct {
    const char *text;
    bearer_kind_t kind;
    apr_size_t len; /* of what was read, where it is not all */
} rows[] = {
    {"0", BEARER_KIND_INTEGER, 0},
    {"-0", BEARER_KIND_INTEGER, 0},
    {"1", BEARER_KIND_INTEGER, 0},
    {"9223372036854775807", BEARER_KIND_INTEGER, 0},
    {"-9223372036854775808", BEARER_KIND_INTEGER, 0},
    {"9223372036854775808", BEARER_KIND_NUMERAL, 0},
    {"-9223372036854775809", BEARER_KIND_NUMERAL, 0},
    {"9999999999999999999", BEARER_KIND_NUMERAL, 0},
    {"18446744073709551615", BEARER_KIND_NUMERAL, 0},
    {"18446744073709551616", BEARER_KIND_NUMERAL, 0},
    {"18446744073709551617", BEARER_KIND_NUMERAL, 0},
    {"-100000000000000000000000000000000000000000", BEARER_KIND_NUMERAL, 0},
    {"0.0", BEARER_KIND_REAL, 0},
    {"-0.0", BEARER_KIND_REAL, 0},
    {"1e0", BEARER_KIND_REAL, 0},
    {"1E+2", BEARER_KIND_REAL, 0},
    {"1.5e-2", BEARER_KIND_REAL, 0},
    {"0e0", BEARER_KIND_REAL, 0},
    {"0e999999999999999999999", BEARER_KIND_REAL, 0},
    {"1e-400", BEARER_KIND_REAL, 0},
    {"18446744073709551615.0", BEARER_KIND_REAL, 0},
    {"1.7976931348623157e308", BEARER_KIND_REAL, 0},
    {"1.7976931348623159e308", BEARER_KIND_NUMERAL, 0},
    {"-1.7976931348623159e308", BEARER_KIND_NUMERAL, 0},
    {"1e400", BEARER_KIND_NUMERAL, 0},
    {"1E+0400", BEARER_KIND_NUMERAL, 0},
    {"1e99999999999999999999", BEARER_KIND_NUMERAL, 0},
    /* the rest is somebody else's */
    {"1,", BEARER_KIND_INTEGER, 1},
    {"1x", BEARER_KIND_INTEGER, 1},
    {"1.5.", BEARER_KIND_REAL, 3},
    {"1e5e", BEARER_KIND_REAL, 3},
    {"0x10", BEARER_KIND_INTEGER, 1},
    /* none */
    {"", BEARER_KIND_ABSENT, 0},
    {"-", BEARER_KIND_ABSENT, 1},
    {"--1", BEARER_KIND_ABSENT, 1},
    {"+1", BEARER_KIND_ABSENT, 0},
    {".5", BEARER_KIND_ABSENT, 0},
    {"01", BEARER_KIND_ABSENT, 1},
    {"00", BEARER_KIND_ABSENT, 1},
    {"-01", BEARER_KIND_ABSENT, 2},
    {"1.", BEARER_KIND_ABSENT, 2},
    {"1.e5", BEARER_KIND_ABSENT, 2},
    {"1e", BEARER_KIND_ABSENT, 2},
    {"1e+", BEARER_KIND_ABSENT, 3},
    {"1e+-1", BEARER_KIND_ABSENT, 3},
    {"inf", BEARER_KIND_ABSENT, 0},
    {"-inf", BEARER_KIND_ABSENT, 1},
    {"nan", BEARER_KIND_ABSENT, 0},
};

static void number_is_of_the_grammar(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_size_t len;
        bearer_number_t got = take(rows[i].text, &len, *state);
        bool all = got.kind && !rows[i].len;

        unit_expect(rows[i].text, got.kind == rows[i].kind);
        unit_expect(rows[i].text,
                    len == (all ? strlen(rows[i].text) : rows[i].len));
        if (got.kind == BEARER_KIND_NUMERAL)
            unit_expect(rows[i].text,
                        got.text.len == len
                            && !memcmp(got.text.data, rows[i].text, len));
    }
}

static void number_stops_at_the_end(void **state)
{
    const char *text = "1234567890123456789012e+99.";
    apr_size_t len;

    for (len = 0; len <= strlen(text); len++) {
        char *copy = malloc(len ? len : 1);
        const char *at = copy;
        bearer_number_t number;

        memcpy(copy, text, len);
        (void)!bearer_number_take(&at, copy + len, &number, *state);
        assert_in_range(at - copy, 0, len);
        free(copy);
    }
}

static void number_takes_long_reals(void **state)
{
    char *text = apr_palloc(*state, 5001);
    apr_size_t len;
    bearer_number_t got;

    memset(text, '3', 5000);
    text[5000] = '\0';
    text[1] = '.';
    got = take(text, &len, *state);
    assert_int_equal(got.kind, BEARER_KIND_REAL);
    assert_true(got.real == 3.3333333333333335);
    assert_int_equal(len, 5000);
}

static void number_compares_exactly(void **state)
{
    /* each is less than those after it, and equal to those with the same rank */
    static const struct {
        const char *text;
        int rank;
    } order[] = {
        {"-1e400", 0},
        {"-1.7976931348623157e308", 2},
        {"-1e300", 3},
        {"-18446744073709551617", 4},
        {"-18446744073709551616", 5},
        {"-18446744073709551616.0", 5},
        {"-18446744073709551615", 6},
        {"-9223372036854775809", 7},
        {"-9223372036854775808", 8},
        {"-9223372036854775808.0", 8},
        {"-9223372036854775807", 9},
        {"-1.5", 10},
        {"-1", 11},
        {"0", 12},
        {"-0.0", 12},
        {"1e-300", 13},
        {"9007199254740992.0", 14},
        {"9007199254740993", 15},
        {"9223372036854775807", 16},
        {"9223372036854775808", 17},
        {"9223372036854775808.0", 17},
        {"9223372036854775809", 18},
        {"18446744073709551615", 19},
        {"18446744073709551616.0", 20},
        {"18446744073709551616", 20},
        {"1e20", 21},
        {"100000000000000000001", 22},
        {"1e308", 23},
        {"1.7976931348623157e308", 24},
        {"179769313486231581e291", 25},
        {"1e400", 25},
    };
    size_t i, k;

    for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        for (k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
            apr_size_t len;
            bearer_number_t a = take(order[i].text, &len, *state);
            bearer_number_t b = take(order[k].text, &len, *state);
            int want = (order[i].rank > order[k].rank)
                       - (order[i].rank < order[k].rank);
            int got;

            if (b.kind == BEARER_KIND_NUMERAL)
                continue;
            got = bearer_number_compare(&a, &b);
            if ((got > 0) - (got < 0) != want)
                fail_msg("%s against %s: %d", order[i].text, order[k].text,
                         got);
        }
    }
}

/* 400 digits are more than any double has */
static void number_compares_the_longest(void **state)
{
    char *text = apr_palloc(*state, 401);
    bearer_number_t most = {.kind = BEARER_KIND_REAL,
                            .real = 1.7976931348623157e308};
    bearer_number_t number;
    apr_size_t len;

    memset(text, '1', 400);
    text[400] = '\0';
    number = take(text, &len, *state);
    assert_int_equal(number.kind, BEARER_KIND_NUMERAL);
    assert_true(bearer_number_compare(&number, &most) > 0);
    most.real = -most.real;
    assert_true(bearer_number_compare(&number, &most) > 0);
}

static void number_is_of_a_value(void **state)
{
    const bearer_value_t *all;

    unit_expect_reason(
        "parse",
        bearer_json_parse(
            unit_str("{\"i\":-7,\"r\":1.5,\"n\":1e999,\"s\":\"1\"}"), &all,
            NULL, *state),
        "ok");
    assert_int_equal(bearer_number_of(bearer_value_get(all, "i")).integer, -7);
    assert_true(bearer_number_of(bearer_value_get(all, "r")).real == 1.5);
    assert_string_equal(bearer_number_of(bearer_value_get(all, "n")).text.data,
                        "1e999");
    assert_int_equal(bearer_number_of(bearer_value_get(all, "s")).kind,
                     BEARER_KIND_ABSENT);
    assert_int_equal(bearer_number_of(NULL).kind, BEARER_KIND_ABSENT);
}

static const char *render(double real, apr_pool_t *pool)
{
    char buffer[BEARER_NUMBER_ROOM];
    apr_size_t len =
        bearer_number_render(real, bearer_number_digits(real), buffer);

    assert_int_equal(strlen(buffer), len);
    return apr_pstrmemdup(pool, buffer, len);
}

static void number_writes_reals(void **state)
{
    static const struct {
        double real;
        const char *want;
    } reals[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {0.1, "0.1"},
        {-2.5, "-2.5"},
        {1e5, "100000.0"},
        {1e-5, "1e-5"},
        {1e300, "1e300"},
        {-1e-300, "-1e-300"},
        {0.1 + 0.2, "0.30000000000000004"},
        {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
        {5e-324, "4.94065645841247e-324"},
        {1.7976931348623157e308, "1.7976931348623157e308"},
    };
    size_t i;

    for (i = 0; i < sizeof(reals) / sizeof(reals[0]); i++)
        assert_string_equal(render(reals[i].real, *state), reals[i].want);
}

/* bit patterns: what is written is what jansson writes, and reads back equal */
static void number_writes_as_jansson_does(void **state)
{
    apr_uint64_t bits = 88172645463325252u;
    int round;

    for (round = 0; round < 20000; round++) {
        const char *ours;
        double real;
        json_t *json;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&real, &bits, sizeof(real));
        if (round % 2)
            real = (double)(apr_int64_t)(bits >> (round % 60)) / 64;
        if (!isfinite(real))
            continue;
        ours = render(real, *state);
        assert_true(strtod(ours, NULL) == real);
        json = json_real(real);
        if (ORACLE_WRITES_REALS)
            assert_string_equal(ours, oracle_text(json, 0, *state));
        json_decref(json);
        if (round % 500 == 0)
            apr_pool_clear(*state);
    }
}

static void number_has_one_text(void **state BEARER_UNUSED)
{
    static const char *const none[] = {
        "",
        "x",
        "-",
        "1x",
        " 1",
        "1 ",
        "+1",
        "01",
        "-0",
        "1e2",
        "0.10",
        "1.",
        "1e400",
        "18446744073709551615",
        "1E300",
        ".5",
        "inf",
        "1e+300",
        "1e-400",
        "true",
        "0.10000000000000001",
        "9223372036854775807000000000000000000000000000000000000"};
    static const char *const reals[] = {"0.0",   "-0.0",   "0.1", "100.0",
                                        "1e300", "2e-308", "-2.5"};
    static const char *const integers[] = {"0", "-1", "9223372036854775807",
                                           "-9223372036854775808"};
    size_t i;

    assert_int_equal(bearer_number_written((bearer_str_t){NULL, 0}).kind, 0);
    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        unit_expect(none[i], bearer_number_written(unit_str(none[i])).kind
                                 == BEARER_KIND_ABSENT);
    for (i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
        bearer_number_t number = bearer_number_written(unit_str(reals[i]));

        unit_expect(reals[i], number.kind == BEARER_KIND_REAL);
        unit_expect(reals[i], number.real == strtod(reals[i], NULL));
    }
    for (i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
        bearer_number_t number = bearer_number_written(unit_str(integers[i]));

        unit_expect(integers[i], number.kind == BEARER_KIND_INTEGER);
        unit_expect(integers[i],
                    number.integer == strtoll(integers[i], NULL, 10));
    }
}

/* another module may have set a locale that writes 1,5 */
static void number_does_not_mind_the_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE",
                                        "fr_FR.UTF-8"};
    apr_size_t len, i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (setlocale(LC_NUMERIC, names[i]))
            break;
    }
    assert_true(take("1.5", &len, *state).real == 1.5);
    assert_string_equal(render(1.5, *state), "1.5");
    assert_string_equal(render(1e300, *state), "1e300");
    assert_true(bearer_number_written(unit_str("1.5")).real == 1.5);
    (void)setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(number_is_of_the_grammar),
        unit_row(number_stops_at_the_end),
        unit_row(number_takes_long_reals),
        unit_row(number_compares_exactly),
        unit_row(number_compares_the_longest),
        unit_row(number_is_of_a_value),
        unit_row(number_writes_reals),
        unit_row(number_writes_as_jansson_does),
        unit_row(number_has_one_text),
        unit_row(number_does_not_mind_the_locale),
    };

    return unit_run(tests);
}
