/* SPDX-License-Identifier: Apache-2.0 */
/* What one answer makes of set, kids and schedule. Whole rounds: test_refresh.c. */
#include "unit.h"

#include <string.h>

#include "bearer/jose/edit.h"
#include "bearer/keys/perkid.h"

#include "jose.h"
#include "world.h"

#define SEC ((apr_time_t)1000000)
#define T   (100000 * SEC)

typedef struct fix_t {
    bearer_source_t source;
    bearer_board_t *board;
    bearer_perkid_t round;
    bearer_journal_t journal;
} fix_t;

static fix_t *create(apr_pool_t *pool)
{
    fix_t *fix = apr_pcalloc(pool, sizeof(*fix));
    bearer_str_t nothing = {NULL, 0};

    fix->source.issuer = "https://issuer.example";
    fix->source.kind = BEARER_SOURCE_PER_KID;
    fix->source.schedule = world_hourly;
    fix->source.slot.id.bytes[0] = 7;
    fix->board = world_board(1, pool);
    assert_true(bearer_board_claim(fix->board, &fix->source.slot, 1));
    /* nobody has laid out its kids */
    assert_false(bearer_perkid_open(&fix->round, &fix->source, fix->board,
                                    nothing, pool));
    bearer_board_open_kids(fix->board, &fix->source.slot);
    assert_true(bearer_perkid_open(&fix->round, &fix->source, fix->board,
                                   nothing, pool));
    assert_null(fix->round.keys);
    return fix;
}

static void want(fix_t *fix, const char *kid, apr_time_t now)
{
    assert_true(bearer_board_want(fix->board, &fix->source.slot, unit_str(kid),
                                  fix->source.schedule.miss, now));
}

static bearer_kids_work_t choose(fix_t *fix, apr_time_t now)
{
    return bearer_perkid_choose(&fix->round, &fix->journal, true, now);
}

static void perkid_takes_what_the_document_has(void **state)
{
    fix_t *fix = create(*state);
    const bearer_jwks_t *set = NULL;
    bearer_locate_found_t found;

    assert_int_equal(choose(fix, T), BEARER_KIDS_NOTHING);
    unit_expect_reason("put",
                       bearer_edit_put(NULL, unit_str("one"),
                                       unit_str(FIX_P256_PEM), &set, NULL,
                                       *state),
                       "ok");
    assert_true(bearer_perkid_open(&fix->round, &fix->source, fix->board,
                                   bearer_jwks_render(set, *state), *state));
    assert_int_equal(fix->round.keys->count, 1);
    bearer_perkid_sync(&fix->round, T, T, *state);
    assert_int_equal(choose(fix, T), BEARER_KIDS_CONFIRM);
    assert_string_equal(fix->round.job.kid, "one");
    memset(&found, 0, sizeof(found));
    assert_true(bearer_perkid_drop(&fix->round, &found, *state));
    assert_string_equal(found.document.data, "{\"keys\":[]}");
    /* a document that cannot be read is none */
    assert_true(bearer_perkid_open(&fix->round, &fix->source, fix->board,
                                   unit_str("{"), *state));
    assert_null(fix->round.keys);
    assert_false(bearer_perkid_drop(&fix->round, &found, *state));
}

static void perkid_is_good_while_nothing_is_in_use(void **state)
{
    fix_t *fix = create(*state);
    bearer_schedule_t never = {.failures = 0};
    bearer_schedule_t schedule = never;

    bearer_perkid_idle(&fix->round, &schedule, T);
    assert_int_equal(schedule.last_good, T);
    assert_int_equal(schedule.last_try, T);
    assert_int_equal(schedule.next, T + 3600 * SEC);
    /* but keys are as old as they are */
    fix->round.keys = bearer_jwks_create(NULL, *state);
    bearer_perkid_idle(&fix->round, &schedule, T + SEC);
    assert_int_equal(schedule.last_good, T);
    assert_int_equal(schedule.last_try, T + SEC);
}

static void perkid_is_due_when_its_first_kid_is(void **state)
{
    fix_t *fix = create(*state);
    bearer_locate_found_t found = {.missing = false};
    bearer_schedule_t schedule = {.next = T + 3000 * SEC};

    want(fix, "one", T);
    assert_int_equal(choose(fix, T), BEARER_KIDS_ASK);
    bearer_perkid_keep(&fix->round, &found, &schedule, T);
    assert_int_equal(schedule.next, T + 3000 * SEC);
    /* another one, which is missing, does not put that off */
    bearer_kidasks_settle(&fix->round.kids->asks, "one",
                          fix->source.schedule.miss, T, false);
    want(fix, "two", T + SEC);
    assert_int_equal(choose(fix, T + SEC), BEARER_KIDS_ASK);
    found.missing = true;
    schedule.next = T + 9999 * SEC;
    bearer_perkid_keep(&fix->round, &found, &schedule, T + SEC);
    assert_int_equal(schedule.next, T + 3000 * SEC);
}

static void perkid_fetches_nothing_without_room(void **state)
{
    fix_t *fix = create(*state);
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        const char *kid = apr_psprintf(*state, "kid-%d", i);

        bearer_kids_keep(fix->round.kids, kid, T, T + 3600 * SEC);
        bearer_kids_use(fix->round.kids, unit_str(kid), T + SEC);
    }
    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++)
        want(fix, apr_psprintf(*state, "more-%d", i), T + SEC);
    assert_int_equal(choose(fix, T + SEC), BEARER_KIDS_NOTHING);
    assert_true(fix->journal.full);
    bearer_kids_drop(fix->round.kids, "kid-3");
    want(fix, "last", T + 99 * SEC);
    assert_int_equal(choose(fix, T + 99 * SEC), BEARER_KIDS_ASK);
    assert_string_equal(fix->round.job.kid, "last");
    assert_string_equal(fix->round.victim, "");
    assert_false(fix->journal.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(perkid_takes_what_the_document_has),
        unit_row(perkid_is_good_while_nothing_is_in_use),
        unit_row(perkid_is_due_when_its_first_kid_is),
        unit_row(perkid_fetches_nothing_without_room),
    };

    return unit_run(tests);
}
