/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/jwk.h"

#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/jose/material.h"
#include "bearer/text/write.h"

static const struct {
    const char *name;
    bearer_kty_t kty;
} types[] = {
    {"RSA", BEARER_KTY_RSA},
    {"EC", BEARER_KTY_EC},
    {"OKP", BEARER_KTY_OKP},
    {"oct", BEARER_KTY_OCT},
};

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* --- what a key is for --------------------------------------------------- */

static bool alg_fits(const bearer_alg_t *alg, bearer_kty_t kty,
                     bearer_curve_t curve)
{
    return alg->kty == kty
           && (alg->curve == BEARER_CURVE_NONE || alg->curve == curve);
}

static bearer_reason_t read_kty(const bearer_value_t *json, bearer_jwk_t *key,
                                bearer_note_t *note)
{
    bearer_str_t name;
    int i;

    if (bearer_value_get_string(json, "kty", &name) != BEARER_VALUE_GOT) {
        bearer_note_set(note, "kty is missing or not a string");
        return BEARER_JWK_FORM;
    }
    for (i = 0; i < COUNT(types); i++) {
        if (bearer_str_is(name, types[i].name))
            break;
    }
    if (i == COUNT(types)) {
        bearer_note_member(note, "kty", name);
        return BEARER_JWK_KTY;
    }
    /* whoever reads a published secret could sign with it */
    if (types[i].kty == BEARER_KTY_OCT)
        return BEARER_JWK_OCT_PUBLISHED;
    key->kty = types[i].kty;
    return BEARER_OK;
}

static bearer_reason_t read_kid(const bearer_value_t *json, bearer_str_t *kid,
                                bearer_note_t *note)
{
    bearer_value_got_t got = bearer_value_get_string(json, "kid", kid);

    if (got == BEARER_VALUE_ABSENT)
        return BEARER_OK;
    if (got == BEARER_VALUE_GOT && kid->len <= BEARER_LIMIT_KID)
        return BEARER_OK;
    bearer_note_set(note, "kid is not a string or too long");
    return BEARER_JWK_FORM;
}

/* Entra ID's member: a template, or one tenant */
static void read_issuer(const bearer_value_t *json, bearer_str_t *issuer,
                        apr_pool_t *pool)
{
    bearer_str_t text = BEARER_LIT("");

    if (bearer_value_get_string(json, "issuer", &text) == BEARER_VALUE_ABSENT)
        return;
    issuer->data = apr_pstrmemdup(pool, text.data, text.len);
    issuer->len = text.len;
}

/* RFC 7517 4.2 and 4.3: a key that is meant for other uses verifies nothing. Other
 * operations beside "verify", also unknown ones, do not make it one. */
static bearer_reason_t check_ops(const bearer_value_t *json,
                                 bearer_note_t *note)
{
    static const bearer_str_t verify = BEARER_LIT("verify");
    const bearer_value_t *ops = bearer_value_some(json, "key_ops");
    const bearer_value_t *op = NULL;

    if (!ops)
        return BEARER_OK;
    if (bearer_value_is(ops, BEARER_KIND_ARRAY))
        op = bearer_value_first(ops);
    for (; op; op = bearer_value_next(ops, op)) {
        if (bearer_value_equals(op, verify))
            return BEARER_OK;
    }
    bearer_note_set(note, "key_ops without verify");
    return BEARER_JWK_USE;
}

/* an SVID's key must say so: what does not is for certificates, or nobody knows
 * (SPIFFE JWT-SVID 5.1) */
static bearer_reason_t check_use(bearer_jwk_use_t wanted,
                                 const bearer_value_t *json,
                                 bearer_note_t *note)
{
    static const bearer_str_t uses[] = {
        [BEARER_JWK_FOR_SIG] = BEARER_LIT("sig"),
        [BEARER_JWK_FOR_SVID] = BEARER_LIT("jwt-svid"),
    };
    const bearer_value_t *use = bearer_value_some(json, "use");

    if (use ? bearer_value_equals(use, uses[wanted])
            : wanted == BEARER_JWK_FOR_SIG)
        return check_ops(json, note);
    bearer_note_set(note, "use is not %s", uses[wanted].data);
    return BEARER_JWK_USE;
}

