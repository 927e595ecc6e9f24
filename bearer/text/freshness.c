/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/freshness.h"

#include <apr_date.h>

#include "bearer/base/str.h"

/* RFC 9111 1.2.2: a greater number of seconds counts as this one */
#define SECONDS_MAX ((apr_int64_t)2147483648)
/* no header, and one that cannot be understood */
#define ABSENT   ((apr_int64_t)-1)
#define NONSENSE ((apr_int64_t)-2)

/* one cache directive; value.data is NULL when it has none */
typedef struct directive_t {
    bearer_str_t name;
    bearer_str_t value;
} directive_t;

/* delta-seconds (RFC 9111 1.2.2): digits only; too many of them saturate */
static apr_int64_t parse_seconds(bearer_str_t text)
{
    apr_int64_t seconds = 0;
    apr_size_t i;

    if (!text.len)
        return NONSENSE;
    for (i = 0; i < text.len; i++) {
        if (!bearer_str_is_digit(text.data[i]))
            return NONSENSE;
        seconds = seconds * 10 + (text.data[i] - '0');
        if (seconds > SECONDS_MAX)
            seconds = SECONDS_MAX;
    }
    return seconds;
}

/*
 * A quoted value, c after its first quote. Quoted pairs stay as they are: no
 * number has them. Returns what follows the last quote, or NULL.
 */
static const char *parse_quoted(const char *c, bearer_str_t *value)
{
    value->data = c;
    while (*c && *c != '"') {
        if (*c == '\\' && c[1])
            c++;
        c++;
    }
    if (!*c)
        return NULL;
    value->len = (apr_size_t)(c - value->data);
    return c + 1;
}

/* RFC 9111 5.2: token [ "=" ( token / quoted-string ) ]. Returns what follows
 * it, or NULL. */
static const char *parse_directive(const char *c, directive_t *out)
{
    directive_t directive = {{c, strspn(c, BEARER_STR_TCHARS)}, {NULL, 0}};

    if (!directive.name.len)
        return NULL;
    c += directive.name.len;
    if (*c == '=') {
        c++;
        if (*c == '"') {
            c = parse_quoted(c + 1, &directive.value);
        }
        else {
            directive.value.data = c;
            directive.value.len = strspn(c, BEARER_STR_TCHARS);
            c = directive.value.len ? c + directive.value.len : NULL;
        }
    }
    *out = directive;
    return c;
}

/* max-age of a Cache-Control value, ABSENT, or NONSENSE if it is forbidden or
 * garbled */
static apr_int64_t parse_cache_control(const char *c)
{
    apr_int64_t least = ABSENT;
    directive_t directive;
    apr_int64_t seconds;

    for (;;) {
        /* RFC 9110 5.6.1: empty members of a list are ignored */
        c += strspn(c, BEARER_STR_BLANKS ",");
        if (!*c)
            return least;
        c = parse_directive(c, &directive);
        if (!c)
            return NONSENSE;
        c += strspn(c, BEARER_STR_BLANKS);
        if (*c && *c != ',')
            return NONSENSE;
        if (bearer_str_is_nocase(directive.name, "no-store")
            || bearer_str_is_nocase(directive.name, "no-cache"))
            return NONSENSE;
        if (!bearer_str_is_nocase(directive.name, "max-age"))
            continue;
        seconds = parse_seconds(directive.value);
        if (seconds == NONSENSE)
            return NONSENSE;
        /* RFC 9111 4.2.1: of two, the more cautious one */
        if (least == ABSENT || seconds < least)
            least = seconds;
    }
}

static apr_int64_t parse_age(const char *text)
{
    return text ? parse_seconds(bearer_str_trim(bearer_str(text))) : 0;
}

/* what is left of a lifetime; RFC 9111 4.2: never less than nothing */
static apr_int64_t less_age(apr_int64_t seconds, const char *text)
{
    apr_int64_t age = parse_age(text);

    if (age == NONSENSE)
        return 0;
    return seconds > age ? seconds - age : 0;
}

static apr_int64_t parse_expires(const bearer_freshness_t *headers,
                                 apr_int64_t now)
{
    apr_time_t expires = apr_date_parse_http(headers->expires);
    apr_time_t date;

    /* RFC 9111 5.3: what is not a date ("0") is in the past */
    if (expires == APR_DATE_BAD)
        return 0;
    /* now already includes the age */
    if (!headers->date)
        return less_age(apr_time_sec(expires) - now, NULL);
    date = apr_date_parse_http(headers->date);
    if (date == APR_DATE_BAD)
        return 0;
    return less_age(apr_time_sec(expires - date), headers->age);
}

/* how long the answer is good according to its headers; ABSENT when they do not
 * say */
static apr_int64_t lifetime(const bearer_freshness_t *headers, apr_int64_t now)
{
    apr_int64_t seconds = ABSENT;

    /* RFC 9111 5.3: max-age is stronger than Expires */
    if (headers->cache_control)
        seconds = parse_cache_control(headers->cache_control);
    if (seconds != ABSENT)
        return less_age(seconds, headers->age);
    return headers->expires ? parse_expires(headers, now) : ABSENT;
}

apr_int64_t bearer_freshness_seconds(const bearer_freshness_t *headers,
                                     apr_int64_t now, apr_int64_t refresh)
{
    apr_int64_t seconds = lifetime(headers, now);

    if (seconds == ABSENT)
        seconds = refresh;
    if (seconds < BEARER_FRESHNESS_LEAST)
        seconds = BEARER_FRESHNESS_LEAST;
    return seconds < refresh ? seconds : refresh;
}
