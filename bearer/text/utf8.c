/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/utf8.h"

#include "bearer/base/str.h"

/* the number of bytes of the character that begins here, 0 if it is not one (RFC
 * 3629 4: no longer form than needed, no surrogate, nothing beyond U+10FFFF) */
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

/* not a character at all */
#define NO_POINT 0xffffffffu

/* the code point of a character that take_character has found */
static unsigned int point_of(const unsigned char *at, apr_size_t bytes)
{
    /* bits of the first byte, by the number of bytes */
    static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned int point = *at & first[bytes];
    apr_size_t k;

    for (k = 1; k < bytes; k++)
        point = point << 6 | (at[k] & 0x3f);
    return point;
}

static unsigned int first_point(bearer_str_t text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    apr_size_t bytes = take_character(at, text.len);

    return bytes ? point_of(at, bytes) : NO_POINT;
}

/* takes the last character off the text, which is not empty */
static unsigned int last_point(bearer_str_t *text)
{
    const unsigned char *data = (const unsigned char *)text->data;
    apr_size_t bytes = 1;

    while (bytes < 4 && bytes < text->len
           && (data[text->len - bytes] & 0xc0) == 0x80)
        bytes++;
    text->len -= bytes;
    if (take_character(data + text->len, bytes) != bytes)
        return NO_POINT;
    return point_of(data + text->len, bytes);
}

typedef struct range_t {
    unsigned int first, last;
} range_t;

static bool is_in(const range_t *ranges, apr_size_t count, unsigned int point)
{
    apr_size_t i;

    for (i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    }
    return false;
}

#define IS_IN(ranges, point)                                                   \
    is_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), point)

/* White_Space, Cc, Cf and Default_Ignorable_Code_Point of Unicode 15; U+2800 and
 * U+1D159 are drawn as nothing; what is not a character is invisible, too */
static bool is_invisible(unsigned int point)
{
    static const range_t ranges[] = {
        {0x0, 0x20},        {0x7f, 0xa0},        {0xad, 0xad},
        {0x34f, 0x34f},     {0x600, 0x605},      {0x61c, 0x61c},
        {0x6dd, 0x6dd},     {0x70f, 0x70f},      {0x890, 0x891},
        {0x8e2, 0x8e2},     {0x115f, 0x1160},    {0x1680, 0x1680},
        {0x17b4, 0x17b5},   {0x180b, 0x180f},    {0x2000, 0x200f},
        {0x2028, 0x202f},   {0x205f, 0x206f},    {0x2800, 0x2800},
        {0x3000, 0x3000},   {0x3164, 0x3164},    {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xffa0, 0xffa0},    {0xfff0, 0xfffb},
        {0x110bd, 0x110bd}, {0x110cd, 0x110cd},  {0x13430, 0x1343f},
        {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159},  {0x1d173, 0x1d17a},
        {0xe0000, 0xe0fff}, {NO_POINT, NO_POINT}};

    return IS_IN(ranges, point);
}

/* Variation_Selector: it chooses the form of the character before it, in names of
 * people too (U+9089 U+E0102) */
static bool is_selector(unsigned int point)
{
    static const range_t ranges[] = {{0x180b, 0x180d},
                                     {0x180f, 0x180f},
                                     {0xfe00, 0xfe0f},
                                     {0xe0100, 0xe01ef}};

    return IS_IN(ranges, point);
}

bool bearer_utf8_has_invisible_end(bearer_str_t text)
{
    unsigned int point;

    if (!text.len)
        return false;
    if (is_invisible(first_point(text)))
        return true;
    point = last_point(&text);
    if (is_selector(point) && text.len) {
        point = last_point(&text);
        return point < 0x80 || is_invisible(point);
    }
    return is_invisible(point);
}

bearer_str_t bearer_utf8_skip_mark(bearer_str_t text)
{
    static const char mark[] = "\xef\xbb\xbf";

    if (!bearer_str_begins(text, mark))
        return text;
    text.data += sizeof(mark) - 1;
    text.len -= sizeof(mark) - 1;
    return text;
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
