/* SPDX-License-Identifier: Apache-2.0 */
/* The whole input is one JOSE part. What is accepted has one spelling only, and
 * any bytes survive being written and read. */
#include "fuzz.h"

#include "bearer/text/b64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t in = fuzz_text(data, size);
    bearer_str_t out = {NULL, 0};
    bearer_str_t again = {NULL, 0};

    if (bearer_b64url_parse(in, &out, pool) == BEARER_OK) {
        fuzz_check(out.len == bearer_b64url_decoded_size(in.len));
        fuzz_check(out.data[out.len] == '\0');
        fuzz_check(fuzz_same(bearer_b64url_render(out, pool), in));
    }
    fuzz_check(bearer_b64url_parse(bearer_b64url_render(in, pool), &again, pool)
               == BEARER_OK);
    fuzz_check(fuzz_same(again, in));
    apr_pool_destroy(pool);
    return 0;
}
