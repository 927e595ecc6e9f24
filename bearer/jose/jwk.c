/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/jwk.h"

#include <cjose/cjose.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "bearer/jose/crypto.h"
#include "bearer/text/b64url.h"
#include "bearer/text/json.h"

/* bytes of the greatest number a key may have, an RSA modulus */
#define NUMBER_MAX (BEARER_LIMIT_RSA_MAX / 8)

/* one decoded number of a key */
typedef struct number_t {
    unsigned char bytes[NUMBER_MAX];
    apr_size_t len;
} number_t;

static const struct {
    const char *name;
    bearer_kty_t kty;
} types[] = {
    {"RSA", BEARER_KTY_RSA},
    {"EC", BEARER_KTY_EC},
    {"OKP", BEARER_KTY_OKP},
    {"oct", BEARER_KTY_OCT},
};

/* what the two libraries call a curve, and whose it is */
static const struct {
    bearer_curve_t curve;
    bearer_kty_t kty;
    int bits;
    int cost;          /* see bearer_jwk_t; measured with OpenSSL 3.0 */
    int id;            /* cjose's number for EC, OpenSSL's for OKP */
    const char *group; /* OpenSSL's group name; NULL for OKP */
} curves[] = {
    {BEARER_CURVE_P256, BEARER_KTY_EC, 256, 100, CJOSE_JWK_EC_P_256,
     "prime256v1"},
    {BEARER_CURVE_P384, BEARER_KTY_EC, 384, 800, CJOSE_JWK_EC_P_384,
     "secp384r1"},
    {BEARER_CURVE_P521, BEARER_KTY_EC, 521, 800, CJOSE_JWK_EC_P_521,
     "secp521r1"},
    {BEARER_CURVE_ED25519, BEARER_KTY_OKP, 256, 130, EVP_PKEY_ED25519, NULL},
    {BEARER_CURVE_ED448, BEARER_KTY_OKP, 448, 250, EVP_PKEY_ED448, NULL},
};
/* of an HMAC over some kilobytes */
#define COST_OCT     10

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* the row of a curve among those of a key type, or -1 */
static int curve_row(bearer_curve_t curve, bearer_kty_t kty)
{
    int i;

    for (i = 0; i < COUNT(curves); i++) {
        if (curves[i].curve == curve && curves[i].kty == kty)
            return i;
    }
    return -1;
}

static apr_status_t release_cjose(void *jwk)
{
    cjose_jwk_release(jwk);
    return APR_SUCCESS;
}

/* the one reference ends with the pool: cjose's counts are not atomic */
static cjose_jwk_t *adopt_cjose(cjose_jwk_t *jwk, apr_pool_t *pool)
{
    if (jwk)
        apr_pool_cleanup_register(pool, jwk, release_cjose,
                                  apr_pool_cleanup_null);
    return jwk;
}

static apr_status_t release_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static EVP_PKEY *adopt_pkey(EVP_PKEY *pkey, apr_pool_t *pool)
{
    if (pkey)
        apr_pool_cleanup_register(pool, pkey, release_pkey,
                                  apr_pool_cleanup_null);
    return pkey;
}

/* --- what a key is for --------------------------------------------------- */

static bool alg_fits(const bearer_alg_t *alg, bearer_kty_t kty,
                     bearer_curve_t curve)
{
    return alg->kty == kty
           && (alg->curve == BEARER_CURVE_NONE || alg->curve == curve);
}

static bearer_reason_t read_kty(const json_t *json, bearer_jwk_t *key,
                                bearer_note_t *note)
{
    bearer_str_t name;
    int i;

    if (bearer_json_string(json, "kty", &name) != BEARER_JSON_GOT) {
        bearer_note_set(note, "kty is missing or not a string");
        return BEARER_JWK_FORM;
    }
    for (i = 0; i < COUNT(types); i++) {
        if (bearer_str_is(name, types[i].name))
            break;
    }
    if (i == COUNT(types)) {
        bearer_note_set(note, "kty %.*s", bearer_note_width(name), name.data);
        return BEARER_JWK_KTY;
    }
    /* whoever reads a published secret could sign with it */
    if (types[i].kty == BEARER_KTY_OCT)
        return BEARER_JWK_OCT_PUBLISHED;
    key->kty = types[i].kty;
    return BEARER_OK;
}

