/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <openssl/err.h>

#include "bearer/jose/alg.h"
#include "bearer/jose/jwk.h"
#include "bearer/text/json.h"

#include "jose.h"

#define RSA_ALGS "RS256 RS384 RS512 PS256 PS384 PS512"
#define RSA_KEY  "'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAB'"
#define P256_KEY                                                               \
    "'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'" FIX_P256_Y "'"
#define ED448_KEY "'kty':'OKP','crv':'Ed448','x':'" FIX_ED448_X "'"
#define ED_KEY    "'kty':'OKP','crv':'Ed25519','x':'" FIX_ED25519_X "'"
/* 129 bytes, so that a number can follow */
#define ZEROS_129                                                              \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                              \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                              \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"                              \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* as long as a P-256 coordinate */
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *name;
    const char *json;
    const char *want;
    const char *algs; /* when accepted */
    int bits;
} keys[] = {
    /* good ones */
    {"RSA", "{" RSA_KEY "}", "ok", RSA_ALGS, 2048},
    {"RSA of 2050 bits", "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA2050_N "'}",
     "ok", RSA_ALGS, 2050},
    {"P-256", "{" P256_KEY "}", "ok", "ES256", 256},
    {"P-384",
     "{'kty':'EC','crv':'P-384','x':'" FIX_P384_X "','y':'" FIX_P384_Y "'}",
     "ok", "ES384", 384},
    {"P-521",
     "{'kty':'EC','crv':'P-521','x':'" FIX_P521_X "','y':'" FIX_P521_Y "'}",
     "ok", "ES512", 521},
    {"Ed25519", "{" ED_KEY "}", "ok", "EdDSA Ed25519", 256},
    {"Ed448", "{" ED448_KEY "}", "ok", "EdDSA Ed448", 448},

    /* numbers beyond 64 bits and a double, where they do not matter */
    {"a huge member", "{" RSA_KEY ",'x5t':18446744073709551615}", "ok",
     RSA_ALGS, 2048},
    {"a member beyond a double", "{" ED_KEY ",'iat':-1e400,'exp':[1e999]}",
     "ok", "EdDSA Ed25519", 256},
    {"huge kid", "{" RSA_KEY ",'kid':18446744073709551615}", "jwk_form", NULL,
     0},
    {"huge n", "{'kty':'RSA','e':'AQAB','n':18446744073709551615}", "jwk_form",
     NULL, 0},

    /* kty */
    {"no kty", "{'n':'" FIX_RSA_N "','e':'AQAB'}", "jwk_form", NULL, 0},
    {"kty is a number", "{'kty':1}", "jwk_form", NULL, 0},
    {"kty in lower case", "{'kty':'rsa'}", "jwk_kty", NULL, 0},
    {"kty of the future", "{'kty':'AKP','pub':'AA'}", "jwk_kty", NULL, 0},
    {"empty kty", "{'kty':''}", "jwk_kty", NULL, 0},
    {"published secret", "{'kty':'oct','k':'" FIX_OCT_K "'}",
     "jwk_oct_published", NULL, 0},

    /* use and key_ops */
    {"use sig", "{" RSA_KEY ",'use':'sig'}", "ok", RSA_ALGS, 2048},
    {"use enc", "{" RSA_KEY ",'use':'enc'}", "jwk_use", NULL, 0},
    {"use null", "{" RSA_KEY ",'use':null}", "ok", RSA_ALGS, 2048},
    {"use null but key_ops encrypt",
     "{" RSA_KEY ",'use':null,'key_ops':['encrypt']}", "jwk_use", NULL, 0},
    {"use jwt-svid", "{" RSA_KEY ",'use':'jwt-svid'}", "jwk_use", NULL, 0},
    {"use empty", "{" RSA_KEY ",'use':''}", "jwk_use", NULL, 0},
    {"use false", "{" RSA_KEY ",'use':false}", "jwk_use", NULL, 0},
    {"use is an array", "{" RSA_KEY ",'use':['sig']}", "jwk_use", NULL, 0},
    {"key_ops verify", "{" RSA_KEY ",'key_ops':['sign','verify']}", "ok",
     RSA_ALGS, 2048},
    {"key_ops encrypt", "{" RSA_KEY ",'key_ops':['encrypt']}", "jwk_use", NULL,
     0},
    {"key_ops empty", "{" RSA_KEY ",'key_ops':[]}", "jwk_use", NULL, 0},
    {"key_ops is a string", "{" RSA_KEY ",'key_ops':'verify'}", "jwk_use", NULL,
     0},
    {"key_ops null", "{" RSA_KEY ",'key_ops':null}", "ok", RSA_ALGS, 2048},
    {"key_ops null but use enc", "{" RSA_KEY ",'key_ops':null,'use':'enc'}",
     "jwk_use", NULL, 0},
    {"key_ops unknown beside verify",
     "{" RSA_KEY ",'key_ops':['attest',7,null,'verify']}", "ok", RSA_ALGS,
     2048},
    {"key_ops unknown alone", "{" RSA_KEY ",'key_ops':['attest','VERIFY']}",
     "jwk_use", NULL, 0},
    {"key_ops false", "{" RSA_KEY ",'key_ops':false}", "jwk_use", NULL, 0},
    {"use sig but key_ops encrypt",
     "{" RSA_KEY ",'use':'sig','key_ops':['encrypt']}", "jwk_use", NULL, 0},

    /* alg */
    {"alg RS256", "{" RSA_KEY ",'alg':'RS256'}", "ok", "RS256", 2048},
    {"alg PS512", "{" RSA_KEY ",'alg':'PS512'}", "ok", "PS512", 2048},
    {"alg ES256", "{" P256_KEY ",'alg':'ES256'}", "ok", "ES256", 256},
    {"alg EdDSA", "{" ED_KEY ",'alg':'EdDSA'}", "ok", "EdDSA Ed25519", 256},
    {"alg Ed25519", "{" ED_KEY ",'alg':'Ed25519'}", "ok", "EdDSA Ed25519", 256},
    {"alg Ed448", "{" ED448_KEY ",'alg':'Ed448'}", "ok", "EdDSA Ed448", 448},
    {"alg EdDSA, Ed448", "{" ED448_KEY ",'alg':'EdDSA'}", "ok", "EdDSA Ed448",
     448},
    {"alg Ed448 of another curve", "{" ED_KEY ",'alg':'Ed448'}", "jwk_alg",
     NULL, 0},
    {"alg Ed25519 of another curve", "{" ED448_KEY ",'alg':'Ed25519'}",
     "jwk_alg", NULL, 0},
    {"alg ed25519 in lower case", "{" ED_KEY ",'alg':'ed25519'}", "jwk_alg",
     NULL, 0},
    {"alg Ed25519 of an EC key", "{" P256_KEY ",'alg':'Ed25519'}", "jwk_alg",
     NULL, 0},
    {"alg of another type", "{" RSA_KEY ",'alg':'ES256'}", "jwk_alg", NULL, 0},
    {"alg of secrets", "{" RSA_KEY ",'alg':'HS256'}", "jwk_alg", NULL, 0},
    {"alg of another curve", "{" P256_KEY ",'alg':'ES384'}", "jwk_alg", NULL,
     0},
    {"alg for encryption", "{" RSA_KEY ",'alg':'RSA-OAEP'}", "jwk_alg", NULL,
     0},
    {"alg none", "{" RSA_KEY ",'alg':'none'}", "jwk_alg", NULL, 0},
    {"alg is a number", "{" RSA_KEY ",'alg':256}", "jwk_alg", NULL, 0},
    {"alg null", "{" RSA_KEY ",'alg':null}", "ok", RSA_ALGS, 2048},
    {"alg empty", "{" RSA_KEY ",'alg':''}", "jwk_alg", NULL, 0},

    /* kid */
    {"kid is a number", "{" RSA_KEY ",'kid':1}", "jwk_form", NULL, 0},
    {"kid null", "{" RSA_KEY ",'kid':null}", "ok", RSA_ALGS, 2048},
    {"kid false", "{" RSA_KEY ",'kid':false}", "jwk_form", NULL, 0},

    /* private */
    {"private RSA", "{" RSA_KEY ",'d':'AA'}", "jwk_private", NULL, 0},
    {"RSA with a prime only", "{" RSA_KEY ",'p':'AA'}", "jwk_private", NULL, 0},
    {"RSA with more primes", "{" RSA_KEY ",'oth':[]}", "jwk_private", NULL, 0},
    {"private EC", "{" P256_KEY ",'d':'AA'}", "jwk_private", NULL, 0},
    {"private Edwards", "{" ED_KEY ",'d':''}", "jwk_private", NULL, 0},
    {"private members that are null",
     "{" RSA_KEY ",'d':null,'p':null,'q':null,'dp':null,'dq':null,'qi':null}",
     "ok", RSA_ALGS, 2048},

    /* crv */
    {"no crv", "{'kty':'EC'}", "jwk_form", NULL, 0},
    {"crv is a number", "{'kty':'EC','crv':256}", "jwk_form", NULL, 0},
    {"secp256k1",
     "{'kty':'EC','crv':'secp256k1','x':'" FIX_SECP256K1_X
     "','y':'" FIX_SECP256K1_Y "'}",
     "jwk_curve", NULL, 0},
    {"Edwards curve in an EC key",
     "{'kty':'EC','crv':'Ed25519','x':'" FIX_ED25519_X "'}", "jwk_curve", NULL,
     0},
    {"P-256 in an OKP key", "{'kty':'OKP','crv':'P-256','x':'" FIX_P256_X "'}",
     "jwk_curve", NULL, 0},
    {"X25519", "{'kty':'OKP','crv':'X25519','x':'" FIX_ED25519_X "'}",
     "jwk_curve", NULL, 0},

    /* n */
    {"no n", "{'kty':'RSA','e':'AQAB'}", "jwk_form", NULL, 0},
    {"n is a number", "{'kty':'RSA','e':'AQAB','n':17}", "jwk_form", NULL, 0},
    {"n empty", "{'kty':'RSA','e':'AQAB','n':''}", "jwk_rsa_size", NULL, 0},
    {"n that aborts cjose", "{'kty':'RSA','e':'AQAB','n':'A='}", "jwk_member",
     NULL, 0},
    {"n with padding", "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA_N "=='}",
     "jwk_member", NULL, 0},
    {"n of impossible length",
     "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA_N "AAA'}", "jwk_member", NULL, 0},
    {"n with leading zeros", "{'kty':'RSA','e':'AQAB','n':'AAAA" FIX_RSA_N "'}",
     "ok", RSA_ALGS, 2048},
    {"n and e null", "{'kty':'RSA','e':null,'n':null}", "jwk_form", NULL, 0},
    {"n of 1024 bits behind zeros",
     "{'kty':'RSA','e':'AQAB','n':'" ZEROS_129 FIX_RSA1024_N "'}",
     "jwk_rsa_size", NULL, 0},
    {"n is 0", "{'kty':'RSA','e':'AQAB','n':'" ZEROS_129 ZEROS_129 "'}",
     "jwk_rsa_size", NULL, 0},
    {"n in standard base64", "{'kty':'RSA','e':'AQAB','n':'++//'}",
     "jwk_member", NULL, 0},
    {"RSA of 1024 bits", "{'kty':'RSA','e':'AQAB','n':'" FIX_RSA1024_N "'}",
     "jwk_rsa_size", NULL, 0},

    /* e */
    {"no e", "{'kty':'RSA','n':'" FIX_RSA_N "'}", "jwk_form", NULL, 0},
    {"e is a number", "{'kty':'RSA','n':'" FIX_RSA_N "','e':65537}", "jwk_form",
     NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'7P_______________________________________38'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'7P________________________________________8'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'7f_______________________________________38'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'7f________________________________________8'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'7v_______________________________________38'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'7v________________________________________8'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_IU'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed25519','x':'xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA_o'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACA'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'_v____________________________________7___________________________________8A'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'_v____________________________________7___________________________________-A'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'______________________________________7___________________________________8A'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'______________________________________7___________________________________-A'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP____________________________________8A'}",
     "jwk_member", NULL, 0},
    {"a point of small order",
     "{'kty':'OKP','crv':'Ed448','x':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP____________________________________-A'}",
     "jwk_member", NULL, 0},
    {"e empty", "{'kty':'RSA','n':'" FIX_RSA_N "','e':''}", "jwk_rsa_exponent",
     NULL, 0},
    {"e is 0", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AA'}", "jwk_rsa_exponent",
     NULL, 0},
    {"e is 1 behind zeros", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AAAB'}",
     "jwk_rsa_exponent", NULL, 0},
    {"e is 1", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQ'}", "jwk_rsa_exponent",
     NULL, 0},
    {"e is 2", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'Ag'}", "jwk_rsa_exponent",
     NULL, 0},
    {"e is 3", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'Aw'}", "ok", RSA_ALGS,
     2048},
    {"e is even", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAC'}",
     "jwk_rsa_exponent", NULL, 0},
    {"e of 32 bits", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'_____w'}", "ok",
     RSA_ALGS, 2048},
    {"e of 33 bits", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAAAAE'}",
     "jwk_rsa_exponent", NULL, 0},
    {"e of 64 bits", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'__________8'}",
     "jwk_rsa_exponent", NULL, 0},
    {"e with a leading zero", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'AAEAAQ'}",
     "ok", RSA_ALGS, 2048},
    {"e with padding", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'Aw=='}",
     "jwk_member", NULL, 0},
    {"e not canonical", "{'kty':'RSA','n':'" FIX_RSA_N "','e':'Ax'}",
     "jwk_member", NULL, 0},

    /* x and y */
    {"no x", "{'kty':'EC','crv':'P-256','y':'" FIX_P256_Y "'}", "jwk_form",
     NULL, 0},
    {"no y", "{'kty':'EC','crv':'P-256','x':'" FIX_P256_X "'}", "jwk_form",
     NULL, 0},
    {"x without its leading zero",
     "{'kty':'EC','crv':'P-256','x':'VUOJSvPQDtfXQKvb11yWsGh3t4fbX3Dup4uQqNfACg',"
     "'y':'u0yFo9jqKe-q-iRAaRLdhNWxTcMr9lbvbGvVil2UP5I'}",
     "ok", "ES256", 256},
    {"y without its leading zero",
     "{'kty':'EC','crv':'P-256','x':'mGriUG8f8QTQQjCGHY9LSY9LxMbQCbMPdUTcEpuC0o0',"
     "'y':'PMzApkYOCuMopNl9PHth2G_GKJwYnyUlEQxEG7B-lw'}",
     "ok", "ES256", 256},
    {"x without its last byte",
     "{'kty':'EC','crv':'P-256','x':'AFVDiUrz0A7X10Cr29dclrBod7eH219w7qeLkKjXwA',"
     "'y':'u0yFo9jqKe-q-iRAaRLdhNWxTcMr9lbvbGvVil2UP5I'}",
     "jwk_refused", NULL, 0},
    {"x is 0", "{'kty':'EC','crv':'P-256','x':'AAAA','y':'" FIX_P256_Y "'}",
     "jwk_member", NULL, 0},
    {"x cut short",
     "{'kty':'EC','crv':'P-256','x':'AQAB','y':'" FIX_P256_Y "'}", "jwk_member",
     NULL, 0},
    {"x with zeros in front",
     "{'kty':'EC','crv':'P-256','x':'AAAA" FIX_P256_X "','y':'" FIX_P256_Y "'}",
     "ok", "ES256", 256},
    {"x too long",
     "{'kty':'EC','crv':'P-256','x':'AQAB" FIX_P256_X "','y':'" FIX_P256_Y "'}",
     "jwk_member", NULL, 0},
    {"y empty", "{'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':''}",
     "jwk_member", NULL, 0},
    {"y that aborts cjose",
     "{'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'AAAAA==='}",
     "jwk_member", NULL, 0},
    {"numbers of a smaller curve",
     "{'kty':'EC','crv':'P-384','x':'" FIX_P256_X "','y':'" FIX_P256_Y "'}",
     "jwk_member", NULL, 0},
    {"point off the curve",
     "{'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'" FIX_P256_OTHER_Y
     "'}",
     "jwk_refused", NULL, 0},
    {"point of another curve",
     "{'kty':'EC','crv':'P-256','x':'" FIX_SECP256K1_X "','y':'" FIX_SECP256K1_Y
     "'}",
     "jwk_refused", NULL, 0},
    {"point 0, 0", "{'kty':'EC','crv':'P-256','x':'" ZEROS "','y':'" ZEROS "'}",
     "jwk_member", NULL, 0},
    {"OKP without x", "{'kty':'OKP','crv':'Ed25519'}", "jwk_form", NULL, 0},
    {"OKP x too short", "{'kty':'OKP','crv':'Ed448','x':'" FIX_ED25519_X "'}",
     "jwk_member", NULL, 0},
    {"OKP x with padding",
     "{'kty':'OKP','crv':'Ed25519','x':'" FIX_ED25519_X "='}", "jwk_member",
     NULL, 0},
};

