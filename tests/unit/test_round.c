/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <string.h>

#include "bearer/base/str.h"
#include "bearer/report/round.h"
#include "tests/unit/counters.h"
#include "tests/unit/rounds.h"
#include "tests/unit/slots.h"

#define ROUNDS 20000

/* Whatever stands in the block: the words are terminated, and none of them is
 * anything but what bearer_note_set writes. */
static void round_tells_no_damaged_words(void **state)
{
    static const char *const bad[] = {"a\nb", "\x7f", "a\"b", "\xc3\x28",
                                      "\xe2\x80\xae"};
    static const char mark[] = "here it is:";
    char *block = make_block(shape, *state);
    bearer_stats_t *stats = attach(block, shape, *state);
    apr_size_t size = bearer_stats_size(shape), at = 0;
    bearer_board_id_t id = {{1}};
    const bearer_board_slot_t *slot = unit_slot(0, &id);
    unsigned seed = 1;
    int i, k;

    bearer_stats_note(stats, slot,
                      unit_round_of(BEARER_FETCH_IO, 0, "here it is:"), T);
    while (at + sizeof(mark) < size && memcmp(block + at, mark, sizeof(mark)))
        at++;
    assert_true(at + BEARER_LIMIT_NOTE < size);
    for (i = 0; i < (int)(sizeof(bad) / sizeof(bad[0])); i++) {
        memcpy(block + at, bad[i], strlen(bad[i]) + 1);
        unit_expect(bad[i], !*bearer_stats_result(stats, slot).note.text);
    }
    memset(block + at, 'x', BEARER_LIMIT_NOTE);
    assert_string_equal(bearer_stats_result(stats, slot).note.text, "");
    for (i = 0; i < 2000; i++) {
        bearer_round_result_t found;

        for (k = 0; k < BEARER_LIMIT_NOTE; k++) {
            seed = seed * 1103515245 + 12345;
            block[at + (apr_size_t)k] = (char)(seed >> 16);
            if (i % 2 && k > i % 5)
                block[at + (apr_size_t)k] = 0;
        }
        found = bearer_stats_result(stats, slot);
        assert_non_null(memchr(found.note.text, 0, BEARER_LIMIT_NOTE));
        for (k = 0; found.note.text[k]; k++)
            assert_true(bearer_str_is_plain(found.note.text[k])
                        || found.note.text[k] == '\\');
        unit_expect_reason("the reason stays", found.why, "fetch_io");
    }
}

static void *note_both(void *stats)
{
    bearer_board_id_t id = {{1}};
    bearer_outcome_t one = {.why = BEARER_FETCH_TLS};
    bearer_outcome_t two = {.why = BEARER_FETCH_IO};
    int i;

    memset(one.note.text, 'a', BEARER_LIMIT_NOTE - 1);
    memset(two.note.text, 'b', BEARER_LIMIT_NOTE / 2);
    for (i = 0; i < ROUNDS; i++)
        bearer_stats_note(stats, unit_slot(0, &id), i % 2 ? &one : &two, T);
    return NULL;
}

/* words are those of one round, with its reason, or there are none */
static void round_mixes_no_words(void **state)
{
    bearer_stats_t *stats = make(*state);
    bearer_board_id_t id = {{1}};
    pthread_t thread;
    apr_size_t len;
    int i;

    assert_int_equal(pthread_create(&thread, NULL, note_both, stats), 0);
    for (i = 0; i < ROUNDS; i++) {
        bearer_round_result_t found =
            bearer_stats_result(stats, unit_slot(0, &id));

        len = strlen(found.note.text);
        if (!len)
            continue;
        if (found.why == BEARER_FETCH_TLS)
            assert_int_equal(strspn(found.note.text, "a"),
                             BEARER_LIMIT_NOTE - 1);
        else
            assert_int_equal(strspn(found.note.text, "b"),
                             BEARER_LIMIT_NOTE / 2);
        assert_int_equal(len, found.why == BEARER_FETCH_TLS
                                  ? BEARER_LIMIT_NOTE - 1
                                  : BEARER_LIMIT_NOTE / 2);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(
        strlen(bearer_stats_result(stats, unit_slot(0, &id)).note.text),
        BEARER_LIMIT_NOTE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(round_tells_no_damaged_words),
        unit_row(round_mixes_no_words),
    };

    return unit_run(tests);
}
