/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/pem.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "bearer/base/limits.h"
#include "bearer/jose/crypto.h"
#include "bearer/text/b64url.h"
#include "bearer/text/json.h"
#include "bearer/text/write.h"

/* one block of a PEM text */
typedef struct block_t {
    char *label;
    char *header; /* not empty: encrypted */
    unsigned char *data;
    long len;
} block_t;

static apr_status_t release_block(void *baton)
{
    block_t *block = baton;

    OPENSSL_free(block->label);
    OPENSSL_free(block->header);
    OPENSSL_free(block->data);
    return APR_SUCCESS;
}

static apr_status_t release_bio(void *bio)
{
    BIO_free(bio);
    return APR_SUCCESS;
}

/* the next block, or NULL; *end: whether that is because there is none */
static block_t *next_block(BIO *bio, bool *end, apr_pool_t *pool)
{
    block_t *block = apr_pcalloc(pool, sizeof(*block));

    *end = false;
    if (!PEM_read_bio(bio, &block->label, &block->header, &block->data,
                      &block->len)) {
        *end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        return NULL;
    }
    apr_pool_cleanup_register(pool, block, release_block,
                              apr_pool_cleanup_null);
    return block;
}

static EVP_PKEY *certificate_key(const unsigned char **at, long len)
{
    X509 *certificate = d2i_X509(NULL, at, len);
    EVP_PKEY *pkey = certificate ? X509_get_pubkey(certificate) : NULL;

    X509_free(certificate);
    return pkey;
}

static apr_status_t release_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

/* private keys have other labels and so are refused: they do not belong in a file
 * that many may read */
static EVP_PKEY *block_key(const block_t *block, apr_pool_t *pool)
{
    const unsigned char *at = block->data;
    EVP_PKEY *pkey = NULL;

    if (strcmp(block->label, PEM_STRING_PUBLIC) == 0)
        pkey = d2i_PUBKEY(NULL, &at, block->len);
    else if (strcmp(block->label, PEM_STRING_RSA_PUBLIC) == 0)
        pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, block->len);
    else if (strcmp(block->label, PEM_STRING_X509) == 0)
        pkey = certificate_key(&at, block->len);
    if (pkey)
        apr_pool_cleanup_register(pool, pkey, release_pkey,
                                  apr_pool_cleanup_null);
    return at == block->data + block->len ? pkey : NULL;
}

/* A certificate may come with its chain; a second key would be ignored silently, and its
 * tokens refused, and a private one does not belong there (the combined file of a TLS
 * server). */
static bearer_reason_t check_rest(BIO *bio, bearer_note_t *note,
                                  apr_pool_t *pool)
{
    const block_t *block;
    bool end;

    while ((block = next_block(bio, &end, pool))) {
        if (strcmp(block->label, PEM_STRING_X509) == 0)
            continue;
        bearer_note_set(note, strstr(block->label, "PRIVATE KEY")
                                  ? "a private key follows"
                                  : "more than one key, which needs a JWK set");
        return BEARER_PEM_FORM;
    }
    if (end)
        return BEARER_OK;
    bearer_note_set(note, "what follows the key cannot be read");
    return BEARER_PEM_FORM;
}

static bearer_reason_t read_pem(bearer_str_t text, EVP_PKEY **out,
                                bearer_note_t *note, apr_pool_t *pool)
{
    const block_t *first;
    bool end;
    BIO *bio;

    if (text.len > BEARER_LIMIT_KEY_FILE) {
        bearer_note_set(note, "too long");
        return BEARER_PEM_FORM;
    }
    bio = BIO_new_mem_buf(text.data, (int)text.len);
    if (!bio)
        return BEARER_NO_MEMORY;
    apr_pool_cleanup_register(pool, bio, release_bio, apr_pool_cleanup_null);

    first = next_block(bio, &end, pool);
    if (!first) {
        bearer_note_set(note, "no complete PEM block");
        return BEARER_PEM_FORM;
    }
    *out = block_key(first, pool);
    if (!*out) {
        bearer_note_set(note, "%.64s", first->label);
        return BEARER_PEM_FORM;
    }
    return check_rest(bio, note, pool);
}

