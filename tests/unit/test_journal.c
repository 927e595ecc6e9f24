/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "bearer/base/log.h"
#include "bearer/keys/journal.h"

/* Each line, whole and in its round: test_refresh.c. Here: what is said once. */

static int lines;
static char last_id[16];
static char last_text[512];

static void write_line(bearer_level_t level BEARER_UNUSED, const char *id,
                       const char *text, void *baton BEARER_UNUSED)
{
    lines++;
    apr_cpystrn(last_text, text, sizeof(last_text));
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

/* what it says of the keys is what the gate does with them, whatever they come from */
static void journal_says_whether_the_keys_serve(void **state)
{
    static const struct {
        const char *name;
        apr_int64_t good; /* seconds from now */
        const char *want;
    } cases[] = {
        {"fresh", -10, "the keys in use are 10 s old"},
        {"at the bound", -86400, "the keys in use are 86400 s old"},
        {"beyond it", -86401, "the keys are no longer used, they are 86401 s"},
        {"another process looked later", 60, "the keys in use are"},
        {"of another machine's life", 7200, "the keys are no longer used"},
    };
    static const bearer_source_kind_t kinds[] = {
        BEARER_SOURCE_DISCOVERY, BEARER_SOURCE_URL, BEARER_SOURCE_FILE};
    const apr_time_t now = apr_time_from_sec(1000000);
    bearer_outcome_t told = {.why = BEARER_FILE_READ, .tried = "there"};
    apr_size_t i, kind;

    bearer_log_install(write_line, NULL);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
            bearer_source_t one = {
                .issuer = "https://a",
                .kind = kinds[kind],
                .schedule = {.refresh = apr_time_from_sec(3600),
                             .miss = apr_time_from_sec(60),
                             .stale = apr_time_from_sec(86400)}};
            bearer_schedule_t at = {.last_good =
                                        now + apr_time_from_sec(cases[i].good)};
            bearer_journal_t journal = {.usable = false};

            bearer_journal_failure(&journal, &one, &told, &at, now, *state);
            unit_expect(cases[i].name,
                        strstr(last_text, cases[i].want) != NULL);
            unit_expect(cases[i].name,
                        !strstr(cases[i].want, "in use")
                            == !bearer_source_is_usable(&one, &at, now));
        }
    }
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

/* a query may hold a secret; a file's name is whole */
static void journal_shows_no_query(void **state)
{
    static const struct {
        const char *tried, *want;
    } cases[] = {
        {"https://k.example/jwks?code=SEKRIT", " https://k.example/jwks; "},
        {"https://k.example?code=SEKRIT", " https://k.example; "},
        {"/etc/keys?1.json", " /etc/keys?1.json; "},
    };
    bearer_outcome_t bad = {.why = BEARER_HTTP_STATUS};
    bearer_outcome_t good = {.changed = true};
    bearer_locate_found_t found = {.metadata = {.why = BEARER_OK}};
    bearer_journal_good_t round = {.outcome = &good, .found = &found};
    bearer_schedule_t schedule = {.next = 2000000};
    apr_size_t i;

    bearer_log_install(write_line, NULL);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_journal_t journal = {.usable = false};

        bad.tried = good.tried = cases[i].tried;
        bearer_journal_failure(&journal, &source, &bad, &schedule, 1000000,
                               *state);
        unit_expect(last_text, strstr(last_text, cases[i].want));
        bearer_journal_good(&journal, &source, &round, *state);
        unit_expect(last_text, strstr(last_text, cases[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(journal_says_a_failure_once),
        unit_row(journal_says_whether_the_keys_serve),
        unit_row(journal_says_what_changed),
        unit_row(journal_shows_no_query),
        unit_row(journal_says_that_a_store_fails_and_recovers),
    };

    return unit_run(tests);
}
