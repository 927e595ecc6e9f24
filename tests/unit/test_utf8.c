/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bearer/utf8.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(utf8_knows_every_code_point),
        unit_row(utf8_knows_every_three_bytes),
        unit_row(utf8_needs_whole_characters),
    };

    return unit_run(tests);
}
