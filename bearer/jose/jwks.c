/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/jwks.h"

#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/jose/pem.h"
#include "bearer/text/json.h"

/* the length at which a list of kids is cut */
#define KIDS_SHOWN 200

/* the first refusal is what the log shows; the others are only counted */
static void skip_key(bearer_jwks_t *set, size_t index, bearer_reason_t why,
                     const bearer_note_t *note)
{
    set->skipped++;
    if (set->why)
        return;
    set->why = why;
    bearer_note_set(&set->skipped_note, "key %d%s%s", (int)index,
                    *note->text ? ": " : "", note->text);
}

static size_t count_of(const bearer_value_t *array)
{
    const bearer_value_t *at = bearer_value_first(array);
    size_t total = 0;

    for (; at; at = bearer_value_next(array, at))
        total++;
    return total;
}

static bearer_reason_t read_keys(const bearer_value_t *array,
                                 const bearer_jwks_t **out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    bearer_jwks_t *set = apr_pcalloc(pool, sizeof(*set));
    const bearer_value_t *at = bearer_value_first(array);
    size_t total = count_of(array);
    /* a set of a million keys costs no more than one of 256 (key set
     * flooding) */
    size_t looked_at = total > BEARER_LIMIT_KEYS ? BEARER_LIMIT_KEYS : total;
    const bearer_jwk_t **keys;
    bearer_note_t about;
    size_t i;

    keys = apr_pcalloc(pool, (looked_at + 1) * sizeof(*keys));
    for (i = 0; i < looked_at; i++, at = bearer_value_next(array, at)) {
        bearer_reason_t why;

        about.text[0] = '\0';
        why = bearer_jwk_parse(at, &keys[set->count], &about, pool);
        /* a set that lacks one of its keys would be taken for the whole set */
        if (why == BEARER_NO_MEMORY)
            return why;
        if (why)
            skip_key(set, i, why, &about);
        else
            set->count++;
    }
    if (total > looked_at) {
        bearer_note_set(&about, "only the first %d are looked at",
                        BEARER_LIMIT_KEYS);
        skip_key(set, looked_at, BEARER_JWKS_SIZE, &about);
        set->skipped += (int)(total - looked_at - 1);
    }
    if (!set->count) {
        bearer_note_set(note, "keys refused: %d, the first: %s: %s",
                        set->skipped, bearer_error_find(set->why)->slug,
                        set->skipped_note.text);
        return BEARER_JWKS_EMPTY;
    }
    set->keys = keys;
    *out = set;
    return BEARER_OK;
}

static bearer_reason_t read_set(const bearer_value_t *document,
                                const bearer_jwks_t **out, bearer_note_t *note,
                                apr_pool_t *pool)
{
    const bearer_value_t *keys = bearer_value_get(document, "keys");

    if (!bearer_value_is(keys, BEARER_KIND_ARRAY))
        return BEARER_JWKS_FORM;
    return read_keys(keys, out, note, pool);
}

bearer_reason_t bearer_jwks_parse(bearer_str_t text, const bearer_jwks_t **out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_value_t *document;
    bearer_reason_t why;
    apr_pool_t *tmp;

    /* keys hold copies: the document is not kept for as long as they are */
    if (apr_pool_create(&tmp, pool) != APR_SUCCESS)
        return BEARER_NO_MEMORY;
    why = bearer_json_parse(text, &document, note, tmp);
    if (!why)
        why = read_set(document, out, note, pool);
    apr_pool_destroy(tmp);
    return why;
}

static bool begins_like_pem(bearer_str_t text)
{
    while (text.len && bearer_str_is_file_blank(*text.data)) {
        text.data++;
        text.len--;
    }
    return bearer_str_begins(text, "-----BEGIN ");
}

bearer_reason_t bearer_jwks_parse_file(bearer_str_t text,
                                       const bearer_jwks_t **out,
                                       bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_value_t *document;
    const bearer_jwk_t *key;
    bearer_reason_t why;

    if (begins_like_pem(text)) {
        why = bearer_pem_parse(text, &key, note, pool);
    }
    else {
        why = bearer_json_parse(text, &document, note, pool);
        if (why)
            return why;
        if (!bearer_value_get(document, "kty"))
            return read_set(document, out, note, pool);
        why = bearer_jwk_parse(document, &key, note, pool);
    }
    if (why)
        return why;
    *out = bearer_jwks_create(key, pool);
    return BEARER_OK;
}

