/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/text/spiffe.h"

#include <string.h>

#include "bearer/base/str.h"

#define SCHEME         "spiffe://"
#define LONGEST_DOMAIN 255
#define LONGEST_ID     2048

static bool is_of_domain(char c)
{
    return (c >= 'a' && c <= 'z') || bearer_str_is_digit(c) || c == '.'
           || c == '-' || c == '_';
}

static bool is_of_path(char c)
{
    return is_of_domain(c) || (c >= 'A' && c <= 'Z');
}

bool bearer_spiffe_is_domain(bearer_str_t text)
{
    apr_size_t i;

    if (!bearer_str_begins(text, SCHEME))
        return false;
    for (i = strlen(SCHEME); i < text.len; i++) {
        if (!is_of_domain(text.data[i]))
            return false;
    }
    return text.len > strlen(SCHEME)
           && text.len <= strlen(SCHEME) + LONGEST_DOMAIN;
}

/* "/a/../b" and "/a//b" are other names for somebody else's "/b" (path confusion) */
static bool is_segment(bearer_str_t segment)
{
    apr_size_t i;

    for (i = 0; i < segment.len; i++) {
        if (!is_of_path(segment.data[i]))
            return false;
    }
    return segment.len && !bearer_str_is(segment, ".")
           && !bearer_str_is(segment, "..");
}

bool bearer_spiffe_is_member(bearer_str_t domain, bearer_str_t id)
{
    const char *at, *end;

    if (!id.data || id.len > LONGEST_ID || id.len <= domain.len
        || memcmp(id.data, domain.data, domain.len) != 0)
        return false;
    end = id.data + id.len;
    for (at = id.data + domain.len; at < end;) {
        bearer_str_t segment = {at + 1, 0};
        const char *slash;

        /* the first one also ends the trust domain: no "spiffe://example.org.evil" */
        if (*at != '/')
            return false;
        slash = memchr(at + 1, '/', (apr_size_t)(end - at - 1));
        at = slash ? slash : end;
        segment.len = (apr_size_t)(at - segment.data);
        if (!is_segment(segment))
            return false;
    }
    return true;
}
