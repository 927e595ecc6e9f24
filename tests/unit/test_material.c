/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused is in the tables of test_jwk.c, which come through here. */
#include "unit.h"

#include "bearer/jose/material.h"

#include "jose.h"

static void material_knows_whose_a_curve_is(void **state BEARER_UNUSED)
{
    assert_true(bearer_material_knows(BEARER_KTY_RSA, BEARER_CURVE_NONE));
    assert_true(bearer_material_knows(BEARER_KTY_EC, BEARER_CURVE_P256));
    assert_true(bearer_material_knows(BEARER_KTY_OKP, BEARER_CURVE_ED448));
    assert_false(bearer_material_knows(BEARER_KTY_EC, BEARER_CURVE_ED448));
    assert_false(bearer_material_knows(BEARER_KTY_OKP, BEARER_CURVE_P256));
    assert_false(bearer_material_knows(BEARER_KTY_EC, BEARER_CURVE_NONE));
    assert_false(bearer_material_knows(BEARER_KTY_OCT, BEARER_CURVE_NONE));
}

static void material_is_of_one_library(void **state)
{
    static const struct {
        const char *json;
        bearer_kty_t kty;
        bearer_curve_t curve;
        int bits;
        bool by_cjose;
    } rows[] = {
        {"{'n':'" FIX_RSA_N "','e':'AQAB'}", BEARER_KTY_RSA, BEARER_CURVE_NONE,
         2048, true},
        {"{'x':'" FIX_P384_X "','y':'" FIX_P384_Y "'}", BEARER_KTY_EC,
         BEARER_CURVE_P384, 384, true},
        {"{'x':'" FIX_ED25519_X "'}", BEARER_KTY_OKP, BEARER_CURVE_ED25519, 256,
         false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bearer_value_t *json;
        bearer_material_t got;

        unit_expect_reason("json",
                           bearer_json_parse(jose_json(rows[i].json, *state),
                                             &json, NULL, *state),
                           "ok");
        unit_expect_reason(rows[i].json,
                           bearer_material_import(json, rows[i].kty,
                                                  rows[i].curve, &got, NULL,
                                                  *state),
                           "ok");
        unit_expect(rows[i].json, got.bits == rows[i].bits && got.cost > 0);
        unit_expect(rows[i].json, !got.cjose == !rows[i].by_cjose);
        unit_expect(rows[i].json, !got.pkey == rows[i].by_cjose);
    }
}

static void material_takes_a_secret(void **state)
{
    bearer_material_t got;

    unit_expect_reason(
        "secret",
        bearer_material_secret(unit_str("0123456789abcdef0123456789abcdef"),
                               &got, *state),
        "ok");
    assert_int_equal(got.bits, 256);
    assert_non_null(got.cjose);
    assert_null(got.pkey);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit_row(material_knows_whose_a_curve_is),
        unit_row(material_is_of_one_library),
        unit_row(material_takes_a_secret),
    };

    return unit_run(tests);
}
