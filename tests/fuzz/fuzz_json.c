/* SPDX-License-Identifier: Apache-2.0 */
/* The whole input is a JSON text. We refuse what jansson refuses, arrays, and what
 * is nested too deep, and nothing else; numbers that are too large for it are kept
 * as they were written. What is written, in each form, reads back as the same
 * value, and is what jansson would write. */
#include "fuzz.h"

#include "bearer/base/limits.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"
#include "tests/unit/oracle.h"

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

/* beyond 4 kB of digits we no longer agree with jansson */
static bool has_long_number(bearer_str_t text)
{
    apr_size_t run = 0, i;

    for (i = 0; i < text.len; i++) {
        run = memchr("0123456789.-+eE", text.data[i], 15) ? run + 1 : 0;
        if (run > BEARER_LIMIT_NUMBER)
            return true;
    }
    return false;
}

static void check_text(const bearer_value_t *value, bearer_write_form_t form,
                       apr_pool_t *pool)
{
    const bearer_value_t *again = NULL;
    bearer_write_t out;
    bearer_str_t text;
    apr_size_t i;

    bearer_write_begin(&out, form, pool);
    bearer_write_value(&out, NULL, value);
    text = bearer_write_end(&out);
    fuzz_check(text.data && text.data[text.len] == '\0');
    for (i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        fuzz_check(
            byte != 0x7f
            && (byte >= ' ' || (byte == '\n' && form == BEARER_WRITE_LINES)));
        fuzz_check(byte < 0x80 || form == BEARER_WRITE_COMPACT);
    }
    fuzz_check(bearer_json_parse(text, &again, NULL, pool) == BEARER_OK);
    fuzz_check(bearer_value_size(again) == bearer_value_size(value)
               && memcmp(again, value, bearer_value_size(value)) == 0);
}

static void check_value(const bearer_value_t *value, const json_t *theirs,
                        apr_pool_t *pool)
{
    int form;

    fuzz_check(oracle_equals(value, theirs));
    for (form = BEARER_WRITE_COMPACT; form <= BEARER_WRITE_LINES; form++)
        check_text(value, (bearer_write_form_t)form, pool);
    if (ORACLE_WRITES_REALS && !oracle_has_numeral(value))
        fuzz_check(strcmp(bearer_write_json(value, pool).data,
                          oracle_text(theirs, JSON_COMPACT, pool))
                   == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t text = fuzz_text(data, size);
    const bearer_value_t *value = NULL;
    bearer_note_t note = {""};
    json_t *theirs = oracle_load(text, pool);
    bearer_reason_t why = bearer_json_parse(text, &value, &note, pool);
    bool want =
        json_is_object(theirs) && depth_of(theirs) <= BEARER_LIMIT_JSON_DEPTH;

    fuzz_check((why == BEARER_OK) == want || has_long_number(text));
    fuzz_check_note(&note);
    if (!why)
        check_value(value, theirs, pool);
    json_decref(theirs);
    apr_pool_destroy(pool);
    return 0;
}