static void jwk_parse_judges_every_member(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        static const bearer_jwk_t untouched;
        const bearer_jwk_t *key = &untouched;

        unit_expect_reason(keys[i].name, jose_key(keys[i].json, &key, *state),
                           keys[i].want);
        if (!keys[i].algs) {
            unit_expect(keys[i].name, key == &untouched);
            continue;
        }
        unit_expect(keys[i].name, key != &untouched);
        unit_expect(keys[i].name, key->bits == keys[i].bits);
        unit_expect(keys[i].name, key->json.data != NULL);
        unit_expect(keys[i].name,
                    (key->kty == BEARER_KTY_OKP) == (key->pkey != NULL));
        unit_expect(keys[i].name,
                    (key->kty == BEARER_KTY_OKP) == (key->cjose == NULL));
        assert_string_equal(bearer_alg_names(key->algs, *state), keys[i].algs);
    }
}

static void jwk_parse_counts_bits_of_the_modulus(void **state)
{
    static const struct {
        const char *name;
        apr_size_t bytes;
        unsigned char first;
        const char *want;
    } cases[] = {
        {"2047 bits", 256, 0x7f, "jwk_rsa_size"},
        {"2048 bits", 256, 0x80, "ok"},
        {"2049 bits", 257, 0x01, "ok"},
        {"8192 bits", 1024, 0xff, "ok"},
        {"8192 bits and a zero", 1025, 0x00, "ok"},
        {"8193 bits", 1025, 0x01, "jwk_rsa_size"},
        {"400000 bits", 50000, 0xff, "jwk_rsa_size"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_jwk_t *key;
        const char *json =
            apr_psprintf(*state, "{'kty':'RSA','e':'AQAB','n':'%s'}",
                         jose_number(cases[i].bytes, cases[i].first, *state));

        unit_expect_reason(cases[i].name, jose_key(json, &key, *state),
                           cases[i].want);
    }
}

static void jwk_parse_refuses_an_even_modulus(void **state)
{
    /* the last byte of 256 is in the last two characters */
    char *n = apr_pstrdup(*state, jose_number(256, 0x80, *state));
    const bearer_jwk_t *key;

    n[strlen(n) - 2] = 'U';
    n[strlen(n) - 1] = 'A';
    unit_expect_reason(
        "even",
        jose_key(apr_psprintf(*state, "{'kty':'RSA','e':'AQAB','n':'%s'}", n),
                 &key, *state),
        "jwk_member");
}

static void jwk_parse_refuses_a_long_exponent(void **state)
{
    const bearer_jwk_t *key;
    apr_size_t sizes[] = {256, 1024, 1025, 50000};
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *json =
            apr_psprintf(*state, "{'kty':'RSA','n':'" FIX_RSA_N "','e':'%s'}",
                         jose_number(sizes[i], 0x01, *state));

        unit_expect_reason("long exponent", jose_key(json, &key, *state),
                           "jwk_rsa_exponent");
    }
}

