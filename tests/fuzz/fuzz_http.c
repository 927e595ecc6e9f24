/* SPDX-License-Identifier: Apache-2.0 */
/* How to cut, then the bytes of an answer. However it is cut, the outcome is the
 * same, and within its bounds. */
#include "fuzz.h"

#include "bearer/net/http.h"

#define BODY_MOST 4096

typedef struct outcome_t {
    bearer_reason_t why;
    bool done;
    const bearer_http_response_t *response;
} outcome_t;

static outcome_t feed(bearer_str_t text, size_t step, apr_pool_t *pool)
{
    bearer_http_t *http = bearer_http_create(BODY_MOST, pool);
    outcome_t out = {BEARER_OK, false, NULL};
    bearer_note_t note = {""};

    while (text.len && !out.why && !out.done) {
        bearer_str_t piece = {NULL, text.len < step ? text.len : step};
        char *copy = malloc(piece.len);

        /* in memory of its own, gone after the call */
        fuzz_check(copy);
        memcpy(copy, text.data, piece.len);
        piece.data = copy;
        out.why = bearer_http_feed(http, piece, &out.done, &note);
        free(copy);
        text.data += piece.len;
        text.len -= piece.len;
    }
    if (!out.why && !out.done)
        out.why = bearer_http_finish(http, true, &note);
    fuzz_check_note(&note);
    if (!out.why)
        out.response = bearer_http_response(http);
    return out;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t text = fuzz_text(data, size);
    outcome_t whole, cut;
    size_t step;

    if (size) {
        step = 1 + data[0] % 64;
        text.data++;
        text.len--;
        whole = feed(text, text.len ? text.len : 1, pool);
        cut = feed(text, step, pool);
        fuzz_check(whole.why == cut.why && whole.done == cut.done);
        if (whole.response) {
            const bearer_http_response_t *a = whole.response;
            const bearer_http_response_t *b = cut.response;

            fuzz_check(a->status >= 200 && a->status <= 999);
            fuzz_check(a->body.len <= BODY_MOST);
            fuzz_check(a->status == b->status && fuzz_same(a->body, b->body));
            fuzz_check(same_text(a->etag, b->etag)
                       && same_text(a->location, b->location)
                       && same_text(a->age, b->age)
                       && same_text(a->date, b->date)
                       && same_text(a->expires, b->expires)
                       && same_text(a->cache_control, b->cache_control));
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
