/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include <apr_thread_proc.h>

#include "bearer/keys/keyring.h"
#include "tests/unit/slots.h"
#include "tests/unit/world.h"

static const bearer_schedule_t good = {1, 1, 2, 0, 0, 0};

/* the P-256 key of RFC 7517 A.1 */
#define KEY                                                                    \
    "{\"kty\":\"EC\",\"crv\":\"P-256\","                                       \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                   \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\",\"kid\":\"%s\"}"

/* a set whose first key is called "k<n>" */
static bearer_str_t keys_of(apr_uint64_t n, apr_pool_t *pool)
{
    const char *kid = apr_psprintf(pool, "k%" APR_UINT64_T_FMT, n);

    return unit_str(
        apr_psprintf(pool, "{\"keys\":[" KEY "," KEY "]}", kid, "other"));
}

static bool is_called(const bearer_keyring_set_t *set, apr_uint64_t n)
{
    const bearer_jwks_t *keys = bearer_keyring_keys(set);
    bearer_str_t kid = keys->keys[0]->kid;
    char want[32];

    (void)apr_snprintf(want, sizeof(want), "k%" APR_UINT64_T_FMT, n);
    return keys->count == 2 && kid.len == strlen(want)
           && memcmp(kid.data, want, kid.len) == 0;
}

/** A board with a ring over it. */
typedef struct fixture_t {
    char *block;
    apr_size_t size;
    bearer_board_t *board;
    bearer_keyring_t *ring;
    bearer_board_id_t id, other; /* id has slot 0 */
} fixture_t;

static fixture_t *new_fixture(int slots, apr_pool_t *pool)
{
    fixture_t *all = apr_pcalloc(pool, sizeof(*all));

    all->size = bearer_board_size(slots);
    all->block = apr_palloc(pool, all->size);
    all->board = world_board_in(all->block, slots, pool);
    assert_int_equal(bearer_keyring_create(&all->ring, all->board, pool),
                     APR_SUCCESS);
    memset(all->id.bytes, 1, sizeof(all->id.bytes));
    memset(all->other.bytes, 2, sizeof(all->other.bytes));
    assert_int_equal(unit_claim(all->board, &all->id, 1), 0);
    return all;
}

static void post(fixture_t *all, bearer_str_t text)
{
    assert_int_equal(
        bearer_board_post(all->board, unit_slot(0, &all->id), text, &good),
        BEARER_OK);
}

static bearer_keyring_set_t *take(const char *row, fixture_t *all)
{
    bearer_keyring_set_t *set = NULL;

    unit_expect_reason(
        row, bearer_keyring_take(all->ring, unit_slot(0, &all->id), &set),
        "ok");
    return set;
}

static void expect_none(const char *row, fixture_t *all, int slot,
                        const bearer_board_id_t *id, const char *slug)
{
    bearer_keyring_set_t *set = NULL;

    unit_expect_reason(
        row, bearer_keyring_take(all->ring, unit_slot(slot, id), &set), slug);
    unit_expect(row, set == NULL);
}

/* finds a text in the block and changes it there, behind the board's back */
static void scribble(fixture_t *all, const char *text)
{
    apr_size_t len = strlen(text);
    char *at;

    for (at = all->block; memcmp(at, text, len) != 0; at++)
        assert_true(at < all->block + all->size - len);
    at[0] ^= 1;
}

/* --- one after the other -------------------------------------------------- */

static void keyring_gives_what_is_on_the_board(void **state)
{
    fixture_t *all = new_fixture(2, *state);
    bearer_keyring_set_t *set, *again;

    expect_none("nothing yet", all, 0, &all->id, "keys_unavailable");
    assert_int_equal(bearer_keyring_alive(all->ring), 0);
    post(all, keys_of(1, *state));
    set = take("first", all);
    assert_true(is_called(set, 1));
    assert_true(bearer_keyring_version(set)
                == bearer_board_version(all->board, unit_number(0)));
    again = take("again", all);
    assert_ptr_equal(set, again);
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
    bearer_keyring_give(set);
    bearer_keyring_give(again);
    bearer_keyring_give(NULL);
    /* what is current stays */
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
}

