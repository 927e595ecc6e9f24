/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <apr_tables.h>

#include "bearer/base/limits.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"
#include "tests/unit/oracle.h"

static const bearer_value_t *parse(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *json = NULL;
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
        "{\"a\":9223372036854775808,\"b\":-9223372036854775809}",
        "{\"a\":1e400,\"b\":[-1E+999]}",
        "{\"\xc3\xa4\":\"\xf0\x9f\x94\x91\"}",
        "{\"a\":\"\\ud83d\\udd11\\u007f\"}",
        "{\"a\":\"\x7f\"}",
        "{\"a\":1,\"A\":2,\"a \":3}",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        unit_expect(texts[i], bearer_value_is(parse(texts[i], *state),
                                              BEARER_KIND_OBJECT));
}

static void json_needs_no_terminated_text(void **state)
{
    bearer_str_t text = {"{\"a\":1}junk", 7};
    const bearer_value_t *json;

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
        {"junk after", "{\"a\":\"SECRET\"}SECRET", "json_syntax"},
        {"another object after", "{}{}", "json_syntax"},
        {"cut off in a string", "{\"a\":\"SECRET", "json_syntax"},
        {"cut off after a backslash", "{\"a\":\"SECRET\\", "json_syntax"},
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
        {"no digit after a point", "{\"a\":1e400.}", "json_syntax"},
        {"point after an exponent", "{\"a\":1e400.5}", "json_syntax"},
        {"leading zero of a large number", "{\"a\":018446744073709551615}",
         "json_syntax"},
        {"plus before a large number", "{\"a\":+18446744073709551615}",
         "json_syntax"},
        {"member twice", "{\"SECRET\":1,\"SECRET\":1}", "json_duplicate"},
        {"member twice, once escaped", "{\"alg\":1,\"\\u0061lg\":2}",
         "json_duplicate"},
        {"member twice, deep", "{\"b\":[0,{\"c\":{\"a\":1,\"a\":1}}]}",
         "json_duplicate"},
        {"empty member twice", "{\"\":1,\"\":1}", "json_duplicate"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_value_t *json = NULL;
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
    bearer_str_t number = {"{\"a\":1\0}", 8}; /* which jansson takes */
    const bearer_value_t *json;

    unit_expect_reason("after", bearer_json_parse(text, &json, NULL, *state),
                       "json_syntax");
    unit_expect_reason("after a number",
                       bearer_json_parse(number, &json, NULL, *state),
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
        {"{\"a\":", "cut off after byte 5"},
        {"{\"a\":x}", "wrong syntax, byte 6"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t text = unit_str(cases[i].text);
        bearer_note_t note = {""};
        const bearer_value_t *json;

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
        {"over the limit after a string with brackets",
         nest("{\"}}}}\":\"]]]\",\"a\":", '[', ']', most, "}", *state),
         "json_depth"},
        {"over the limit after an escaped quote",
         nest("{\"a\":\"\\\"\",\"b\":", '[', ']', most, "}", *state),
         "json_depth"},
        {"over the limit after an escaped backslash",
         nest("{\"a\":\"\\\\\",\"b\":", '[', ']', most, "}", *state),
         "json_depth"},
        {"brackets in a string",
         nest("{\"a\":\"", '[', '{', 5000, "\"}", *state), "ok"},
        {"brackets in a string after an escaped quote",
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
        const bearer_value_t *json;

        unit_expect_reason(
            cases[i].name,
            bearer_json_parse(unit_str(cases[i].text), &json, NULL, *state),
            cases[i].want);
    }
}

static void json_counts_the_nesting_of_objects(void **state)
{
    const bearer_value_t *json;
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

/* --- numbers ------------------------------------------------------------ */

/* kept as they were written: an unrelated claim breaks no token */
static void json_keeps_numbers_that_nothing_can_hold(void **state)
{
    static const char *const numbers[] = {
        "18446744073709551615",
        "-18446744073709551615",
        "9223372036854775808",
        "-9223372036854775809",
        "1e400",
        "-1E+400",
        "1.5e999",
        "100000000000000000000000000000000000000000",
    };
    size_t i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const char *text = apr_psprintf(*state, "{\"a\":%s,\"b\":[%s]}",
                                        numbers[i], numbers[i]);
        const bearer_value_t *json = parse(text, *state);

        assert_string_equal(
            bearer_value_numeral(bearer_value_get(json, "a")).data, numbers[i]);
        assert_string_equal(bearer_write_json(json, *state).data, text);
    }
}

static void json_bounds_the_text_of_a_number(void **state)
{
    char *digits = apr_palloc(*state, BEARER_LIMIT_NUMBER + 2);
    const bearer_value_t *json;
    bearer_note_t note = {""};
    const char *text;

    memset(digits, '7', BEARER_LIMIT_NUMBER + 1);
    digits[BEARER_LIMIT_NUMBER + 1] = '\0';
    text = apr_pstrcat(*state, "{\"a\":", digits, "}", NULL);
    unit_expect_reason("too long",
                       bearer_json_parse(unit_str(text), &json, &note, *state),
                       "json_syntax");
    assert_string_equal(note.text, "number too long, byte 4102");
    digits[BEARER_LIMIT_NUMBER] = '\0';
    text = apr_pstrcat(*state, "{\"a\":", digits, "}", NULL);
    assert_string_equal(bearer_write_json(parse(text, *state), *state).data,
                        text);
    /* what a double holds is as long as it likes */
    digits[BEARER_LIMIT_NUMBER] = '7';
    digits[1] = '.';
    (void)parse(apr_pstrcat(*state, "{\"a\":", digits, "}", NULL), *state);
}

/* --- names -------------------------------------------------------------- */

/* so many members, "m0":0 and on; one of them has the name of another */
static const char *members(int count, int twice, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, count, sizeof(char *));
    int i;

    for (i = 0; i < count; i++)
        APR_ARRAY_PUSH(parts, const char *) =
            apr_psprintf(pool, "\"m%d\":%d", i == twice ? count / 2 : i, i);
    return apr_pstrcat(pool, "{", apr_array_pstrcat(pool, parts, ','), "}",
                       NULL);
}

/* few names are compared with each other, many are sorted */
static void json_sees_each_name_once(void **state)
{
    static const int counts[] = {2,  3,   63,  64,  65,  66,
                                 67, 100, 128, 129, 500, 3000};
    const bearer_value_t *json;
    size_t i;
    int k;

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        int count = counts[i];
        const char *text = members(count, -1, *state);

        assert_string_equal(bearer_write_json(parse(text, *state), *state).data,
                            text);
        for (k = 0; k < count; k += count < 200 ? 1 : 97) {
            bearer_note_t note = {""};

            if (k == count / 2)
                continue;
            unit_expect_reason(
                text,
                bearer_json_parse(unit_str(members(count, k, *state)), &json,
                                  &note, *state),
                "json_duplicate");
            unit_expect(text, !strncmp(note.text, "member twice", 12));
        }
    }
}

static void json_sees_an_escaped_name_again(void **state)
{
    const char *most = members(200, -1, *state);
    const bearer_value_t *json;
    char *text = apr_pstrcat(*state, most, ",\"\\u006d5\":1}", NULL);

    text[strlen(most) - 1] = ' ';
    unit_expect_reason("escaped",
                       bearer_json_parse(unit_str(text), &json, NULL, *state),
                       "json_duplicate");
    text[strlen(text) - 5] = ' ';
    (void)parse(text, *state);
}

/* --- against jansson ------------------------------------------------------ */

/* what jansson reads, arrays and what is too deep aside, is read here as the same
 * and written as it would write it; and nothing else is read. @return whether */
static bool agrees(bearer_str_t text)
{
    const bearer_value_t *ours = NULL;
    bearer_reason_t why;
    apr_pool_t *pool;
    json_t *theirs;

    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    theirs = oracle_load(text, pool);
    why = bearer_json_parse(text, &ours, NULL, pool);
    if (!json_is_object(theirs) != (why != BEARER_OK)
        && why != BEARER_JSON_DEPTH)
        fail_msg("only one of us reads %.*s", (int)text.len, text.data);
    if (!why) {
        assert_true(oracle_equals(ours, theirs));
        if (ORACLE_WRITES_REALS && !oracle_has_numeral(ours))
            assert_string_equal(bearer_write_json(ours, pool).data,
                                oracle_text(theirs, JSON_COMPACT, pool));
    }
    json_decref(theirs);
    apr_pool_destroy(pool);
    return !why;
}

static const struct {
    const char *name;
    const char *text;
    bool read;
} rows[] = {
    {"nothing in it", "{}", true},
    {"space everywhere", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n", true},
    {"all kinds",
     "{\"s\":\"x y\",\"i\":-12,\"z\":0,\"t\":true,\"f\":false,\"n\":null,"
     "\"a\":[],\"o\":{\"a\":[[{}]]}}",
     true},
    {"an empty name", "{\"\":\"\"}", true},
    {"UTF-8", "{\"a\":\"\xc3\xa4\",\"b\":\"\xf0\x9f\x94\x91\"}", true},
    {"18 digits", "{\"a\":999999999999999999,\"b\":-999999999999999999}", true},
    {"a name of two objects", "{\"a\":{\"b\":1},\"b\":{\"a\":1}}", true},
    {"reals", "{\"a\":[0.1,1e-7,-2.5E+10,1e300,0.30000000000000004]}", true},
    {"large numbers", "{\"a\":18446744073709551615,\"b\":[1e400,-1E999]}",
     true},
    {"escapes", "{\"\\u00e4\\n\":\"\\\"\\\\\\/\\ud83d\\udd11\\u007f\"}", true},
    {"empty text", "", false},
    {"space only", " ", false},
    {"an array", "[1]", false},
    {"a string", "\"a\"", false},
    {"19 digits", "{\"a\":1000000000000000000}", true},
    {"minus zero", "{\"a\":-0}", true},
    {"a minus only", "{\"a\":-}", false},
    {"minus, space", "{\"a\":- 1}", false},
    {"two minuses", "{\"a\":--1}", false},
    {"a plus", "{\"a\":+1}", false},
    {"a leading zero", "{\"a\":01}", false},
    {"two zeros", "{\"a\":00}", false},
    {"a fraction", "{\"a\":1.5}", true},
    {"an exponent", "{\"a\":1e3}", true},
    {"hexadecimal", "{\"a\":0x1}", false},
    {"an escape", "{\"a\":\"\\n\"}", true},
    {"an escaped name", "{\"\\u0061\":1}", true},
    {"a name twice", "{\"a\":1,\"a\":1}", false},
    {"a name twice, deep", "{\"a\":[{\"b\":1,\"c\":1,\"b\":2}]}", false},
    {"a name in UTF-8", "{\"\xc3\xa4\":1}", true},
    {"half of UTF-8", "{\"a\":\"\xc3\"}", false},
    {"UTF-8 too long", "{\"a\":\"\xc0\x80\"}", false},
    {"half a surrogate", "{\"a\":\"\xed\xa0\x80\"}", false},
    {"beyond Unicode", "{\"a\":\"\xf4\x90\x80\x80\"}", false},
    {"a byte order mark", "\xef\xbb\xbf{}", false},
    {"a tab in a string", "{\"a\":\"\t\"}", false},
    {"DEL in a string", "{\"a\":\"\x7f\"}", true},
    {"no quote at the end", "{\"a", false},
    {"a quote at the end", "{\"", false},
    {"cut off after a name", "{\"a\"", false},
    {"cut off after a colon", "{\"a\":", false},
    {"cut off after a value", "{\"a\":1", false},
    {"cut off after a comma", "{\"a\":1,", false},
    {"cut off in a word", "{\"a\":tru", false},
    {"a comma before", "{,\"a\":1}", false},
    {"a comma after", "{\"a\":1,}", false},
    {"a comma after, array", "{\"a\":[1,]}", false},
    {"no comma", "{\"a\":1 \"b\":2}", false},
    {"no colon", "{\"a\" 1}", false},
    {"no name", "{1:1}", false},
    {"the wrong bracket", "{\"a\":[1}", false},
    {"more after it", "{}{}", false},
    {"a letter after it", "{} x", false},
    {"a longer word", "{\"a\":nullx}", false},
    {"a word in capitals", "{\"a\":True}", false},
    {"not a number", "{\"a\":NaN}", false},
    {"a comment", "{/**/}", false},
    {"form feed", "{\f}", false},
};

static void json_takes_what_jansson_takes(void **state BEARER_UNUSED)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool read = agrees(unit_str(rows[i].text));

        if (read != rows[i].read)
            fail_msg("%s: %s", rows[i].name, read ? "read" : "left");
    }
}

