/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/text/json.h"
#include "bearer/text/value.h"

static const bearer_value_t *value_of(const char *text, apr_pool_t *pool)
{
    const bearer_value_t *value = NULL;

    unit_expect_reason(
        text, bearer_json_read(unit_str(text), &value, NULL, pool), "ok");
    return value;
}

#define ALL                                                                    \
    "{\"s\":\"text\",\"e\":\"\",\"i\":-12,\"r\":1.5,\"t\":true,\"f\":false,"   \
    "\"n\":null,\"a\":[1,[2,\"x\"],{}],\"o\":{\"in\":\"side\"}}"

static void value_tells_kinds(void **state)
{
    static const struct {
        const char *name;
        bearer_kind_t kind;
        bool number, boolean;
    } rows[] = {
        {"s", BEARER_KIND_STRING, false, false},
        {"e", BEARER_KIND_STRING, false, false},
        {"i", BEARER_KIND_INTEGER, true, false},
        {"r", BEARER_KIND_REAL, true, false},
        {"t", BEARER_KIND_TRUE, false, true},
        {"f", BEARER_KIND_FALSE, false, true},
        {"n", BEARER_KIND_NULL, false, false},
        {"a", BEARER_KIND_ARRAY, false, false},
        {"o", BEARER_KIND_OBJECT, false, false},
        {"x", BEARER_KIND_ABSENT, false, false},
        {"", BEARER_KIND_ABSENT, false, false},
        {"in", BEARER_KIND_ABSENT, false, false},
    };
    const bearer_value_t *all = value_of(ALL, *state);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const bearer_value_t *value = bearer_value_get(all, rows[i].name);

        unit_expect(rows[i].name, bearer_value_kind(value) == rows[i].kind);
        unit_expect(rows[i].name, bearer_value_is(value, rows[i].kind));
        unit_expect(rows[i].name,
                    bearer_value_is_number(value) == rows[i].number);
        unit_expect(rows[i].name,
                    bearer_value_is_boolean(value) == rows[i].boolean);
        unit_expect(rows[i].name, (bearer_value_text(value).data != NULL)
                                      == (rows[i].kind == BEARER_KIND_STRING));
        unit_expect(rows[i].name,
                    bearer_value_integer(value)
                        == (rows[i].name[0] == 'i' && rows[i].name[1] == '\0'
                                ? -12
                                : 0));
        unit_expect(rows[i].name, (bearer_value_real(value) > 1)
                                      == (rows[i].kind == BEARER_KIND_REAL));
    }
}

static void value_compares_texts(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);
    bearer_str_t absent = {NULL, 0};

    assert_true(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("text")));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("texT")));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("tex")));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "s"), unit_str("texts")));
    assert_true(bearer_value_equals(bearer_value_get(all, "e"), unit_str("")));
    assert_false(bearer_value_equals(bearer_value_get(all, "e"), absent));
    assert_false(
        bearer_value_equals(bearer_value_get(all, "i"), unit_str("-12")));
    assert_false(bearer_value_equals(NULL, unit_str("")));
    /* terminated, and what pads it is not part of it */
    assert_string_equal(bearer_value_text(bearer_value_get(all, "s")).data,
                        "text");
    assert_int_equal(bearer_value_text(bearer_value_get(all, "s")).len, 4);
}

static void value_walks_members(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);
    const bearer_value_t *array = bearer_value_get(all, "a");
    const bearer_value_t *at = bearer_value_first(array);

    assert_int_equal(bearer_value_integer(at), 1);
    at = bearer_value_next(array, at);
    assert_string_equal(bearer_value_text(bearer_value_at(at, 1)).data, "x");
    assert_null(bearer_value_at(at, 2));
    at = bearer_value_next(array, at);
    assert_null(bearer_value_first(at));
    assert_null(bearer_value_next(array, at));

    at = bearer_value_first(bearer_value_get(all, "o"));
    assert_string_equal(bearer_value_text(at).data, "in");
    at = bearer_value_next(bearer_value_get(all, "o"), at);
    assert_string_equal(bearer_value_text(at).data, "side");
    assert_null(bearer_value_next(bearer_value_get(all, "o"), at));
}

/* what has no members, or is another kind than asked for */
static void value_finds_nothing_in_other_kinds(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);

    assert_null(bearer_value_first(NULL));
    assert_null(bearer_value_first(bearer_value_get(all, "s")));
    assert_null(bearer_value_first(bearer_value_get(all, "n")));
    assert_null(bearer_value_get(NULL, "s"));
    assert_null(bearer_value_get(bearer_value_get(all, "a"), "1"));
    assert_null(bearer_value_at(NULL, 0));
    assert_null(bearer_value_at(all, 0));
    assert_null(bearer_value_at(bearer_value_get(all, "a"), 3));
    assert_int_equal(bearer_value_size(NULL), 0);
}

/* a copy elsewhere says the same when the first is gone */
static void value_moves_as_a_whole(void **state)
{
    const bearer_value_t *all = value_of(ALL, *state);
    apr_size_t size = bearer_value_size(all);
    char *copy = apr_palloc(*state, size + 8);
    const char *before = bearer_json_write(all, *state).data;

    assert_int_equal(size % 8, 0);
    memcpy(copy, all, size);
    memset((char *)all, 'x', size);
    assert_string_equal(
        bearer_json_write((const bearer_value_t *)(const void *)copy, *state)
            .data,
        before);
    assert_string_equal(before, ALL);
}

/* every function says no at each size that is too small, and writes nothing
 * behind the end (ASan looks) */
static void value_keeps_to_its_room(void **state BEARER_UNUSED)
{
    apr_size_t size;

    for (size = 0; size <= 48; size += 8) {
        char *memory = malloc(size ? size : 1);
        bearer_value_room_t room = {memory, memory + size};
        bearer_value_t *whole = bearer_value_open(&room, BEARER_KIND_ARRAY);

        assert_int_equal(whole != NULL, size >= 8);
        assert_int_equal(bearer_value_put_string(&room, unit_str("1234567")),
                         size >= 24);
        if (size >= 24)
            assert_int_equal(bearer_value_put_plain(&room, BEARER_KIND_TRUE),
                             size >= 32);
        if (size >= 32)
            assert_int_equal(bearer_value_put_integer(&room, 1), size >= 48);
        if (size == 40)
            assert_false(bearer_value_put_real(&room, 1));
        if (whole) {
            bearer_value_close(&room, whole);
            assert_true(bearer_value_size(whole) <= size);
        }
        free(memory);
    }
}

static void value_refuses_a_text_that_has_no_length(void **state BEARER_UNUSED)
{
    char memory[64];
    bearer_value_room_t room = {memory, memory + sizeof(memory)};
    bearer_str_t huge = {memory, (apr_size_t)1 << 28};

    assert_false(bearer_value_put_string(&room, huge));
    huge.len = (apr_size_t)-8;
    assert_false(bearer_value_put_string(&room, huge));
    assert_ptr_equal(room.at, memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(value_tells_kinds),
        unit_row(value_compares_texts),
        unit_row(value_walks_members),
        unit_row(value_finds_nothing_in_other_kinds),
        unit_row(value_moves_as_a_whole),
        unit_row(value_keeps_to_its_room),
        unit_row(value_refuses_a_text_that_has_no_length),
    };

    return unit_run(tests);
}
