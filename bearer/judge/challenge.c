/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/judge/challenge.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

/* RFC 9110 5.6.4: quoted-string; a realm may be any text of the administrator */
static const char *quote_realm(const char *realm, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(realm) + 1);
    char *to = out;

    for (; *realm; realm++) {
        if (*realm == '"' || *realm == '\\')
            *to++ = '\\';
        *to++ = bearer_str_is_control(*realm) ? '?' : *realm;
    }
    *to = '\0';
    return out;
}

/* RFC 6750 3: %x20-21 / %x23-5B / %x5D-7E */
static const char *plain(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, text);
    char *c;

    for (c = out; *c; c++) {
        if (!bearer_str_is_plain(*c))
            *c = bearer_str_is_printable(*c) ? '\'' : '?';
    }
    return out;
}

/* clients search the whole value for scope=, error= and resource_metadata= */
static const char *description(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, plain(text, pool));
    char *c;

    for (c = out; *c; c++) {
        if (*c == '=')
            *c = ':';
    }
    return out;
}

const char *bearer_challenge_render(const bearer_challenge_t *challenge,
                                    apr_pool_t *pool)
{
    const struct {
        const char *name, *value;
    } parameters[] = {
        {"realm",
         challenge->realm ? quote_realm(challenge->realm, pool) : NULL},
        {"error", challenge->error},
        {"error_description", challenge->description
                                  ? description(challenge->description, pool)
                                  : NULL},
        {"scope", challenge->scope ? plain(challenge->scope, pool) : NULL},
        {"resource_metadata", challenge->resource_metadata
                                  ? plain(challenge->resource_metadata, pool)
                                  : NULL},
    };
    const char *value = "Bearer";
    const char *separator = " ";
    size_t i;

    for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (!parameters[i].value)
            continue;
        value = apr_pstrcat(pool, value, separator, parameters[i].name, "=\"",
                            parameters[i].value, "\"", NULL);
        separator = ", ";
    }
    return value;
}

const char *bearer_challenge_basic(const char *realm, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "Basic realm=\"", quote_realm(realm, pool),
                       "\", charset=\"UTF-8\"", NULL);
}

/* our sentences are plain ASCII; only quotes need an escape */
static const char *json_text(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(text) + 1);
    char *to = out;

    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *to++ = '\\';
        *to++ = (unsigned char)*text < 0x20 ? ' ' : *text;
    }
    *to = '\0';
    return out;
}

const char *bearer_challenge_body(const char *code, int status,
                                  const char *message, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "{\"code\": \"%s\", \"status\": %d, "
                        "\"message\": \"%s\"}\n",
                        json_text(code, pool), status,
                        json_text(message, pool));
}