/* about what they cost on a core of today */
static void jwk_knows_what_a_key_costs(void **state)
{
    static const struct {
        apr_size_t bytes;
        const char *e;
        int least, most;
    } cases[] = {
        {256, "Aw", 20, 30},          {256, "AQAB", 35, 45},
        {512, "AQAB", 90, 110},       {1024, "AQAB", 330, 360},
        {1024, "_____w", 1150, 1250},
    };
    const bearer_jwk_t *key;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *n = jose_number(cases[i].bytes, 0xff, *state);
        const char *name = apr_psprintf(*state, "%d bytes, e %s",
                                        (int)cases[i].bytes, cases[i].e);

        unit_expect_reason(
            name,
            jose_key(apr_psprintf(*state, "{'kty':'RSA','e':'%s','n':'%s'}",
                                  cases[i].e, n),
                     &key, *state),
            "ok");
        unit_expect(name, key->cost >= cases[i].least);
        unit_expect(name, key->cost <= cases[i].most);
    }
}

static void jwk_parse_bounds_the_kid(void **state)
{
    char kid[BEARER_LIMIT_KID + 2];
    const bearer_jwk_t *key;

    memset(kid, 'k', sizeof(kid));
    kid[BEARER_LIMIT_KID + 1] = '\0';
    unit_expect_reason(
        "one too many",
        jose_key(apr_psprintf(*state, "{" RSA_KEY ",'kid':'%s'}", kid), &key,
                 *state),
        "jwk_form");
    kid[BEARER_LIMIT_KID] = '\0';
    unit_expect_reason(
        "as many as allowed",
        jose_key(apr_psprintf(*state, "{" RSA_KEY ",'kid':'%s'}", kid), &key,
                 *state),
        "ok");
    assert_int_equal(key->kid.len, BEARER_LIMIT_KID);
    assert_memory_equal(key->kid.data, kid, BEARER_LIMIT_KID);
}

