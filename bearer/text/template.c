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

bool bearer_template_same(bearer_str_t name, bearer_str_t other)
{
    bearer_str_t before, after;

    if (bearer_str_equal(name, other))
        return true;
    return other.data && cut(name, &before, &after)
           && is_joined(other, before, entra, after);
}
