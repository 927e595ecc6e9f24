/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bearer/text/utf8.h"

/* what a code point is in UTF-8, by RFC 3629 3, also where it must not be */
static apr_size_t encode(unsigned int point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

static void utf8_knows_every_code_point(void **state BEARER_UNUSED)
{
    unsigned int point;
    char text[4];

    for (point = 0; point < 0x140000; point++) {
        bearer_str_t one = {text, encode(point, text)};
        bool good = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);

        if (bearer_utf8_check(one) != good)
            fail_msg("U+%04X", point);
    }
}

/* every three bytes, against what encode can make; each text ends where its
 * memory does */
static void utf8_knows_every_three_bytes(void **state BEARER_UNUSED)
{
    unsigned char *three = calloc(1u << 24, 1);
    char *memory = malloc(3);
    unsigned int a, b, point;
    bearer_str_t text = {memory, 3};

    assert_non_null(three);
    assert_non_null(memory);
    for (point = 0x800; point < 0x10000; point++) {
        char out[4];

        if (point >= 0xd800 && point <= 0xdfff)
            continue;
        (void)encode(point, out);
        three[(unsigned int)(unsigned char)out[0] << 16
              | (unsigned int)(unsigned char)out[1] << 8
              | (unsigned char)out[2]] = 1;
    }
    for (a = 0xe0; a < 0x100; a++) {
        for (b = 0; b < 0x10000; b++) {
            memory[0] = (char)a;
            memory[1] = (char)(b >> 8);
            memory[2] = (char)b;
            if (bearer_utf8_check(text) != three[a << 16 | b])
                fail_msg("%02X %04X", a, b);
        }
    }
    free(memory);
    free(three);
}

