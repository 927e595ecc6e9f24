/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/secret.h"

#include "bearer/base/file.h"

bearer_reason_t bearer_secret_read(const char *path, bool pipe,
                                   const bearer_jwks_t **out,
                                   bearer_note_t *note, apr_pool_t *pool)
{
    bearer_file_rules_t rules = bearer_file_secret;
    const bearer_jwk_t *key;
    bearer_str_t text;
    bearer_reason_t why;
    apr_pool_t *tmp;

    /* the text of a secret is needed no longer than this */
    if (apr_pool_create(&tmp, pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    rules.pipe = pipe;
    why = bearer_file_read(path, &rules, &text, note, tmp);
    if (!why)
        why = bearer_jwk_parse_secret(bearer_jwk_trim_secret(text), &key, note,
                                      pool);
    apr_pool_destroy(tmp);
    if (!why)
        *out = bearer_jwks_create(key, pool);
    return why;
}
