/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/number.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

/* so many digits fit into 64 bits without a sign */
#define DIGITS_MAX 19
/* so many are always enough */
#define DIGITS_MOST 17
/* 2^63: the first whole number that is no longer an INTEGER */
#define INTEGER_END 9223372036854775808.0
/* the digits of the largest double as a whole number, and its NUL */
#define WHOLE_ROOM 310

/* --- reading -------------------------------------------------------------- */

static bool is_digit(const char *at, const char *end)
{
    return at < end && bearer_str_is_digit(*at);
}

static bool take_digits(const char **at, const char *end)
{
    const char *from = *at;

    while (is_digit(*at, end))
        (*at)++;
    return *at > from;
}

/* JSON's grammar for strtod; another module may have set a locale with another
 * decimal point */
static double to_double(bearer_str_t text, apr_pool_t *pool)
{
    char buffer[64];
    char *copy = buffer;
    char *point;

    if (text.len < sizeof(buffer)) {
        memcpy(buffer, text.data, text.len);
        buffer[text.len] = '\0';
    }
    else
        copy = apr_pstrmemdup(pool, text.data, text.len);
    point = strchr(copy, '.');
    if (point)
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it after the start */
        *point = *localeconv()->decimal_point;
    return strtod(copy, NULL);
}

/* the rest of a number, which has a fraction or an exponent */
static bool take_real(const char **at, const char *end, bearer_number_t *out,
                      apr_pool_t *pool)
{
    if (**at == '.') {
        (*at)++;
        if (!take_digits(at, end))
            return false;
    }
    if (*at < end && (**at == 'e' || **at == 'E')) {
        (*at)++;
        if (*at < end && (**at == '-' || **at == '+'))
            (*at)++;
        if (!take_digits(at, end))
            return false;
    }
    out->text.len = (apr_size_t)(*at - out->text.data);
    out->real = to_double(out->text, pool);
    /* 1e400 is not infinity, nor the largest double */
    out->kind = isfinite(out->real) ? BEARER_KIND_REAL : BEARER_KIND_NUMERAL;
    return true;
}

bool bearer_number_take(const char **at, const char *end, bearer_number_t *out,
                        apr_pool_t *pool)
{
    bool negative = *at < end && **at == '-';
    const char *first = *at + negative;
    apr_uint64_t sum = 0;
    apr_size_t count;

    out->text.data = *at;
    for (*at = first; is_digit(*at, end); (*at)++)
        sum = sum * 10 + (apr_uint64_t)(**at - '0');
    count = (apr_size_t)(*at - first);
    if (!count || (count > 1 && *first == '0')) {
        *at = first + (count > 1);
        return false;
    }
    if (*at < end && (**at == '.' || **at == 'e' || **at == 'E'))
        return take_real(at, end, out, pool);
    out->text.len = (apr_size_t)(*at - out->text.data);
    out->kind = BEARER_KIND_NUMERAL;
    if (count > DIGITS_MAX || sum > (apr_uint64_t)APR_INT64_MAX + negative)
        return true;
    out->kind = BEARER_KIND_INTEGER;
    out->integer =
        negative && sum ? -(apr_int64_t)(sum - 1) - 1 : (apr_int64_t)sum;
    return true;
}

/* --- comparing ------------------------------------------------------------ */

bearer_number_t bearer_number_of(const bearer_value_t *value)
{
    bearer_number_t number = {.kind = BEARER_KIND_ABSENT};

    if (!bearer_value_is_number(value))
        return number;
    number.kind = bearer_value_kind(value);
    number.integer = bearer_value_integer(value);
    number.real = bearer_value_real(value);
    number.text = bearer_value_numeral(value);
    return number;
}

