/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/template.h"

#include <string.h>

#include "bearer/base/str.h"

static const bearer_str_t placeholder =
    BEARER_LIT("{" BEARER_TEMPLATE_CLAIM "}");
/* as https://login.microsoftonline.com/common/v2.0 has it, in its metadata and in its
 * keys */
static const bearer_str_t entra = BEARER_LIT("{tenantid}");

#define LONGEST 64

/* what comes before and after a placeholder; false if it is not there */
static bool cut(bearer_str_t text, bearer_str_t *before, bearer_str_t *after)
{
    const char *at = text.data ? memchr(text.data, '{', text.len) : NULL;
    bearer_str_t rest;

    if (!at)
        return false;
    rest.data = at;
    rest.len = text.len - (apr_size_t)(at - text.data);
    if (!bearer_str_begins(rest, placeholder.data))
        return false;
    before->data = text.data;
    before->len = (apr_size_t)(at - text.data);
    after->data = rest.data + placeholder.len;
    after->len = rest.len - placeholder.len;
    return true;
}

/* whether a text is these three, one after the other */
static bool is_joined(bearer_str_t text, bearer_str_t before,
                      bearer_str_t value, bearer_str_t after)
{
    return text.len == before.len + value.len + after.len
           && memcmp(text.data, before.data, before.len) == 0
           && memcmp(text.data + before.len, value.data, value.len) == 0
           && memcmp(text.data + before.len + value.len, after.data, after.len)
                  == 0;
}

bool bearer_template_is_meant(const char *text)
{
    return strpbrk(text, "{}") != NULL;
}

bool bearer_template_check(bearer_str_t text)
{
    bearer_str_t before, after;

    return cut(text, &before, &after) && !memchr(before.data, '}', before.len)
           && !memchr(after.data, '{', after.len)
           && !memchr(after.data, '}', after.len);
}

bool bearer_template_is_value(bearer_str_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        char c = value.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
            && !bearer_str_is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return value.data && value.len && value.len <= LONGEST;
}

bool bearer_template_makes(bearer_str_t name, bearer_str_t value,
                           bearer_str_t text)
{
    bearer_str_t before, after;

    return text.data && bearer_template_is_value(value)
           && cut(name, &before, &after)
           && is_joined(text, before, value, after);
}

bearer_str_t bearer_template_find(bearer_str_t name, bearer_str_t text)
{
    bearer_str_t value = {NULL, 0}, before, after;

    if (!text.data || !cut(name, &before, &after)
        || text.len <= before.len + after.len)
        return value;
    value.data = text.data + before.len;
    value.len = text.len - before.len - after.len;
    if (!bearer_template_makes(name, value, text))
        value.data = NULL;
    return value;
}

/* --- two of them ------------------------------------------------------------------ */

/* whether it may be in a value, which may be long enough for it */
static bool fits_value(const char *data, apr_size_t len)
{
    bearer_str_t text = {data, len};

    return !len || bearer_template_is_value(text);
}

/* whether the longer of two ends is a part of a value and the shorter one */
static bool ends_meet(bearer_str_t one, bearer_str_t other)
{
    bool first = one.len > other.len;
    bearer_str_t more = first ? one : other, less = first ? other : one;
    apr_size_t rest = more.len - less.len;

    return memcmp(more.data + rest, less.data, less.len) == 0
           && fits_value(more.data, rest);
}

/* Whether the value of the one ends in the front of the other, so that the one's end
 * goes on with this tail of the front, has the other's value in it, and ends alike. */
static bool ends_within(bearer_str_t tail, bearer_str_t one, bearer_str_t other)
{
    bearer_str_t value;

    if (one.len <= tail.len + other.len
        || memcmp(one.data, tail.data, tail.len) != 0
        || memcmp(one.data + one.len - other.len, other.data, other.len) != 0)
        return false;
    value.data = one.data + tail.len;
    value.len = one.len - tail.len - other.len;
    return bearer_template_is_value(value);
}

bool bearer_template_meet(bearer_str_t one, bearer_str_t other)
{
    bearer_str_t before, after, front, end, tail;
    apr_size_t i;

    if (!cut(one, &before, &after) || !cut(other, &front, &end))
        return false;
    if (before.len > front.len)
        return bearer_template_meet(other, one);
    if (memcmp(before.data, front.data, before.len) != 0)
        return false;
    /* the one's value begins with what the other's front has more */
    for (i = before.len + 1; i < front.len; i++) {
        tail.data = front.data + i;
        tail.len = front.len - i;
        if (fits_value(front.data + before.len, i - before.len)
            && ends_within(tail, after, end))
            return true;
    }
    return fits_value(front.data + before.len, front.len - before.len)
           && ends_meet(after, end);
}

bool bearer_template_same(bearer_str_t name, bearer_str_t other)
{
    bearer_str_t before, after;

    if (bearer_str_equal(name, other))
        return true;
    return other.data && cut(name, &before, &after)
           && is_joined(other, before, entra, after);
}
