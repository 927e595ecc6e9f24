/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <openssl/err.h>

#include "bearer/base/limits.h"
#include "bearer/jose/pem.h"

#include "jose.h"

#define RSA_ALGS "RS256 RS384 RS512 PS256 PS384 PS512"
#define P256_KEY                                                               \
    "'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'" FIX_P256_Y "'"
#define ED_KEY "'kty':'OKP','crv':'Ed25519','x':'" FIX_ED25519_X "'"

static const struct {
    const char *name;
    const char *pem;
    const char *want;
    const char *algs; /* when accepted */
    const char *jwk;  /* the JSON that comes out */
} pems[] = {
    {"RSA", FIX_RSA_PEM, "ok", RSA_ALGS,
     "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAB'}"},
    {"RSA by PKCS 1", FIX_RSA_PKCS1_PEM, "ok", RSA_ALGS,
     "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAB'}"},
    {"certificate over for years", FIX_RSA_CERTIFICATE_PEM, "ok", RSA_ALGS,
     "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAB'}"},
    {"certificate with its chain",
     FIX_RSA_CERTIFICATE_PEM FIX_RSA_CERTIFICATE_PEM, "ok", RSA_ALGS,
     "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAB'}"},
    {"a private key behind text", "public\n" FIX_P256_PRIVATE_PEM, "pem_form",
     NULL, NULL},
    {"text around it", "my key\n" FIX_P256_PEM "is above\n", "ok", "ES256",
     "{" P256_KEY "}"},
    {"P-384", FIX_P384_PEM, "ok", "ES384",
     "{'kty':'EC','crv':'P-384','x':'" FIX_P384_X "','y':'" FIX_P384_Y "'}"},
    {"P-521", FIX_P521_PEM, "ok", "ES512",
     "{'kty':'EC','crv':'P-521','x':'" FIX_P521_X "','y':'" FIX_P521_Y "'}"},
    {"Ed25519", FIX_ED25519_PEM, "ok", "EdDSA Ed25519", "{" ED_KEY "}"},
    {"Ed448", FIX_ED448_PEM, "ok", "EdDSA Ed448",
     "{'kty':'OKP','crv':'Ed448','x':'" FIX_ED448_X "'}"},
    {"RSA of 1024 bits", FIX_RSA1024_PEM, "jwk_rsa_size", NULL, NULL},
    {"secp256k1", FIX_SECP256K1_PEM, "jwk_curve", NULL, NULL},
    {"X25519", FIX_X25519_PEM, "jwk_kty", NULL, NULL},
    {"DSA", FIX_DSA_PEM, "jwk_kty", NULL, NULL},
    {"private key", FIX_P256_PRIVATE_PEM, "pem_form", NULL, NULL},
    {"two keys", FIX_P256_PEM FIX_P384_PEM, "pem_form", NULL, NULL},
    {"key and private key", FIX_P256_PEM FIX_P256_PRIVATE_PEM, "pem_form", NULL,
     NULL},
    {"certificate, its chain and the private key",
     FIX_RSA_CERTIFICATE_PEM FIX_RSA_CERTIFICATE_PEM FIX_P256_PRIVATE_PEM,
     "pem_form", NULL, NULL},
    {"key, certificate and private key",
     FIX_P256_PEM FIX_RSA_CERTIFICATE_PEM FIX_P256_PRIVATE_PEM, "pem_form",
     NULL, NULL},
    {"something broken after the key",
     FIX_P256_PEM "-----BEGIN PUBLIC KEY-----\nAAAA\n", "pem_form", NULL, NULL},
    {"nothing", "", "pem_form", NULL, NULL},
    {"a byte after the key", FIX_TRAILING_PEM, "pem_form", NULL, NULL},
    {"no end", "-----BEGIN PUBLIC KEY-----\nAAAA\n", "pem_form", NULL, NULL},
    {"no key in it",
     "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "pem_form",
     NULL, NULL},
    {"no certificate in it",
     "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
     "pem_form", NULL, NULL},
};

static void pem_gives_the_same_key_as_jwk(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(pems) / sizeof(pems[0]); i++) {
        const bearer_jwk_t *key = NULL;
        bearer_note_t note;

        unit_expect_reason(
            pems[i].name,
            bearer_pem_parse(unit_str(pems[i].pem), &key, &note, *state),
            pems[i].want);
        unit_expect(pems[i].name, (key != NULL) == (pems[i].algs != NULL));
        if (!key)
            continue;
        unit_expect(pems[i].name, key->kid.data == NULL);
        assert_string_equal(bearer_alg_names(key->algs, *state), pems[i].algs);
        assert_string_equal(key->json.data,
                            jose_json(pems[i].jwk, *state).data);
    }
}

static void pem_bounds_the_text(void **state)
{
    char *text = apr_palloc(*state, BEARER_LIMIT_KEY_FILE + 1);
    bearer_str_t pem = {text, BEARER_LIMIT_KEY_FILE + 1};
    const bearer_jwk_t *key;
    bearer_note_t note;

    memset(text, '\n', pem.len);
    memcpy(text, FIX_P256_PEM, sizeof(FIX_P256_PEM) - 1);
    unit_expect_reason("too long", bearer_pem_parse(pem, &key, &note, *state),
                       "pem_form");
    pem.len--;
    unit_expect_reason("fits", bearer_pem_parse(pem, &key, &note, *state),
                       "ok");
}

static void pem_finds_the_first_end_of_certificates(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name, *text;
        bool found;
    } rows[] = {
        {"a certificate", FIX_RSA_CERTIFICATE_PEM, true},
        {"behind a key and words",
         "x\n" FIX_P256_PEM "y\n" FIX_RSA_CERTIFICATE_PEM, true},
        {"two", FIX_RSA_CERTIFICATE_PEM FIX_RSA_CERTIFICATE_PEM, true},
        {"a key", FIX_P256_PEM, false},
        {"nothing", "", false},
        {"a broken one",
         "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
         false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        apr_int64_t end = 1;

        unit_expect(rows[i].name,
                    bearer_pem_find_end(unit_str(rows[i].text), &end)
                        == rows[i].found);
        /* 2001-01-02 */
        unit_expect(rows[i].name, end == (rows[i].found ? 978393600 : 1));
        unit_expect(rows[i].name, ERR_peek_error() == 0);
    }
}

static void pem_leaves_no_openssl_errors(void **state)
{
    const bearer_jwk_t *key;
    bearer_note_t note;

    unit_expect_reason(
        "PEM", bearer_pem_parse(unit_str("nonsense"), &key, &note, *state),
        "pem_form");
    assert_int_equal(ERR_peek_error(), 0);
    unit_expect_reason(
        "PEM end",
        bearer_pem_parse(unit_str(FIX_ED448_PEM), &key, &note, *state), "ok");
    assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(pem_gives_the_same_key_as_jwk),
        unit_row(pem_bounds_the_text),
        unit_row(pem_finds_the_first_end_of_certificates),
        unit_row(pem_leaves_no_openssl_errors),
    };

    return unit_run(tests);
}