static bearer_reason_t read_kid(const json_t *json, bearer_str_t *kid,
                                bearer_note_t *note)
{
    bearer_json_got_t got = bearer_json_string(json, "kid", kid);

    if (got == BEARER_JSON_ABSENT)
        return BEARER_OK;
    if (got == BEARER_JSON_GOT && kid->len <= BEARER_LIMIT_KID)
        return BEARER_OK;
    bearer_note_set(note, "kid is not a string or too long");
    return BEARER_JWK_FORM;
}

/* RFC 7517 4.2 and 4.3: a key for other uses verifies nothing */
static bearer_reason_t check_use(const json_t *json, bearer_note_t *note)
{
    static const bearer_str_t sig = BEARER_LIT("sig");
    static const bearer_str_t verify = BEARER_LIT("verify");
    const json_t *use = json_object_get(json, "use");
    const json_t *ops = json_object_get(json, "key_ops");
    size_t i;

    if (use && !bearer_json_equals(use, sig)) {
        bearer_note_set(note, "use is not sig");
        return BEARER_JWK_USE;
    }
    if (!ops)
        return BEARER_OK;
    for (i = 0; i < json_array_size(ops); i++) {
        if (bearer_json_equals(json_array_get(ops, i), verify))
            return BEARER_OK;
    }
    bearer_note_set(note, "key_ops without verify");
    return BEARER_JWK_USE;
}

/* RFC 7518 6.2.1.1, RFC 8037 2: a curve of this key type */
static bearer_reason_t read_curve(const json_t *json, bearer_jwk_t *key,
                                  bearer_note_t *note)
{
    bearer_str_t name;
    int row;

    key->curve = BEARER_CURVE_NONE;
    if (key->kty == BEARER_KTY_RSA)
        return BEARER_OK;
    if (bearer_json_string(json, "crv", &name) != BEARER_JSON_GOT) {
        bearer_note_set(note, "crv is missing or not a string");
        return BEARER_JWK_FORM;
    }
    row = curve_row(bearer_alg_curve(name), key->kty);
    if (row < 0) {
        bearer_note_set(note, "crv %.*s", bearer_note_width(name), name.data);
        return BEARER_JWK_CURVE;
    }
    key->curve = curves[row].curve;
    key->bits = curves[row].bits;
    key->cost = curves[row].cost;
    return BEARER_OK;
}

/* RFC 8725 3.1: one key, one algorithm, where the issuer says so */
static bearer_reason_t read_algs(const json_t *json, bearer_jwk_t *key,
                                 bearer_note_t *note)
{
    const bearer_alg_t *alg;
    bearer_str_t name;
    int i;

    switch (bearer_json_string(json, "alg", &name)) {
    case BEARER_JSON_ABSENT:
        for (i = 0; bearer_alg_row(i); i++) {
            if (alg_fits(bearer_alg_row(i), key->kty, key->curve))
                key->algs |= bearer_alg_row(i)->bit;
        }
        return BEARER_OK;
    case BEARER_JSON_WRONG:
        bearer_note_set(note, "alg is not a string");
        return BEARER_JWK_ALG;
    case BEARER_JSON_GOT:
        break;
    }
    alg = bearer_alg_find(name);
    if (!alg || !alg_fits(alg, key->kty, key->curve)) {
        bearer_note_set(note, "alg %.*s", bearer_note_width(name), name.data);
        return BEARER_JWK_ALG;
    }
    key->algs = alg->bit;
    return BEARER_OK;
}

/* --- its numbers --------------------------------------------------------- */

