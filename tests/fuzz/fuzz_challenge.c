/* SPDX-License-Identifier: Apache-2.0 */
/* realm, error description, scope, resource_metadata and a message, a line each
 * ("-": left out). What is written is read back by a parser of RFC 9110. */
#include "fuzz.h"

#include "bearer/judge/challenge.h"

/* one name="value" with escapes undone, the position after it; NULL: wrong */
static const char *read_parameter(const char *at, const char **name,
                                  const char **value, apr_pool_t *pool)
{
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
    char *out;

    *name = apr_pstrmemdup(pool, at, len);
    at += len;
    if (!len || at[0] != '=' || at[1] != '"')
        return NULL;
    *value = out = apr_palloc(pool, strlen(at));
    for (at += 2; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        if ((*at > 0 && *at < ' ') || *at == 0x7f || !*at)
            return NULL;
        *out++ = *at;
    }
    *out = '\0';
    return at + 1;
}

static void check_header(const char *at, const bearer_challenge_t *from,
                         apr_pool_t *pool)
{
    const char *name = "";
    const char *value = "";
    int count = 0;

    fuzz_check(strncmp(at, "Bearer", 6) == 0);
    for (at += 6; *at; count++) {
        fuzz_check(strncmp(at, count ? ", " : " ", count ? 2 : 1) == 0);
        at = read_parameter(at + (count ? 2 : 1), &name, &value, pool);
        fuzz_check(at);
        /* clients look for these words in the whole value */
        if (strcmp(name, "error_description") == 0)
            fuzz_check(!strchr(value, '='));
        if (strcmp(name, "realm") == 0)
            fuzz_check(strlen(value) == strlen(from->realm));
    }
    fuzz_check(count
               == !!from->realm + !!from->error + !!from->description
                      + !!from->scope + !!from->resource_metadata);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    bearer_challenge_t challenge = {NULL, NULL, NULL, NULL, NULL};
    const char *message;
    json_t *json;

    challenge.realm = fuzz_word(&rest, pool);
    challenge.description = fuzz_word(&rest, pool);
    challenge.error = challenge.description ? "invalid_token" : NULL;
    challenge.scope = fuzz_word(&rest, pool);
    challenge.resource_metadata = fuzz_word(&rest, pool);
    check_header(bearer_challenge_render(&challenge, pool), &challenge, pool);

    /* messages are ours: any ASCII */
    message = fuzz_line(&rest, pool).data;
    if (!message[strcspn(message, "\x7f\x80")]) {
        const char *c;

        for (c = message; *c > 0; c++)
            continue;
        if (!*c) {
            json = json_loads(
                bearer_challenge_body("invalid_token", 401, message, pool), 0,
                NULL);
            fuzz_check(json_object_size(json) == 3);
            fuzz_check(json_string_length(json_object_get(json, "message"))
                       == strlen(message));
            json_decref(json);
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