/* what OpenSSL calls our curves */
static const struct {
    const char *group;
    bearer_curve_t curve;
} groups[] = {
    {"prime256v1", BEARER_CURVE_P256},
    {"secp384r1", BEARER_CURVE_P384},
    {"secp521r1", BEARER_CURVE_P521},
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* writes a number of the key as a member; size 0: as long as it is. Fails only
 * without memory: the key has just been made. */
static bool add_number(bearer_write_t *json, const char *name,
                       const EVP_PKEY *pkey, const char *param, apr_size_t size)
{
    BIGNUM *number = NULL;
    unsigned char *bytes;
    bearer_str_t text;

    if (!EVP_PKEY_get_bn_param(pkey, param, &number))
        return false;
    text.len = size ? size : (apr_size_t)BN_num_bytes(number);
    bytes = apr_pcalloc(json->pool, text.len + 1);
    if (BN_bn2binpad(number, bytes, (int)text.len) < 0)
        text.len = 0;
    BN_free(number);
    text.data = (const char *)bytes;
    bearer_write_string(json, name, bearer_b64url_render(text, json->pool));
    return true;
}

static bearer_reason_t rsa_members(bearer_write_t *json, const EVP_PKEY *pkey)
{
    bool good;

    bearer_write_text(json, "kty", "RSA");
    good = add_number(json, "n", pkey, OSSL_PKEY_PARAM_RSA_N, 0)
           && add_number(json, "e", pkey, OSSL_PKEY_PARAM_RSA_E, 0);
    return good ? BEARER_OK : BEARER_NO_MEMORY;
}

static bearer_reason_t ec_members(bearer_write_t *json, const EVP_PKEY *pkey)
{
    char group[64] = "";
    apr_size_t size, i;
    bool good;

    (void)EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME,
                                         group, sizeof(group), NULL);
    for (i = 0; i < GROUPS; i++) {
        if (strcmp(groups[i].group, group) == 0)
            break;
    }
    if (i == GROUPS)
        return BEARER_JWK_CURVE;
    size = bearer_alg_curve_size(groups[i].curve);
    bearer_write_text(json, "kty", "EC");
    bearer_write_text(json, "crv", bearer_alg_curve_name(groups[i].curve));
    good = add_number(json, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, size)
           && add_number(json, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, size);
    return good ? BEARER_OK : BEARER_NO_MEMORY;
}

static bearer_reason_t okp_members(bearer_write_t *json, const EVP_PKEY *pkey,
                                   bearer_curve_t curve)
{
    unsigned char bytes[64];
    bearer_str_t text = {(const char *)bytes, 0};
    size_t len = sizeof(bytes);

    if (EVP_PKEY_get_raw_public_key(pkey, bytes, &len) != 1)
        return BEARER_NO_MEMORY;
    text.len = len;
    bearer_write_text(json, "kty", "OKP");
    bearer_write_text(json, "crv", bearer_alg_curve_name(curve));
    bearer_write_string(json, "x", bearer_b64url_render(text, json->pool));
    return BEARER_OK;
}

/* an RSASSA-PSS key (another type to OpenSSL) is refused: its parameters could
 * forbid what a JWK without alg allows */
static bearer_reason_t write_members(bearer_write_t *json, const EVP_PKEY *pkey)
{
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return rsa_members(json, pkey);
    case EVP_PKEY_EC:
        return ec_members(json, pkey);
    case EVP_PKEY_ED25519:
        return okp_members(json, pkey, BEARER_CURVE_ED25519);
    case EVP_PKEY_ED448:
        return okp_members(json, pkey, BEARER_CURVE_ED448);
    default:
        return BEARER_JWK_KTY;
    }
}

/* the equivalent JWK */
static bearer_reason_t to_jwk(bearer_str_t kid, bearer_str_t text,
                              bearer_str_t *out, bearer_note_t *note,
                              apr_pool_t *pool)
{
    EVP_PKEY *pkey = NULL;
    bearer_reason_t why = read_pem(text, &pkey, note, pool);
    bearer_write_t json;

    if (why)
        return why;
    bearer_write_begin(&json, BEARER_WRITE_COMPACT, pool);
    bearer_write_open(&json, NULL, '{');
    why = write_members(&json, pkey);
    if (kid.data)
        bearer_write_string(&json, "kid", kid);
    bearer_write_close(&json);
    *out = bearer_write_end(&json);
    return why;
}

/* PEM becomes a JWK first, so that there is one set of checks */
bearer_reason_t bearer_pem_parse_named(bearer_str_t kid, bearer_str_t text,
                                       const bearer_jwk_t **out,
                                       bearer_note_t *note, apr_pool_t *pool)
{
    const bearer_value_t *json;
    bearer_crypto_said_t said;
    bearer_reason_t why;
    bearer_str_t jwk;

    if (!text.data) {
        bearer_note_set(note, "not a string");
        return BEARER_PEM_FORM;
    }
    bearer_crypto_begin();
    why = to_jwk(kid, text, &jwk, note, pool);
    said = bearer_crypto_end();
    if (why)
        return said == BEARER_CRYPTO_NO_MEMORY ? BEARER_NO_MEMORY : why;
    why = bearer_json_parse(jwk, &json, note, pool);
    return why ? why : bearer_jwk_parse(json, out, note, pool);
}

bearer_reason_t bearer_pem_parse(bearer_str_t text, const bearer_jwk_t **out,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    static const bearer_str_t none = {NULL, 0};

    return bearer_pem_parse_named(none, text, out, note, pool);
}

bool bearer_pem_find_end(bearer_str_t text, apr_int64_t *out)
{
    X509 *certificate;
    apr_int64_t end;
    bool found = false;
    BIO *bio;

    if (text.len > BEARER_LIMIT_KEY_FILE)
        return false;
    bearer_crypto_begin();
    bio = BIO_new_mem_buf(text.data, (int)text.len);
    while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        if (bearer_crypto_find_end(certificate, &end)
            && (!found || end < *out)) {
            *out = end;
            found = true;
        }
        X509_free(certificate);
    }
    BIO_free(bio);
    (void)bearer_crypto_end();
    return found;
}