/* decodes one member; why_long is for one longer than any number of ours */
static bearer_reason_t read_number(const json_t *json, const char *name,
                                   bearer_reason_t why_long, number_t *out,
                                   bearer_note_t *note)
{
    bearer_str_t text;

    if (bearer_json_string(json, name, &text) != BEARER_JSON_GOT) {
        bearer_note_set(note, "%s is missing or not a string", name);
        return BEARER_JWK_FORM;
    }
    if (bearer_b64url_decoded_size(text.len) > sizeof(out->bytes)) {
        bearer_note_set(note, "%s is too long", name);
        return why_long;
    }
    if (bearer_b64url_decode(text, out->bytes, &out->len)) {
        bearer_note_set(note, "%s is not canonical base64url", name);
        return BEARER_JWK_MEMBER;
    }
    return BEARER_OK;
}

/* bits of a number without leading zero bytes */
static int bit_count(const number_t *number)
{
    int bits = (int)number->len * 8;
    unsigned top;

    if (!number->len)
        return 0;
    for (top = number->bytes[0]; top < 128; top <<= 1)
        bits--;
    return bits;
}

/* RFC 7518 2, Base64urlUInt: no leading zeros, so that bytes count bits */
static bearer_reason_t read_positive(const json_t *json, const char *name,
                                     bearer_reason_t why_long, number_t *out,
                                     bearer_note_t *note)
{
    bearer_reason_t why = read_number(json, name, why_long, out, note);

    if (why)
        return why;
    if (out->len && out->bytes[0] == 0) {
        bearer_note_set(note, "%s has leading zeros", name);
        return BEARER_JWK_MEMBER;
    }
    return BEARER_OK;
}

static bool is_odd(const number_t *number)
{
    return number->len && (number->bytes[number->len - 1] & 1);
}

static bearer_reason_t read_modulus(const json_t *json, number_t *n,
                                    bearer_note_t *note)
{
    bearer_reason_t why;
    int bits;

    why = read_positive(json, "n", BEARER_JWK_RSA_SIZE, n, note);
    if (why)
        return why;
    /* RFC 7518 3.3: 2048 bits or more; above our ceiling each forged token
     * costs milliseconds (denial of service) */
    bits = bit_count(n);
    if (bits < BEARER_LIMIT_RSA_MIN || bits > BEARER_LIMIT_RSA_MAX) {
        bearer_note_set(note, "%d bits", bits);
        return BEARER_JWK_RSA_SIZE;
    }
    /* a product of odd primes is odd; an even one is trivially factored */
    if (!is_odd(n)) {
        bearer_note_set(note, "n is even");
        return BEARER_JWK_MEMBER;
    }
    return BEARER_OK;
}

static bearer_reason_t read_exponent(const json_t *json, number_t *e,
                                     bearer_note_t *note)
{
    bearer_reason_t why;
    int bits;

    why = read_positive(json, "e", BEARER_JWK_RSA_EXPONENT, e, note);
    if (why)
        return why;
    /* e=1 makes every message its own signature, and cjose accepts it */
    bits = bit_count(e);
    if (!is_odd(e) || bits < 2 || bits > BEARER_LIMIT_RSA_EXPONENT_BITS) {
        bearer_note_set(note, "exponent of %d bits", bits);
        return BEARER_JWK_RSA_EXPONENT;
    }
    return BEARER_OK;
}

/* a square for each bit of the exponent but the first, and a product for each
 * that is set */
static int multiplications(const number_t *e)
{
    int count = bit_count(e) - 2;
    apr_size_t i;
    unsigned byte;

    for (i = 0; i < e->len; i++) {
        for (byte = e->bytes[i]; byte; byte &= byte - 1)
            count++;
    }
    return count;
}

/* each costs with the square of the modulus, 1.2 microseconds for 2048 bits, and
 * 20 go to everything else; measured with OpenSSL 3.0 */
static int rsa_cost(int bits, int count)
{
    int kilobits = bits * 16 / 1024;

    return 20 + kilobits * kilobits * count * 3 / 2560;
}

/* What became of an import. What has passed our checks is refused for a reason
 * that stands in the queue: a point that is not on its curve. */
