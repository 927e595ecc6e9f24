/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "tests/unit/counters.h"
#include "tests/unit/rounds.h"
#include "tests/unit/slots.h"

static bearer_alg_t alg(const char *name)
{
    const bearer_alg_t *found = bearer_alg_find(unit_str(name));

    assert_non_null(found);
    return *found;
}

/* --- numbers ----------------------------------------------------------------- */

static void stats_counts_verdicts_by_reason(void **state)
{
    bearer_stats_t *stats = make(*state);
    const bearer_counts_t *counts;
    int i;

    for (i = 0; i < BEARER_REASON_COUNT; i++)
        bearer_stats_verdict(stats, (bearer_reason_t)i);
    bearer_stats_verdict(stats, BEARER_EXPIRED);
    bearer_stats_verdict(stats, BEARER_REASON_COUNT);
    bearer_stats_verdict(stats, (bearer_reason_t)-1);
    counts = sum(stats, *state);
    for (i = 0; i < BEARER_REASON_COUNT; i++)
        unit_expect(bearer_error_find((bearer_reason_t)i)->slug,
                    counts->verdicts[i]
                        == (apr_uint64_t)(i == BEARER_EXPIRED ? 2 : 1));
    assert_int_equal(bearer_counts_all(&counts->admit), 0);
}

static void stats_chooses_the_bucket_by_its_upper_end(void **state)
{
    static const struct {
        const char *name;
        apr_time_t micros;
        int bucket;
    } cases[] = {
        {"nothing", 0, 0},
        {"a clock that stepped back", -5, 0},
        {"one", 1, 0},
        {"two", 2, 1},
        {"three", 3, 2},
        {"four", 4, 2},
        {"five", 5, 3},
        {"64", 64, 6},
        {"65", 65, 7},
        {"the last end", 4194304, 22},
        {"beyond", 4194305, 23},
        {"an hour", 3600000000, 23},
        {"more than fits", APR_INT64_MAX, 23},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bearer_stats_t *stats = make(*state);
        const bearer_counts_latency_t *found;

        bearer_stats_admit(stats, cases[i].micros);
        found = &sum(stats, *state)->admit;
        unit_expect(cases[i].name, found->buckets[cases[i].bucket] == 1);
        unit_expect(cases[i].name, bearer_counts_all(found) == 1);
        unit_expect(
            cases[i].name,
            found->micros
                == (cases[i].micros > 0 ? (apr_uint64_t)cases[i].micros : 0));
    }
}

static void stats_keeps_algorithms_apart(void **state)
{
    bearer_stats_t *stats = make(*state);
    const bearer_counts_t *counts;
    bearer_alg_t odd = alg("RS256");
    int i;

    for (i = 0; bearer_alg_row(i); i++) {
        int k;

        for (k = 0; k <= i; k++)
            bearer_stats_verify(stats, bearer_alg_row(i), 10);
    }
    assert_true(i <= BEARER_COUNTS_ALGS);
    odd.bit = 0;
    bearer_stats_verify(stats, &odd, 10);
    bearer_stats_verify(stats, NULL, 10);
    counts = sum(stats, *state);
    for (i = 0; bearer_alg_row(i); i++) {
        unit_expect(bearer_alg_row(i)->name,
                    bearer_counts_all(&counts->verify[i])
                        == (apr_uint64_t)i + 1);
        unit_expect(bearer_alg_row(i)->name,
                    counts->verify[i].micros == 10 * ((apr_uint64_t)i + 1));
    }
    for (; i < BEARER_COUNTS_ALGS; i++)
        assert_int_equal(bearer_counts_all(&counts->verify[i]), 0);
}

static void stats_counts_waits(void **state)
{
    bearer_stats_t *stats = make(*state);
    const bearer_counts_t *counts;

    bearer_stats_wait(stats, 100);
    bearer_stats_wait(stats, 0);
    bearer_stats_wait(stats, -1);
    counts = sum(stats, *state);
    assert_int_equal(counts->waits, 2);
    assert_int_equal(counts->wait_micros, 100);
    assert_int_equal(counts->waits_refused, 1);
}

