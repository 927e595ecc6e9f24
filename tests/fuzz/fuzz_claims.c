/* SPDX-License-Identifier: Apache-2.0 */
/* What a place demands, then a payload. Acceptance is judged a second time by a
 * plain reading of RFC 7519, which must agree. */
#include "fuzz.h"

#include "bearer/base/str.h"
#include "judge.h"
#include "tests/unit/oracle.h"

static void show_all(const bearer_claims_t *claims, const char *text,
                     apr_pool_t *pool)
{
    const bearer_path_t *path = NULL;
    bearer_note_t note;
    bearer_str_t out;
    int form;

    if (bearer_path_parse(text, &path, &note, pool))
        path = NULL;
    for (form = BEARER_FORM_PLAIN; form <= BEARER_FORM_BASE64URL; form++) {
        out = bearer_claims_text(claims, path, (bearer_form_t)form, ",", pool);
        fuzz_check(!out.data || out.data[out.len] == '\0');
        fuzz_check(form != BEARER_FORM_BASE64URL
                   || !bearer_str_has_control(out));
    }
    if (path)
        fuzz_check(bearer_claims_list(claims, path, pool));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    judge_t *judge = judge_create(fuzz_line(&rest, pool), pool);
    const char *path = fuzz_line(&rest, pool).data;
    const bearer_claims_t *claims = NULL;
    json_t *json;
    bearer_note_t note = {""};
    bearer_str_t subject = {NULL, 0};
    bool good;

    if (bearer_claims_parse(rest, &claims, &note, pool) == BEARER_OK) {
        good = !bearer_claims_check(claims, &judge->policy, &judge->issuer, NOW,
                                    &note);
        json = oracle_load(rest, pool);
        fuzz_check(oracle_equals(claims->all, json));
        fuzz_check(good == judge_claims(judge, json, &judge->issuer));
        json_decref(json);
        if (!bearer_claims_subject(claims, &judge->policy, &subject, &note))
            fuzz_check(judge_is_visible(subject));
        show_all(claims, path, pool);
    }
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}