static bearer_reason_t imported(bool good)
{
    bearer_crypto_said_t said = bearer_crypto_end();

    if (good)
        return BEARER_OK;
    return said == BEARER_CRYPTO_REFUSED ? BEARER_JWK_REFUSED
                                         : BEARER_NO_MEMORY;
}

/* numbers go to cjose as bytes: its base64url reader is not asked */
static bearer_reason_t import_rsa(const json_t *json, bearer_jwk_t *key,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    cjose_jwk_rsa_keyspec spec = {0};
    bearer_reason_t why;
    number_t n, e;

    why = read_modulus(json, &n, note);
    if (why)
        return why;
    why = read_exponent(json, &e, note);
    if (why)
        return why;
    spec.n = n.bytes;
    spec.nlen = n.len;
    spec.e = e.bytes;
    spec.elen = e.len;
    key->bits = bit_count(&n);
    key->cost = rsa_cost(key->bits, multiplications(&e));
    bearer_crypto_begin();
    key->cjose = adopt_cjose(cjose_jwk_create_RSA_spec(&spec, NULL), pool);
    return imported(key->cjose != NULL);
}

/* RFC 7518 6.2.1.2, RFC 8037 2: exactly as long as the curve wants */
static bearer_reason_t read_coordinate(const json_t *json, const char *name,
                                       bearer_curve_t curve, number_t *out,
                                       bearer_note_t *note)
{
    bearer_reason_t why;

    why = read_number(json, name, BEARER_JWK_MEMBER, out, note);
    if (why)
        return why;
    if (out->len != bearer_alg_curve_size(curve)) {
        bearer_note_set(note, "%s has %d bytes", name, (int)out->len);
        return BEARER_JWK_MEMBER;
    }
    return BEARER_OK;
}

/* cjose refuses points off the curve (invalid curve attack) */
static bearer_reason_t import_ec(const json_t *json, bearer_jwk_t *key,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    cjose_jwk_ec_keyspec spec = {0};
    bearer_reason_t why;
    number_t x, y;

    why = read_coordinate(json, "x", key->curve, &x, note);
    if (why)
        return why;
    why = read_coordinate(json, "y", key->curve, &y, note);
    if (why)
        return why;
    spec.crv = (cjose_jwk_ec_curve)curves[curve_row(key->curve, key->kty)].id;
    spec.x = x.bytes;
    spec.xlen = x.len;
    spec.y = y.bytes;
    spec.ylen = y.len;
    bearer_crypto_begin();
    key->cjose = adopt_cjose(cjose_jwk_create_EC_spec(&spec, NULL), pool);
    return imported(key->cjose != NULL);
}

/* cjose knows no OKP */
static bearer_reason_t import_okp(const json_t *json, bearer_jwk_t *key,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    bearer_reason_t why;
    number_t x;
    int id = curves[curve_row(key->curve, key->kty)].id;

    why = read_coordinate(json, "x", key->curve, &x, note);
    if (why)
        return why;
    bearer_crypto_begin();
    key->pkey =
        adopt_pkey(EVP_PKEY_new_raw_public_key(id, NULL, x.bytes, x.len), pool);
    return imported(key->pkey != NULL);
}

static bearer_reason_t import_numbers(const json_t *json, bearer_jwk_t *key,
                                      bearer_note_t *note, apr_pool_t *pool)
{
    switch (key->kty) {
    case BEARER_KTY_RSA:
        return import_rsa(json, key, note, pool);
    case BEARER_KTY_EC:
        return import_ec(json, key, note, pool);
    case BEARER_KTY_OKP:
        return import_okp(json, key, note, pool);
    case BEARER_KTY_OCT:
        break;
    }
    return BEARER_JWK_OCT_PUBLISHED;
}

/* a copy of what is public and checked: private members, certificates and
 * what we do not know stay behind */
