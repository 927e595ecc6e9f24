/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/base/limits.h"
#include "bearer/text/json.h"
#include "bearer/text/path.h"
#include "bearer/text/write.h"

static const bearer_value_t *read_value(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *value = NULL;

    unit_expect_reason(
        text, bearer_json_parse(unit_str(text), &value, NULL, pool), "ok");
    return value;
}

static void path_finds(void **state)
{
    static const char text[] =
        "{\"sub\":\"S\",\"realm_access\":{\"roles\":[\"R0\",\"R1\"]},"
        "\"https://e.org/roles\":[\"U\"],\"a~b\":\"T\",\"m~1n\":\"E\","
        "\"\":\"0\",\"x\":{\"\":{\"\":\"00\"}},\"n\":null,"
        "\"num\":{\"0\":\"N0\",\"01\":\"N01\"},"
        "\"arr\":[[\"A00\",\"A01\"],{\"k\":\"A1K\"},2,3,4,5,6,7,8,9,\"A10\"],"
        "\"p q\":\"SP\",\"a/b\":\"SL\",\"-\":\"M\"}";
    static const struct {
        const char *path, *want;
    } cases[] = {
        {"sub", "\"S\""},
        {"realm_access.roles", "[\"R0\",\"R1\"]"},
        {"realm_access.roles.1", "\"R1\""},
        {"realm_access.roles.2", NULL},
        {"realm_access.nothing.more", NULL},
        {"sub.more", NULL},
        {"n", "null"},
        {"n.more", NULL},
        {"num.0", "\"N0\""},
        {"num.01", "\"N01\""},
        {"num.1", NULL},
        {"arr.0.1", "\"A01\""},
        {"arr.1.k", "\"A1K\""},
        {"arr.10", "\"A10\""},
        {"arr.010", NULL},
        {"arr.00", NULL},
        {"arr.-0", NULL},
        {"arr.-1", NULL},
        {"arr.+1", NULL},
        {"arr.1x", NULL},
        {"arr.0x1", NULL},
        {"arr. 1", NULL},
        {"arr.18446744073709551615", NULL},
        {"arr.18446744073709551616", NULL},
        {"arr.18446744073709551617", NULL},
        {"arr.99999999999999999999999999999999999", NULL},
        {"a~b", "\"T\""},
        {"p q", "\"SP\""},
        {"a/b", "\"SL\""},
        {"Sub", NULL},
        {"/sub", "\"S\""},
        {"/realm_access/roles/0", "\"R0\""},
        {"/realm_access.roles", NULL},
        {"/https:~1~1e.org~1roles/0", "\"U\""},
        {"/a~0b", "\"T\""},
        {"/m~01n", "\"E\""},
        {"/m~1n", NULL},
        {"/a~1b", "\"SL\""},
        {"/", "\"0\""},
        {"/x//", "\"00\""},
        {"//", NULL},
        {"/arr/-", NULL},
        {"/arr/", NULL},
        {"/-", "\"M\""},
        {"/arr/01", NULL},
        {"/arr/10", "\"A10\""},
    };
    const bearer_value_t *json = read_value(text, *state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].path;
        const bearer_path_t *path = NULL;
        const bearer_value_t *value;

        unit_expect_reason(name, bearer_path_parse(name, &path, NULL, *state),
                           "ok");
        unit_expect(name, strcmp(bearer_path_text(path), name) == 0);
        value = bearer_path_find(path, json);
        unit_expect(name, !value == !cases[i].want);
        if (value)
            unit_expect(name, strcmp(bearer_write_json(value, *state).data,
                                     cases[i].want)
                                  == 0);
        unit_expect(name, bearer_path_find(path, NULL) == NULL);
    }
}

static void path_needs_no_object_at_the_top(void **state)
{
    const bearer_path_t *path;
    const bearer_value_t *array =
        bearer_value_get(read_value("{\"a\":[\"x\",\"y\"]}", *state), "a");

    unit_expect_reason("1", bearer_path_parse("1", &path, NULL, *state), "ok");
    assert_string_equal(bearer_value_text(bearer_path_find(path, array)).data,
                        "y");
    assert_null(bearer_path_find(path, bearer_value_at(array, 0)));
}

