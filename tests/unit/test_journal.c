/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/base/log.h"
#include "bearer/keys/journal.h"

/* Each line, whole and in its round: test_refresh.c. Here: what is said once. */

static int lines;
static char last_id[16];

static void write_line(bearer_level_t level BEARER_UNUSED, const char *id,
                       const char *text BEARER_UNUSED,
                       void *baton BEARER_UNUSED)
{
    lines++;
    apr_cpystrn(last_id, id, sizeof(last_id));
}

/* how many lines one call wrote */
static int count(int before)
{
    return lines - before;
}

static const bearer_source_t source = {.issuer = "https://a"};

static int fails(bearer_journal_t *journal, bearer_reason_t why, int status,
                 apr_int64_t good, apr_pool_t *pool)
{
    bearer_outcome_t told = {.why = why, .status = status, .tried = "there"};
    bearer_schedule_t state = {.last_good = good, .next = 2000000};
    int before = lines;

    bearer_journal_failure(journal, &source, &told, &state, 1000000, pool);
    return count(before);
}

static int succeed(bearer_journal_t *journal, bool changed, int failures,
                   bearer_reason_t metadata, apr_pool_t *pool)
{
    bearer_outcome_t told = {.tried = "there", .changed = changed};
    bearer_locate_found_t found = {.metadata = {.why = metadata}};
    bearer_journal_good_t good = {
        .outcome = &told, .found = &found, .failures = (apr_uint32_t)failures};
    int before = lines;

    found.metadata.tried = "elsewhere";
    bearer_journal_good(journal, &source, &good, pool);
    return count(before);
}

static void journal_says_a_failure_once(void **state)
{
    bearer_journal_t journal = {.usable = false};

    bearer_log_install(write_line, NULL);
    assert_int_equal(fails(&journal, BEARER_HTTP_STATUS, 503, 0, *state), 1);
    assert_string_equal(last_id, "MAB0201");
    assert_int_equal(fails(&journal, BEARER_HTTP_STATUS, 503, 0, *state), 0);
    assert_int_equal(fails(&journal, BEARER_HTTP_STATUS, 500, 0, *state), 1);
    assert_int_equal(fails(&journal, BEARER_FETCH_TLS, 0, 0, *state), 1);
    /* keys there were never */
    assert_int_equal(fails(&journal, BEARER_FETCH_TLS, 0, 1000000, *state), 1);
    assert_int_equal(fails(&journal, BEARER_FETCH_TLS, 0, 1000000, *state), 0);
    assert_int_equal(succeed(&journal, false, 0, BEARER_OK, *state), 0);
    assert_int_equal(fails(&journal, BEARER_FETCH_TLS, 0, 1000000, *state), 1);
}

static void journal_says_what_changed(void **state)
{
    bearer_journal_t journal = {.usable = false};

    bearer_log_install(write_line, NULL);
    assert_int_equal(succeed(&journal, true, 0, BEARER_OK, *state), 1);
    assert_int_equal(succeed(&journal, false, 0, BEARER_OK, *state), 0);
    assert_int_equal(succeed(&journal, false, 3, BEARER_OK, *state), 1);
    /* metadata beside good keys */
    assert_int_equal(succeed(&journal, false, 0, BEARER_DISCOVERY_URI, *state),
                     1);
    assert_string_equal(last_id, "MAB0203");
    assert_int_equal(succeed(&journal, false, 0, BEARER_DISCOVERY_URI, *state),
                     0);
    assert_int_equal(succeed(&journal, false, 0, BEARER_OK, *state), 0);
    assert_int_equal(succeed(&journal, false, 0, BEARER_DISCOVERY_URI, *state),
                     1);
}

static void journal_says_that_a_store_fails_and_recovers(
    void **state BEARER_UNUSED)
{
    static const apr_status_t steps[] = {0,          APR_ENOSPC, APR_ENOSPC,
                                         APR_EACCES, 0,          0};
    static const int want[] = {0, 1, 0, 1, 1, 0};
    bearer_journal_t journal = {.usable = false};
    apr_size_t i;

    bearer_log_install(write_line, NULL);
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int before = lines;

        bearer_journal_stored(&journal, &source, steps[i], "/store");
        assert_int_equal(count(before), want[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(journal_says_a_failure_once),
        unit_row(journal_says_what_changed),
        unit_row(journal_says_that_a_store_fails_and_recovers),
    };

    return unit_run(tests);
}