static const json_t *public_copy(const json_t *json, bearer_kty_t kty,
                                 apr_pool_t *pool)
{
    static const char *const common[] = {"kty", "kid", "use", "alg", NULL};
    static const char *const rsa[] = {"n", "e", NULL};
    static const char *const ec[] = {"crv", "x", "y", NULL};
    static const char *const okp[] = {"crv", "x", NULL};
    const char *const *lists[] = {common, okp};
    json_t *copy = bearer_json_adopt(json_object(), pool);
    int i, j;

    if (kty == BEARER_KTY_RSA)
        lists[1] = rsa;
    else if (kty == BEARER_KTY_EC)
        lists[1] = ec;
    for (i = 0; i < COUNT(lists); i++) {
        for (j = 0; lists[i][j]; j++) {
            json_t *value = json_object_get(json, lists[i][j]);

            if (value
                && json_object_set_new(copy, lists[i][j], json_copy(value)))
                return NULL;
        }
    }
    return copy;
}

bearer_reason_t bearer_jwk_parse(const json_t *json, const bearer_jwk_t **out,
                                 bearer_note_t *note, apr_pool_t *pool)
{
    bearer_jwk_t *key = apr_pcalloc(pool, sizeof(*key));
    bearer_reason_t why;

    if (!json_is_object(json)) {
        bearer_note_set(note, "not an object");
        return BEARER_JWK_FORM;
    }
    why = read_kty(json, key, note);
    if (!why)
        why = check_use(json, note);
    if (!why)
        why = read_curve(json, key, note);
    if (!why)
        why = read_algs(json, key, note);
    if (!why)
        why = read_kid(json, &key->kid, note);
    if (!why)
        why = import_numbers(json, key, note, pool);
    if (why)
        return why;

    key->json = public_copy(json, key->kty, pool);
    if (!key->json)
        return BEARER_NO_MEMORY;
    /* into our copy: the caller's document may go before the key */
    (void)bearer_json_string(key->json, "kid", &key->kid);
    *out = key;
    return BEARER_OK;
}

/* --- PEM ----------------------------------------------------------------- */

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

/* the next block, or NULL; *end: because there is none */
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

/* private keys have other labels and so are refused: a file that many may read
 * is no place for one */
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
    adopt_pkey(pkey, pool);
    return at == block->data + block->len ? pkey : NULL;
}

static bearer_reason_t read_pem(bearer_str_t text, EVP_PKEY **out,
                                bearer_note_t *note, apr_pool_t *pool)
{
    const block_t *first, *second;
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
    /* a certificate may bring its chain; a second key would be ignored without
     * a word, and its tokens refused */
    second = next_block(bio, &end, pool);
    if (!second && !end) {
        bearer_note_set(note, "what follows the key cannot be read");
        return BEARER_PEM_FORM;
    }
    if (second && strcmp(second->label, PEM_STRING_X509) != 0) {
        bearer_note_set(note, "more than one key, which needs a JWK set");
        return BEARER_PEM_FORM;
    }
    return BEARER_OK;
}

static bool set_text(json_t *json, const char *name, bearer_str_t text)
{
    return json_object_set_new(json, name, json_stringn(text.data, text.len))
           == 0;
}

static bool set_name(json_t *json, const char *name, const char *text)
{
    return json_object_set_new(json, name, json_string(text)) == 0;
}

/* sets a member to a number of the key; size 0: as long as it is. Fails without
 * memory only: the key has just been made. */
static bool set_number(json_t *json, const char *name, const EVP_PKEY *pkey,
                       const char *param, apr_size_t size, apr_pool_t *pool)
{
    BIGNUM *number = NULL;
    unsigned char *bytes;
    bearer_str_t text;

    if (!EVP_PKEY_get_bn_param(pkey, param, &number))
        return false;
    text.len = size ? size : (apr_size_t)BN_num_bytes(number);
    bytes = apr_pcalloc(pool, text.len + 1);
    if (BN_bn2binpad(number, bytes, (int)text.len) < 0)
        text.len = 0;
    BN_free(number);
    text.data = (const char *)bytes;
    return set_text(json, name, bearer_b64url_render(text, pool));
}

