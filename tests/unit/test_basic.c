/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/judge/basic.h"

/* each good one beside those that a lenient decoder takes for it */
static void basic_takes_credentials_apart(void **state)
{
    static const struct {
        const char *coded, *user, *password; /* NULL: refused */
    } cases[] = {
        {"QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin", "open sesame"},
        {"dGVzdDoxMjPCow==", "test", "123\xc2\xa3"}, /* RFC 7617 2.1 */
        {"dTph", "u", "a"},
        {"dTphOmI=", "u", "a:b"},
        {"OmE=", "", "a"},
        {"dTo6", "u", ":"},
        {"w6Q6Pz8/", "\xc3\xa4", "???"},
        {"w6Q6Pz8_", NULL, NULL},
        {"dTo+Pg==", "u", ">>"},
        {"dTo-Pg==", NULL, NULL},
        {"", NULL, NULL},
        {"=", NULL, NULL},
        {"====", NULL, NULL},
        {"Og==", NULL, NULL}, /* ":" */
        {"dTo=", NULL, NULL}, /* no password */
        {"dWE=", NULL, NULL}, /* no colon */
        {"dTpi", "u", "b"},
        {"dTpiYg", NULL, NULL},  /* no padding */
        {"dTpiYg=", NULL, NULL}, /* half of it */
        {"dTpiYg==", "u", "bb"},
        {"dTpiYh==", NULL, NULL},     /* unused bits */
        {"dTpiYg==dTph", NULL, NULL}, /* goes on after it */
        {"dT ph", NULL, NULL},
        {"dTph\n", NULL, NULL},
        {"dT=h", NULL, NULL},
        {"u:a", NULL, NULL},
        {"dQA6YQ==", NULL, NULL}, /* NUL in the name */
        {"dQo6YQ==", NULL, NULL}, /* a line feed there */
        {"f3U6YQ==", NULL, NULL}, /* DEL */
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *coded = cases[i].coded;
        bearer_str_t user = {NULL, 0}, password = {NULL, 0};

        unit_expect_reason(
            coded,
            bearer_basic_parse(bearer_str(coded), &user, &password, *state),
            cases[i].user ? "ok" : "token_format");
        unit_expect(coded, !user.data == !cases[i].user);
        if (!cases[i].user)
            continue;
        unit_expect(coded, bearer_str_is(user, cases[i].user));
        unit_expect(coded, bearer_str_is(password, cases[i].password));
        assert_string_equal(bearer_basic_render(user, password, *state), coded);
    }
}

static void basic_keeps_a_password_whole(void **state)
{
    bearer_str_t user, password;

    unit_expect_reason(
        "NUL",
        bearer_basic_parse(bearer_str("dTphAGI="), &user, &password, *state),
        "ok");
    assert_int_equal(password.len, 3);
    assert_memory_equal(password.data, "a\0b", 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(basic_takes_credentials_apart),
        unit_row(basic_keeps_a_password_whole),
    };

    return unit_run(tests);
}
