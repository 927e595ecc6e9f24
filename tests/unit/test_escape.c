/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/text/escape.h"

/* left: what is not read */
static const struct {
    const char *text, *want, *left;
} decoded[] = {
    {"", "", ""},
    {"abc", "abc", ""},
    {"abc\"x", "abc", "\"x"},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", ""},
    {"\\u0041\\u00e4\\u20AC\\uFFFF", "A\xc3\xa4\xe2\x82\xac\xef\xbf\xbf", ""},
    {"\\ud83d\\udd11!", "\xf0\x9f\x94\x91!", ""},
    {"\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf", ""},
    {"\xc3\xa4\x7f", "\xc3\xa4\x7f", ""},
    {"a\nb", "a", "\nb"},
    {"a\\xb", "a", "\\xb"},
    {"a\\'", "a", "\\'"},
    {"a\\", "a", "\\"},
    {"a\\u", "a", "\\u"},
    {"a\\u004", "a", "\\u004"},
    {"a\\u00g1", "a", "\\u00g1"},
    {"a\\U0041", "a", "\\U0041"},
    /* halves */
    {"a\\ud83d", "a", "\\ud83d"},
    {"a\\ud83d\"", "a", "\\ud83d\""},
    {"a\\ud83dx", "a", "\\ud83dx"},
    {"a\\ud83d\\n", "a", "\\ud83d\\n"},
    {"a\\ud83d\\u0041", "a", "\\ud83d\\u0041"},
    {"a\\ud83d\\ud83d", "a", "\\ud83d\\ud83d"},
    {"a\\udd11", "a", "\\udd11"},
    {"a\\udd11\"", "a", "\\udd11\""},
    {"a\\udd11\\ud83d", "a", "\\udd11\\ud83d"},
};

static void escape_decodes(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(decoded) / sizeof(decoded[0]); i++) {
        bearer_str_t text = unit_str(decoded[i].text);
        const char *at = text.data;
        /* exactly as much as there is to read: ASan looks */
        char *to = malloc(text.len ? text.len : 1);
        apr_size_t len = bearer_escape_decode(&at, text.data + text.len, to);

        unit_expect(decoded[i].text, len == strlen(decoded[i].want));
        unit_expect(decoded[i].text, !memcmp(to, decoded[i].want, len));
        unit_expect(decoded[i].text, !strcmp(at, decoded[i].left));
        free(to);
    }
    (void)state;
}

static void escape_decodes_nul(void **state BEARER_UNUSED)
{
    static const char text[] = "a\\u0000b";
    const char *at = text;
    char to[sizeof(text)];

    assert_int_equal(bearer_escape_decode(&at, text + sizeof(text) - 1, to), 3);
    assert_memory_equal(to, "a\0b", 3);
}

static void escape_encodes(void **state BEARER_UNUSED)
{
    static const struct {
        unsigned point;
        const char *want;
    } rows[] = {
        {'"', "\\\""},
        {'\\', "\\\\"},
        {'\b', "\\b"},
        {'\f', "\\f"},
        {'\n', "\\n"},
        {'\r', "\\r"},
        {'\t', "\\t"},
        {0, "\\u0000"},
        {0x1f, "\\u001F"},
        {0x7f, "\\u007f"},
        {'/', "\\u002F"},
        {0xe4, "\\u00E4"},
        {0xffff, "\\uFFFF"},
        {0x1f511, "\\uD83D\\uDD11"},
        {0x10ffff, "\\uDBFF\\uDFFF"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[BEARER_ESCAPE_ROOM + 1] = "";

        *bearer_escape_encode(rows[i].point, text) = '\0';
        assert_string_equal(text, rows[i].want);
    }
}

/* every character of Unicode, there and back */
static void escape_reads_what_it_writes(void **state BEARER_UNUSED)
{
    unsigned point;

    for (point = 0; point < 0x110000; point++) {
        char text[BEARER_ESCAPE_ROOM], again[BEARER_ESCAPE_ROOM];
        char back[BEARER_ESCAPE_ROOM];
        const char *at = text;
        const char *end;
        apr_size_t len;

        if (point >= 0xd800 && point < 0xe000)
            continue;
        end = bearer_escape_encode(point, text);
        len = bearer_escape_decode(&at, end, back);
        if (at != end
            || len
                   != (apr_size_t)(1 + (point >= 0x80) + (point >= 0x800)
                                   + (point >= 0x10000)))
            fail_msg("U+%X", point);
        /* and what is not an escape is copied */
        at = back;
        if (point >= 0x80
            && (bearer_escape_decode(&at, back + len, again) != len
                || memcmp(again, back, len) != 0))
            fail_msg("U+%X as it is", point);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(escape_decodes),
        unit_row(escape_decodes_nul),
        unit_row(escape_encodes),
        unit_row(escape_reads_what_it_writes),
    };

    return unit_run(tests);
}