/* each byte alone in a string: what is read, and that jansson reads it so */
static void json_knows_every_byte(void **state BEARER_UNUSED)
{
    char text[] = "{\"a\":\"?\"}";
    int byte;

    for (byte = 0; byte < 256; byte++) {
        bearer_str_t whole = {text, sizeof(text) - 1};
        bool plain = byte >= ' ' && byte <= 0x7f && byte != '"' && byte != '\\';

        text[6] = (char)byte;
        if (agrees(whole) != plain)
            fail_msg("byte %d", byte);
    }
}

static void json_refuses_nul(void **state BEARER_UNUSED)
{
    static const bearer_str_t inside = BEARER_LIT("{\"a\":\"x\0y\"}");
    static const bearer_str_t after = BEARER_LIT("{}\0");

    assert_false(agrees(inside));
    assert_false(agrees(after));
}

/* brackets of so many levels, arrays in one object */
static bearer_str_t nested(int levels, apr_pool_t *pool)
{
    const char *open = "{\"a\":", *close = "}";
    int i;

    for (i = 1; i < levels; i++) {
        open = apr_pstrcat(pool, open, "[", NULL);
        close = apr_pstrcat(pool, "]", close, NULL);
    }
    if (levels == 1)
        open = "{\"a\":1";
    return unit_str(apr_pstrcat(pool, open, close, NULL));
}

