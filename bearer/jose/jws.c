/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/jws.h"

#include <string.h>

#include <cjose/cjose.h>
#include <jansson.h>
#include <openssl/evp.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/jose/crypto.h"
#include "bearer/text/b64url.h"
#include "bearer/text/json.h"

/* --- reading ------------------------------------------------------------- */

/* the three parts, still encoded */
typedef struct parts_t {
    bearer_str_t header;
    bearer_str_t payload;
    bearer_str_t signature;
} parts_t;

/* RFC 7515 7.1; five parts are RFC 7516's, and cjose's JWE code has holes */
static bearer_reason_t cut(bearer_str_t text, parts_t *out)
{
    const char *dots[2] = {NULL, NULL};
    const char *end = text.data + text.len;
    const char *dot = text.data;
    int count = 0;

    while ((dot = memchr(dot, '.', (apr_size_t)(end - dot)))) {
        if (count < 2)
            dots[count] = dot;
        count++;
        dot++;
    }
    if (count == 4)
        return BEARER_JWS_ENCRYPTED;
    if (count != 2)
        return BEARER_JWS_PARTS;
    out->header.data = text.data;
    out->header.len = (apr_size_t)(dots[0] - text.data);
    out->payload.data = dots[0] + 1;
    out->payload.len = (apr_size_t)(dots[1] - out->payload.data);
    out->signature.data = dots[1] + 1;
    out->signature.len = (apr_size_t)(end - out->signature.data);
    return BEARER_OK;
}

/* RFC 8725 3.1: only algorithms that the place allows; "none" is not one */
static bearer_reason_t read_alg(const bearer_value_t *header,
                                bearer_algset_t allowed,
                                const bearer_alg_t **out, bearer_note_t *note)
{
    const bearer_alg_t *alg;
    bearer_str_t name;

    if (bearer_value_get_string(header, "alg", &name) != BEARER_VALUE_GOT)
        return BEARER_ALG_MISSING;
    alg = bearer_alg_find(name);
    if (!alg || !(alg->bit & allowed)) {
        bearer_note_member(note, "alg", name);
        return alg ? BEARER_ALG_FORBIDDEN : BEARER_ALG_UNKNOWN;
    }
    *out = alg;
    return BEARER_OK;
}

/* members that change what the token means: whatever their value, also null, we do
 * not do it, and cjose would ignore them */
static bearer_reason_t check_extensions(const bearer_value_t *header)
{
    static const struct {
        const char *name;
        bearer_reason_t why;
    } refused[] = {
        /* RFC 7515 4.1.11: we understand no extension */
        {"crit", BEARER_HEADER_CRIT},
        /* RFC 7797: it changes the signing input */
        {"b64", BEARER_HEADER_B64},
        /* RFC 7516 4.1.3 and 4.1.2: encrypted tokens only */
        {"zip", BEARER_HEADER_ZIP},
        {"enc", BEARER_HEADER_ENC},
    };
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (bearer_value_get(header, refused[i].name))
            return refused[i].why;
    }
    return BEARER_OK;
}

/* RFC 7515 4.1.4 and 4.1.9. jwk, jku, x5u, x5c, x5t are never looked at: the
 * key comes from the issuer, not from the token (RFC 8725 3.10) */
static bearer_reason_t read_names(const bearer_value_t *header,
                                  bearer_jws_t *jws)
{
    if (bearer_value_get_string(header, "kid", &jws->kid) == BEARER_VALUE_WRONG
        || jws->kid.len > BEARER_LIMIT_KID)
        return BEARER_HEADER_KID;
    if (bearer_value_get_string(header, "typ", &jws->typ) == BEARER_VALUE_WRONG)
        return BEARER_TYP_WRONG;
    jws->nonce = bearer_value_get(header, "nonce") != NULL;
    return BEARER_OK;
}

static bearer_reason_t read_header(bearer_str_t text, bearer_algset_t allowed,
                                   bearer_jws_t *jws, bearer_note_t *note,
                                   apr_pool_t *pool)
{
    const bearer_value_t *header;
    bearer_reason_t why;

    /* a duplicate member: cjose takes the last, others the first */
    why = bearer_json_parse(text, &header, note, pool);
    if (why)
        return why == BEARER_NO_MEMORY ? why : BEARER_HEADER_JSON;
    /* cjose reads the header again and fails on a number that it cannot hold;
     * no header needs one (parser differentials) */
    if (bearer_value_holds(header, BEARER_KIND_NUMERAL)) {
        bearer_note_set(note, "number too large");
        return BEARER_HEADER_JSON;
    }
    why = read_alg(header, allowed, &jws->alg, note);
    if (why)
        return why;
    why = check_extensions(header);
    if (why)
        return why;
    return read_names(header, jws);
}

