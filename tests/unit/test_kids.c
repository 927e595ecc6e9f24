/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/keys/kids.h"

#define SEC ((apr_time_t)1000000)
#define T   (1000 * SEC)
#define DAY (86400 * SEC)

static const bearer_kids_conf_t conf = {60 * SEC, DAY};

/* in memory that held rubbish before it was formatted */
static bearer_kids_t *new_kids(apr_pool_t *pool)
{
    bearer_kids_t *kids = apr_palloc(pool, sizeof(*kids));

    memset(kids, 0x5a, sizeof(*kids));
    bearer_kids_format(kids);
    return kids;
}

static bool want(bearer_kids_t *kids, const char *kid, apr_time_t now)
{
    return bearer_kidasks_make(&kids->asks, unit_str(kid), conf.miss, now);
}

static bearer_kidasks_state_t find(bearer_kids_t *kids, const char *kid,
                                   apr_time_t now)
{
    return bearer_kidasks_find(&kids->asks, unit_str(kid), conf.miss, 5 * SEC,
                               now);
}

static bool is_asked(bearer_kids_t *kids, apr_time_t now)
{
    return bearer_kidasks_first(&kids->asks, conf.miss, now, false, NULL);
}

/* "A kid": the work's letter and whose it is */
static const char *choose(bearer_kids_t *kids, apr_time_t now, bool regular,
                          apr_pool_t *pool)
{
    bearer_kids_job_t job;

    bearer_kids_choose(kids, &conf, now, regular, &job);
    if (job.work == BEARER_KIDS_NOTHING)
        return "-";
    return apr_psprintf(pool, "%c %s", "-ACD"[job.work], job.kid);
}

static void kids_are_chosen_in_the_order_of_asking(void **state)
{
    bearer_kids_t *kids = new_kids(*state);

    assert_string_equal(choose(kids, T, true, *state), "-");
    assert_false(is_asked(kids, T));
    bearer_kids_keep(kids, "good", T, T + 3000 * SEC);
    bearer_kids_use(kids, unit_str("good"), T + SEC);
    assert_int_equal(bearer_kids_next(kids, &conf, T, T + DAY), T + 3000 * SEC);
    assert_int_equal(bearer_kids_next(kids, &conf, T, T + SEC), T + SEC);
    assert_string_equal(choose(kids, T, true, *state), "-");
    assert_string_equal(choose(kids, T + 3000 * SEC, true, *state), "C good");
    /* whatever pause another kid has brought about */
    assert_string_equal(choose(kids, T + 3000 * SEC, false, *state), "C good");

    assert_true(want(kids, "first", T + 3000 * SEC));
    assert_true(want(kids, "second", T + 3001 * SEC));
    assert_true(is_asked(kids, T + 3001 * SEC));
    assert_string_equal(choose(kids, T + 3001 * SEC, false, *state), "A first");
    bearer_kids_fail(kids, "first", &conf, T + 3001 * SEC, T + 3003 * SEC);
    assert_string_equal(choose(kids, T + 3001 * SEC, true, *state), "A second");
    bearer_kidasks_settle(&kids->asks, "second", conf.miss, T + 3001 * SEC,
                          true);
    assert_false(is_asked(kids, T + 3001 * SEC));
    /* once more at the regular time only, and after the good ones */
    assert_string_equal(choose(kids, T + 3001 * SEC, true, *state), "C good");
    bearer_kids_fail(kids, "good", &conf, T + 3001 * SEC, T + 3002 * SEC);
    assert_string_equal(choose(kids, T + 3001 * SEC, false, *state), "-");
    assert_string_equal(choose(kids, T + 3001 * SEC, true, *state), "A first");
    /* and no longer than a minute */
    assert_string_equal(choose(kids, T + 3061 * SEC, true, *state), "C good");
    /* which is how long a good one waits for those that were never tried */
    assert_true(want(kids, "third", T + 3061 * SEC));
    assert_string_equal(choose(kids, T + 3061 * SEC, true, *state), "A third");
    assert_string_equal(choose(kids, T + 3062 * SEC, true, *state), "C good");
    bearer_kidasks_settle(&kids->asks, "third", conf.miss, T + 3061 * SEC,
                          true);
    /* a failure leaves it where it is, for later */
    bearer_kids_fail(kids, "good", &conf, T + 3061 * SEC, T + 3062 * SEC);
    assert_int_equal(bearer_kids_due(kids, "", T + DAY), T + 3062 * SEC);
    assert_int_equal(bearer_kids_due(kids, "good", T + DAY), T + DAY);
    assert_string_equal(choose(kids, T + 3061 * SEC, true, *state), "-");
    assert_string_equal(choose(kids, T + 3062 * SEC, true, *state), "C good");
}

static void kids_that_nobody_needs_go(void **state)
{
    bearer_kids_t *kids = new_kids(*state);

    /* never proved a token: it goes when it would be confirmed */
    bearer_kids_keep(kids, "idle", T, T + 3000 * SEC);
    bearer_kids_keep(kids, "busy", T, T + 3000 * SEC);
    bearer_kids_use(kids, unit_str("busy"), T + SEC);
    assert_string_equal(choose(kids, T + 2999 * SEC, true, *state), "-");
    assert_string_equal(choose(kids, T + 3000 * SEC, true, *state), "D idle");
    bearer_kids_drop(kids, "idle");
    assert_string_equal(choose(kids, T + 3000 * SEC, true, *state), "C busy");
    /* not used for a day */
    bearer_kids_keep(kids, "busy", T + DAY, T + DAY + 3000 * SEC);
    assert_string_equal(choose(kids, T + DAY + 2999 * SEC, true, *state), "-");
    assert_string_equal(choose(kids, T + DAY + 3000 * SEC, true, *state),
                        "D busy");
    /* used, but not confirmed for a day, however often it was tried */
    bearer_kids_use(kids, unit_str("busy"), T + 2 * DAY);
    bearer_kids_fail(kids, "busy", &conf, T + 2 * DAY, T + 2 * DAY + 300 * SEC);
    assert_string_equal(choose(kids, T + 2 * DAY, true, *state), "-");
    assert_string_equal(choose(kids, T + 2 * DAY + SEC, true, *state),
                        "D busy");
    /* of what is not there, nothing goes */
    bearer_kids_drop(kids, "other");
    bearer_kids_drop(kids, "");
    assert_int_equal(bearer_kids_count(kids, &conf, T).good, 1);
}