static void stats_of_nothing_count_nothing(void **state BEARER_UNUSED)
{
    bearer_stats_cache_t cache = {1, 2, 3, 4, 5, 6};
    bearer_board_id_t id = {{1}};
    bearer_alg_t one = alg("ES256");

    bearer_stats_verdict(NULL, BEARER_OK);
    bearer_stats_verify(NULL, &one, 1);
    bearer_stats_admit(NULL, 1);
    bearer_stats_wait(NULL, 1);
    bearer_stats_cache(NULL, &cache);
    bearer_stats_note(NULL, unit_slot(0, &id), unit_round(BEARER_OK, 200), T);
    assert_int_equal(bearer_stats_result(NULL, unit_slot(0, &id)).tick, 0);
}

/* --- the block ----------------------------------------------------------------- */

static void stats_refuse_what_is_not_theirs(void **state)
{
    static const struct {
        const char *name;
        apr_size_t offset; /* of a byte of the header that is changed */
        apr_size_t less;   /* bytes the block is shorter */
        const char *want;
    } cases[] = {
        {"whole", 0, 0, "ok"},
        {"magic", 1, 0, "board_broken"},
        {"layout", 8, 0, "board_broken"},
        {"size", 16, 0, "board_broken"},
        {"processes", 24, 0, "board_broken"},
        {"very many processes", 27, 0, "board_broken"},
        {"results", 28, 0, "board_broken"},
        {"cut", 0, 1, "board_broken"},
        {"nearly nothing", 0, (apr_size_t)-1, "board_broken"},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_size_t size = bearer_stats_size(shape);
        char *block = make_block(shape, *state);
        char *header = (char *)(((uintptr_t)block + 127) & ~(uintptr_t)127);
        bearer_stats_t *stats = NULL;

        if (cases[i].offset)
            header[cases[i].offset] ^= 1;
        size = cases[i].less > size ? 100 : size - cases[i].less;
        unit_expect_reason(cases[i].name,
                           bearer_stats_attach(block, size, &stats, *state),
                           cases[i].want);
        unit_expect(cases[i].name,
                    (stats != NULL) == (strcmp(cases[i].want, "ok") == 0));
    }
}

static void stats_fit_into_a_block_at_any_address(void **state)
{
    apr_size_t size = bearer_stats_size(shape);
    char *room = apr_palloc(*state, size + 256);
    int shift;

    for (shift = 0; shift < 128; shift += 8) {
        char *block = room + shift;
        bearer_stats_t *stats;

        memset(room, 0, size + 256);
        memset(block + size, 0x5a, 64);
        bearer_stats_format(block, shape);
        stats = attach(block, shape, *state);
        bearer_stats_verdict(stats, BEARER_OK);
        assert_int_equal(sum(stats, *state)->verdicts[BEARER_OK], 1);
        assert_int_equal(block[size], 0x5a);
    }
}

/* --- processes ------------------------------------------------------------------ */

static void stats_tell_processes_apart_and_together(void **state)
{
    void *block = make_block(shape, *state);
    const bearer_stats_snapshot_t *seen;
    int i, k;

    /* the fourth finds no row */
    for (i = 0; i < 4; i++) {
        bearer_stats_t *stats = attach(block, shape, *state);

        assert_int_equal(
            bearer_stats_claim(stats, 11 + (apr_uint32_t)i, T + i, alive),
            i < 3);
        for (k = 0; k <= i; k++)
            bearer_stats_verdict(stats, BEARER_OK);
    }
    seen = bearer_stats_snapshot(attach(block, shape, *state), alive, *state);
    assert_int_equal(seen->sum.verdicts[BEARER_OK], 1 + 2 + 3 + 4);
    assert_int_equal(seen->process_count, 4);
    for (i = 0; i < 4; i++) {
        assert_int_equal(seen->processes[i].pid, i < 3 ? 11 + i : 0);
        assert_int_equal(seen->processes[i].counts.verdicts[BEARER_OK], i + 1);
        if (i < 3)
            assert_int_equal(seen->processes[i].since, T + i);
    }
}

