/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/edit.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/jose/pem.h"
#include "bearer/text/json.h"

/* a set with room for one more */
static bearer_jwks_t *without(const bearer_jwks_t *set, bearer_str_t kid,
                              const bearer_jwk_t ***keys, apr_pool_t *pool)
{
    bearer_jwks_t *out = apr_pcalloc(pool, sizeof(*out));
    int i, count = set ? set->count : 0;

    *keys = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof(**keys));
    out->keys = *keys;
    for (i = 0; i < count; i++) {
        if (!bearer_str_equal(set->keys[i]->kid, kid))
            (*keys)[out->count++] = set->keys[i];
    }
    return out;
}

const bearer_jwks_t *bearer_edit_drop(const bearer_jwks_t *set,
                                      bearer_str_t kid, apr_pool_t *pool)
{
    const bearer_jwk_t **keys;

    return without(set, kid, &keys, pool);
}

/* the key once more, as it would be in a set that says its kid */
static bearer_reason_t name_key(const bearer_jwk_t *key, bearer_str_t kid,
                                const bearer_jwk_t **out, bearer_note_t *note,
                                apr_pool_t *pool)
{
    const bearer_value_t *json;
    bearer_reason_t why;
    bearer_str_t text;

    /* after the brace: it has members, and kid is none of them */
    text.data = apr_psprintf(pool, "{\"kid\":\"%.*s\",%s", (int)kid.len,
                             kid.data, key->json.data + 1);
    text.len = strlen(text.data);
    why = bearer_json_parse(text, &json, note, pool);
    return why ? why : bearer_jwk_parse(json, out, note, pool);
}

bearer_reason_t bearer_edit_put(const bearer_jwks_t *set, bearer_str_t kid,
                                bearer_str_t pem, const bearer_jwks_t **out,
                                bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_jwk_t *key, **keys;
    bearer_jwks_t *made;
    bearer_reason_t why;

    why = bearer_pem_parse(pem, &key, note, pool);
    if (!why)
        why = name_key(key, kid, &key, note, pool);
    if (why)
        return why;
    made = without(set, kid, &keys, pool);
    keys[made->count++] = key;
    *out = made;
    return BEARER_OK;
}
