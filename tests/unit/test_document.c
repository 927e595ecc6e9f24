/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/keys/document.h"

/* Reading beside a writer, other processes, killed ones: test_board.c. */

static const bearer_document_id_t mine = {{1, 2, 3, 4}};
static const bearer_document_id_t other = {{1, 2, 3, 5}};

/* in memory that holds rubbish */
static bearer_document_pair_t new_pair(apr_pool_t *pool)
{
    bearer_document_pair_t pair;

    pair.turn = apr_pcalloc(pool, sizeof(*pair.turn));
    pair.halves = apr_palloc(pool, 2 * sizeof(*pair.halves));
    memset(pair.halves, 0x5a, 2 * sizeof(*pair.halves));
    return pair;
}

static bearer_reason_t read_it(bearer_document_pair_t pair, bearer_str_t *text,
                               apr_pool_t *pool)
{
    apr_uint64_t version = 0;
    bearer_reason_t why =
        bearer_document_read(pair, mine, text, &version, pool);

    if (!why)
        assert_true(version == atomic_load(&pair.turn->current));
    return why;
}

static void document_gives_back_what_was_put(void **state)
{
    bearer_document_pair_t pair = new_pair(*state);
    bearer_str_t text = {NULL, 0};
    apr_uint64_t before = 0;
    int i;

    unit_expect_reason("nothing yet", read_it(pair, &text, *state),
                       "keys_unavailable");
    for (i = 0; i < 20; i++) {
        /* every length modulo the word, and none */
        char *want = apr_psprintf(*state, "%.*s", i, "01234567890123456789");

        bearer_document_put(pair, mine, 0, unit_str(want));
        unit_expect_reason(want, read_it(pair, &text, *state), "ok");
        assert_string_equal(text.data, want);
        assert_int_equal(text.len, i);
        assert_true(atomic_load(&pair.turn->current) > before);
        before = atomic_load(&pair.turn->current);
    }
}

static void document_is_nobody_elses(void **state)
{
    bearer_document_pair_t pair = new_pair(*state);
    bearer_str_t text = {"untouched", 9};
    apr_uint64_t version = 77;

    bearer_document_put(pair, other, 0, unit_str("theirs"));
    unit_expect_reason(
        "another's", bearer_document_read(pair, mine, &text, &version, *state),
        "keys_unavailable");
    assert_string_equal(text.data, "untouched");
    assert_int_equal(version, 77);
}

/* whatever changes in it, also one bit */
static void document_that_was_written_over_is_refused(void **state)
{
    bearer_document_pair_t pair = new_pair(*state);
    unsigned char *bytes = (unsigned char *)&pair.halves[1];
    apr_size_t used = offsetof(bearer_document_t, text) + 24;
    bearer_str_t text = {NULL, 0};
    apr_size_t i;
    int bit;

    bearer_document_put(pair, mine, 1, unit_str("the text of these keys"));
    for (i = 0; i < used; i++) {
        /* nobody reads that one */
        if (i / 8 == offsetof(bearer_document_t, unused) / 8)
            continue;
        for (bit = 0; bit < 8; bit++) {
            bytes[i] ^= (unsigned char)(1 << bit);
            unit_expect_reason(apr_psprintf(*state, "byte %d", (int)i),
                               read_it(pair, &text, *state), "board_broken");
            bytes[i] ^= (unsigned char)(1 << bit);
        }
    }
    unit_expect_reason("healed", read_it(pair, &text, *state), "ok");
}

static void document_counts_round_and_goes_on(void **state)
{
    bearer_document_pair_t pair = new_pair(*state);
    bearer_str_t text = {NULL, 0};

    bearer_document_put(pair, mine, UINT64_MAX, unit_str("last"));
    bearer_document_put(pair, mine, 0, unit_str("first"));
    unit_expect_reason("round", read_it(pair, &text, *state), "ok");
    assert_string_equal(text.data, "first");
    assert_true(atomic_load(&pair.turn->current) == 2);
    /* emptied: no version comes twice */
    atomic_store(&pair.turn->current, 0);
    unit_expect_reason("emptied", read_it(pair, &text, *state),
                       "keys_unavailable");
    bearer_document_put(pair, mine, 0, unit_str("next"));
    assert_true(atomic_load(&pair.turn->current) == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(document_gives_back_what_was_put),
        unit_row(document_is_nobody_elses),
        unit_row(document_that_was_written_over_is_refused),
        unit_row(document_counts_round_and_goes_on),
    };

    return unit_run(tests);
}