/* 1 and 2 */
static bearer_reason_t cut_text(bearer_str_t text, parts_t *parts,
                                bearer_note_t *note)
{
    bearer_reason_t why;

    if (text.len > BEARER_LIMIT_TOKEN)
        return BEARER_TOKEN_SIZE;
    why = cut(text, parts);
    if (why == BEARER_JWS_ENCRYPTED)
        bearer_note_set(note, "Auth0 issues such a token to a client that asks "
                              "for no audience: ask for an audience");
    if (why)
        return why;
    return parts->header.len > BEARER_LIMIT_HEADER ? BEARER_TOKEN_SIZE
                                                   : BEARER_OK;
}

/* 3 to 7: what passes cannot trip cjose's assertions, and the same bytes have no second
 * spelling (deny-list and cache evasion) */
static bearer_reason_t read_parts(const parts_t *parts, bearer_algset_t allowed,
                                  bearer_jws_t *jws, bearer_str_t *header,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    bearer_reason_t why;

    why = bearer_b64url_parse(parts->header, header, pool);
    if (why)
        return why;
    why = bearer_b64url_parse(parts->payload, &jws->payload, pool);
    if (why)
        return why;
    why = bearer_b64url_parse(parts->signature, &jws->signature, pool);
    if (why)
        return why;
    return read_header(*header, allowed, jws, note, pool);
}

static void keep_text(bearer_jws_t *jws, bearer_str_t text,
                      const parts_t *parts)
{
    jws->text = text;
    jws->signed_part.data = text.data;
    jws->signed_part.len = (apr_size_t)(parts->signature.data - text.data) - 1;
}

/* The order, cheapest and most certain first:
 * 1 size  2 three parts  3 canonical base64url  4 header JSON  5 alg
 * 6 crit, b64, zip, enc  7 kid, typ */
bearer_reason_t bearer_jws_parse(bearer_str_t text, bearer_algset_t allowed,
                                 const bearer_jws_t **out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    bearer_jws_t *jws = apr_pcalloc(pool, sizeof(*jws));
    bearer_reason_t why;
    bearer_str_t header;
    parts_t parts;

    why = cut_text(text, &parts, note);
    if (!why)
        why = read_parts(&parts, allowed, jws, &header, note, pool);
    if (why)
        return why;
    keep_text(jws, text, &parts);
    *out = jws;
    return BEARER_OK;
}

/* Takes the padding off: one or two signs that fill the last group of four. What is too
 * much of it stays, and is no base64url. */
static bearer_reason_t strip(bearer_str_t *part, bearer_jws_t *jws)
{
    apr_size_t pads = 0;

    while (pads < 2 && pads < part->len
           && part->data[part->len - 1 - pads] == '=')
        pads++;
    if (part->len % 4 != 0)
        jws->whole = false;
    if (!pads)
        return BEARER_OK;
    if (part->len % 4 != 0)
        return BEARER_B64_LENGTH;
    part->len -= pads;
    jws->padded = true;
    return BEARER_OK;
}

bearer_reason_t bearer_jws_parse_padded(bearer_str_t text,
                                        bearer_algset_t allowed,
                                        const bearer_jws_t **out,
                                        bearer_note_t *note, apr_pool_t *pool)
{
    bearer_jws_t *jws = apr_pcalloc(pool, sizeof(*jws));
    bearer_reason_t why;
    parts_t parts;

    jws->whole = true;
    why = cut_text(text, &parts, note);
    if (!why)
        why = strip(&parts.header, jws);
    if (!why)
        why = strip(&parts.payload, jws);
    if (!why)
        why = strip(&parts.signature, jws);
    if (!why)
        why = read_parts(&parts, allowed, jws, &jws->header, note, pool);
    if (why)
        return why;
    keep_text(jws, text, &parts);
    *out = jws;
    return BEARER_OK;
}

/* --- checking ------------------------------------------------------------ */

/* the one length that a signature by this key can have; an RSA signature is as
 * long as the modulus (RFC 8017 8.2.2) */
