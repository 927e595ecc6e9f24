/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bearer/gate/presented.h"

#define BOTH (BEARER_DEPENDS_METHOD | BEARER_DEPENDS_TARGET)

static void presented_is_the_same_in_what_was_depended_on(void **state)
{
    static const struct {
        const char *name;
        bearer_presented_t other;
        bool method, target;
    } rows[] = {
        {"the same", {.method = "GET", .target = "/a?b"}, true, true},
        {"another method", {.method = "POST", .target = "/a?b"}, false, true},
        {"a method in small letters",
         {.method = "get", .target = "/a?b"},
         false,
         true},
        {"another target", {.method = "GET", .target = "/a"}, true, false},
        {"the target in other words",
         {.method = "GET", .target = "/%61?b"},
         true,
         false},
        {"all is another", {.method = "PUT", .target = "/"}, false, false},
        {"unknown", {.method = NULL, .target = NULL}, false, false},
    };
    const bearer_presented_t one = {.method = "GET", .target = "/a?b"};
    const bearer_presented_t none = {.method = NULL, .target = NULL};
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bearer_presented_t *other = &rows[i].other;
        const char *name = rows[i].name;

        unit_expect(name, bearer_presented_same(&one, other, 0));
        unit_expect(name,
                    bearer_presented_same(&one, other, BEARER_DEPENDS_METHOD)
                        == rows[i].method);
        unit_expect(name,
                    bearer_presented_same(other, &one, BEARER_DEPENDS_TARGET)
                        == rows[i].target);
        unit_expect(name, bearer_presented_same(&one, other, BOTH)
                              == (rows[i].method && rows[i].target));
    }
    /* what is not known of either is not the same */
    assert_false(bearer_presented_same(&none, &none, BOTH));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(presented_is_the_same_in_what_was_depended_on),
    };

    return unit_run(tests);
}