static void kids_find_no_room_in_a_full_table(void **state)
{
    bearer_kids_t *kids = new_kids(*state);
    char victim[BEARER_KIDNAME_ROOM];
    int i;

    for (i = 0; i < BEARER_LIMIT_KIDS; i++) {
        const char *kid = apr_psprintf(*state, "kid-%d", i);

        assert_true(bearer_kids_has_room(kids, &conf, T, victim));
        assert_string_equal(victim, "");
        bearer_kids_keep(kids, kid, T + i, T + DAY);
        if (i != 7)
            bearer_kids_use(kids, unit_str(kid), T + SEC);
    }
    assert_int_equal(bearer_kids_count(kids, &conf, T).good, BEARER_LIMIT_KIDS);
    /* a stranger's, which proved nothing in a minute, makes room; no other does */
    assert_false(bearer_kids_has_room(kids, &conf, T + 60 * SEC, victim));
    assert_true(bearer_kids_has_room(kids, &conf, T + 61 * SEC, victim));
    assert_string_equal(victim, "kid-7");
    bearer_kids_use(kids, unit_str("kid-7"), T + 61 * SEC);
    assert_false(bearer_kids_has_room(kids, &conf, T + DAY, victim));
    bearer_kids_keep(kids, "one-more", T, T);
    assert_int_equal(bearer_kids_count(kids, &conf, T).good, BEARER_LIMIT_KIDS);
    bearer_kids_drop(kids, "kid-9");
    assert_true(bearer_kids_has_room(kids, &conf, T + DAY, victim));
}

static void kids_are_those_of_the_document(void **state)
{
    bearer_kids_t *kids = new_kids(*state);
    bearer_str_t names[] = {unit_str("kept"), unit_str("new"),
                            unit_str("../etc"), unit_str(NULL),
                            unit_str("new")};

    bearer_kids_keep(kids, "kept", T, T + DAY);
    bearer_kids_keep(kids, "gone", T, T + DAY);
    bearer_kids_sync(kids, names, 5, T - SEC, T + SEC);
    assert_int_equal(bearer_kids_count(kids, &conf, T).good, 2);
    /* due at once, and it counts as used */
    assert_string_equal(choose(kids, T + SEC, true, *state), "C new");
    bearer_kids_sync(kids, names, 0, T, T);
    assert_int_equal(bearer_kids_count(kids, &conf, T).good, 0);
}

static void kids_are_counted(void **state)
{
    bearer_kids_t *kids = new_kids(*state);
    bearer_kids_counts_t counts;

    assert_true(want(kids, "a", T));
    assert_true(want(kids, "b", T));
    bearer_kidasks_settle(&kids->asks, "b", conf.miss, T, true);
    bearer_kids_keep(kids, "c", T, T);
    counts = bearer_kids_count(kids, &conf, T);
    assert_int_equal(counts.good, 1);
    assert_int_equal(counts.asked, 2);
    assert_int_equal(counts.missing, 1);
}

/* whatever lies in shared memory: no address is made of what is no name, and nothing
 * is taken from the table for ever */
static void kids_believe_no_random_bytes(void **state)
{
    bearer_kids_t *kids = apr_palloc(*state, sizeof(*kids));
    unsigned seed = 1;
    int round;

    for (round = 0; round < 2000; round++) {
        unsigned char *bytes = (unsigned char *)kids;
        bearer_kids_job_t job;
        char victim[BEARER_KIDNAME_ROOM];
        apr_size_t i;

        for (i = 0; i < sizeof(*kids); i++) {
            seed = seed * 1103515245 + 12345;
            bytes[i] = (unsigned char)(seed >> (round % 3 ? 16 : 24));
        }
        for (i = 0; i < 20; i++) {
            bearer_kids_choose(kids, &conf, T, i % 2, &job);
            unit_expect("job", job.work == BEARER_KIDS_NOTHING
                                   || bearer_kidname_check(unit_str(job.kid)));
        }
        (void)want(kids, "one", T);
        (void)find(kids, "one", T);
        if (bearer_kids_has_room(kids, &conf, T, victim))
            unit_expect("victim",
                        !*victim || bearer_kidname_check(unit_str(victim)));
        bearer_kidasks_settle(&kids->asks, "one", conf.miss, T, true);
        (void)bearer_kids_next(kids, &conf, T, T);
        bearer_kids_sync(kids, NULL, 0, T, T);
        unit_expect("sync", bearer_kids_count(kids, &conf, T).good == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(kids_are_chosen_in_the_order_of_asking),
        unit_row(kids_that_nobody_needs_go),
        unit_row(kids_find_no_room_in_a_full_table),
        unit_row(kids_are_those_of_the_document),
        unit_row(kids_are_counted),
        unit_row(kids_believe_no_random_bytes),
    };

    return unit_run(tests);
}
