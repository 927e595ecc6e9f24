/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "bearer/keys/board.h"
#include "bearer/keys/rota.h"
#include "tests/unit/slots.h"

#define SEC  apr_time_from_sec(1)
#define BEAT apr_time_from_msec(100)
#define T    (1000 * SEC)
#define NONE INT64_MAX

/* sources with the tick at which each is due, and how often each was looked at */
enum { SOURCES = 1000 };
static apr_time_t due[SOURCES];
static int looks[SOURCES], rounds;
static apr_time_t clock_now;

/* a round that ends at once and is due again after a minute */
static apr_time_t look(int source, void *baton)
{
    assert_ptr_equal(baton, due);
    looks[source]++;
    if (due[source] <= clock_now) {
        due[source] = clock_now + 60 * SEC;
        rounds++;
    }
    return due[source];
}

static void begin(apr_time_t first)
{
    int i;

    rounds = 0;
    for (i = 0; i < SOURCES; i++) {
        looks[i] = 0;
        due[i] = first;
    }
}

static int beat(bearer_rota_t *rota, bearer_rota_moved_t moved, apr_time_t now)
{
    clock_now = now;
    return bearer_rota_beat(rota, moved, SOURCES, now, look, due);
}

/* An hour of beats: as many looks as are needed, and no round is late. */
static void rota_looks_when_something_is_due(void **state BEARER_UNUSED)
{
    bearer_rota_t rota = {0};
    bearer_rota_moved_t moved = {.generation = 1};
    apr_time_t now;
    int looked = 0, beats = 0;

    begin(0);
    for (now = T; now < T + 3600 * SEC; now += BEAT, beats++)
        looked += beat(&rota, moved, now);
    /* each of them each minute */
    assert_int_equal(rounds, 60 * SOURCES);
    assert_int_equal(beats, 36000);
    /* instead of 36000: once in ten seconds for safety's sake */
    assert_int_equal(looked, 360 * SOURCES);
    assert_int_equal(looks[0], 360);
    assert_int_equal(looks[SOURCES - 1], 360);
}

static void rota_is_never_late(void **state BEARER_UNUSED)
{
    bearer_rota_t rota = {0};
    bearer_rota_moved_t moved = {.generation = 1};

    begin(T + 60 * SEC);
    assert_int_equal(beat(&rota, moved, T), SOURCES);
    due[7] = T + 3 * SEC + 5;
    /* nobody said so: it was to come later */
    assert_int_equal(beat(&rota, moved, T + 4 * SEC), 0);
    due[7] = T + 60 * SEC;
    moved.ended++;
    assert_int_equal(beat(&rota, moved, T + 4 * SEC), SOURCES);
    /* one of many comes first: looked at in the beat after its time */
    due[7] = T + 5 * SEC + 5;
    moved.ended++;
    assert_int_equal(beat(&rota, moved, T + 5 * SEC), SOURCES);
    assert_int_equal(beat(&rota, moved, T + 5 * SEC + 4), 0);
    assert_int_equal(rounds, 0);
    assert_int_equal(beat(&rota, moved, T + 5 * SEC + 5), SOURCES);
    assert_int_equal(rounds, 1);
}

static void rota_looks_at_once_when_something_moved(void **state)
{
    static const bearer_rota_moved_t before = {5, 5, 5};
    static const struct {
        const char *name;
        bearer_rota_moved_t moved;
        int want;
    } cases[] = {
        {"nothing", {5, 5, 5}, 0},
        {"an ask", {6, 5, 5}, SOURCES},
        {"a round ended", {5, 6, 5}, SOURCES},
        {"the lease came back", {5, 5, 6}, SOURCES},
        {"counters go round", {5, 0, 5}, SOURCES},
        {"another board", {0, 5, 5}, SOURCES},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_rota_t rota = {0};

        begin(T + 60 * SEC);
        assert_int_equal(beat(&rota, before, T), SOURCES);
        unit_expect(cases[i].name,
                    beat(&rota, cases[i].moved, T + BEAT) == cases[i].want);
        /* once for each move */
        unit_expect(cases[i].name,
                    beat(&rota, cases[i].moved, T + 2 * BEAT) == 0);
    }
    (void)state;
}

/* what could not begin is tried again in the next beat */
static void rota_comes_back_to_what_is_still_due(void **state BEARER_UNUSED)
{
    bearer_rota_t rota = {0};
    bearer_rota_moved_t moved = {0, 0, 1};
    int i;

    begin(NONE);
    due[3] = T;
    for (i = 0; i < 3; i++) {
        due[3] = T;
        assert_int_equal(beat(&rota, moved, T + i * BEAT), SOURCES);
        rota.next = T; /* as look says of it */
    }
    assert_int_equal(rounds, 3);
}

/* a source whose round runs says so: its end moves a number */
static void rota_does_not_wait_for_what_runs(void **state BEARER_UNUSED)
{
    bearer_rota_t rota = {0};
    bearer_rota_moved_t moved = {0, 0, 1};

    begin(NONE);
    assert_int_equal(beat(&rota, moved, T), SOURCES);
    assert_int_equal(beat(&rota, moved, T + BEARER_ROTA_LONGEST - 1), 0);
    assert_int_equal(beat(&rota, moved, T + BEARER_ROTA_LONGEST), SOURCES);
}

/* an ask on the board, by any process, is a move */
static void rota_hears_an_ask_on_the_board(void **state)
{
    static const bearer_schedule_conf_t conf = {
        3600 * 1000000LL, 60 * 1000000LL, 86400 * 1000000LL};
    apr_size_t size = bearer_board_size(1);
    void *block = apr_palloc(*state, size);
    bearer_board_t *board = NULL;
    bearer_rota_t rota = {0};
    bearer_rota_moved_t moved = {0, 0, 1};

    memset(block, 0x5a, size);
    bearer_board_format(block, size, 1);
    assert_int_equal(bearer_board_attach(block, size, &board, *state),
                     BEARER_OK);
    begin(NONE);
    moved.asks = bearer_board_asks(board);
    (void)beat(&rota, moved, T);
    assert_true(bearer_board_ask(board, unit_number(0), &conf, T));
    moved.asks = bearer_board_asks(board);
    assert_int_equal(beat(&rota, moved, T + BEAT), SOURCES);
    /* a throttled one is not */
    assert_false(bearer_board_ask(board, unit_number(0), &conf, T + 1));
    moved.asks = bearer_board_asks(board);
    assert_int_equal(beat(&rota, moved, T + 2 * BEAT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(rota_looks_when_something_is_due),
        unit_row(rota_is_never_late),
        unit_row(rota_looks_at_once_when_something_moved),
        unit_row(rota_comes_back_to_what_is_still_due),
        unit_row(rota_does_not_wait_for_what_runs),
        unit_row(rota_hears_an_ask_on_the_board),
    };

    return unit_run(tests);
}