static void jwk_without_kid_differs_from_an_empty_kid(void **state)
{
    const bearer_jwk_t *key;

    unit_expect_reason("none", jose_key("{" RSA_KEY "}", &key, *state), "ok");
    assert_null(key->kid.data);
    unit_expect_reason("empty",
                       jose_key("{" RSA_KEY ",'kid':''}", &key, *state), "ok");
    assert_non_null(key->kid.data);
    assert_int_equal(key->kid.len, 0);
}

static void jwk_parse_refuses_what_is_not_an_object(void **state)
{
    const bearer_value_t *document, *json;
    const bearer_jwk_t *key;
    bearer_note_t note;

    unit_expect_reason(
        "document",
        bearer_json_parse(unit_str("{\"k\":\"RSA\"}"), &document, NULL, *state),
        "ok");
    json = bearer_value_get(document, "k");
    assert_non_null(json);
    unit_expect_reason("string", bearer_jwk_parse(json, &key, &note, *state),
                       "jwk_form");
    unit_expect_reason("NULL", bearer_jwk_parse(NULL, &key, &note, *state),
                       "jwk_form");
}

static void jwk_keeps_public_members_only(void **state)
{
    const bearer_jwk_t *key;

    unit_expect_reason("with much beside it",
                       jose_key("{" P256_KEY ",'d':null,'x5c':['AA'],"
                                "'x5u':'https://evil','kid':'k','use':'sig',"
                                "'alg':'ES256','key_ops':['verify'],'z':1}",
                                &key, *state),
                       "ok");
    assert_string_equal(key->json.data,
                        jose_json("{'kty':'EC','kid':'k','alg':'ES256',"
                                  "'crv':'P-256','x':'" FIX_P256_X
                                  "','y':'" FIX_P256_Y "'}",
                                  *state)
                            .data);
    unit_expect_reason("with nulls",
                       jose_key("{" RSA_KEY ",'d':null,'kid':null,'use':null,"
                                "'alg':null,'key_ops':null}",
                                &key, *state),
                       "ok");
    assert_string_equal(
        key->json.data,
        jose_json("{'kty':'RSA','n':'" FIX_RSA_N "','e':'AQAB'}", *state).data);
    unit_expect_reason("Edwards",
                       jose_key("{" ED_KEY ",'y':'AA'}", &key, *state), "ok");
    assert_string_equal(key->json.data, jose_json("{" ED_KEY "}", *state).data);
}