static void path_refuses_bad_ones(void **state)
{
    static const struct {
        const char *path, *note;
    } cases[] = {
        {NULL, "the path is empty"},
        {"", "the path is empty"},
        {".", "a step of the path is empty"},
        {".a", "a step of the path is empty"},
        {"a.", "a step of the path is empty"},
        {"a..b", "a step of the path is empty"},
        {"$.realm_access.roles",
         "paths begin without $: write realm_access.roles"},
        {"$['realm_access'].roles[0]",
         "paths begin without $: write realm_access.roles.0"},
        {"https://e.org/roles", "dots separate steps, so a claim of that name "
                                "is written /https:~1~1e.org~1roles"},
        {"email,sub", "it is one path with a comma in it: give each path a "
                      "word of its own, without commas; a claim of that name "
                      "is written /email,sub"},
        {"email,", "it is one path with a comma in it: give each path a "
                   "word of its own, without commas; a claim of that name is "
                   "written /email,"},
        {"groups[0]", "what is in an array is a step of its own: write "
                      "groups.0; a claim of that name is written /groups[0]"},
        {"a.groups[*]",
         "what is in an array is a step of its own: write a.groups; a claim of "
         "that name is written /a.groups[*]"},
        {"groups[]", "what is in an array is a step of its own: write groups; "
                     "a claim of that name is written /groups[]"},
        {"$.groups.*", "paths begin without $: write groups"},
        {"a.groups.*",
         "what is in an array is a step of its own: write a.groups; a claim of "
         "that name is written /a.groups.*"},
        {"%{claim:role}", "a path is written without %{ }: write role; a claim "
                          "of that name is written /%{claim:role}"},
        {"%{claim:role",
         "a path is written without %{ }: write role; a claim of "
         "that name is written /%{claim:role"},
        {"/~", "a ~ is followed by neither 0 nor 1"},
        {"/a~", "a ~ is followed by neither 0 nor 1"},
        {"/a~/b", "a ~ is followed by neither 0 nor 1"},
        {"/a~2b", "a ~ is followed by neither 0 nor 1"},
        {"/~~0", "a ~ is followed by neither 0 nor 1"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i].path ? cases[i].path : "NULL";
        const bearer_path_t *path = NULL;
        bearer_note_t note = {""};

        unit_expect_reason(
            name, bearer_path_parse(cases[i].path, &path, &note, *state),
            "path_form");
        unit_expect(name, path == NULL);
        unit_expect(name, strcmp(note.text, cases[i].note) == 0);
    }
}

static void path_names_a_claim_by_a_pointer(void **state)
{
    static const char *const names[] = {"a/b", "a~b", "p q",
                                        "sub", "",    "https://e.org/roles"};
    const bearer_value_t *json =
        read_value("{\"a/b\":1,\"a~b\":1,\"p q\":1,\"sub\":1,\"\":1,"
                   "\"https://e.org/roles\":1}",
                   *state);
    const bearer_path_t *path;
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unit_expect_reason(
            names[i],
            bearer_path_parse(bearer_path_pointer(names[i], *state), &path,
                              NULL, *state),
            "ok");
        unit_expect(names[i], bearer_path_find(path, json));
    }
    assert_string_equal(bearer_path_pointer("a~1/b", *state), "/a~01~1b");
}

static void path_bounds_its_steps(void **state)
{
    const char *dotted = "a", *pointer = "/";
    const bearer_path_t *path;
    int i;

    for (i = 1; i < BEARER_LIMIT_JSON_DEPTH; i++) {
        dotted = apr_pstrcat(*state, dotted, ".a", NULL);
        pointer = apr_pstrcat(*state, pointer, "/", NULL);
    }
    unit_expect_reason("dotted", bearer_path_parse(dotted, &path, NULL, *state),
                       "ok");
    unit_expect_reason("pointer",
                       bearer_path_parse(pointer, &path, NULL, *state), "ok");
    dotted = apr_pstrcat(*state, dotted, ".a", NULL);
    pointer = apr_pstrcat(*state, pointer, "/", NULL);
    unit_expect_reason("dotted, one more",
                       bearer_path_parse(dotted, &path, NULL, *state),
                       "path_form");
    unit_expect_reason("pointer, one more",
                       bearer_path_parse(pointer, &path, NULL, *state),
                       "path_form");
}

static void path_bounds_a_dotted_step(void **state)
{
    const bearer_path_t *path;
    char step[258];

    memset(step, 'a', sizeof(step));
    step[256] = '\0';
    unit_expect_reason("256", bearer_path_parse(step, &path, NULL, *state),
                       "ok");
    step[256] = 'a';
    step[257] = '\0';
    unit_expect_reason("257", bearer_path_parse(step, &path, NULL, *state),
                       "path_form");
}

static void path_keeps_copies(void **state)
{
    char text[] = "/sub";
    const bearer_path_t *path;

    unit_expect_reason(text, bearer_path_parse(text, &path, NULL, *state),
                       "ok");
    memset(text, 'x', 4);
    assert_string_equal(bearer_path_text(path), "/sub");
    assert_non_null(bearer_path_find(path, read_value("{\"sub\":1}", *state)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(path_finds),
        unit_row(path_needs_no_object_at_the_top),
        unit_row(path_refuses_bad_ones),
        unit_row(path_names_a_claim_by_a_pointer),
        unit_row(path_bounds_its_steps),
        unit_row(path_bounds_a_dotted_step),
        unit_row(path_keeps_copies),
    };

    return unit_run(tests);
}