static void keyring_replaces_sets_as_a_whole(void **state)
{
    fixture_t *all = new_fixture(1, *state);
    bearer_keyring_set_t *first, *second, *third;

    post(all, keys_of(1, *state));
    first = take("first", all);
    post(all, keys_of(2, *state));
    second = take("second", all);
    assert_ptr_not_equal(first, second);
    assert_int_equal(bearer_keyring_alive(all->ring), 2);
    assert_true(is_called(first, 1) && is_called(second, 2));
    bearer_keyring_give(second);
    /* one in use and not current, one current and not in use */
    assert_int_equal(bearer_keyring_alive(all->ring), 2);
    post(all, keys_of(3, *state));
    third = take("third", all);
    assert_int_equal(bearer_keyring_alive(all->ring), 2);
    assert_true(is_called(first, 1) && is_called(third, 3));
    bearer_keyring_give(first);
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
    bearer_keyring_give(third);
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
}

/* a set must not depend on the copy of the text that it was made from */
static void keyring_keeps_nothing_of_a_large_text(void **state)
{
    fixture_t *all = new_fixture(1, *state);
    char *kid = apr_pcalloc(*state, 200);
    char *text = "{\"keys\":[";
    bearer_keyring_set_t *set;
    int i;

    memset(kid, 'x', 199);
    for (i = 0; i < 240; i++) {
        kid[0] = (char)('a' + i % 26);
        text = apr_psprintf(*state, "%s%s" KEY, text, i ? "," : "", kid);
    }
    post(all, unit_str(apr_pstrcat(*state, text, "]}", NULL)));
    set = take("large", all);
    assert_int_equal(bearer_keyring_keys(set)->count, 240);
    for (i = 0; i < 240; i++) {
        bearer_str_t got = bearer_keyring_keys(set)->keys[i]->kid;

        kid[0] = (char)('a' + i % 26);
        assert_int_equal(got.len, 199);
        assert_memory_equal(got.data, kid, 199);
    }
    bearer_keyring_give(set);
}

/* an issuer that has withdrawn all of them: not "none known", but "none is good" */
static void keyring_gives_a_set_without_keys(void **state)
{
    fixture_t *all = new_fixture(1, *state);
    bearer_keyring_set_t *set;

    post(all, keys_of(1, *state));
    bearer_keyring_give(take("keys", all));
    post(all, unit_str("{\"keys\":[]}"));
    set = take("withdrawn", all);
    assert_int_equal(bearer_keyring_keys(set)->count, 0);
    bearer_keyring_give(set);
    post(all, keys_of(2, *state));
    set = take("new ones", all);
    assert_true(is_called(set, 2));
    bearer_keyring_give(set);
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
}

/* --- what cannot be used -------------------------------------------------- */

static const struct {
    const char *name, *text, *want;
} bad[] = {
    {"empty", "", "json_syntax"},
    {"no JSON", "rubbish", "json_syntax"},
    {"twice", "{\"keys\":[],\"keys\":[]}", "json_duplicate"},
    {"too deep",
     "{\"keys\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"
     "]]]]]]]]]]]]]]]]]]]}",
     "json_depth"},
    {"no set", "{}", "jwks_form"},
    {"no good key", "{\"keys\":[{}]}", "jwks_empty"},
};

static void keyring_says_why_there_are_no_keys(void **state)
{
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fixture_t *all = new_fixture(1, *state);

        post(all, unit_str(bad[i].text));
        expect_none(bad[i].name, all, 0, &all->id, bad[i].want);
        expect_none(bad[i].name, all, 0, &all->id, bad[i].want);
        unit_expect(bad[i].name, bearer_keyring_alive(all->ring) == 0);
        post(all, keys_of(2, *state));
        bearer_keyring_give(take(bad[i].name, all));
        unit_expect(bad[i].name, bearer_keyring_alive(all->ring) == 1);
    }
}

static void keyring_keeps_the_set_at_hand(void **state)
{
    fixture_t *all = new_fixture(1, *state);
    bearer_keyring_set_t *set;
    size_t i;

    post(all, keys_of(7, *state));
    bearer_keyring_give(take("good", all));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int k;

        post(all, unit_str(bad[i].text));
        for (k = 0; k < 3; k++) {
            set = take(bad[i].name, all);
            unit_expect(bad[i].name, is_called(set, 7));
            unit_expect(bad[i].name, bearer_keyring_version(set) == 1);
            bearer_keyring_give(set);
        }
        unit_expect(bad[i].name, bearer_keyring_alive(all->ring) == 1);
    }
    post(all, keys_of(8, *state));
    set = take("good again", all);
    assert_true(is_called(set, 8));
    bearer_keyring_give(set);
}