/* a bundle's other keys are for certificates; what says nothing is for nothing */
static void jwk_for_svids_says_so(void **state)
{
    static const struct {
        const char *json, *want;
    } cases[] = {
        {"{" P256_KEY ",'use':'jwt-svid','kid':'k'}", "ok"},
        {"{" P256_KEY ",'use':'x509-svid'}", "jwk_use"},
        {"{" P256_KEY ",'use':'sig'}", "jwk_use"},
        {"{" P256_KEY ",'use':null}", "jwk_use"},
        {"{" P256_KEY "}", "jwk_use"},
        {"{" P256_KEY ",'use':'jwt-svid','key_ops':['sign']}", "jwk_use"},
        {"{" P256_KEY ",'use':'jwt-svid','d':'AA'}", "jwk_private"},
        {"{'kty':'oct','k':'" FIX_OCT_K "','use':'jwt-svid'}",
         "jwk_oct_published"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const bearer_value_t *json = NULL;
        const bearer_jwk_t *key;
        bearer_note_t note;

        unit_expect_reason(cases[i].json,
                           bearer_json_parse(jose_json(cases[i].json, *state),
                                             &json, NULL, *state),
                           "ok");
        unit_expect_reason(cases[i].json,
                           bearer_jwk_parse_for(BEARER_JWK_FOR_SVID, json, &key,
                                                &note, *state),
                           cases[i].want);
    }
}

static void jwk_outlives_its_document(void **state)
{
    const bearer_jwk_t *key;
    bearer_note_t note;
    const bearer_value_t *json;
    apr_pool_t *tmp;

    assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
    assert_int_equal(
        bearer_json_parse(jose_json("{" RSA_KEY ",'kid':'longer lived'}", tmp),
                          &json, &note, tmp),
        BEARER_OK);
    assert_int_equal(bearer_jwk_parse(json, &key, &note, *state), BEARER_OK);
    apr_pool_destroy(tmp);
    assert_int_equal(key->kid.len, 12);
    assert_memory_equal(key->kid.data, "longer lived", 12);
    assert_non_null(strstr(key->json.data, FIX_RSA_N));
}

static void jwk_leaves_no_openssl_errors(void **state)
{
    static const char *const refused[] = {
        "{'kty':'EC','crv':'P-256','x':'" FIX_P256_X "','y':'" FIX_P256_OTHER_Y
        "'}",
        "{'kty':'EC','crv':'P-256','x':'" FIX_SECP256K1_X
        "','y':'" FIX_SECP256K1_Y "'}",
    };
    const bearer_jwk_t *key;
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        unit_expect_reason(refused[i], jose_key(refused[i], &key, *state),
                           "jwk_refused");
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void jwk_note_names_the_member(void **state)
{
    const bearer_jwk_t *key;
    bearer_note_t note;
    const bearer_value_t *json;

    assert_int_equal(bearer_json_parse(jose_json("{'kty':'R\\nSA'}", *state),
                                       &json, &note, *state),
                     BEARER_OK);
    assert_int_equal(bearer_jwk_parse(json, &key, &note, *state),
                     BEARER_JWK_KTY);
    assert_string_equal(note.text, "kty R\\x0aSA");
}

/* --- secrets ------------------------------------------------------------- */

static void jwk_secret_serves_hashes_not_longer_than_it(void **state)
{
    static const struct {
        apr_size_t len;
        const char *want;
        const char *algs;
    } cases[] = {
        {0, "jwk_oct_short", NULL},
        {31, "jwk_oct_short", NULL},
        {32, "ok", "HS256"},
        {47, "ok", "HS256"},
        {48, "ok", "HS256 HS384"},
        {63, "ok", "HS256 HS384"},
        {64, "ok", "HS256 HS384 HS512"},
        {BEARER_LIMIT_SECRET, "ok", "HS256 HS384 HS512"},
    };
    static const char zeros[BEARER_LIMIT_SECRET];
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *row = apr_psprintf(*state, "%d bytes", (int)cases[i].len);
        bearer_str_t secret = {zeros, cases[i].len};
        const bearer_jwk_t *key = NULL;
        bearer_note_t note;

        unit_expect_reason(row,
                           bearer_jwk_parse_secret(secret, &key, &note, *state),
                           cases[i].want);
        if (!cases[i].algs) {
            unit_expect(row, key == NULL);
            continue;
        }
        assert_string_equal(bearer_alg_names(key->algs, *state), cases[i].algs);
        unit_expect(row, key->kty == BEARER_KTY_OCT);
        unit_expect(row, key->json.data == NULL);
        unit_expect(row, key->kid.data == NULL);
        unit_expect(row, key->bits == (int)cases[i].len * 8);
    }
}

/* a random secret may end with a byte that looks like a newline */
static void jwk_secret_of_a_file(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_str_t content, want;
    } rows[] = {
        {"text", BEARER_LIT("secret"), BEARER_LIT("secret")},
        {"text of an editor", BEARER_LIT("secret\n"), BEARER_LIT("secret")},
        {"of another editor", BEARER_LIT("secret\r\n"), BEARER_LIT("secret")},
        {"one newline only", BEARER_LIT("secret\n\n"),
         BEARER_LIT("secret\n\n")},
        {"a return alone", BEARER_LIT("secret\r"), BEARER_LIT("secret\r")},
        {"bytes", BEARER_LIT("\001\377\n"), BEARER_LIT("\001\377\n")},
        {"bytes with both", BEARER_LIT("\377\r\n"), BEARER_LIT("\377\r\n")},
        {"two lines", BEARER_LIT("a\nb\n"), BEARER_LIT("a\nb\n")},
        {"a newline alone", BEARER_LIT("\n"), BEARER_LIT("")},
        {"nothing", BEARER_LIT(""), BEARER_LIT("")},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bearer_str_t got = bearer_jwk_trim_secret(rows[i].content);

        unit_expect(rows[i].name, got.len == rows[i].want.len);
        unit_expect(rows[i].name,
                    memcmp(got.data, rows[i].want.data, got.len) == 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(jwk_parse_judges_every_member),
        unit_row(jwk_parse_counts_bits_of_the_modulus),
        unit_row(jwk_parse_refuses_an_even_modulus),
        unit_row(jwk_parse_refuses_a_long_exponent),
        unit_row(jwk_knows_what_a_key_costs),
        unit_row(jwk_parse_bounds_the_kid),
        unit_row(jwk_without_kid_differs_from_an_empty_kid),
        unit_row(jwk_parse_refuses_what_is_not_an_object),
        unit_row(jwk_keeps_public_members_only),
        unit_row(jwk_for_svids_says_so),
        unit_row(jwk_outlives_its_document),
        unit_row(jwk_leaves_no_openssl_errors),
        unit_row(jwk_note_names_the_member),
        unit_row(jwk_secret_of_a_file),
        unit_row(jwk_secret_serves_hashes_not_longer_than_it),
    };

    return unit_run(tests);
}