static bearer_reason_t rsa_members(json_t *json, const EVP_PKEY *pkey,
                                   apr_pool_t *pool)
{
    bool good;

    good = set_name(json, "kty", "RSA")
           && set_number(json, "n", pkey, OSSL_PKEY_PARAM_RSA_N, 0, pool)
           && set_number(json, "e", pkey, OSSL_PKEY_PARAM_RSA_E, 0, pool);
    return good ? BEARER_OK : BEARER_NO_MEMORY;
}

static bearer_reason_t ec_members(json_t *json, const EVP_PKEY *pkey,
                                  apr_pool_t *pool)
{
    char group[64] = "";
    apr_size_t size;
    bool good;
    int i;

    (void)EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME,
                                         group, sizeof(group), NULL);
    for (i = 0; i < COUNT(curves); i++) {
        if (curves[i].group && strcmp(curves[i].group, group) == 0)
            break;
    }
    if (i == COUNT(curves))
        return BEARER_JWK_CURVE;
    size = bearer_alg_curve_size(curves[i].curve);
    good = set_name(json, "kty", "EC")
           && set_name(json, "crv", bearer_alg_curve_name(curves[i].curve))
           && set_number(json, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, size, pool)
           && set_number(json, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, size, pool);
    return good ? BEARER_OK : BEARER_NO_MEMORY;
}

static bearer_reason_t okp_members(json_t *json, const EVP_PKEY *pkey,
                                   bearer_curve_t curve, apr_pool_t *pool)
{
    unsigned char bytes[64];
    bearer_str_t text = {(const char *)bytes, 0};
    size_t len = sizeof(bytes);
    bool good;

    good = EVP_PKEY_get_raw_public_key(pkey, bytes, &len) == 1;
    text.len = len;
    good = good && set_name(json, "kty", "OKP")
           && set_name(json, "crv", bearer_alg_curve_name(curve))
           && set_text(json, "x", bearer_b64url_render(text, pool));
    return good ? BEARER_OK : BEARER_NO_MEMORY;
}

/* an RSASSA-PSS key (another type to OpenSSL) is refused: its parameters could
 * forbid what a JWK without alg allows */
static bearer_reason_t pem_members(json_t *json, const EVP_PKEY *pkey,
                                   apr_pool_t *pool)
{
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        return rsa_members(json, pkey, pool);
    case EVP_PKEY_EC:
        return ec_members(json, pkey, pool);
    case EVP_PKEY_ED25519:
        return okp_members(json, pkey, BEARER_CURVE_ED25519, pool);
    case EVP_PKEY_ED448:
        return okp_members(json, pkey, BEARER_CURVE_ED448, pool);
    default:
        return BEARER_JWK_KTY;
    }
}

/* PEM becomes a JWK first, so that there is one set of checks */
bearer_reason_t bearer_jwk_parse_pem(bearer_str_t text,
                                     const bearer_jwk_t **out,
                                     bearer_note_t *note, apr_pool_t *pool)
{
    json_t *json = bearer_json_adopt(json_object(), pool);
    EVP_PKEY *pkey = NULL;
    bearer_crypto_said_t said;
    bearer_reason_t why;

    if (!json)
        return BEARER_NO_MEMORY;
    bearer_crypto_begin();
    why = read_pem(text, &pkey, note, pool);
    if (!why)
        why = pem_members(json, pkey, pool);
    said = bearer_crypto_end();
    if (why)
        return said == BEARER_CRYPTO_NO_MEMORY ? BEARER_NO_MEMORY : why;
    return bearer_jwk_parse(json, out, note, pool);
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
    const bearer_alg_t *alg;
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
    key->kty = BEARER_KTY_OCT;
    key->curve = BEARER_CURVE_NONE;
    key->cost = COST_OCT;
    key->bits = (int)secret.len * 8;
    key->cjose =
        adopt_cjose(cjose_jwk_create_oct_spec((const uint8_t *)secret.data,
                                              secret.len, NULL),
                    pool);
    bearer_crypto_end();
    if (!key->cjose)
        return BEARER_NO_MEMORY;
    *out = key;
    return BEARER_OK;
}