static void stats_reuse_rows_and_never_count_back(void **state)
{
    static const struct {
        const char *name;
        apr_uint32_t first, second;
        bool release, same_row;
    } cases[] = {
        {"ended orderly", 11, 12, true, true},
        {"was killed", 111, 12, false, true},
        {"same pid again", 11, 11, false, true},
        {"still there", 11, 12, false, false},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        void *block = make_block(shape, *state);
        bearer_stats_t *first = attach(block, shape, *state);
        bearer_stats_t *second = attach(block, shape, *state);
        bearer_stats_cache_t cache = {5, 6, 7, 8, 9, 1000};
        const bearer_stats_snapshot_t *seen;
        const bearer_stats_process_t *mine = NULL;
        int k;

        assert_true(bearer_stats_claim(first, cases[i].first, T, alive));
        bearer_stats_verdict(first, BEARER_OK);
        bearer_stats_verdict(first, BEARER_OK);
        bearer_stats_cache(first, &cache);
        if (cases[i].release)
            bearer_stats_release(first);
        assert_true(bearer_stats_claim(second, cases[i].second, T + 5, alive));
        bearer_stats_verdict(second, BEARER_OK);
        cache.hits = 1;
        cache.entries = 2;
        bearer_stats_cache(second, &cache);

        seen = bearer_stats_snapshot(second, alive, *state);
        unit_expect(cases[i].name, seen->sum.verdicts[BEARER_OK] == 3);
        unit_expect(cases[i].name, seen->sum.cache_hits == 6);
        unit_expect(cases[i].name,
                    seen->sum.cache_entries == (cases[i].same_row ? 2u : 11u));
        for (k = 0; k < seen->process_count; k++) {
            if (seen->processes[k].pid == cases[i].second
                && seen->processes[k].since == T + 5)
                mine = &seen->processes[k];
        }
        unit_expect(cases[i].name, mine != NULL);
        unit_expect(cases[i].name, mine->counts.verdicts[BEARER_OK] == 1);
        unit_expect(cases[i].name, mine->counts.cache_hits == 1);
        unit_expect(cases[i].name, mine->counts.cache_entries == 2);
        unit_expect(cases[i].name,
                    seen->process_count == (cases[i].same_row ? 2 : 3));
    }
}

static void stats_forget_the_moment_of_who_is_gone(void **state)
{
    bearer_stats_t *stats = make(*state);
    bearer_stats_cache_t cache = {5, 6, 7, 8, 9, 1000};
    const bearer_stats_snapshot_t *seen;

    assert_true(bearer_stats_claim(stats, 111, T, alive));
    bearer_stats_cache(stats, &cache);
    seen = bearer_stats_snapshot(stats, alive, *state);
    assert_int_equal(seen->sum.cache_hits, 5);
    assert_int_equal(seen->sum.cache_entries, 0);
    assert_int_equal(seen->sum.cache_bytes, 0);
    assert_int_equal(seen->process_count, 1);
}

static void stats_among_the_others_leave_the_cache_out(void **state)
{
    bearer_stats_t *stats = make(*state);
    bearer_stats_cache_t cache = {5, 6, 7, 8, 9, 1000};

    bearer_stats_cache(stats, &cache);
    bearer_stats_release(stats);
    bearer_stats_verdict(stats, BEARER_OK);
    assert_int_equal(sum(stats, *state)->cache_hits, 0);
    assert_int_equal(sum(stats, *state)->verdicts[BEARER_OK], 1);
}

