/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/utf8.h"

/* the bytes of the character that begins here, 0 if it is none (RFC 3629 4: no
 * longer form than needed, no surrogate, nothing beyond U+10FFFF) */
static apr_size_t take_character(const unsigned char *at, apr_size_t left)
{
    static const struct {
        unsigned char first, last; /* of the first byte */
        unsigned char low, high;   /* of the second */
        apr_size_t bytes;
    } forms[] = {{0x00, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
                 {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
                 {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
                 {0xf4, 0xf4, 0x80, 0x8f, 4}};
    apr_size_t i = 0, k;

    while (i < sizeof(forms) / sizeof(forms[0]) && *at > forms[i].last)
        i++;
    if (i == sizeof(forms) / sizeof(forms[0]) || *at < forms[i].first
        || left < forms[i].bytes)
        return 0;
    if (forms[i].bytes > 1 && (at[1] < forms[i].low || at[1] > forms[i].high))
        return 0;
    for (k = 2; k < forms[i].bytes; k++) {
        if (at[k] < 0x80 || at[k] > 0xbf)
            return 0;
    }
    return forms[i].bytes;
}

bool bearer_utf8_check(bearer_str_t text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    apr_size_t left = text.len;

    while (left) {
        apr_size_t bytes = take_character(at, left);

        if (!bytes)
            return false;
        at += bytes;
        left -= bytes;
    }
    return true;
}