const bearer_jwks_t *bearer_jwks_create(const bearer_jwk_t *key,
                                        apr_pool_t *pool)
{
    bearer_jwks_t *set = apr_pcalloc(pool, sizeof(*set));
    const bearer_jwk_t **keys = apr_palloc(pool, sizeof(*keys));

    keys[0] = key;
    set->keys = keys;
    set->count = 1;
    return set;
}

static void add_piece(struct iovec *pieces, apr_size_t *count,
                      bearer_str_t text)
{
    pieces[*count].iov_base = (char *)text.data;
    pieces[*count].iov_len = text.len;
    (*count)++;
}

bearer_str_t bearer_jwks_render(const bearer_jwks_t *set, apr_pool_t *pool)
{
    static const bearer_str_t begin = BEARER_LIT("{\"keys\":[");
    static const bearer_str_t comma = BEARER_LIT(",");
    static const bearer_str_t end = BEARER_LIT("]}");
    struct iovec *pieces =
        apr_palloc(pool, (2 * (apr_size_t)set->count + 2) * sizeof(*pieces));
    apr_size_t count = 0;
    bearer_str_t text = {NULL, 0};
    int i;

    add_piece(pieces, &count, begin);
    for (i = 0; i < set->count; i++) {
        /* a secret never leaves the process */
        if (!set->keys[i]->json.data)
            continue;
        if (count > 1)
            add_piece(pieces, &count, comma);
        add_piece(pieces, &count, set->keys[i]->json);
    }
    add_piece(pieces, &count, end);
    text.data = apr_pstrcatv(pool, pieces, count, &text.len);
    return text;
}

static bool has_kid(const bearer_jwk_t *key, bearer_str_t kid)
{
    /* an empty kid is a kid */
    return !key->kid.data == !kid.data && bearer_str_equal(key->kid, kid);
}

/* collects the fitting keys of one kid, or of all if any is set; *known says
 * whether there is any key of that kid */
static bearer_reason_t collect(const bearer_jwks_t *set,
                               const bearer_str_t *kid, const bearer_alg_t *alg,
                               bearer_candidates_t *found, bool *known)
{
    int i;

    *known = false;
    found->count = 0;
    found->more = false;
    for (i = 0; i < set->count; i++) {
        const bearer_jwk_t *key = set->keys[i];

        if (kid && !has_kid(key, *kid))
            continue;
        *known = true;
        if (!(key->algs & alg->bit))
            continue;
        if (found->count == BEARER_LIMIT_CANDIDATES) {
            found->more = true;
            break;
        }
        found->keys[found->count++] = key;
    }
    return found->count ? BEARER_OK : BEARER_KEY_UNFIT;
}

bearer_reason_t bearer_jwks_find(const bearer_jwks_t *set, bearer_str_t kid,
                                 const bearer_alg_t *alg,
                                 bearer_candidates_t *out)
{
    static const bearer_str_t none = {NULL, 0};
    bearer_candidates_t found = {.count = 0};
    bearer_reason_t why;
    bool known;

    why = collect(set, kid.data ? &kid : NULL, alg, &found, &known);
    found.by_kid = kid.data && known;
    if (kid.data && !known) {
        why = collect(set, &none, alg, &found, &known);
        /* a key without kid that does not fit says nothing about this kid */
        if (why == BEARER_KEY_UNFIT)
            why = BEARER_KEY_UNKNOWN;
    }
    if (why)
        return why;
    *out = found;
    return BEARER_OK;
}

const char *bearer_jwks_kids(const bearer_jwks_t *set, apr_pool_t *pool)
{
    const char *list = "";
    int i;

    for (i = 0; i < set->count; i++) {
        bearer_str_t kid = set->keys[i]->kid;
        const char *comma = i ? ", " : "";

        if (strlen(list) > KIDS_SHOWN)
            return apr_pstrcat(pool, list, ", ...", NULL);
        if (!kid.data)
            list = apr_pstrcat(pool, list, comma, "(none)", NULL);
        else
            list = apr_psprintf(pool, "%s%s%.*s", list, comma,
                                bearer_note_width(kid), kid.data);
    }
    return list;
}
