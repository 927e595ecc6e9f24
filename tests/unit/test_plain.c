/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/base/limits.h"
#include "bearer/text/json.h"
#include "bearer/text/plain.h"

/* what jansson makes of a text, asked as bearer_json_parse asks */
static json_t *by_jansson(bearer_str_t text)
{
    return json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
}

/* what is read here, jansson reads too, and as the same: members in the same
 * order included; true if it was read */
static bool agrees(bearer_str_t text)
{
    const bearer_value_t *ours;
    apr_pool_t *pool;
    json_t *theirs;
    char *by_them;

    assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
    ours = bearer_plain_parse(text, pool);
    if (ours) {
        theirs = by_jansson(text);
        if (!theirs)
            fail_msg("jansson refuses %.*s", (int)text.len, text.data);
        by_them = json_dumps(theirs, JSON_COMPACT);
        assert_string_equal(bearer_json_write(ours, pool).data, by_them);
        free(by_them);
        json_decref(theirs);
    }
    apr_pool_destroy(pool);
    return ours != NULL;
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
    {"empty text", "", false},
    {"space only", " ", false},
    {"an array", "[1]", false},
    {"a string", "\"a\"", false},
    {"19 digits", "{\"a\":1000000000000000000}", false},
    {"minus zero", "{\"a\":-0}", false},
    {"a minus only", "{\"a\":-}", false},
    {"minus, space", "{\"a\":- 1}", false},
    {"two minuses", "{\"a\":--1}", false},
    {"a plus", "{\"a\":+1}", false},
    {"a leading zero", "{\"a\":01}", false},
    {"two zeros", "{\"a\":00}", false},
    {"a fraction", "{\"a\":1.5}", false},
    {"an exponent", "{\"a\":1e3}", false},
    {"hexadecimal", "{\"a\":0x1}", false},
    {"an escape", "{\"a\":\"\\n\"}", false},
    {"an escaped name", "{\"\\u0061\":1}", false},
    {"a name twice", "{\"a\":1,\"a\":1}", false},
    {"a name twice, deep", "{\"a\":[{\"b\":1,\"c\":1,\"b\":2}]}", false},
    {"a name in UTF-8", "{\"\xc3\xa4\":1}", false},
    {"half of UTF-8", "{\"a\":\"\xc3\"}", false},
    {"UTF-8 too long", "{\"a\":\"\xc0\x80\"}", false},
    {"half a surrogate", "{\"a\":\"\xed\xa0\x80\"}", false},
    {"beyond Unicode", "{\"a\":\"\xf4\x90\x80\x80\"}", false},
    {"a byte order mark", "\xef\xbb\xbf{}", false},
    {"a tab in a string", "{\"a\":\"\t\"}", false},
    {"DEL in a string", "{\"a\":\"\x7f\"}", false},
    {"no quote at the end", "{\"a", false},
    {"a quote at the end", "{\"", false},
    {"cut off behind a name", "{\"a\"", false},
    {"cut off behind a colon", "{\"a\":", false},
    {"cut off behind a value", "{\"a\":1", false},
    {"cut off behind a comma", "{\"a\":1,", false},
    {"cut off in a word", "{\"a\":tru", false},
    {"a comma before", "{,\"a\":1}", false},
    {"a comma behind", "{\"a\":1,}", false},
    {"a comma behind, array", "{\"a\":[1,]}", false},
    {"no comma", "{\"a\":1 \"b\":2}", false},
    {"no colon", "{\"a\" 1}", false},
    {"no name", "{1:1}", false},
    {"the wrong bracket", "{\"a\":[1}", false},
    {"more behind it", "{}{}", false},
    {"a letter behind it", "{} x", false},
    {"a longer word", "{\"a\":nullx}", false},
    {"a word in capitals", "{\"a\":True}", false},
    {"not a number", "{\"a\":NaN}", false},
    {"a comment", "{/**/}", false},
    {"form feed", "{\f}", false},
};

