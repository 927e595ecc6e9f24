/* SPDX-License-Identifier: Apache-2.0 */
/* The whole input is a JSON text. We refuse what jansson refuses, arrays and
 * what is nested too deep, and nothing else; what is written reads back equal, and
 * both ways to read agree. */
#include "fuzz.h"

#include "bearer/text/json.h"

static int depth_of(const json_t *value)
{
    void *at = json_object_iter((json_t *)value);
    int deepest = 0;
    size_t i;

    for (; at; at = json_object_iter_next((json_t *)value, at)) {
        int depth = depth_of(json_object_iter_value(at));

        deepest = depth > deepest ? depth : deepest;
    }
    for (i = 0; i < json_array_size(value); i++) {
        int depth = depth_of(json_array_get(value, i));

        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (json_is_object(value) || json_is_array(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t text = fuzz_text(data, size);
    const json_t *json = NULL;
    const json_t *again = NULL;
    const bearer_value_t *value = NULL;
    bearer_note_t note = {""};
    json_t *theirs =
        json_loadb(size ? text.data : "", size, JSON_REJECT_DUPLICATES, NULL);
    bearer_reason_t why = bearer_json_parse(text, &json, &note, pool);
    bool want =
        json_is_object(theirs) && depth_of(theirs) <= BEARER_LIMIT_JSON_DEPTH;

    fuzz_check((why == BEARER_OK) == want);
    fuzz_check_note(&note);
    fuzz_check(bearer_json_read(text, &value, &note, pool) == why);
    if (!why) {
        fuzz_check(fuzz_same(bearer_json_write(value, pool),
                             bearer_json_render(json, pool)));
        fuzz_check(bearer_json_parse(bearer_json_render(json, pool), &again,
                                     &note, pool)
                   == BEARER_OK);
        fuzz_check(json_equal(json, again) && json_equal(json, theirs));
    }
    json_decref(theirs);
    apr_pool_destroy(pool);
    return 0;
}