/* RFC 7518 6.2.2 and 6.3.2, RFC 8037 2: whoever can read a private key can sign with
 * it (a published private key) */
bearer_reason_t bearer_jwk_check_public(const bearer_value_t *json,
                                        bearer_note_t *note)
{
    static const bearer_str_t secret = BEARER_LIT("oct");
    static const char *const secrets[] = {"d",  "p",  "q",  "dp",
                                          "dq", "qi", "oth"};
    const bearer_value_t *kty;
    int i;

    if (!bearer_value_is(json, BEARER_KIND_OBJECT))
        return BEARER_OK;
    kty = bearer_value_some(json, "kty");
    if (kty && bearer_value_equals(kty, secret))
        return BEARER_JWK_OCT_PUBLISHED;
    for (i = 0; i < COUNT(secrets); i++) {
        if (!bearer_value_some(json, secrets[i]))
            continue;
        bearer_note_set(note, "it has the member %s", secrets[i]);
        return BEARER_JWK_PRIVATE;
    }
    return BEARER_OK;
}

/* RFC 7518 6.2.1.1, RFC 8037 2: a curve of this key type */
static bearer_reason_t read_curve(const bearer_value_t *json, bearer_jwk_t *key,
                                  bearer_note_t *note)
{
    bearer_str_t name;

    key->curve = BEARER_CURVE_NONE;
    if (key->kty == BEARER_KTY_RSA)
        return BEARER_OK;
    if (bearer_value_get_string(json, "crv", &name) != BEARER_VALUE_GOT) {
        bearer_note_set(note, "crv is missing or not a string");
        return BEARER_JWK_FORM;
    }
    key->curve = bearer_alg_curve(name);
    if (bearer_material_knows(key->kty, key->curve))
        return BEARER_OK;
    bearer_note_member(note, "crv", name);
    return BEARER_JWK_CURVE;
}

/* every algorithm of this type and curve */
static bearer_algset_t fitting(const bearer_jwk_t *key)
{
    const bearer_alg_t *alg;
    bearer_algset_t algs = 0;
    int i;

    for (i = 0; (alg = bearer_alg_row(i)); i++) {
        if (alg_fits(alg, key->kty, key->curve))
            algs |= alg->bit;
    }
    return algs;
}

/* RFC 8725 3.1: one key, one algorithm, where the issuer says so. On an Edwards
 * curve that is one algorithm under two names, EdDSA and the curve's (RFC 9864). */
static bearer_reason_t read_algs(const bearer_value_t *json, bearer_jwk_t *key,
                                 bearer_note_t *note)
{
    const bearer_alg_t *alg;
    bearer_str_t name;

    switch (bearer_value_get_string(json, "alg", &name)) {
    case BEARER_VALUE_ABSENT:
        key->algs = fitting(key);
        return BEARER_OK;
    case BEARER_VALUE_WRONG:
        bearer_note_set(note, "alg is not a string");
        return BEARER_JWK_ALG;
    case BEARER_VALUE_GOT:
        break;
    }
    alg = bearer_alg_find(name);
    if (!alg || !alg_fits(alg, key->kty, key->curve)) {
        bearer_note_member(note, "alg", name);
        return BEARER_JWK_ALG;
    }
    key->algs = key->kty == BEARER_KTY_OKP ? fitting(key) : alg->bit;
    return BEARER_OK;
}

/* what its numbers became */
static void keep(bearer_jwk_t *key, const bearer_material_t *material)
{
    key->bits = material->bits;
    key->cost = material->cost;
    key->cjose = material->cjose;
    key->pkey = material->pkey;
}

/* what is public and checked: certificates and unknown members are left out, and so
 * is "use", which was looked at: what reads this needs no rules of its own */