static void json_is_as_deep_as_it_says(void **state)
{
    apr_pool_t *pool = *state;

    assert_true(agrees(nested(1, pool)));
    assert_true(agrees(nested(BEARER_LIMIT_JSON_DEPTH, pool)));
    assert_false(agrees(nested(BEARER_LIMIT_JSON_DEPTH + 1, pool)));
    assert_false(agrees(nested(5000, pool)));
}

static void json_takes_long_names(void **state)
{
    apr_pool_t *pool = *state;
    char name[129];

    memset(name, 'n', sizeof(name));
    name[127] = '\0';
    assert_true(
        agrees(unit_str(apr_pstrcat(pool, "{\"", name, "\":1}", NULL))));
    name[127] = 'n';
    name[128] = '\0';
    assert_true(
        agrees(unit_str(apr_pstrcat(pool, "{\"", name, "\":1}", NULL))));
}

/* the room for a value is estimated from its text: what becomes largest */
static void json_has_room_for_all(void **state)
{
    const char *numbers = "{\"\":[0", *empty = "{\"\":[\"\"";
    const char *arrays = "{\"\":[[]";
    int i;

    for (i = 0; i < 3000; i++) {
        numbers = apr_pstrcat(*state, numbers, ",0", NULL);
        empty = apr_pstrcat(*state, empty, ",\"\"", NULL);
        arrays = apr_pstrcat(*state, arrays, ",{}", NULL);
        if (i > 5 && i < 2990)
            continue;
        assert_true(agrees(unit_str(apr_pstrcat(*state, numbers, "]}", NULL))));
        assert_true(agrees(unit_str(apr_pstrcat(*state, empty, "]}", NULL))));
        assert_true(agrees(unit_str(apr_pstrcat(*state, arrays, "]}", NULL))));
    }
}

