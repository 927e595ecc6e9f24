/* SPDX-License-Identifier: Apache-2.0 */
/* Issuer metadata. What is accepted names our issuer and an address that we are
 * willing to fetch. */
#include "fuzz.h"

#include "bearer/keys/discovery.h"
#include "bearer/text/url.h"
#include "tests/unit/oracle.h"

#define ISSUER "https://i.example"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t text = fuzz_text(data, size);
    const char *uri = NULL;
    bearer_note_t note = {""};
    bearer_url_t url;
    json_t *json;

    if (bearer_discovery_parse(text, ISSUER, false, &uri, &note, pool)
        == BEARER_OK) {
        json = oracle_load(text, pool);
        fuzz_check(
            strcmp(json_string_value(json_object_get(json, "issuer")), ISSUER)
            == 0);
        fuzz_check(
            strcmp(json_string_value(json_object_get(json, "jwks_uri")), uri)
            == 0);
        fuzz_check(bearer_url_parse(uri, false, &url, &note, pool)
                   == BEARER_OK);
        json_decref(json);
    }
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}
