/* SPDX-License-Identifier: Apache-2.0 */
/* Everything: what a place demands and how to sign, header, claims, key set,
 * each a line; the token is signed here, so that every mutation is about what comes
 * after the signature. What is accepted was signed with the right key by the right
 * algorithm, says so in its header, and has claims that a second judge finds
 * good. */
#include "fuzz.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bearer/judge/verify.h"
#include "bearer/text/b64url.h"

#include "judge.h"
#include "tests/unit/oracle.h"

#define SECRET "0123456789abcdef0123456789abcdef"
/* the private key is 32 times 0x01 */
#define PUBLIC "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"

typedef struct minted_t {
    bearer_str_t token;
    bool secret; /* HS256 with SECRET, else Ed25519 */
    bool spoilt; /* the signature is wrong */
} minted_t;

static void sign(minted_t *out, const char *text, unsigned char *bytes,
                 size_t *len)
{
    static EVP_PKEY *key;
    unsigned char seed[32];
    EVP_MD_CTX *context;
    unsigned mac = 32;

    if (out->secret) {
        fuzz_check(HMAC(EVP_sha256(), SECRET, 32, (const unsigned char *)text,
                        strlen(text), bytes, &mac));
        *len = 32;
        return;
    }
    memset(seed, 1, sizeof(seed));
    if (!key)
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    context = EVP_MD_CTX_new();
    fuzz_check(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1
               && EVP_DigestSign(context, bytes, len,
                                 (const unsigned char *)text, strlen(text))
                      == 1);
    EVP_MD_CTX_free(context);
}

static minted_t mint(bearer_str_t how, bearer_str_t header, bearer_str_t claims,
                     apr_pool_t *pool)
{
    minted_t out = {{NULL, 0}, false, false};
    unsigned char bytes[64];
    size_t len = sizeof(bytes);
    bearer_str_t signature = {(const char *)bytes, 0};
    const char *text =
        apr_pstrcat(pool, bearer_b64url_render(header, pool).data, ".",
                    bearer_b64url_render(claims, pool).data, NULL);

    out.secret = how.len && !memchr(how.data, 'k', how.len);
    sign(&out, text, bytes, &len);
    if (how.len && memchr(how.data, '!', how.len)) {
        bytes[how.len % len] ^= 1;
        out.spoilt = true;
    }
    if (how.len && memchr(how.data, '<', how.len)) {
        len--;
        out.spoilt = true;
    }
    signature.len = len;
    out.token.data = apr_pstrcat(
        pool, text, ".", bearer_b64url_render(signature, pool).data, NULL);
    out.token.len = strlen(out.token.data);
    return out;
}

static bearer_reason_t run(const minted_t *minted, judge_t *judge,
                           const bearer_jwks_t *keys, bearer_job_t *job,
                           apr_pool_t *pool)
{
    bearer_note_t note = {""};
    bearer_str_t subject = {NULL, 0};
    bearer_newer_t newer;
    bearer_reason_t why =
        bearer_verify_begin(minted->token, &judge->policy, job, &note, pool);

    if (!why)
        why = bearer_verify_signature(
            job, job->issuer->secret ? job->issuer->secret : keys, &newer,
            &note);
    if (!why)
        why = bearer_verify_claims(job->claims, job->policy, job->issuer, NOW,
                                   &subject, &note);
    fuzz_check_note(&note);
    if (!why)
        fuzz_check(judge_is_visible(subject));
    return why;
}

static void check_accepted(const minted_t *minted, const judge_t *judge,
                           bearer_str_t header, bearer_str_t claims,
                           const bearer_jwks_t *keys, apr_pool_t *pool)
{
    const bearer_issuer_t *issuer =
        minted->secret ? &judge->shared : &judge->issuer;
    json_t *head = oracle_load(header, pool);
    json_t *body = oracle_load(claims, pool);
    const char *alg = json_string_value(json_object_get(head, "alg"));
    bool published = minted->secret;
    int i;

    fuzz_check(!minted->spoilt && alg && body);
    fuzz_check(strcmp(alg, minted->secret ? "HS256" : "EdDSA") == 0);
    fuzz_check(!json_object_get(head, "crit") && !json_object_get(head, "b64")
               && !json_object_get(head, "zip")
               && !json_object_get(head, "enc"));
    fuzz_check(judge_claims(judge, body, issuer));
    for (i = 0; keys && i < keys->count; i++) {
        published |=
            strstr(keys->keys[i]->json.data, "\"x\":\"" PUBLIC "\"") != NULL;
    }
    fuzz_check(published);
    json_decref(head);
    json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bearer_str_t secret = BEARER_LIT(SECRET);
    apr_pool_t *pool = fuzz_pool();
    bearer_str_t rest = fuzz_text(data, size);
    bearer_str_t how = fuzz_line(&rest, pool);
    bearer_str_t header = fuzz_line(&rest, pool);
    bearer_str_t claims = fuzz_line(&rest, pool);
    judge_t *judge = judge_create(how, pool);
    minted_t minted = mint(how, header, claims, pool);
    const bearer_jwks_t *keys = NULL;
    const bearer_jwk_t *key = NULL;
    bearer_note_t note = {""};
    bearer_job_t job;

    fuzz_check(!bearer_jwk_parse_secret(secret, &key, &note, pool));
    judge->shared.secret = bearer_jwks_create(key, pool);
    bearer_policy_freeze(&judge->policy, pool);
    if (bearer_jwks_parse(rest, &keys, &note, pool) == BEARER_OK
        && run(&minted, judge, keys, &job, pool) == BEARER_OK)
        check_accepted(&minted, judge, header, claims, keys, pool);
    apr_pool_destroy(pool);
    return 0;
}