/* never reads past the end: each text lies at the end of its own memory */
static void json_stops_at_the_end(void **state BEARER_UNUSED)
{
    const char *whole = rows[2].text;
    apr_size_t len;

    for (len = 0; len <= strlen(whole); len++) {
        char *copy = malloc(len ? len : 1);
        bearer_str_t text = {copy, len};

        assert_non_null(copy);
        memcpy(copy, whole, len);
        assert_int_equal(agrees(text), len == strlen(whole));
        free(copy);
    }
}

/* the same changes in each run: a generator of our own */
static unsigned int next(unsigned int *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16 & 0x7fff;
}

/* a document with some bytes changed into what JSON is made of: whatever is
 * still read here, jansson reads as the same */
static void json_agrees_with_jansson_on_changed_texts(void **state)
{
    static const char made_of[] =
        "{}[]\",:0123456789-+.eE tfnu\\lrsa\n\x7f\xc3\xa4";
    apr_pool_t *pool = *state;
    unsigned int seed = 7;
    int read = 0, round, k;

    for (round = 0; round < 100000; round++) {
        bearer_str_t text = unit_str(rows[next(&seed) % 10].text);
        char *copy = apr_pstrmemdup(pool, text.data, text.len);
        int changes = (int)(next(&seed) % 3) + 1;

        for (k = 0; k < changes; k++)
            copy[next(&seed) % text.len] =
                made_of[next(&seed) % (sizeof(made_of) - 1)];
        text.data = copy;
        read += agrees(text);
        if (round % 1000 == 0)
            apr_pool_clear(pool);
    }
    assert_in_range(read, 1000, 99999);
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
        unit_row(json_keeps_numbers_that_nothing_can_hold),
        unit_row(json_bounds_the_text_of_a_number),
        unit_row(json_sees_each_name_once),
        unit_row(json_sees_an_escaped_name_again),
        unit_row(json_takes_what_jansson_takes),
        unit_row(json_knows_every_byte),
        unit_row(json_refuses_nul),
        unit_row(json_is_as_deep_as_it_says),
        unit_row(json_takes_long_names),
        unit_row(json_has_room_for_all),
        unit_row(json_stops_at_the_end),
        unit_row(json_agrees_with_jansson_on_changed_texts),
    };

    return unit_run(tests);
}
