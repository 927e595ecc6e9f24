/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/jose/alg.h"

static void alg_table_holds_the_numbers_of_the_rfcs(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_kty_t kty;
        bearer_curve_t curve;
        apr_size_t signature, hash;
        bool cjose, secret;
    } rows[] = {
        {"RS256", BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 32, true, false},
        {"RS384", BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 48, true, false},
        {"RS512", BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 64, true, false},
        {"PS256", BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 32, true, false},
        {"PS384", BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 48, true, false},
        {"PS512", BEARER_KTY_RSA, BEARER_CURVE_NONE, 0, 64, true, false},
        {"ES256", BEARER_KTY_EC, BEARER_CURVE_P256, 64, 32, true, false},
        {"ES384", BEARER_KTY_EC, BEARER_CURVE_P384, 96, 48, true, false},
        {"ES512", BEARER_KTY_EC, BEARER_CURVE_P521, 132, 64, true, false},
        {"EdDSA", BEARER_KTY_OKP, BEARER_CURVE_NONE, 0, 0, false, false},
        {"Ed25519", BEARER_KTY_OKP, BEARER_CURVE_ED25519, 64, 0, false, false},
        {"Ed448", BEARER_KTY_OKP, BEARER_CURVE_ED448, 114, 0, false, false},
        {"HS256", BEARER_KTY_OCT, BEARER_CURVE_NONE, 32, 32, true, true},
        {"HS384", BEARER_KTY_OCT, BEARER_CURVE_NONE, 48, 48, true, true},
        {"HS512", BEARER_KTY_OCT, BEARER_CURVE_NONE, 64, 64, true, true},
    };
    const int count = sizeof(rows) / sizeof(rows[0]);
    bearer_algset_t seen = 0;
    int i;

    for (i = 0; i < count; i++) {
        const char *name = rows[i].name;
        const bearer_alg_t *alg = bearer_alg_find(unit_str(name));

        unit_expect(name, alg != NULL);
        unit_expect(name, alg == bearer_alg_row(i));
        unit_expect(name, strcmp(alg->name, name) == 0);
        unit_expect(name, alg->bit && !(alg->bit & (alg->bit - 1)));
        unit_expect(name, !(alg->bit & seen));
        unit_expect(name, alg->kty == rows[i].kty);
        unit_expect(name, alg->curve == rows[i].curve);
        unit_expect(name, alg->signature == rows[i].signature);
        unit_expect(name, alg->hash == rows[i].hash);
        unit_expect(name, alg->cjose == rows[i].cjose);
        unit_expect(name, !(bearer_alg_secret & alg->bit) != rows[i].secret);
        unit_expect(name, !(bearer_alg_public & alg->bit) == rows[i].secret);
        seen |= alg->bit;
    }
    assert_null(bearer_alg_row(count));
    assert_null(bearer_alg_row(-1));
    assert_null(bearer_alg_row(1000));
    assert_int_equal(seen, bearer_alg_public | bearer_alg_secret);
}

static void alg_finds_exact_names_only(void **state BEARER_UNUSED)
{
    static const char *const names[] = {
        "none", "None",   "NONE",  "",       "rs256",   "RS256 ",  " RS256",
        "RS25", "RS2567", "Rs256", "eddsa",  "EDDSA",   "ed25519", "ES256K",
        "RS1",  "HS1",    "dir",   "RSA1_5", "A128GCM",
    };
    bearer_str_t nul = {"RS256", 6};
    bearer_str_t absent = {NULL, 0};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unit_expect(names[i], bearer_alg_find(unit_str(names[i])) == NULL);
    assert_null(bearer_alg_find(nul));
    assert_null(bearer_alg_find(absent));
}

static void alg_needs_no_terminated_name(void **state BEARER_UNUSED)
{
    bearer_str_t name = {"ES256K", 5};

    assert_string_equal(bearer_alg_find(name)->name, "ES256");
}

