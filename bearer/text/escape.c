/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/escape.h"

#include "bearer/base/str.h"

/* characters that have a letter as their escape, each above its letter */
static const char means[] = "\"\\\b\f\n\r\t/";
static const char letters[] = "\"\\bfnrt/";
/* the last of them needs no escape and gets none */
#define WRITTEN (sizeof(letters) - 2)

/* halves of characters beyond U+FFFF (RFC 8259 7) */
enum { HIGH = 0xd800, LOW = 0xdc00, HALVES_END = 0xe000, BEYOND = 0x10000 };

/* --- reading -------------------------------------------------------------- */

static bool take(const char **at, const char *end, char wanted)
{
    if (*at == end || **at != wanted)
        return false;
    (*at)++;
    return true;
}

/* the four digits after "\u" */
static bool take_unit(const char **at, const char *end, unsigned *out)
{
    unsigned unit = 0;
    int i;

    for (i = 0; i < 4; i++) {
        int digit = *at < end ? bearer_str_hex(**at) : -1;

        if (digit < 0)
            return false;
        unit = unit << 4 | (unsigned)digit;
        (*at)++;
    }
    *out = unit;
    return true;
}

/* RFC 3629 3 */
static char *put_point(char *to, unsigned point)
{
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    int more = (point >= 0x80) + (point >= 0x800) + (point >= BEYOND);

    *to++ = (char)(first[more] | point >> 6 * more);
    while (more--)
        *to++ = (char)(0x80 | (point >> 6 * more & 0x3f));
    return to;
}

static bool take_point(const char **at, const char *end, char **to)
{
    unsigned point, low;

    if (!take_unit(at, end, &point) || (point >= LOW && point < HALVES_END))
        return false;
    if (point >= HIGH && point < LOW) {
        if (!take(at, end, '\\') || !take(at, end, 'u')
            || !take_unit(at, end, &low) || low < LOW || low >= HALVES_END)
            return false;
        point = BEYOND + ((point - HIGH) << 10) + (low - LOW);
    }
    *to = put_point(*to, point);
    return true;
}

/* what follows a backslash */
static bool take_escape(const char **at, const char *end, char **to)
{
    const char *letter = NULL;

    if (take(at, end, 'u'))
        return take_point(at, end, to);
    if (*at < end)
        letter = memchr(letters, **at, sizeof(letters) - 1);
    if (!letter)
        return false;
    *(*to)++ = means[letter - letters];
    (*at)++;
    return true;
}

apr_size_t bearer_escape_decode(const char **at, const char *end, char *to)
{
    const char *from = to;

    while (*at < end && **at != '"' && (unsigned char)**at >= ' ') {
        const char *escape = *at;

        if (!take(at, end, '\\')) {
            *to++ = *(*at)++;
        }
        else if (!take_escape(at, end, &to)) {
            /* a quote may follow the digits of a lone half */
            *at = escape;
            break;
        }
    }
    return (apr_size_t)(to - from);
}

/* --- writing -------------------------------------------------------------- */

static char *put_unit(char *to, unsigned unit, const char *digits)
{
    int shift;

    *to++ = '\\';
    *to++ = 'u';
    for (shift = 12; shift >= 0; shift -= 4)
        *to++ = digits[unit >> shift & 0xf];
    return to;
}

char *bearer_escape_encode(unsigned point, char *to)
{
    static const char capitals[] = "0123456789ABCDEF";
    const char *letter = NULL;

    if (point < 0x80)
        letter = memchr(means, (int)point, WRITTEN);
    if (letter) {
        *to++ = '\\';
        *to++ = letters[letter - means];
        return to;
    }
    if (point >= BEYOND) {
        to = put_unit(to, HIGH + ((point - BEYOND) >> 10), capitals);
        return put_unit(to, LOW + ((point - BEYOND) & 0x3ff), capitals);
    }
    /* DEL in lower case, as it has always been */
    return put_unit(to, point, point == 0x7f ? "0123456789abcdef" : capitals);
}
