/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "bearer/keys/schedule.h"

#define SEC ((apr_time_t)1000000)
/* a tick in the middle of a machine's life */
#define T ((apr_time_t)(1000 * SEC))

static const bearer_schedule_conf_t conf = {3600 * SEC, 60 * SEC, 86400 * SEC};

/* xorshift: the same sequence everywhere */
static apr_uint64_t rng = 88172645463325252u;

static apr_uint64_t draw(apr_uint64_t below)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return rng % below;
}

static double draw_unit(void)
{
    return (double)draw(1u << 20) / (double)(1u << 20);
}

static bool is_due(const bearer_schedule_t *state,
                   const bearer_schedule_conf_t *numbers, apr_time_t now,
                   apr_time_t asked)
{
    return bearer_schedule_next(state, numbers, now, asked) <= now;
}

/* --- after a good answer -------------------------------------------------- */

static void schedule_asks_again_before_the_answer_expires(
    void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        apr_time_t refresh;
        apr_int64_t fresh;
        double jitter;
        apr_time_t want; /* after now */
    } cases[] = {
        {"least jitter", 3600 * SEC, 1000, 0.0, 800 * SEC},
        {"half jitter", 3600 * SEC, 1000, 0.5, 875 * SEC},
        {"most jitter", 3600 * SEC, 1000, 0.999999999, 950 * SEC},
        {"refresh is the ceiling", 1000 * SEC, 5000, 0.0, 800 * SEC},
        {"just the ceiling", 1000 * SEC, 1000, 0.0, 800 * SEC},
        {"a huge freshness", 1000 * SEC, INT64_MAX, 0.0, 800 * SEC},
        {"none is a second", 3600 * SEC, 0, 0.0, SEC * 8 / 10},
        {"less than none too", 3600 * SEC, INT64_MIN, 0.0, SEC * 8 / 10},
        {"a refresh under a second", SEC / 2, 1, 0.0, SEC * 4 / 10},
        {"negative jitter is none", 3600 * SEC, 1000, -7.0, 800 * SEC},
        {"too much jitter is all", 3600 * SEC, 1000, 7.0, 950 * SEC},
        {"jitter that is no number", 3600 * SEC, 1000, NAN, 800 * SEC},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_schedule_conf_t own = conf;
        bearer_schedule_t one = {0, 0, 0, 7, 3, 0};
        apr_time_t off;

        own.refresh = cases[i].refresh;
        bearer_schedule_succeed(&one, &own, T, cases[i].fresh, cases[i].jitter);
        off = one.next - T - cases[i].want;
        unit_expect(cases[i].name, off >= -2 && off <= 2);
        unit_expect(cases[i].name, one.last_good == T);
        unit_expect(cases[i].name, one.last_try == T);
        unit_expect(cases[i].name, one.failures == 0);
        unit_expect(cases[i].name, one.served == 7);
    }
}

/* --- after failures ------------------------------------------------------- */

static void schedule_doubles_the_pause(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        apr_time_t refresh;
        apr_uint32_t before;
        double jitter;
        apr_time_t want;
    } cases[] = {
        {"first", 3600 * SEC, 0, 0.0, 1 * SEC},
        {"second", 3600 * SEC, 1, 0.0, 2 * SEC},
        {"third", 3600 * SEC, 2, 0.0, 4 * SEC},
        {"ninth", 3600 * SEC, 8, 0.0, 256 * SEC},
        {"tenth is the bound", 3600 * SEC, 9, 0.0, 300 * SEC},
        {"a long night", 3600 * SEC, 100000, 0.0, 300 * SEC},
        {"the count is full", 3600 * SEC, APR_UINT32_MAX, 0.0, 300 * SEC},
        {"never beyond refresh", 100 * SEC, 50, 0.0, 100 * SEC},
        {"refresh under the least", SEC / 4, 0, 0.0, SEC / 4},
        {"jitter takes up to half", 3600 * SEC, 3, 0.999999999, 4 * SEC},
        {"some jitter", 3600 * SEC, 3, 0.5, 6 * SEC},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_schedule_conf_t own = conf;
        bearer_schedule_t one = {5, 6, 7, 8, cases[i].before, 0};
        apr_time_t off;

        own.refresh = cases[i].refresh;
        bearer_schedule_fail(&one, &own, T, cases[i].jitter);
        off = one.next - T - cases[i].want;
        unit_expect(cases[i].name, off >= -2 && off <= 2);
        unit_expect(cases[i].name, one.last_good == 5);
        unit_expect(cases[i].name, one.last_try == T);
        unit_expect(cases[i].name, one.served == 8);
        unit_expect(cases[i].name, one.failures > cases[i].before
                                       || one.failures == APR_UINT32_MAX);
    }
}

