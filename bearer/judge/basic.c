/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/basic.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/b64url.h"

/* RFC 4648 4: groups of four, the last one filled up with one or two "=" */
static bool cut_padding(bearer_str_t *coded)
{
    apr_size_t padding = 0;

    if (!coded->len || coded->len % 4)
        return false;
    while (padding < 2 && coded->data[coded->len - 1 - padding] == '=')
        padding++;
    coded->len -= padding;
    return true;
}

/* into the other alphabet, whose decoder is strict; its own two signs are none of
 * this one */
static bool to_url(char *at, apr_size_t len)
{
    for (; len; at++, len--) {
        if (*at == '-' || *at == '_')
            return false;
        if (*at == '+')
            *at = '-';
        else if (*at == '/')
            *at = '_';
    }
    return true;
}

bearer_reason_t bearer_basic_parse(bearer_str_t coded, bearer_str_t *user,
                                   bearer_str_t *password, apr_pool_t *pool)
{
    bearer_str_t plain, name;
    const char *colon;

    if (!cut_padding(&coded))
        return BEARER_TOKEN_FORMAT;
    coded.data = apr_pstrmemdup(pool, coded.data, coded.len);
    if (!to_url((char *)coded.data, coded.len)
        || bearer_b64url_parse(coded, &plain, pool))
        return BEARER_TOKEN_FORMAT;
    colon = memchr(plain.data, ':', plain.len);
    if (!colon || colon + 1 == plain.data + plain.len)
        return BEARER_TOKEN_FORMAT;
    name.data = plain.data;
    name.len = (apr_size_t)(colon - plain.data);
    /* RFC 7617 2: a NUL or line break is read differently by others */
    if (bearer_str_has_control(name))
        return BEARER_TOKEN_FORMAT;
    *user = name;
    password->data = colon + 1;
    password->len = plain.len - name.len - 1;
    return BEARER_OK;
}

const char *bearer_basic_render(bearer_str_t user, bearer_str_t password,
                                apr_pool_t *pool)
{
    static const char padding[] = "==";
    char *plain = apr_palloc(pool, user.len + password.len + 2);
    bearer_str_t all = {plain, user.len + 1 + password.len}, coded;
    char *c, *out;

    memcpy(plain, user.data, user.len);
    plain[user.len] = ':';
    memcpy(plain + user.len + 1, password.data, password.len);
    coded = bearer_b64url_render(all, pool);
    out = apr_pstrcat(pool, coded.data, padding + 2 - (4 - coded.len % 4) % 4,
                      NULL);
    for (c = out; *c; c++) {
        if (*c == '-')
            *c = '+';
        else if (*c == '_')
            *c = '/';
    }
    return out;
}