static bearer_str_t public_members(const bearer_value_t *json, bearer_kty_t kty,
                                   apr_pool_t *pool)
{
    static const char *const common[] = {"kty", "kid", "alg", "issuer", NULL};
    static const char *const rsa[] = {"n", "e", NULL};
    static const char *const ec[] = {"crv", "x", "y", NULL};
    static const char *const okp[] = {"crv", "x", NULL};
    const char *const *lists[] = {common, okp};
    bearer_write_t out;
    int i, j;

    if (kty == BEARER_KTY_RSA)
        lists[1] = rsa;
    else if (kty == BEARER_KTY_EC)
        lists[1] = ec;
    bearer_write_begin(&out, BEARER_WRITE_COMPACT, pool);
    bearer_write_open(&out, NULL, '{');
    for (i = 0; i < COUNT(lists); i++) {
        for (j = 0; lists[i][j]; j++) {
            const bearer_value_t *value = bearer_value_some(json, lists[i][j]);

            if (value)
                bearer_write_value(&out, lists[i][j], value);
        }
    }
    bearer_write_close(&out);
    return bearer_write_end(&out);
}

bearer_reason_t bearer_jwk_parse(const bearer_value_t *json,
                                 const bearer_jwk_t **out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    return bearer_jwk_parse_for(BEARER_JWK_FOR_SIG, json, out, note, pool);
}

bearer_reason_t bearer_jwk_parse_for(bearer_jwk_use_t use,
                                     const bearer_value_t *json,
                                     const bearer_jwk_t **out,
                                     bearer_note_t *note, apr_pool_t *pool)
{
    bearer_jwk_t *key = apr_pcalloc(pool, sizeof(*key));
    bearer_material_t material;
    bearer_reason_t why;

    if (!bearer_value_is(json, BEARER_KIND_OBJECT)) {
        bearer_note_set(note, "not an object");
        return BEARER_JWK_FORM;
    }
    why = read_kty(json, key, note);
    if (!why)
        why = check_use(use, json, note);
    if (!why)
        why = bearer_jwk_check_public(json, note);
    if (!why)
        why = read_curve(json, key, note);
    if (!why)
        why = read_algs(json, key, note);
    if (!why)
        why = read_kid(json, &key->kid, note);
    if (!why)
        why = bearer_material_import(json, key->kty, key->curve, &material,
                                     note, pool);
    if (why)
        return why;

    keep(key, &material);
    /* copies: the key may outlive the caller's document */
    key->json = public_members(json, key->kty, pool);
    if (key->kid.data)
        key->kid.data = apr_pstrmemdup(pool, key->kid.data, key->kid.len);
    read_issuer(json, &key->issuer, pool);
    *out = key;
    return BEARER_OK;
}

/* --- shared secrets ------------------------------------------------------ */

bearer_str_t bearer_jwk_trim_secret(bearer_str_t content)
{
    bearer_str_t text = content;
    apr_size_t i;

    if (text.len && text.data[text.len - 1] == '\n')
        text.len--;
    if (text.len && text.len < content.len && text.data[text.len - 1] == '\r')
        text.len--;
    for (i = 0; i < text.len; i++) {
        if (!bearer_str_is_printable(text.data[i]))
            return content;
    }
    return text;
}

bearer_reason_t bearer_jwk_parse_secret(bearer_str_t secret,
                                        const bearer_jwk_t **out,
                                        bearer_note_t *note, apr_pool_t *pool)
{
    bearer_jwk_t *key = apr_pcalloc(pool, sizeof(*key));
    bearer_material_t material;
    const bearer_alg_t *alg;
    bearer_reason_t why;
    int i;

    /* RFC 7518 3.2: no shorter than the hash, or it can be guessed */
    for (i = 0; bearer_alg_row(i); i++) {
        alg = bearer_alg_row(i);
        if (alg->kty == BEARER_KTY_OCT && alg->hash <= secret.len)
            key->algs |= alg->bit;
    }
    if (!key->algs) {
        bearer_note_set(note, "%d bytes", (int)secret.len);
        return BEARER_JWK_OCT_SHORT;
    }
    why = bearer_material_secret(secret, &material, pool);
    if (why)
        return why;
    key->kty = BEARER_KTY_OCT;
    key->curve = BEARER_CURVE_NONE;
    keep(key, &material);
    *out = key;
    return BEARER_OK;
}