static void plain_takes_what_is_plain(void **state BEARER_UNUSED)
{
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool read = agrees(unit_str(rows[i].text));

        if (read != rows[i].read)
            fail_msg("%s: %s", rows[i].name, read ? "read" : "left");
    }
}

/* each byte alone in a string: what is read, and that jansson reads it so */
static void plain_knows_every_byte(void **state BEARER_UNUSED)
{
    char text[] = "{\"a\":\"?\"}";
    int byte;

    for (byte = 0; byte < 256; byte++) {
        bearer_str_t whole = {text, sizeof(text) - 1};
        bool plain = byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\';

        text[6] = (char)byte;
        if (agrees(whole) != plain)
            fail_msg("byte %d", byte);
    }
}

static void plain_leaves_nul(void **state BEARER_UNUSED)
{
    static const bearer_str_t inside = BEARER_LIT("{\"a\":\"x\0y\"}");
    static const bearer_str_t behind = BEARER_LIT("{}\0");

    assert_false(agrees(inside));
    assert_false(agrees(behind));
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

static void plain_is_as_deep_as_json(void **state)
{
    apr_pool_t *pool = *state;

    assert_true(agrees(nested(1, pool)));
    assert_true(agrees(nested(BEARER_LIMIT_JSON_DEPTH, pool)));
    assert_false(agrees(nested(BEARER_LIMIT_JSON_DEPTH + 1, pool)));
    assert_false(agrees(nested(5000, pool)));
}

static void plain_leaves_long_names(void **state)
{
    apr_pool_t *pool = *state;
    char name[129];

    memset(name, 'n', sizeof(name));
    name[127] = '\0';
    assert_true(
        agrees(unit_str(apr_pstrcat(pool, "{\"", name, "\":1}", NULL))));
    name[127] = 'n';
    name[128] = '\0';
    assert_false(
        agrees(unit_str(apr_pstrcat(pool, "{\"", name, "\":1}", NULL))));
}

/* so many members, "m0":0 and on; the last one's name is another's if asked */
static bearer_str_t members(int count, bool twice, apr_pool_t *pool)
{
    const char *text = "{\"m0\":0";
    int i;

    for (i = 1; i < count; i++)
        text = apr_psprintf(pool, "%s,\"m%d\":%d", text,
                            twice && i == count - 1 ? 0 : i, i);
    return unit_str(apr_pstrcat(pool, text, "}", NULL));
}

/* each name is compared with those before it, so there is an end to it */
static void plain_leaves_many_members(void **state)
{
    assert_true(agrees(members(64, false, *state)));
    assert_false(agrees(members(64, true, *state)));
    assert_false(agrees(members(65, false, *state)));
}

/* the room for a value is foreseen from its text: what becomes largest */
static void plain_has_room_for_all(void **state)
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

/* never reads behind the end: each text stands at the end of its own memory */
static void plain_stops_at_the_end(void **state BEARER_UNUSED)
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
static void plain_agrees_with_jansson_on_changed_texts(void **state)
{
    static const char made_of[] = "{}[]\",:0123-+.eE tfnu\\lrsa\n\x7f\xc3\xa4";
    apr_pool_t *pool = *state;
    unsigned int seed = 7;
    int read = 0, round, k;

    for (round = 0; round < 50000; round++) {
        bearer_str_t text = unit_str(rows[next(&seed) % 7].text);
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
    assert_in_range(read, 1000, 49999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(plain_takes_what_is_plain),
        unit_row(plain_knows_every_byte),
        unit_row(plain_leaves_nul),
        unit_row(plain_is_as_deep_as_json),
        unit_row(plain_leaves_long_names),
        unit_row(plain_leaves_many_members),
        unit_row(plain_has_room_for_all),
        unit_row(plain_stops_at_the_end),
        unit_row(plain_agrees_with_jansson_on_changed_texts),
    };

    return unit_run(tests);
}
