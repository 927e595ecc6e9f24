/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oracle - JSON by jansson, with which tests and fuzz targets compare ours.
 *
 * Owns:     reading a text by jansson, also one with numbers that jansson refuses;
 *           writing it as we do; comparing its tree with a value.
 * Does not: test.
 * Memory:   a tree is the caller's, texts live in the pool
 * Threads:  any
 */
#ifndef BEARER_TESTS_ORACLE_H
#define BEARER_TESTS_ORACLE_H

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "bearer/text/value.h"

/* newer ones write 1e17 as 100000000000000000.0 */
#define ORACLE_WRITES_REALS (JANSSON_VERSION_HEX < 0x020f00)

/* the end of the digits that begin here */
static inline const char *oracle_digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

/* the end of the longest number of RFC 8259 6 that begins here; at itself: none */
static inline const char *oracle_number(const char *at)
{
    const char *end = at + (*at == '-');
    const char *more;

    if (oracle_digits(end) == end)
        return at;
    end = *end == '0' ? end + 1 : oracle_digits(end);
    if (*end == '.' && oracle_digits(end + 1) > end + 1)
        end = oracle_digits(end + 1);
    if (*end == 'e' || *end == 'E') {
        more = end + 1 + (end[1] == '-' || end[1] == '+');
        if (oracle_digits(more) > more)
            end = oracle_digits(more);
    }
    return end;
}

/* whether jansson refuses a number for its size */
static inline bool oracle_is_large(const char *number)
{
    errno = 0;
    if (strpbrk(number, ".eE"))
        return isinf(strtod(number, NULL));
    (void)strtoll(number, NULL, 10);
    return errno == ERANGE;
}

/** The text with each number that is too large for jansson replaced by "true" and
 * spaces, which is as little a time, a text or a list. */
static inline bearer_str_t oracle_shrink(bearer_str_t text, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, text.len ? text.data : "", text.len);
    char *at = copy;
    bool in_string = false;

    while (at < copy + text.len) {
        apr_size_t len = (apr_size_t)(oracle_number(at) - at);

        if (*at == '"')
            in_string = !in_string;
        if (in_string && *at == '\\')
            at++;
        if (in_string || !len) {
            at++;
            continue;
        }
        if (oracle_is_large(apr_pstrmemdup(pool, at, len))) {
            memset(at, ' ', len);
            memcpy(at, "true", 4);
        }
        at += len;
    }
    text.data = copy;
    return text;
}

/** What jansson makes of a text, shrunk; NULL: nothing. It loses a NUL right after
 * a number, and reads on; JSON has none anywhere. */
static inline json_t *oracle_load(bearer_str_t text, apr_pool_t *pool)
{
    bearer_str_t shrunk = oracle_shrink(text, pool);

    if (memchr(shrunk.data, '\0', shrunk.len))
        return NULL;
    return json_loadb(shrunk.data, shrunk.len, JSON_REJECT_DUPLICATES, NULL);
}

/* the fewest digits with which all reals read back equal */
static inline int oracle_precision(const json_t *json)
{
    char text[40];
    int digits = 15, more;
    const char *name;
    json_t *one;
    size_t i;

    if (json_is_real(json)) {
        for (; digits < 17; digits++) {
            (void)snprintf(text, sizeof(text), "%.*g", digits,
                           json_real_value(json));
            if (strtod(text, NULL) == json_real_value(json))
                break;
        }
    }
    json_array_foreach(json, i, one)
    {
        more = oracle_precision(one);
        digits = more > digits ? more : digits;
    }
    json_object_foreach((json_t *)json, name, one)
    {
        more = oracle_precision(one);
        digits = more > digits ? more : digits;
    }
    return digits;
}

/** A tree as bearer_write_json writes a value; DEL, which jansson writes as it is,
 * escaped. */
static inline const char *oracle_text(const json_t *json, size_t flags,
                                      apr_pool_t *pool)
{
    char *raw =
        json_dumps(json, flags | JSON_ENCODE_ANY
                             | JSON_REAL_PRECISION(oracle_precision(json)));
    const char *text = apr_pstrdup(pool, raw);
    const char *del;

    free(raw);
    while ((del = strchr(text, 0x7f)))
        text = apr_pstrcat(pool,
                           apr_pstrmemdup(pool, text, (apr_size_t)(del - text)),
                           "\\u007f", del + 1, NULL);
    return text;
}

static inline bool oracle_equals(const bearer_value_t *value,
                                 const json_t *json);

static inline bool oracle_members_equal(const bearer_value_t *whole,
                                        const json_t *json)
{
    const bearer_value_t *at = bearer_value_first(whole);
    void *member = json_object_iter((json_t *)json);
    size_t i = 0;

    for (; at; at = bearer_value_next(whole, at)) {
        const json_t *theirs = json_array_get(json, i++);

        if (json_is_object(json)) {
            if (!member
                || strcmp(json_object_iter_key(member),
                          bearer_value_text(at).data)
                       != 0)
                return false;
            theirs = json_object_iter_value(member);
            member = json_object_iter_next((json_t *)json, member);
            at = bearer_value_next(whole, at);
        }
        if (!theirs || !oracle_equals(at, theirs))
            return false;
    }
    return !member && (json_is_object(json) || i == json_array_size(json));
}

/** Whether both are the same; members in the same order. */
static inline bool oracle_equals(const bearer_value_t *value,
                                 const json_t *json)
{
    bearer_str_t text = bearer_value_text(value);
    double real;

    switch (bearer_value_kind(value)) {
    case BEARER_KIND_OBJECT:
        return json_is_object(json) && oracle_members_equal(value, json);
    case BEARER_KIND_ARRAY:
        return json_is_array(json) && oracle_members_equal(value, json);
    case BEARER_KIND_STRING:
        return json_is_string(json) && json_string_length(json) == text.len
               && memcmp(json_string_value(json), text.data, text.len) == 0;
    case BEARER_KIND_INTEGER:
        return json_is_integer(json)
               && json_integer_value(json) == bearer_value_integer(value);
    case BEARER_KIND_REAL:
        real = bearer_value_real(value);
        return json_is_real(json) && json_real_value(json) == real
               && !signbit(json_real_value(json)) == !signbit(real);
    case BEARER_KIND_TRUE:
    case BEARER_KIND_NUMERAL: /* shrunk */
        return json_is_true(json);
    case BEARER_KIND_FALSE:
        return json_is_false(json);
    case BEARER_KIND_NULL:
        return json_is_null(json);
    case BEARER_KIND_ABSENT:
        break;
    }
    return !json;
}

/** Whether there is a numeral in a value, which jansson cannot write. */
static inline bool oracle_has_numeral(const bearer_value_t *value)
{
    const bearer_value_t *at = bearer_value_first(value);

    for (; at; at = bearer_value_next(value, at)) {
        if (oracle_has_numeral(at))
            return true;
    }
    return bearer_value_is(value, BEARER_KIND_NUMERAL);
}

#endif