static void utf8_needs_whole_characters(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_str_t text;
        bool good;
    } rows[] = {
        {"nothing", BEARER_LIT(""), true},
        {"a NUL", BEARER_LIT("a\0b"), true},
        {"several", BEARER_LIT("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91z"), true},
        {"half of two", BEARER_LIT("a\xc3"), false},
        {"half of three", BEARER_LIT("\xe2\x82"), false},
        {"most of four", BEARER_LIT("\xf0\x9f\x94"), false},
        {"a rest alone", BEARER_LIT("\xa4"), false},
        {"a rest too many", BEARER_LIT("\xc3\xa4\xa4"), false},
        {"a long slash", BEARER_LIT("\xc0\xaf"), false},
        {"a longer slash", BEARER_LIT("\xe0\x80\xaf"), false},
        {"the longest slash", BEARER_LIT("\xf0\x80\x80\xaf"), false},
        {"five bytes", BEARER_LIT("\xf8\x88\x80\x80\x80"), false},
        {"FE and FF", BEARER_LIT("\xfe\xff"), false},
        {"broken in four", BEARER_LIT("\xf0\x9f\x94z"), false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        unit_expect(rows[i].name,
                    bearer_utf8_check(rows[i].text) == rows[i].good);
}

/* the whole table: as many as Unicode 15 has of White_Space, Cc, Cf and
 * Default_Ignorable_Code_Point together, and two more */
static void utf8_knows_invisible_characters(void **state BEARER_UNUSED)
{
    static const unsigned int invisible[] = {
        0x0,     0x9,     0xa,    0x20,   0x7f,   0x85,   0xa0,    0xad,
        0x34f,   0x61c,   0x115f, 0x1680, 0x180e, 0x2000, 0x200a,  0x200b,
        0x200c,  0x200d,  0x200e, 0x200f, 0x2028, 0x2029, 0x202a,  0x202e,
        0x202f,  0x205f,  0x2060, 0x2064, 0x2066, 0x2069, 0x2800,  0x3000,
        0x3164,  0xfe0f,  0xfeff, 0xffa0, 0xfff9, 0xfffb, 0x1d173, 0xe0001,
        0xe0020, 0xe007f, 0xe0100};
    static const unsigned int visible[] = {
        0x21,   0x7e,   0xa1,    0xe4,    0xac,   0xae,
        0x301,  0x416,  0x1fff,  0x2010,  0x2027, 0x20ac,
        0x3042, 0xfffd, 0x10330, 0x1f511, 0x20000};
    unsigned int point, count = 0;
    char text[4];
    size_t i;

    for (point = 0; point <= 0x10ffff; point++) {
        bearer_str_t one = {text, encode(point, text)};

        if (point < 0xd800 || point > 0xdfff)
            count += bearer_utf8_has_invisible_end(one);
    }
    assert_int_equal(count, 4292);
    for (i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        bearer_str_t one = {text, encode(invisible[i], text)};

        if (!bearer_utf8_has_invisible_end(one))
            fail_msg("U+%04X is seen", invisible[i]);
    }
    for (i = 0; i < sizeof(visible) / sizeof(visible[0]); i++) {
        bearer_str_t one = {text, encode(visible[i], text)};

        if (bearer_utf8_has_invisible_end(one))
            fail_msg("U+%04X is not seen", visible[i]);
    }
}

static void utf8_looks_at_both_ends(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_str_t text;
        bool invisible;
    } rows[] = {
        {"nothing", BEARER_LIT(""), false},
        {"a word", BEARER_LIT("admin"), false},
        {"two words", BEARER_LIT("a b"), false},
        {"other scripts", BEARER_LIT("\xc3\xa4x\xe2\x82\xac"), false},
        {"invisible inside",
         BEARER_LIT("a\xe2\x80\x8b"
                    "b"),
         false},
        {"space before", BEARER_LIT(" a"), true},
        {"space after", BEARER_LIT("a "), true},
        {"tab after", BEARER_LIT("a\t"), true},
        {"NUL after", BEARER_LIT("a\0"), true},
        {"no-break space before",
         BEARER_LIT("\xc2\xa0"
                    "a"),
         true},
        {"no-break space after", BEARER_LIT("a\xc2\xa0"), true},
        {"next line after", BEARER_LIT("a\xc2\x85"), true},
        {"ideographic space after", BEARER_LIT("a\xe3\x80\x80"), true},
        {"zero width after", BEARER_LIT("a\xe2\x80\x8b"), true},
        {"byte order mark before",
         BEARER_LIT("\xef\xbb\xbf"
                    "a"),
         true},
        {"soft hyphen after", BEARER_LIT("a\xc2\xad"), true},
        {"a tag after", BEARER_LIT("a\xf3\xa0\x81\xa1"), true},
        {"an accent after", BEARER_LIT("e\xcc\x81"), false},
        /* U+9089 U+E0102: how a name is written */
        {"a variant", BEARER_LIT("\xe9\x82\x89\xf3\xa0\x84\x82"), false},
        {"a heart", BEARER_LIT("a \xe2\x9d\xa4\xef\xb8\x8f"), false},
        {"a variant of nothing", BEARER_LIT("\xef\xb8\x8f"), true},
        {"a variant of ASCII", BEARER_LIT("admin\xef\xb8\x8f"), true},
        {"a variant of a variant",
         BEARER_LIT("\xe2\x9d\xa4\xef\xb8\x8f\xef\xb8\x8f"), true},
        {"a variant of a blank", BEARER_LIT("a\xe2\x80\x8b\xef\xb8\x8f"), true},
        {"no UTF-8 before",
         BEARER_LIT("\xa0"
                    "a"),
         true},
        {"no UTF-8 after", BEARER_LIT("a\xa0"), true},
        {"no UTF-8 alone", BEARER_LIT("\xff"), true},
        {"half a character after", BEARER_LIT("a\xe2\x82"), true},
        {"too many rests after", BEARER_LIT("a\x80\x80\x80\x80\x80"), true},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        unit_expect(rows[i].name, bearer_utf8_has_invisible_end(rows[i].text)
                                      == rows[i].invisible);
}

static void utf8_skips_one_mark(void **state BEARER_UNUSED)
{
    static const struct {
        bearer_str_t text;
        apr_size_t skipped;
    } cases[] = {
        {BEARER_LIT("\xef\xbb\xbf{}"), 3},
        {BEARER_LIT("\xef\xbb\xbf"), 3},
        {BEARER_LIT("\xef\xbb"), 0},
        {BEARER_LIT("{}"), 0},
        {BEARER_LIT(""), 0},
        {BEARER_LIT(" \xef\xbb\xbf"), 0},
        {BEARER_LIT("\xfe\xff{}"), 0},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_str_t rest = bearer_utf8_skip_mark(cases[i].text);

        assert_int_equal(rest.len, cases[i].text.len - cases[i].skipped);
        assert_ptr_equal(rest.data, cases[i].text.data + cases[i].skipped);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(utf8_skips_one_mark),
        unit_row(utf8_knows_every_code_point),
        unit_row(utf8_knows_every_three_bytes),
        unit_row(utf8_needs_whole_characters),
        unit_row(utf8_knows_invisible_characters),
        unit_row(utf8_looks_at_both_ends),
    };

    return unit_run(tests);
}
