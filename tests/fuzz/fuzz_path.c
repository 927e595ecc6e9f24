/* SPDX-License-Identifier: Apache-2.0 */
/* A claim path, then a document. What is found is what walking by hand finds. */
#include "fuzz.h"

#include "bearer/text/json.h"
#include "bearer/text/path.h"
#include "tests/unit/oracle.h"

/* the reference walks the text of a dotted path itself, by names only, in what
 * jansson made of the document */
static const json_t *walk(const char *text, const json_t *value,
                          apr_pool_t *pool)
{
    while (value && json_is_object(value)) {
        size_t len = strcspn(text, ".");

        value = json_object_get(value, apr_pstrmemdup(pool, text, len));
        if (!text[len])
            return value;
        text += len + 1;
    }
    return NULL;
}

static bool has_array(const json_t *value, const char *text, apr_pool_t *pool)
{
    size_t len;

    for (; value && !json_is_array(value); text += len + 1) {
        len = strcspn(text, ".");
        value = json_object_get(value, apr_pstrmemdup(pool, text, len));
        if (!text[len])
            return false;
    }
    return value != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    const char *text = fuzz_line(&rest, pool).data;
    bearer_note_t note = {""};
    const bearer_path_t *path = NULL;
    const bearer_value_t *value = NULL;
    json_t *json;

    if (bearer_path_parse(text, &path, &note, pool) == BEARER_OK) {
        fuzz_check(strcmp(bearer_path_text(path), text) == 0);
        if (bearer_json_parse(rest, &value, &note, pool) == BEARER_OK) {
            json = oracle_load(rest, pool);
            value = bearer_path_find(path, value);
            if (text[0] != '/' && !has_array(json, text, pool))
                fuzz_check(oracle_equals(value, walk(text, json, pool)));
            json_decref(json);
        }
    }
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}
