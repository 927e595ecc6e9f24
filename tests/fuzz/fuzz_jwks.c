/* SPDX-License-Identifier: Apache-2.0 */
/* A key set, or a key file. What is written of it reads back as the same set,
 * and looking for a key gives only keys that fit. */
#include "fuzz.h"

#include "bearer/jose/jwks.h"

static void look_for(const bearer_jwks_t *set, bearer_str_t kid)
{
    bearer_candidates_t found;
    const bearer_alg_t *alg;
    int row, i;

    for (row = 0; (alg = bearer_alg_row(row)) != NULL; row++) {
        if (bearer_jwks_find(set, kid, alg, &found))
            continue;
        fuzz_check(found.count > 0 && found.count <= BEARER_LIMIT_CANDIDATES);
        for (i = 0; i < found.count; i++) {
            const bearer_str_t *its = &found.keys[i]->kid;

            fuzz_check(found.keys[i]->algs & alg->bit);
            fuzz_check(!kid.data || !its->data || fuzz_same(kid, *its));
        }
    }
}

static void check_set(const bearer_jwks_t *set, apr_pool_t *pool)
{
    const bearer_str_t none = {NULL, 0};
    const bearer_jwks_t *again = NULL;
    bearer_note_t note = {""};
    int i;

    fuzz_check(set->count > 0 && set->count <= BEARER_LIMIT_KEYS);
    fuzz_check_note(&set->skipped_note);
    fuzz_check(bearer_jwks_kids(set, pool));
    fuzz_check(
        bearer_jwks_parse(bearer_jwks_render(set, pool), &again, &note, pool)
        == BEARER_OK);
    fuzz_check(again->count == set->count && !again->skipped);
    for (i = 0; i < set->count; i++) {
        fuzz_check(again->keys[i]->algs == set->keys[i]->algs
                   && fuzz_same(again->keys[i]->kid, set->keys[i]->kid));
        look_for(set, set->keys[i]->kid);
    }
    look_for(set, none);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bearer_jwks_form_t forms[] = {
        {.any = true},
        {.any = true, .file = true},
        {.any = true, .svid = true},
    };
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t text = fuzz_text(data, size);
    size_t i;
    const bearer_jwks_t *set = NULL;
    bearer_note_t note = {""};

    if (bearer_jwks_parse(text, &set, &note, pool) == BEARER_OK)
        check_set(set, pool);
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (bearer_jwks_parse_published(text, forms[i], &set, &note, pool)
            == BEARER_OK)
            check_set(set, pool);
        fuzz_check_note(&note);
    }
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}