static void alg_names_stand_in_table_order(void **state)
{
    bearer_algset_t two = bearer_alg_find(unit_str("HS512"))->bit
                          | bearer_alg_find(unit_str("RS256"))->bit;

    assert_string_equal(bearer_alg_names(0, *state), "");
    assert_string_equal(bearer_alg_names(two, *state), "RS256 HS512");
    assert_string_equal(bearer_alg_names(bearer_alg_secret, *state),
                        "HS256 HS384 HS512");
    assert_string_equal(bearer_alg_names(bearer_alg_public, *state),
                        "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 "
                        "ES512 EdDSA Ed25519 Ed448");
    /* bits without a row have no name */
    assert_string_equal(
        bearer_alg_names(~(bearer_alg_public | bearer_alg_secret), *state), "");
}

static void alg_knows_curves_by_exact_name(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_curve_t curve;
        apr_size_t size;
    } curves[] = {
        {"P-256", BEARER_CURVE_P256, 32},
        {"P-384", BEARER_CURVE_P384, 48},
        {"P-521", BEARER_CURVE_P521, 66},
        {"Ed25519", BEARER_CURVE_ED25519, 32},
        {"Ed448", BEARER_CURVE_ED448, 57},
    };
    static const char *const others[] = {
        "",          "p-256",  "P256",    "P-256 ",   "P-512",
        "secp256k1", "X25519", "ed25519", "Ed25519x",
    };
    bearer_str_t absent = {NULL, 0};
    apr_size_t i;

    for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        const char *name = curves[i].name;
        bearer_curve_t curve = bearer_alg_curve(unit_str(name));

        unit_expect(name, curve == curves[i].curve);
        unit_expect(name, strcmp(bearer_alg_curve_name(curve), name) == 0);
        unit_expect(name, bearer_alg_curve_size(curve) == curves[i].size);
    }
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        unit_expect(others[i],
                    bearer_alg_curve(unit_str(others[i])) == BEARER_CURVE_NONE);
    assert_int_equal(bearer_alg_curve(absent), BEARER_CURVE_NONE);
    assert_string_equal(bearer_alg_curve_name(BEARER_CURVE_NONE), "");
    assert_int_equal(bearer_alg_curve_size(BEARER_CURVE_NONE), 0);
    assert_string_equal(bearer_alg_curve_name((bearer_curve_t)99), "");
    assert_int_equal(bearer_alg_curve_size((bearer_curve_t)99), 0);
}

/* an ES signature is two coordinates of its curve (RFC 7518 3.4) */
static void alg_signatures_fit_their_curves(void **state BEARER_UNUSED)
{
    const bearer_alg_t *alg;
    int i;

    for (i = 0; (alg = bearer_alg_row(i)) != NULL; i++) {
        if (alg->kty == BEARER_KTY_EC)
            unit_expect(alg->name,
                        alg->signature
                            == 2 * bearer_alg_curve_size(alg->curve));
        if (alg->kty == BEARER_KTY_OKP && alg->curve)
            unit_expect(alg->name,
                        alg->signature
                            == 2 * bearer_alg_curve_size(alg->curve));
        if (alg->kty == BEARER_KTY_OCT)
            unit_expect(alg->name, alg->signature == alg->hash);
    }
}

static void alg_names_key_types(void **state BEARER_UNUSED)
{
    assert_string_equal(bearer_alg_kty_name(BEARER_KTY_RSA), "RSA");
    assert_string_equal(bearer_alg_kty_name(BEARER_KTY_EC), "EC");
    assert_string_equal(bearer_alg_kty_name(BEARER_KTY_OKP), "OKP");
    assert_string_equal(bearer_alg_kty_name(BEARER_KTY_OCT), "oct");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(alg_table_holds_the_numbers_of_the_rfcs),
        unit_row(alg_finds_exact_names_only),
        unit_row(alg_needs_no_terminated_name),
        unit_row(alg_names_stand_in_table_order),
        unit_row(alg_knows_curves_by_exact_name),
        unit_row(alg_names_key_types),
        unit_row(alg_signatures_fit_their_curves),
    };

    return unit_run(tests);
}