static void keyring_does_not_try_a_bad_document_again(void **state)
{
    fixture_t *all = new_fixture(1, *state);
    bearer_keyring_set_t *set;

    post(all, unit_str("{\"bad\":\"document\"}"));
    expect_none("first", all, 0, &all->id, "jwks_form");
    /* looking at it again finds it broken */
    scribble(all, "document");
    expect_none("again", all, 0, &all->id, "jwks_form");

    post(all, keys_of(1, *state));
    scribble(all, "k1");
    expect_none("broken", all, 0, &all->id, "board_broken");
    /* whole again, but nobody looks */
    scribble(all, "j1");
    expect_none("refused before", all, 0, &all->id, "board_broken");

    post(all, keys_of(2, *state));
    bearer_keyring_give(take("good", all));
    post(all, keys_of(3, *state));
    scribble(all, "k3");
    set = take("broken with a set in use", all);
    assert_true(is_called(set, 2));
    bearer_keyring_give(set);
}

static void keyring_knows_foreign_hands(void **state)
{
    static const int slots[] = {-1, 1, 2, INT_MAX, INT_MIN};
    fixture_t *all = new_fixture(2, *state);
    bearer_board_id_t third = all->other;
    bearer_keyring_set_t *set, *mine;
    size_t i;

    post(all, keys_of(1, *state));
    for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++)
        expect_none("not a slot of mine", all, slots[i], &all->id,
                    "keys_unavailable");
    expect_none("foreign", all, 0, &all->other, "keys_unavailable");
    mine = take("mine", all);
    expect_none("foreign, with a set in use", all, 0, &all->other,
                "keys_unavailable");

    /* the slot is given away */
    assert_int_equal(unit_claim(all->board, &all->other, 1), 1);
    memset(third.bytes, 3, sizeof(third.bytes));
    assert_int_equal(unit_claim(all->board, &all->other, 2), 1);
    assert_int_equal(unit_claim(all->board, &third, 2), 0);
    expect_none("emptied", all, 0, &all->id, "keys_unavailable");
    expect_none("emptied", all, 0, &third, "keys_unavailable");
    assert_int_equal(bearer_board_post(all->board, unit_slot(0, &third),
                                       keys_of(33, *state), &good),
                     BEARER_OK);
    expect_none("given away", all, 0, &all->id, "keys_unavailable");
    unit_expect_reason(
        "new owner", bearer_keyring_take(all->ring, unit_slot(0, &third), &set),
        "ok");
    assert_true(is_called(set, 33));
    /* a reader that still holds the old one is not disturbed */
    assert_true(is_called(mine, 1));
    expect_none("given away, with their set in use", all, 0, &all->id,
                "keys_unavailable");
    assert_int_equal(bearer_keyring_alive(all->ring), 2);
    bearer_keyring_give(mine);
    bearer_keyring_give(set);
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
}

/* --- side by side --------------------------------------------------------- */

#define THREADS 4

/** One thread that takes and gives. */
typedef struct taker_t {
    fixture_t *all;
    atomic_uint *takes, *stop, *bad, *ready;
} taker_t;

/* posts are numbered like their versions; every fifth cannot be parsed */
static bool is_bad(apr_uint64_t n)
{
    return n % 5 == 4;
}

static void *APR_THREAD_FUNC
take_until_stopped(apr_thread_t *thread BEARER_UNUSED, void *baton)
{
    taker_t *own = baton;
    bearer_keyring_set_t *held = NULL;
    apr_uint64_t before = 0;

    while (!atomic_load(own->stop)) {
        bearer_keyring_set_t *set = NULL;
        apr_uint64_t n;

        if (bearer_keyring_take(own->all->ring, unit_slot(0, &own->all->id),
                                &set)) {
            atomic_fetch_add(own->bad, 1);
            continue;
        }
        n = bearer_keyring_version(set);
        if (n < before || is_bad(n) || !is_called(set, n))
            atomic_fetch_add(own->bad, 1);
        before = n;
        atomic_fetch_add(own->takes, 1);
        /* some are held longer than the set is current */
        if (n % 3) {
            bearer_keyring_give(held);
            held = set;
        }
        else
            bearer_keyring_give(set);
    }
    if (held && !is_called(held, bearer_keyring_version(held)))
        atomic_fetch_add(own->bad, 1);
    bearer_keyring_give(held);
    return NULL;
}

