/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/keys/kidname.h"

#define NAME_64                                                                \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void kidname_is_one_segment_of_a_path(void **state BEARER_UNUSED)
{
    static const char *const good[] = {
        "a",       "c2f80c8b-c05c-4068-af14-17299f7896b1",
        "A.b_c-9", "a.b.c",
        "-",       "_",
        NAME_64};
    static const char *const bad[] = {
        "",         NAME_64 "0", ".",      "..",     ".a",     "a..b",
        "a/b",      "/a",        "a/",     "../a",   "a/../b", "a%2fb",
        "a\\b",     "a b",       "a?b",    "a#b",    "a:b",    "a@b",
        "\xc3\xa9", "a\n",       "a\r\nb", "%2e%2e", "a;b",    "a=b"};
    bearer_str_t nul = {"a\0b", 3}, absent = {NULL, 0};
    apr_size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        unit_expect(good[i], bearer_kidname_check(unit_str(good[i])));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        unit_expect(bad[i], !bearer_kidname_check(unit_str(bad[i])));
    assert_false(bearer_kidname_check(nul));
    assert_false(bearer_kidname_check(absent));
}

static void kidname_survives_shared_memory(void **state BEARER_UNUSED)
{
    _Atomic uint64_t at[BEARER_KIDNAME_WORDS];
    bearer_kidname_t full = bearer_kidname_make(unit_str(NAME_64));
    bearer_kidname_t one = bearer_kidname_make(unit_str("one"));
    char text[BEARER_KIDNAME_ROOM];

    bearer_kidname_store(at, &full);
    assert_true(bearer_kidname_is_at(at, &full));
    assert_true(bearer_kidname_read(at, text));
    assert_string_equal(text, NAME_64);
    assert_false(bearer_kidname_is_at(at, &one));
    bearer_kidname_store(at, &one);
    assert_true(bearer_kidname_read(at, text));
    assert_string_equal(text, "one");
    /* what somebody else has scribbled there is no name */
    atomic_store(&at[0], UINT64_C(0x2f2e2e2f2e2e2f2e));
    assert_false(bearer_kidname_read(at, text));
    atomic_store(&at[0], 0);
    assert_false(bearer_kidname_read(at, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(kidname_is_one_segment_of_a_path),
        unit_row(kidname_survives_shared_memory),
    };

    return unit_run(tests);
}