static void schedule_backs_off_steadily(void **state BEARER_UNUSED)
{
    int round;

    for (round = 0; round < 200; round++) {
        bearer_schedule_t one = {0};
        apr_time_t now = T, before = 0;
        int i;

        for (i = 0; i < 20; i++) {
            apr_time_t pause;

            bearer_schedule_fail(&one, &conf, now, draw_unit());
            pause = one.next - now;
            /* up to the bound no jitter makes a pause shorter than the last */
            if (i < 9)
                assert_true(pause >= before);
            assert_true(pause >= BEARER_SCHEDULE_BACKOFF_LEAST / 2);
            assert_true(pause <= BEARER_SCHEDULE_BACKOFF_MOST);
            before = pause;
            now = one.next;
        }
        assert_true(before >= BEARER_SCHEDULE_BACKOFF_MOST / 2);
    }
}

/* --- whether it is time --------------------------------------------------- */

static void schedule_knows_when_it_is_due(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        bearer_schedule_t at;
        apr_time_t now, asked;
        bool want;
    } cases[] = {
        {"never tried", {0}, T, 0, true},
        {"never tried at tick 1", {0}, 1, 0, true},
        {"regular time not come", {T, T, T + 5, 0, 0, 0}, T + 4, 0, false},
        {"regular time", {T, T, T + 5, 0, 0, 0}, T + 5, 0, true},
        {"long past", {T, T, T + 5, 0, 0, 0}, T + 9999 * SEC, 0, true},
        {"an ask", {T, T, T + 5, 0, 0, 0}, T + 1, T + 1, true},
        {"an ask that was served", {T, T, T + 5, 9, 0, 0}, T + 1, 9, false},
        {"another ask", {T, T, T + 5, 9, 0, 0}, T + 1, 10, true},
        {"an ask during back-off", {0, T, T + 5, 0, 3, 0}, T + 1, T, true},
        {"next at the ceiling", {T, T, T + 3600 * SEC, 0, 0, 0}, T, 0, false},
        {"next beyond any schedule",
         {T, T, T + 3600 * SEC + 1, 0, 0, 0},
         T,
         0,
         true},
        {"of a machine long up, after its reboot",
         {5000000 * SEC, 5000000 * SEC, 5003000 * SEC, 0, 0, 0},
         2 * SEC,
         0,
         true},
        {"the clock far in the past of last_good only",
         {T + 90 * SEC, T, T + 5, 0, 0, 0},
         T,
         0,
         false},
        {"rubbish: last moment", {0, 1, INT64_MAX, 0, 0, 0}, T, 0, true},
        {"rubbish: first moment", {0, 1, INT64_MIN, 0, 0, 0}, T, 0, true},
        {"rubbish: tried in the negative", {0, -1, T + 5, 0, 0, 0}, T, 0, true},
        {"rubbish: served in the future",
         {T, T, T + 5, INT64_MAX, 0, 0},
         T,
         T,
         true},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        unit_expect(cases[i].name,
                    is_due(&cases[i].at, &conf, cases[i].now, cases[i].asked)
                        == cases[i].want);
}

static void schedule_serves_an_ask_once(void **state BEARER_UNUSED)
{
    bearer_schedule_t one = {T, T, T + 1000 * SEC, INT64_MAX, 0, 0};

    assert_true(is_due(&one, &conf, T + 1, T + 1));
    bearer_schedule_begin(&one, T + 1);
    assert_false(is_due(&one, &conf, T + 2, T + 1));
    /* a regular attempt leaves it served */
    bearer_schedule_begin(&one, 0);
    assert_false(is_due(&one, &conf, T + 2, T + 1));
    assert_true(is_due(&one, &conf, T + 2, T + 2));
}

/* Whatever stands in the numbers, attempts do not follow each other without
 * a pause once one has ended. */
static void schedule_heals_rubbish_after_one_attempt(void **state BEARER_UNUSED)
{
    int i;

    for (i = 0; i < 2000; i++) {
        bearer_schedule_t one;
        apr_time_t asked = draw(2) ? 0 : (apr_time_t)draw(UINT64_MAX);

        one.last_good = (apr_int64_t)draw(UINT64_MAX);
        one.last_try = (apr_int64_t)draw(UINT64_MAX);
        one.next = (apr_int64_t)draw(UINT64_MAX);
        one.served = (apr_int64_t)draw(UINT64_MAX);
        one.failures = (apr_uint32_t)draw(UINT32_MAX);
        (void)bearer_schedule_usable(&one, &conf, T);
        (void)is_due(&one, &conf, T, asked);
        (void)bearer_schedule_may_ask(&conf, one.served, T);
        bearer_schedule_begin(&one, asked);
        if (draw(2))
            bearer_schedule_fail(&one, &conf, T, draw_unit());
        else
            bearer_schedule_succeed(&one, &conf, T, 60, draw_unit());
        assert_false(is_due(&one, &conf, T, asked));
    }
}

/* --- whether old keys still serve ----------------------------------------- */

