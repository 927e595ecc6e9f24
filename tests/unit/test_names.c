/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/base/limits.h"
#include "bearer/text/names.h"

static void names_are_tokens(void **state BEARER_UNUSED)
{
    static const struct {
        const char *list;
        bool good;
    } rows[] = {
        {NULL, false},
        {"", false},
        {" , ", false},
        {"x", true},
        {"mcp-method,mcp-name", true},
        {"\t X-A ,, X-B\t,", true},
        {"X A", false},
        {"X-A, X\tB", false},
        {"X-A:", false},
        {"X-A\r\nSet-Cookie: a", false},
        {"X-A, \"X-B\"", false},
        {"X-A; X-B", false},
        {"X-\xc3\xa4", false},
        {"X-A\x7f", false},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        unit_expect(rows[i].list ? rows[i].list : "none",
                    bearer_names_check(rows[i].list) == rows[i].good);
}

static void names_are_joined(void **state)
{
    static const struct {
        const char *a, *b, *want;
    } rows[] = {
        {NULL, NULL, ""},
        {"", "", ""},
        {"A", NULL, "A"},
        {NULL, "A", "A"},
        {"A,B", "C", "A, B, C"},
        {"A, B", "b ,a,C", "A, B, C"},
        {"A,a,A", "", "A"},
        {"A", "X B,C", "A, C"},
        {"A", "B\r\nSet-Cookie: a=b,C", "A, C"},
        {"A", "\"B\",*", "A, *"},
        {",,A,,", ",\t,B", "A, B"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        unit_expect(rows[i].want,
                    strcmp(bearer_names_join(rows[i].a, rows[i].b, *state),
                           rows[i].want)
                        == 0);
}

/* a stranger's list costs no more than so many names */
static void names_are_bounded(void **state)
{
    const char *list = "x0";
    const char *joined;
    int i, commas = 0;

    for (i = 1; i < BEARER_LIMIT_NAMES; i++)
        list = apr_psprintf(*state, "%s,x%d", list, i);
    assert_true(bearer_names_check(list));
    list = apr_pstrcat(*state, list, ",y", NULL);
    assert_false(bearer_names_check(list));
    joined = bearer_names_join(list, list, *state);
    for (; *joined; joined++)
        commas += *joined == ',';
    assert_int_equal(commas, BEARER_LIMIT_NAMES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(names_are_tokens),
        unit_row(names_are_joined),
        unit_row(names_are_bounded),
    };

    return unit_run(tests);
}