static apr_size_t signature_size(const bearer_jws_t *jws,
                                 const bearer_jwk_t *key)
{
    if (jws->alg->signature)
        return jws->alg->signature;
    if (key->kty == BEARER_KTY_RSA)
        return ((apr_size_t)key->bits + 7) / 8;
    /* RFC 8032 5.1.6 and 5.2.6: two values of the coordinate's size */
    return 2 * bearer_alg_curve_size(key->curve);
}

/* NULL for errors: cjose's messages are in one buffer for all threads. Without
 * them, its running out of memory cannot be told from a wrong signature. */
static bearer_reason_t check_by_cjose(const bearer_jws_t *jws,
                                      const bearer_jwk_t *key)
{
    cjose_jws_t *token = cjose_jws_import(jws->text.data, jws->text.len, NULL);
    bool good;

    /* it is more lenient than we are, so the token is not the cause */
    if (!token)
        return BEARER_NO_MEMORY;
    good = cjose_jws_verify(token, key->cjose, NULL);
    cjose_jws_release(token);
    return good ? BEARER_OK : BEARER_SIG_WRONG;
}

/* RFC 8037 3.1 */
static bearer_reason_t check_by_openssl(const bearer_jws_t *jws,
                                        const bearer_jwk_t *key)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bearer_reason_t why = BEARER_NO_MEMORY;

    /* if it cannot even begin and does not say why, this was the cause */
    if (context
        && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1)
        why = EVP_DigestVerify(context,
                               (const unsigned char *)jws->signature.data,
                               jws->signature.len,
                               (const unsigned char *)jws->signed_part.data,
                               jws->signed_part.len)
                      == 1
                  ? BEARER_OK
                  : BEARER_SIG_WRONG;
    EVP_MD_CTX_free(context);
    return why;
}

bearer_reason_t bearer_jws_fits(const bearer_jws_t *jws,
                                const bearer_jwk_t *key)
{
    /* algorithm confusion: the key says what it may verify, not the token;
     * cjose would take an RSA key's memory for an HS secret */
    if (!(key->algs & jws->alg->bit) || key->kty != jws->alg->kty)
        return BEARER_KEY_UNFIT;
    /* cjose reads past short HS signatures and takes padded ES ones */
    if (jws->signature.len != signature_size(jws, key))
        return BEARER_SIG_LENGTH;
    return BEARER_OK;
}

bearer_reason_t bearer_jws_check(const bearer_jws_t *jws,
                                 const bearer_jwk_t *key)
{
    bearer_crypto_said_t said;
    bearer_reason_t why = bearer_jws_fits(jws, key);

    if (why)
        return why;
    bearer_crypto_begin();
    why =
        jws->alg->cjose ? check_by_cjose(jws, key) : check_by_openssl(jws, key);
    said = bearer_crypto_end();
    if (!why || said == BEARER_CRYPTO_SILENT)
        return why;
    /* a good token is not called forged because memory ran out */
    return said == BEARER_CRYPTO_NO_MEMORY ? BEARER_NO_MEMORY
                                           : BEARER_SIG_WRONG;
}

/* --- warming up ---------------------------------------------------------- */

/* RFC 7515 A.2 and A.3: a known key and a token signed by it */
static const struct {
    const char *key;
    const char *token;
} known[] = {
    {"{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\""
     "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qP"
     "CJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47s"
     "oMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
     "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud"
     "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}",
     "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
     "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB_"
     "_dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9u"
     "JdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNP"
     "vkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc"
     "6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmt"
     "VrBp0igcN_IoypGlUPQGe77Rw"},
    {"{\"kty\":\"EC\",\"crv\":\"P-256\","
     "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
     "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
     "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
     "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-"
     "Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
};

static void check_known(const char *key_text, const char *token,
                        apr_pool_t *pool)
{
    bearer_str_t key_json = bearer_str(key_text);
    bearer_str_t text = bearer_str(token);
    const bearer_jwk_t *key;
    const bearer_jws_t *jws;
    const bearer_value_t *json;

    if (bearer_json_parse(key_json, &json, NULL, pool)
        || bearer_jwk_parse(json, &key, NULL, pool)
        || bearer_jws_parse(text, bearer_alg_public, &jws, NULL, pool)
        || bearer_jws_check(jws, key))
        return; /* the result does not matter */
}

void bearer_jws_seed(void)
{
    json_object_seed(0);
}

void bearer_jws_warm_up(void)
{
    apr_pool_t *pool;
    size_t i;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return;
    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        check_known(known[i].key, known[i].token, pool);
    apr_pool_destroy(pool);
}
