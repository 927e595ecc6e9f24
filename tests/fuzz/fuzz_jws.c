/* SPDX-License-Identifier: Apache-2.0 */
/* Either a whole token as text, or "." and then header, claims and signature on
 * lines of their own, which are put together here, so that mutations get past
 * base64. Nothing is ever signed by the key that is given. */
#include "fuzz.h"

#include "bearer/jose/jws.h"
#include "bearer/text/b64url.h"

static bearer_str_t put_together(bearer_str_t rest, apr_pool_t *pool)
{
    bearer_str_t header = fuzz_line(&rest, pool);
    bearer_str_t claims = fuzz_line(&rest, pool);
    bearer_str_t out;

    out.data = apr_pstrcat(pool, bearer_b64url_render(header, pool).data, ".",
                           bearer_b64url_render(claims, pool).data, ".",
                           bearer_b64url_render(rest, pool).data, NULL);
    out.len = strlen(out.data);
    return out;
}

static void check_token(const bearer_jws_t *jws, bearer_str_t text,
                        apr_pool_t *pool)
{
    bearer_str_t header = {jws->signed_part.data, 0};
    bearer_str_t part = bearer_b64url_render(jws->payload, pool);
    const char *spelt;

    /* the very text, in its only spelling */
    header.len = jws->signed_part.len - part.len - 1;
    spelt = apr_pstrcat(pool, apr_pstrmemdup(pool, header.data, header.len),
                        ".", part.data, ".",
                        bearer_b64url_render(jws->signature, pool).data, NULL);
    fuzz_check(strlen(spelt) == text.len
               && memcmp(spelt, text.data, text.len) == 0);
    fuzz_check(text.len <= BEARER_LIMIT_TOKEN
               && header.len <= BEARER_LIMIT_HEADER);
    fuzz_check(jws->alg && jws->alg->bit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bearer_str_t secret =
        BEARER_LIT("a secret that no fuzzer can guess, since it is as long as "
                   "HS512 wants its keys to be");
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t text = fuzz_text(data, size);
    const bearer_jwk_t *key = NULL;
    const bearer_jws_t *jws = NULL;
    bearer_note_t note = {""};

    if (size > 1 && data[0] == '.') {
        text.data++;
        text.len--;
        text = put_together(text, pool);
    }
    if (bearer_jws_parse(text, bearer_alg_public | bearer_alg_secret, &jws,
                         &note, pool)
        == BEARER_OK) {
        check_token(jws, text, pool);
        fuzz_check(bearer_jwk_parse_secret(secret, &key, &note, pool)
                   == BEARER_OK);
        fuzz_check(bearer_jws_check(jws, key) != BEARER_OK);
    }
    fuzz_check_note(&note);
    apr_pool_destroy(pool);
    return 0;
}