static void keyring_serves_threads_while_keys_change(void **state)
{
    enum { POSTS = 1000 };
    fixture_t *all = new_fixture(1, *state);
    atomic_uint takes = 0, stop = 0, wrong = 0;
    taker_t own = {all, &takes, &stop, &wrong, NULL};
    apr_thread_t *threads[THREADS];
    bearer_keyring_set_t *set;
    apr_pool_t *tmp;
    apr_status_t rv;
    apr_uint64_t n;
    int i;

    assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
    post(all, keys_of(1, tmp));
    for (i = 0; i < THREADS; i++)
        assert_int_equal(apr_thread_create(&threads[i], NULL,
                                           take_until_stopped, &own, *state),
                         APR_SUCCESS);
    for (n = 2; n <= POSTS; n++) {
        unsigned seen = atomic_load(&takes);

        post(all, is_bad(n) ? unit_str("bad") : keys_of(n, tmp));
        apr_pool_clear(tmp);
        /* let somebody see each or most of them */
        while (n % 8 && atomic_load(&takes) == seen && !atomic_load(&wrong))
            apr_thread_yield();
        assert_true(bearer_keyring_alive(all->ring) <= 2 * THREADS + 2);
    }
    atomic_store(&stop, 1);
    for (i = 0; i < THREADS; i++)
        (void)apr_thread_join(&rv, threads[i]);
    assert_int_equal(wrong, 0);
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
    set = take("last", all);
    assert_true(is_called(set, POSTS));
    bearer_keyring_give(set);
    assert_int_equal(bearer_keyring_alive(all->ring), 1);
}

static void *APR_THREAD_FUNC take_at_once(apr_thread_t *thread BEARER_UNUSED,
                                          void *baton)
{
    taker_t *own = baton;
    bearer_keyring_set_t *set = NULL;

    atomic_fetch_add(own->ready, 1);
    while (atomic_load(own->ready) < THREADS)
        apr_thread_yield();
    if (bearer_keyring_take(own->all->ring, unit_slot(0, &own->all->id), &set)
        || !is_called(set, 1))
        atomic_fetch_add(own->bad, 1);
    /* one parsed, the others waited for it */
    if (bearer_keyring_alive(own->all->ring) != 1)
        atomic_fetch_add(own->bad, 1);
    bearer_keyring_give(set);
    return NULL;
}

static void keyring_parses_once_for_all_who_wait(void **state)
{
    int round, i;

    for (round = 0; round < 50; round++) {
        apr_thread_t *threads[THREADS];
        atomic_uint wrong = 0, ready = 0;
        taker_t own = {NULL, NULL, NULL, &wrong, &ready};
        apr_pool_t *tmp;
        apr_status_t rv;

        assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
        own.all = new_fixture(1, tmp);
        post(own.all, keys_of(1, tmp));
        for (i = 0; i < THREADS; i++)
            assert_int_equal(
                apr_thread_create(&threads[i], NULL, take_at_once, &own, tmp),
                APR_SUCCESS);
        for (i = 0; i < THREADS; i++)
            (void)apr_thread_join(&rv, threads[i]);
        assert_int_equal(wrong, 0);
        apr_pool_destroy(tmp);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(keyring_gives_what_is_on_the_board),
        unit_row(keyring_replaces_sets_as_a_whole),
        unit_row(keyring_keeps_nothing_of_a_large_text),
        unit_row(keyring_gives_a_set_without_keys),
        unit_row(keyring_says_why_there_are_no_keys),
        unit_row(keyring_keeps_the_set_at_hand),
        unit_row(keyring_does_not_try_a_bad_document_again),
        unit_row(keyring_knows_foreign_hands),
        unit_row(keyring_serves_threads_while_keys_change),
        unit_row(keyring_parses_once_for_all_who_wait),
    };

    return unit_run(tests);
}
