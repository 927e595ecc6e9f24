/* SPDX-License-Identifier: Apache-2.0 */
/* Cache-Control, Expires, Date, Age and the ceiling, a line each. */
#include "fuzz.h"

#include "bearer/text/freshness.h"

/* whether one of the plain directives is no-store or no-cache */
static bool forbids(const char *text, apr_pool_t *pool)
{
    char *state = NULL;
    char *word = apr_strtok(apr_pstrdup(pool, text), ", \t", &state);

    if (strpbrk(text, "\"="))
        return false;
    for (; word; word = apr_strtok(NULL, ", \t", &state)) {
        if (!strcmp(word, "no-store") || !strcmp(word, "no-cache"))
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    bearer_freshness_t headers;
    apr_int64_t refresh, seconds;

    headers.cache_control = fuzz_word(&rest, pool);
    headers.expires = fuzz_word(&rest, pool);
    headers.date = fuzz_word(&rest, pool);
    headers.age = fuzz_word(&rest, pool);
    /* what AuthBearerFetch allows, and below */
    refresh =
        rest.len ? 1 + 3600 * (apr_int64_t)(unsigned char)rest.data[0] : 3600;
    seconds = bearer_freshness_seconds(&headers, NOW, refresh);
    fuzz_check(seconds <= refresh);
    fuzz_check(seconds >= BEARER_FRESHNESS_LEAST || seconds == refresh);
    if (headers.cache_control && forbids(headers.cache_control, pool))
        fuzz_check(seconds == BEARER_FRESHNESS_LEAST || seconds == refresh);
    apr_pool_destroy(pool);
    return 0;
}
