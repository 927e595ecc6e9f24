/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/material.h"

#include <string.h>

#include <cjose/cjose.h>
#include <openssl/evp.h>

#include "bearer/base/limits.h"
#include "bearer/jose/crypto.h"
#include "bearer/text/b64url.h"

/* bytes of the largest number that a key may have, an RSA modulus, with some zeros in
 * front of it */
#define NUMBER_MAX (BEARER_LIMIT_RSA_MAX / 8 + 8)

/* one decoded number of a key; bytes without leading zeros for RSA, with as many as
 * the curve wants for EC */
typedef struct number_t {
    unsigned char bytes[NUMBER_MAX];
    apr_size_t len;
} number_t;

/* what the two libraries call a curve, and the key type it belongs to */
static const struct {
    bearer_curve_t curve;
    bearer_kty_t kty;
    int bits;
    int cost; /* see bearer_material_t; measured with OpenSSL 3.0 */
    int id;   /* cjose's number for EC, OpenSSL's for OKP */
} curves[] = {
    {BEARER_CURVE_P256, BEARER_KTY_EC, 256, 100, CJOSE_JWK_EC_P_256},
    {BEARER_CURVE_P384, BEARER_KTY_EC, 384, 800, CJOSE_JWK_EC_P_384},
    {BEARER_CURVE_P521, BEARER_KTY_EC, 521, 800, CJOSE_JWK_EC_P_521},
    {BEARER_CURVE_ED25519, BEARER_KTY_OKP, 256, 130, EVP_PKEY_ED25519},
    {BEARER_CURVE_ED448, BEARER_KTY_OKP, 448, 250, EVP_PKEY_ED448},
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

bool bearer_material_knows(bearer_kty_t kty, bearer_curve_t curve)
{
    return kty == BEARER_KTY_RSA || curve_row(curve, kty) >= 0;
}

/* --- its numbers --------------------------------------------------------- */

/* decodes one member; why_long is for one longer than any number of ours */
static bearer_reason_t read_number(const bearer_value_t *json, const char *name,
                                   bearer_reason_t why_long, number_t *out,
                                   bearer_note_t *note)
{
    bearer_str_t text;

    if (bearer_value_get_string(json, name, &text) != BEARER_VALUE_GOT) {
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

/*
 * RFC 7518 2, Base64urlUInt, has no leading zeros, but the sign byte of Java's
 * BigInteger is one and is published a lot. They are taken away before anything is
 * counted: a number is as long as it is, and zeros make no short modulus a long one
 * (weak keys in disguise).
 */
static bearer_reason_t read_positive(const bearer_value_t *json,
                                     const char *name, bearer_reason_t why_long,
                                     number_t *out, bearer_note_t *note)
{
    bearer_reason_t why = read_number(json, name, why_long, out, note);
    apr_size_t zeros = 0;
    number_t copy;

    if (why)
        return why;
    while (zeros < out->len && !out->bytes[zeros])
        zeros++;
    if (!zeros)
        return BEARER_OK;
    /* no memmove: valgrind takes glibc's for memcpy, which may not overlap */
    copy = *out;
    out->len -= zeros;
    memcpy(out->bytes, copy.bytes + zeros, out->len);
    return BEARER_OK;
}

static bool is_odd(const number_t *number)
{
    return number->len && (number->bytes[number->len - 1] & 1);
}

static bearer_reason_t read_modulus(const bearer_value_t *json, number_t *n,
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

static bearer_reason_t read_exponent(const bearer_value_t *json, number_t *e,
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

/* a square for each bit of the exponent except the first, and a product for each
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

/* the cost of each grows with the square of the modulus: 1.2 microseconds for 2048
 * bits; all else takes 20; measured with OpenSSL 3.0 */
static int rsa_cost(int bits, int count)
{
    int kilobits = bits * 16 / 1024;

    return 20 + kilobits * kilobits * count * 3 / 2560;
}

/* The outcome of an import. What has passed our checks is refused only for a reason
 * that is in the queue: a point that is not on its curve. */
static bearer_reason_t imported(bool good)
{
    bearer_crypto_said_t said = bearer_crypto_end();

    if (good)
        return BEARER_OK;
    return said == BEARER_CRYPTO_REFUSED ? BEARER_JWK_REFUSED
                                         : BEARER_NO_MEMORY;
}

/* numbers go to cjose as bytes: its base64url reader is not asked */
static bearer_reason_t import_rsa(const bearer_value_t *json,
                                  bearer_material_t *out, bearer_note_t *note,
                                  apr_pool_t *pool)
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
    out->bits = bit_count(&n);
    out->cost = rsa_cost(out->bits, multiplications(&e));
    bearer_crypto_begin();
    out->cjose = adopt_cjose(cjose_jwk_create_RSA_spec(&spec, NULL), pool);
    return imported(out->cjose != NULL);
}

/* the most leading zeros that a coordinate may lack: one key in 256 begins with one;
 * so many never happen, and a number that is shorter is one of another curve */
#define ZEROS_MOST 8

/* Zeros in front until it is as long as the curve wants (RFC 7518 6.2.1.2): issuers
 * that write numbers leave them out, or have one too many. Whatever the number is, it
 * has to be a coordinate of a point on the curve. */
static bearer_reason_t read_ec_coordinate(const bearer_value_t *json,
                                          const char *name,
                                          bearer_curve_t curve, number_t *out,
                                          bearer_note_t *note)
{
    apr_size_t size = bearer_alg_curve_size(curve);
    bearer_reason_t why;
    apr_size_t zeros;

    why = read_positive(json, name, BEARER_JWK_MEMBER, out, note);
    if (why)
        return why;
    if (out->len > size || out->len + ZEROS_MOST < size) {
        bearer_note_set(note, "%s has %d bytes", name, (int)out->len);
        return BEARER_JWK_MEMBER;
    }
    zeros = size - out->len;
    memmove(out->bytes + zeros, out->bytes, out->len);
    memset(out->bytes, 0, zeros);
    out->len = size;
    return BEARER_OK;
}

/* RFC 8037 2: a string of bytes, exactly as long as the curve wants */
static bearer_reason_t read_coordinate(const bearer_value_t *json,
                                       const char *name, bearer_curve_t curve,
                                       number_t *out, bearer_note_t *note)
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
static bearer_reason_t import_ec(const bearer_value_t *json, int row,
                                 bearer_material_t *out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    cjose_jwk_ec_keyspec spec = {0};
    bearer_reason_t why;
    number_t x, y;

    why = read_ec_coordinate(json, "x", curves[row].curve, &x, note);
    if (why)
        return why;
    why = read_ec_coordinate(json, "y", curves[row].curve, &y, note);
    if (why)
        return why;
    spec.crv = (cjose_jwk_ec_curve)curves[row].id;
    spec.x = x.bytes;
    spec.xlen = x.len;
    spec.y = y.bytes;
    spec.ylen = y.len;
    bearer_crypto_begin();
    out->cjose = adopt_cjose(cjose_jwk_create_EC_spec(&spec, NULL), pool);
    return imported(out->cjose != NULL);
}

/* The y of all points whose order divides the cofactor (RFC 8032 5.1 and 5.2), and what
 * else is reduced to one: with such a key, anybody can write a signature of any text. */
static const struct {
    bearer_curve_t curve;
    unsigned char y[57];
} small_points[] = {
    {BEARER_CURVE_ED25519, {0x00}},
    {BEARER_CURVE_ED25519, {0x01}},
    {BEARER_CURVE_ED25519,
     {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
    {BEARER_CURVE_ED25519,
     {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
    {BEARER_CURVE_ED25519,
     {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
    {BEARER_CURVE_ED25519,
     {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05}},
    {BEARER_CURVE_ED25519,
     {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}},
    {BEARER_CURVE_ED448, {0x00}},
    {BEARER_CURVE_ED448, {0x01}},
    {BEARER_CURVE_ED448,
     {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {BEARER_CURVE_ED448,
     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
    {BEARER_CURVE_ED448,
     {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
      0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
};

/* whichever its x is, whose sign is the highest bit */
static bool is_small_point(bearer_curve_t curve, const number_t *point)
{
    number_t y = *point;
    int i;

    y.bytes[y.len - 1] &= 0x7f;
    for (i = 0; i < COUNT(small_points); i++) {
        if (small_points[i].curve == curve
            && !memcmp(small_points[i].y, y.bytes, y.len))
            return true;
    }
    return false;
}

/* cjose knows no OKP */
static bearer_reason_t import_okp(const bearer_value_t *json, int row,
                                  bearer_material_t *out, bearer_note_t *note,
                                  apr_pool_t *pool)
{
    bearer_reason_t why;
    number_t x;

    why = read_coordinate(json, "x", curves[row].curve, &x, note);
    if (why)
        return why;
    if (is_small_point(curves[row].curve, &x)) {
        bearer_note_set(note, "x is a point of small order");
        return BEARER_JWK_MEMBER;
    }
    bearer_crypto_begin();
    out->pkey = adopt_pkey(
        EVP_PKEY_new_raw_public_key(curves[row].id, NULL, x.bytes, x.len),
        pool);
    return imported(out->pkey != NULL);
}

bearer_reason_t bearer_material_import(const bearer_value_t *json,
                                       bearer_kty_t kty, bearer_curve_t curve,
                                       bearer_material_t *out,
                                       bearer_note_t *note, apr_pool_t *pool)
{
    int row;

    memset(out, 0, sizeof(*out));
    if (kty == BEARER_KTY_RSA)
        return import_rsa(json, out, note, pool);
    row = curve_row(curve, kty);
    out->bits = curves[row].bits;
    out->cost = curves[row].cost;
    return kty == BEARER_KTY_EC ? import_ec(json, row, out, note, pool)
                                : import_okp(json, row, out, note, pool);
}

bearer_reason_t bearer_material_secret(bearer_str_t secret,
                                       bearer_material_t *out, apr_pool_t *pool)
{
    memset(out, 0, sizeof(*out));
    out->cost = COST_OCT;
    out->bits = (int)secret.len * 8;
    out->cjose =
        adopt_cjose(cjose_jwk_create_oct_spec((const uint8_t *)secret.data,
                                              secret.len, NULL),
                    pool);
    bearer_crypto_end();
    return out->cjose ? BEARER_OK : BEARER_NO_MEMORY;
}
