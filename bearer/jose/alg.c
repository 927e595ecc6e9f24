/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/jose/alg.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

/* the rows, in the order of the table */
enum {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    EDDSA,
    ED25519,
    ED448,
    HS256,
    HS384,
    HS512,
    ROWS
};

#define BIT(row) ((bearer_algset_t)1 << (row))

/* RFC 7518 3.1, RFC 8037 3.1 and RFC 9864 2.2; "none" is left out on purpose (RFC 8725
 * 3.2) */
static const bearer_alg_t table[ROWS] = {
    [RS256] = {"RS256", BIT(RS256), BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 32,
               true},
    [RS384] = {"RS384", BIT(RS384), BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 48,
               true},
    [RS512] = {"RS512", BIT(RS512), BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 64,
               true},
    [PS256] = {"PS256", BIT(PS256), BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 32,
               true},
    [PS384] = {"PS384", BIT(PS384), BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 48,
               true},
    [PS512] = {"PS512", BIT(PS512), BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 64,
               true},
    /* RFC 7518 3.4: the curve belongs to the algorithm */
    [ES256] = {"ES256", BIT(ES256), BEARER_KTY_EC, BEARER_CURVE_P256, 64, 32,
               true},
    [ES384] = {"ES384", BIT(ES384), BEARER_KTY_EC, BEARER_CURVE_P384, 96, 48,
               true},
    [ES512] = {"ES512", BIT(ES512), BEARER_KTY_EC, BEARER_CURVE_P521, 132, 64,
               true},
    /* EdDSA includes its hash, which depends on the curve; cjose has no
     * EdDSA */
    [EDDSA] = {"EdDSA", BIT(EDDSA), BEARER_KTY_OKP, BEARER_CURVE_NONE, 0, 0,
               false},
    /* RFC 9864 2.2: EdDSA on the curve that the name says, and on no other */
    [ED25519] = {"Ed25519", BIT(ED25519), BEARER_KTY_OKP, BEARER_CURVE_ED25519,
                 64, 0, false},
    [ED448] = {"Ed448", BIT(ED448), BEARER_KTY_OKP, BEARER_CURVE_ED448, 114, 0,
               false},
    [HS256] = {"HS256", BIT(HS256), BEARER_KTY_OCT, BEARER_CURVE_NONE, 32, 32,
               true},
    [HS384] = {"HS384", BIT(HS384), BEARER_KTY_OCT, BEARER_CURVE_NONE, 48, 48,
               true},
    [HS512] = {"HS512", BIT(HS512), BEARER_KTY_OCT, BEARER_CURVE_NONE, 64, 64,
               true},
};

/* RFC 7518 6.2.1.1, RFC 8037 2; row 0 is "no curve" */
static const struct {
    const char *name;
    apr_size_t size;
} curves[] = {
    [BEARER_CURVE_NONE] = {"", 0},
    [BEARER_CURVE_P256] = {"P-256", 32},
    [BEARER_CURVE_P384] = {"P-384", 48},
    [BEARER_CURVE_P521] = {"P-521", 66},
    [BEARER_CURVE_ED25519] = {"Ed25519", 32},
    [BEARER_CURVE_ED448] = {"Ed448", 57},
};

#define CURVES (sizeof(curves) / sizeof(curves[0]))

const bearer_algset_t bearer_alg_public = BIT(HS256) - 1;
const bearer_algset_t bearer_alg_secret = BIT(HS256) | BIT(HS384) | BIT(HS512);

/* names are compared byte for byte: RFC 7515 4.1.1 */
const bearer_alg_t *bearer_alg_find(bearer_str_t name)
{
    int i;

    for (i = 0; i < ROWS; i++) {
        if (bearer_str_is(name, table[i].name))
            return &table[i];
    }
    return NULL;
}

const bearer_alg_t *bearer_alg_row(int i)
{
    return i >= 0 && i < ROWS ? &table[i] : NULL;
}

const char *bearer_alg_names(bearer_algset_t set, apr_pool_t *pool)
{
    const char *names = "";
    int i;

    for (i = 0; i < ROWS; i++) {
        if (set & table[i].bit)
            names = apr_pstrcat(pool, names, *names ? " " : "", table[i].name,
                                NULL);
    }
    return names;
}

bearer_curve_t bearer_alg_curve(bearer_str_t name)
{
    apr_size_t i;

    for (i = BEARER_CURVE_NONE + 1; i < CURVES; i++) {
        if (bearer_str_is(name, curves[i].name))
            return (bearer_curve_t)i;
    }
    return BEARER_CURVE_NONE;
}

const char *bearer_alg_curve_name(bearer_curve_t curve)
{
    return (unsigned)curve < CURVES ? curves[curve].name : "";
}

const char *bearer_alg_kty_name(bearer_kty_t kty)
{
    switch (kty) {
    case BEARER_KTY_RSA:
        return "RSA";
    case BEARER_KTY_EC:
        return "EC";
    case BEARER_KTY_OKP:
        return "OKP";
    case BEARER_KTY_OCT:
        break;
    }
    return "oct";
}

apr_size_t bearer_alg_curve_size(bearer_curve_t curve)
{
    return (unsigned)curve < CURVES ? curves[curve].size : 0;
}