static void schedule_bounds_the_age_of_keys(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        apr_int64_t last_good;
        apr_time_t now;
        bool want;
    } cases[] = {
        {"never", 0, T, false},
        {"just now", T, T, true},
        {"the last moment", T, T + 86400 * SEC, true},
        {"past it", T, T + 86400 * SEC + 1, false},
        {"another process looked later", T + 5, T, true},
        {"the last moment ahead", T + 3600 * SEC, T, true},
        {"of another machine's life", T + 3600 * SEC + 1, T, false},
        {"rubbish: last moment", INT64_MAX, T, false},
        {"rubbish: first moment", INT64_MIN, T, false},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_schedule_t one = {0};

        one.last_good = cases[i].last_good;
        unit_expect(cases[i].name,
                    bearer_schedule_usable(&one, &conf, cases[i].now)
                        == cases[i].want);
    }
}

/* --- the throttle --------------------------------------------------------- */

static void schedule_throttles_asks(void **state BEARER_UNUSED)
{
    static const struct {
        const char *name;
        apr_time_t miss, asked, now;
        bool want;
    } cases[] = {
        {"first", 60 * SEC, 0, T, true},
        {"first at tick 1", 60 * SEC, 0, 1, true},
        {"at once", 60 * SEC, T, T, false},
        {"just before", 60 * SEC, T, T + 60 * SEC - 1, false},
        {"in time", 60 * SEC, T, T + 60 * SEC, true},
        {"a process that looked earlier", 60 * SEC, T + 9, T, false},
        {"the last moment ahead", 60 * SEC, T + 60 * SEC, T, false},
        {"of another machine's life", 60 * SEC, T + 60 * SEC + 1, T, true},
        {"rubbish: last moment", 60 * SEC, INT64_MAX, 1, true},
        {"rubbish: first moment", 60 * SEC, INT64_MIN, T, true},
        {"no throttle", 0, T, T, true},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_schedule_conf_t own = conf;

        own.miss = cases[i].miss;
        unit_expect(cases[i].name,
                    bearer_schedule_may_ask(&own, cases[i].asked, cases[i].now)
                        == cases[i].want);
    }
}

/* --- lives ---------------------------------------------------------------- */

/* what must hold after any event at any time */
static void check_life(const bearer_schedule_t *one,
                       const bearer_schedule_conf_t *own, apr_time_t now,
                       apr_time_t good)
{
    bool usable = good != 0 && now - good <= own->stale;

    assert_true(bearer_schedule_usable(one, own, now) == usable);
    assert_true(one->last_try <= now);
    assert_true(one->last_good == good);
    if (one->last_try != 0)
        assert_true(one->next >= one->last_try
                    && one->next <= one->last_try + own->refresh);
}

static void live_once(apr_time_t start)
{
    bearer_schedule_conf_t own;
    bearer_schedule_t one = {0};
    apr_time_t now = start, asked = 0, good = 0;
    int i, attempts = 0, asks = 0;

    own.refresh = (apr_time_t)(1 + draw(7200)) * SEC;
    own.miss = (apr_time_t)(1 + draw(120)) * SEC;
    own.stale = (apr_time_t)(1 + draw(90000)) * SEC;
    for (i = 0; i < 300; i++) {
        now += (apr_time_t)draw(draw(10) ? 30 * SEC : 20000 * SEC);
        if (draw(2) && bearer_schedule_may_ask(&own, asked, now)) {
            /* never more than one ask in miss */
            assert_true(asked == 0 || now - asked >= own.miss);
            asked = now;
            asks++;
        }
        if (is_due(&one, &own, now, asked)) {
            /* each attempt has a reason */
            assert_true(one.last_try == 0 || now >= one.next
                        || (asked != 0 && asked != one.served));
            attempts++;
            bearer_schedule_begin(&one, asked);
            if (draw(3)) {
                bearer_schedule_succeed(&one, &own, now,
                                        (apr_int64_t)draw(9000), draw_unit());
                good = now;
            }
            else
                bearer_schedule_fail(&one, &own, now, draw_unit());
            /* the attempt served the ask */
            if (one.next > now)
                assert_false(is_due(&one, &own, now, asked));
        }
        check_life(&one, &own, now, good);
    }
    assert_true(attempts > 0 && asks > 0);
}

static void schedule_holds_in_random_lives(void **state BEARER_UNUSED)
{
    int i;

    for (i = 0; i < 3000; i++)
        live_once(i % 3 ? (apr_time_t)(1 + draw(UINT64_C(1) << 50)) : 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(schedule_asks_again_before_the_answer_expires),
        unit_row(schedule_doubles_the_pause),
        unit_row(schedule_backs_off_steadily),
        unit_row(schedule_knows_when_it_is_due),
        unit_row(schedule_serves_an_ask_once),
        unit_row(schedule_heals_rubbish_after_one_attempt),
        unit_row(schedule_bounds_the_age_of_keys),
        unit_row(schedule_throttles_asks),
        unit_row(schedule_holds_in_random_lives),
    };

    return unit_run(tests);
}