static void stats_move_to_a_larger_block(void **state)
{
    bearer_stats_shape_t larger = {9, 5};
    void *block = make_block(shape, *state);
    bearer_stats_t *one = attach(block, shape, *state);
    bearer_stats_t *two = attach(block, shape, *state);
    bearer_stats_t *to = attach(make_block(larger, *state), larger, *state);
    bearer_stats_cache_t cache = {5, 6, 7, 8, 9, 1000};
    bearer_board_id_t id = {{7, 7}};

    assert_true(bearer_stats_claim(one, 11, T, alive));
    bearer_stats_verdict(one, BEARER_OK);
    bearer_stats_verdict(two, BEARER_OK);
    bearer_stats_cache(one, &cache);
    bearer_stats_note(one, unit_slot(1, &id),
                      unit_round(BEARER_HTTP_STATUS, 503), T);
    bearer_stats_verdict(to, BEARER_OK);
    bearer_stats_copy(one, to);
    assert_int_equal(bearer_stats_shape(to).processes, 9);
    assert_int_equal(bearer_stats_shape(to).results, 5);
    assert_int_equal(sum(to, *state)->verdicts[BEARER_OK], 3);
    assert_int_equal(sum(to, *state)->cache_hits, 5);
    assert_int_equal(sum(to, *state)->cache_entries, 0);
    assert_int_equal(bearer_stats_result(to, unit_slot(1, &id)).status, 503);
    assert_int_equal(bearer_stats_result(to, unit_slot(1, &id)).failed, 1);
}

/* --- results --------------------------------------------------------------------- */

static void stats_keep_the_last_result_of_each_source(void **state)
{
    bearer_stats_t *stats = make(*state);
    bearer_board_id_t id = {{1, 2, 3}}, other = {{4, 5, 6}};
    bearer_round_result_t result;

    assert_int_equal(bearer_stats_result(stats, unit_slot(0, &id)).tick, 0);
    bearer_stats_note(stats, unit_slot(0, &id), unit_round(BEARER_OK, 200), T);
    bearer_stats_note(stats, unit_slot(0, &id), unit_round(BEARER_FETCH_TLS, 0),
                      T + 1);
    bearer_stats_note(stats, unit_slot(0, &id),
                      unit_round(BEARER_HTTP_STATUS, 503), T + 2);
    bearer_stats_note(stats, unit_slot(-1, &id), unit_round(BEARER_OK, 200),
                      T + 3);
    bearer_stats_note(stats, unit_slot(2, &id), unit_round(BEARER_OK, 200),
                      T + 3);
    result = bearer_stats_result(stats, unit_slot(0, &id));
    unit_expect_reason("last", result.why, "http_status");
    assert_int_equal(result.status, 503);
    assert_int_equal(result.tick, T + 2);
    assert_int_equal(result.good, 1);
    assert_int_equal(result.failed, 2);
    assert_int_equal(bearer_stats_result(stats, unit_slot(1, &id)).tick, 0);
    assert_int_equal(bearer_stats_result(stats, unit_slot(0, &other)).tick, 0);
    assert_int_equal(bearer_stats_result(stats, unit_slot(2, &id)).tick, 0);
    assert_int_equal(bearer_stats_result(stats, unit_slot(-1, &id)).tick, 0);

    /* the slot changes hands */
    bearer_stats_note(stats, unit_slot(0, &other), unit_round(BEARER_OK, 304),
                      T + 4);
    result = bearer_stats_result(stats, unit_slot(0, &other));
    unit_expect_reason("other", result.why, "ok");
    assert_int_equal(result.good, 1);
    assert_int_equal(result.failed, 0);
    assert_int_equal(bearer_stats_result(stats, unit_slot(0, &id)).tick, 0);
}

static void stats_keep_the_words_of_the_last_result(void **state)
{
    static const char *const words[] = {
        "", "status 503", "connecting to 127.0.0.1 port 9: refused",
        "issuer \\x22x\\x22"};
    bearer_stats_shape_t larger = {3, 5};
    bearer_stats_t *stats = make(*state);
    bearer_stats_t *to = attach(make_block(larger, *state), larger, *state);
    bearer_board_id_t id = {{1}}, other = {{2}};
    bearer_outcome_t told = {.why = BEARER_HTTP_STATUS};
    size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        apr_cpystrn(told.note.text, words[i], sizeof(told.note.text));
        bearer_stats_note(stats, unit_slot(1, &id), &told, T);
        assert_string_equal(
            bearer_stats_result(stats, unit_slot(1, &id)).note.text, words[i]);
        bearer_stats_copy(stats, to);
        assert_string_equal(
            bearer_stats_result(to, unit_slot(1, &id)).note.text, words[i]);
    }
    memset(told.note.text, 'x', sizeof(told.note.text) - 1);
    bearer_stats_note(stats, unit_slot(1, &id), &told, T);
    assert_int_equal(
        strlen(bearer_stats_result(stats, unit_slot(1, &id)).note.text),
        BEARER_LIMIT_NOTE - 1);
    /* a shorter one leaves nothing of it behind */
    bearer_stats_note(stats, unit_slot(1, &id), unit_round(BEARER_OK, 200), T);
    assert_string_equal(bearer_stats_result(stats, unit_slot(1, &id)).note.text,
                        "");
    assert_string_equal(
        bearer_stats_result(stats, unit_slot(1, &other)).note.text, "");
}

