/* SPDX-License-Identifier: Apache-2.0 */
/* identifier, scopes, name, documentation and an issuer, a line each. The
 * document is JSON that names the identifier as it is. */
#include "fuzz.h"

#include "bearer/judge/resource.h"
#include "bearer/text/json.h"
#include "bearer/text/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    const char *url = fuzz_line(&rest, pool).data;
    bearer_resource_t resource = {0};
    bearer_note_t note = {""};
    bearer_url_t parts;
    bearer_str_t issuer;
    json_t *json;

    if (bearer_resource_parse(url, &resource, &note, pool) == BEARER_OK) {
        resource.scopes = fuzz_word(&rest, pool);
        resource.name = fuzz_word(&rest, pool);
        resource.docs = fuzz_word(&rest, pool);
        /* no NUL comes from a configuration */
        issuer.data = fuzz_line(&rest, pool).data;
        issuer.len = strlen(issuer.data);
        if (strlen(resource.metadata_url) <= BEARER_LIMIT_URL)
            fuzz_check(bearer_url_parse(resource.metadata_url, true, &parts,
                                        &note, pool)
                           == BEARER_OK
                       && strcmp(parts.path, resource.metadata_path) == 0
                       && strcmp(parts.host, resource.host) == 0);
        json = json_loads(
            bearer_resource_render(&resource, &issuer, 1, true, pool), 0, NULL);
        fuzz_check(json);
        fuzz_check(
            strcmp(json_string_value(json_object_get(json, "resource")), url)
            == 0);
        json_decref(json);
    }
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}