static int compare_integers(apr_int64_t a, apr_int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_mixed(apr_int64_t integer, double real)
{
    apr_int64_t whole;
    double rest;

    if (real >= INTEGER_END)
        return -1;
    if (real < -INTEGER_END)
        return 1;
    whole = (apr_int64_t)real;
    rest = real - (double)whole;
    if (integer != whole)
        return integer < whole ? -1 : 1;
    return (rest < 0) - (rest > 0);
}

/* a numeral without its sign against a positive real: a whole number digit by
 * digit, and what has a fraction or an exponent is beyond every double */
static int compare_sizes(bearer_str_t digits, double real)
{
    char whole[WHOLE_ROOM];
    apr_size_t len;
    int order;

    /* anything smaller has fewer digits than a numeral */
    if (memchr(digits.data, '.', digits.len)
        || memchr(digits.data, 'e', digits.len)
        || memchr(digits.data, 'E', digits.len) || real < INTEGER_END)
        return 1;
    len = (apr_size_t)snprintf(whole, sizeof(whole), "%.0f", real);
    if (len != digits.len)
        return digits.len > len ? 1 : -1;
    order = memcmp(digits.data, whole, len);
    return (order > 0) - (order < 0);
}

static int compare_numeral(bearer_str_t text, const bearer_number_t *b)
{
    bool negative = *text.data == '-';
    double real = b->kind == BEARER_KIND_REAL ? b->real : 0;

    text.data += negative;
    text.len -= negative;
    /* no integer is as far from 0 as a numeral */
    return negative ? -compare_sizes(text, -real) : compare_sizes(text, real);
}

int bearer_number_compare(const bearer_number_t *a, const bearer_number_t *b)
{
    if (a->kind == BEARER_KIND_NUMERAL)
        return compare_numeral(a->text, b);
    if (a->kind == BEARER_KIND_INTEGER && b->kind == BEARER_KIND_INTEGER)
        return compare_integers(a->integer, b->integer);
    if (a->kind == BEARER_KIND_INTEGER)
        return compare_mixed(a->integer, b->real);
    if (b->kind == BEARER_KIND_INTEGER)
        return -compare_mixed(b->integer, a->real);
    return (a->real > b->real) - (a->real < b->real);
}

/* --- writing -------------------------------------------------------------- */

/* printf and strtod agree on the locale's decimal point, whatever it is */
int bearer_number_digits(double real)
{
    char text[BEARER_NUMBER_ROOM];
    int digits;

    for (digits = BEARER_NUMBER_DIGITS; digits < DIGITS_MOST; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, real);
        if (strtod(text, NULL) == real)
            break;
    }
    return digits;
}

/* "1e+05" is as good JSON as "1e5", but longer */
static apr_size_t shorten_exponent(char *exponent)
{
    char *to = exponent + (*exponent == '-');
    const char *from = exponent + 1;

    from += strspn(from, "0");
    memmove(to, from, strlen(from) + 1);
    return (apr_size_t)(to - exponent) + strlen(to);
}

apr_size_t bearer_number_render(double real, int digits,
                                char buffer[BEARER_NUMBER_ROOM])
{
    apr_size_t len = (apr_size_t)snprintf(buffer, BEARER_NUMBER_ROOM - 2,
                                          "%.*g", digits, real);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it after the start */
    char *point = strchr(buffer, *localeconv()->decimal_point);
    char *exponent = strchr(buffer, 'e');

    if (point)
        *point = '.';
    if (exponent)
        return (apr_size_t)(exponent + 1 - buffer)
               + shorten_exponent(exponent + 1);
    if (!point) {
        memcpy(buffer + len, ".0", 3);
        len += 2;
    }
    return len;
}

static bearer_str_t write_number(const bearer_number_t *number,
                                 char buffer[BEARER_NUMBER_ROOM])
{
    bearer_str_t text = {buffer, 0};

    if (number->kind == BEARER_KIND_REAL)
        text.len = bearer_number_render(
            number->real, bearer_number_digits(number->real), buffer);
    else
        text.len = (apr_size_t)apr_snprintf(
            buffer, BEARER_NUMBER_ROOM, "%" APR_INT64_T_FMT, number->integer);
    return text;
}

bearer_number_t bearer_number_written(bearer_str_t text)
{
    bearer_number_t number = {.kind = BEARER_KIND_ABSENT};
    const char *at = text.data;
    char buffer[BEARER_NUMBER_ROOM];

    /* all of them are shorter, which takes no pool to read */
    if (text.len && text.len < BEARER_NUMBER_ROOM
        && bearer_number_take(&at, text.data + text.len, &number, NULL)
        && at == text.data + text.len && number.kind != BEARER_KIND_NUMERAL
        && bearer_str_equal(write_number(&number, buffer), text))
        return number;
    number.kind = BEARER_KIND_ABSENT;
    return number;
}