/* --- many at once ------------------------------------------------------------------ */

#define ROUNDS 20000

static void *hammer(void *stats)
{
    bearer_alg_t one = alg("ES256");
    int i;

    for (i = 0; i < ROUNDS; i++) {
        bearer_stats_verdict(stats, BEARER_OK);
        bearer_stats_verify(stats, &one, 3);
        bearer_stats_admit(stats, i);
    }
    return NULL;
}

static void stats_lose_nothing_between_threads(void **state)
{
    bearer_stats_t *stats = make(*state);
    apr_uint64_t before = 0;
    pthread_t threads[3];
    int i;

    assert_true(bearer_stats_claim(stats, 11, T, alive));
    for (i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, stats), 0);
    /* a reader in between never sees a number go back */
    for (i = 0; i < 50; i++) {
        apr_uint64_t now = sum(stats, *state)->verdicts[BEARER_OK];

        assert_true(now >= before);
        before = now;
    }
    for (i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(sum(stats, *state)->verdicts[BEARER_OK], 3 * ROUNDS);
    assert_int_equal(bearer_counts_all(&sum(stats, *state)->admit), 3 * ROUNDS);
}

static bool is_there(apr_uint32_t pid)
{
    return kill((pid_t)pid, 0) == 0;
}

static void stats_lose_nothing_between_processes(void **state)
{
    apr_size_t size = bearer_stats_size(shape);
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const bearer_stats_snapshot_t *seen;
    bearer_stats_t *stats;
    pid_t pids[5];
    int i, status;

    assert_true(block != MAP_FAILED);
    bearer_stats_format(block, shape);
    stats = attach(block, shape, *state);
    /* five for three rows: two of them count among the others, unless a row is
     * given back in time */
    for (i = 0; i < 5; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            (void)bearer_stats_claim(stats, (apr_uint32_t)getpid(), T,
                                     is_there);
            hammer(stats);
            if (i % 2)
                bearer_stats_release(stats);
            _exit(0);
        }
        assert_true(pids[i] > 0);
    }
    for (i = 0; i < 5; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    seen = bearer_stats_snapshot(stats, is_there, *state);
    assert_int_equal(seen->sum.verdicts[BEARER_OK], 5 * ROUNDS);
    assert_int_equal(seen->process_count, 1);
    /* the rows of those that are gone are there for the next */
    for (i = 0; i < 3; i++)
        assert_true(bearer_stats_claim(stats, (apr_uint32_t)(2 + i), T, alive));
    assert_int_equal(munmap(block, size), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(stats_counts_verdicts_by_reason),
        unit_row(stats_chooses_the_bucket_by_its_upper_end),
        unit_row(stats_keeps_algorithms_apart),
        unit_row(stats_counts_waits),
        unit_row(stats_of_nothing_count_nothing),
        unit_row(stats_refuse_what_is_not_theirs),
        unit_row(stats_fit_into_a_block_at_any_address),
        unit_row(stats_tell_processes_apart_and_together),
        unit_row(stats_reuse_rows_and_never_count_back),
        unit_row(stats_forget_the_moment_of_who_is_gone),
        unit_row(stats_among_the_others_leave_the_cache_out),
        unit_row(stats_move_to_a_larger_block),
        unit_row(stats_keep_the_last_result_of_each_source),
        unit_row(stats_keep_the_words_of_the_last_result),
        unit_row(stats_lose_nothing_between_threads),
        unit_row(stats_lose_nothing_between_processes),
    };

    return unit_run(tests);
}
