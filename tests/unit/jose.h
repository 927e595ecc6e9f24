/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jose - keys and tokens for tests from readable text.
 *
 * Owns:     JSON with single quotes, tokens from parts, the fixtures.
 * Does not: sign (make_fixtures.py did).
 * Memory:   results live in the pool
 * Threads:  one
 */
#ifndef BEARER_TESTS_JOSE_H
#define BEARER_TESTS_JOSE_H

#include "unit.h"

#include "bearer/jose/jwk.h"
#include "bearer/text/b64url.h"
#include "bearer/text/json.h"

#include "fixtures.h"

/** JSON written with ' for ". */
static inline bearer_str_t jose_json(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);
    char *at;

    for (at = copy; *at; at++) {
        if (*at == '\'')
            *at = '"';
    }
    return unit_str(copy);
}

/** What bearer_jwk_parse says about JSON written with ' for ". */
static inline bearer_reason_t jose_key(const char *text,
                                       const bearer_jwk_t **out,
                                       apr_pool_t *pool)
{
    bearer_note_t note;
    const bearer_value_t *json;

    if (bearer_json_parse(jose_json(text, pool), &json, &note, pool))
        fail_msg("the test's key is not JSON: %s", text);
    return bearer_jwk_parse(json, out, &note, pool);
}

/** A number of this many bytes as base64url, odd, its first byte given. */
static inline const char *jose_number(apr_size_t size, unsigned char first,
                                      apr_pool_t *pool)
{
    char *bytes = apr_palloc(pool, size);
    bearer_str_t text = {bytes, size};

    memset(bytes, 0x55, size);
    bytes[0] = (char)first;
    return bearer_b64url_render(text, pool).data;
}

#endif
