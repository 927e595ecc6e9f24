/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <string.h>

#include "bearer/jose/edit.h"

#include "jose.h"

static const bearer_jwks_t *put(const bearer_jwks_t *set, const char *kid,
                                const char *pem, apr_pool_t *pool)
{
    const bearer_jwks_t *out = NULL;

    unit_expect_reason(
        kid,
        bearer_edit_put(set, unit_str(kid), unit_str(pem), &out, NULL, pool),
        "ok");
    return out;
}

static void edit_gives_keys_their_kids(void **state)
{
    const bearer_jwks_t *one = put(NULL, "one", FIX_P256_PEM, *state);
    const bearer_jwks_t *two = put(one, "two", FIX_RSA_CERTIFICATE_PEM, *state);
    const bearer_jwks_t *again = NULL;

    assert_int_equal(one->count, 1);
    assert_string_equal(bearer_jwks_kids(two, *state), "one, two");
    assert_int_equal(two->keys[1]->kty, BEARER_KTY_RSA);
    /* what the board gets: reading it gives the same keys with the same kids */
    unit_expect_reason("again",
                       bearer_jwks_parse(bearer_jwks_render(two, *state),
                                         &again, NULL, *state),
                       "ok");
    assert_string_equal(bearer_jwks_kids(again, *state), "one, two");
    assert_int_equal(again->skipped, 0);
}

static void edit_replaces_a_key(void **state)
{
    const bearer_jwks_t *set = put(NULL, "one", FIX_P256_PEM, *state);

    set = put(set, "two", FIX_P256_PEM, *state);
    set = put(set, "one", FIX_ED25519_PEM, *state);
    assert_string_equal(bearer_jwks_kids(set, *state), "two, one");
    assert_int_equal(set->keys[1]->kty, BEARER_KTY_OKP);
}

static void edit_drops_a_key(void **state)
{
    const bearer_jwks_t *set = put(put(NULL, "one", FIX_P256_PEM, *state),
                                   "two", FIX_P256_PEM, *state);

    set = bearer_edit_drop(set, unit_str("one"), *state);
    assert_string_equal(bearer_jwks_kids(set, *state), "two");
    /* whole names only */
    set = bearer_edit_drop(set, unit_str("tw"), *state);
    assert_int_equal(set->count, 1);
    set = bearer_edit_drop(set, unit_str("two"), *state);
    assert_int_equal(set->count, 0);
    assert_string_equal(bearer_jwks_render(set, *state).data, "{\"keys\":[]}");
    assert_int_equal(bearer_edit_drop(NULL, unit_str("x"), *state)->count, 0);
}

/* what is not one public key leaves everything as it is */
static void edit_takes_one_public_key(void **state)
{
    static const struct {
        const char *name, *text, *want;
    } cases[] = {
        {"nothing", "", "pem_form"},
        {"a JWK set", "{\"keys\":[]}", "pem_form"},
        {"HTML", "<!doctype html>", "pem_form"},
        {"a private key", FIX_P256_PRIVATE_PEM, "pem_form"},
        {"two keys", FIX_P256_PEM FIX_P384_PEM, "pem_form"},
        {"a short RSA key", FIX_RSA1024_PEM, "jwk_rsa_size"},
    };
    const bearer_jwks_t *out = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unit_expect_reason(cases[i].name,
                           bearer_edit_put(NULL, unit_str("one"),
                                           unit_str(cases[i].text), &out, NULL,
                                           *state),
                           cases[i].want);
        unit_expect(cases[i].name, !out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(edit_gives_keys_their_kids),
        unit_row(edit_replaces_a_key),
        unit_row(edit_drops_a_key),
        unit_row(edit_takes_one_public_key),
    };

    return unit_run(tests);
}
