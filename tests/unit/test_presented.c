/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/gate/presented.h"

#define BOTH (BEARER_DEPENDS_METHOD | BEARER_DEPENDS_TARGET)

static void presented_holds_in_what_was_depended_on(void **state)
{
    static const struct {
        const char *name;
        const char *method, *target;
        bool by_method, by_target;
    } rows[] = {
        {"the same", "GET", "/a?b", true, true},
        {"another method", "POST", "/a?b", false, true},
        {"a method in small letters", "get", "/a?b", false, true},
        {"another target", "GET", "/a", true, false},
        {"the target in other words", "GET", "/%61?b", true, false},
        {"all is another", "PUT", "/", false, false},
        {"unknown", NULL, NULL, false, false},
    };
    const bearer_presented_t one = {.method = "GET", .target = "/a?b"};
    const bearer_presented_t none = {.method = NULL, .target = NULL};
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = rows[i].name;
        const char *method = rows[i].method, *target = rows[i].target;

        unit_expect(name, bearer_presented_holds(&one, 0, method, target));
        unit_expect(name, bearer_presented_holds(&one, BEARER_DEPENDS_METHOD,
                                                 method, target)
                              == rows[i].by_method);
        unit_expect(name, bearer_presented_holds(&one, BEARER_DEPENDS_TARGET,
                                                 method, target)
                              == rows[i].by_target);
        unit_expect(name, bearer_presented_holds(&one, BOTH, method, target)
                              == (rows[i].by_method && rows[i].by_target));
        /* what is not known is not the same */
        assert_false(bearer_presented_holds(&none, BOTH, method, target));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(presented_holds_in_what_was_depended_on),
    };

    return unit_run(tests);
}
