/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_thread_proc.h>

#include "bearer/keys/board.h"
#include "tests/unit/slots.h"
#include "tests/unit/walk.h"
#include "tests/unit/world.h"

#define SEC ((apr_time_t)1000000)
#define T   ((apr_time_t)(1000 * SEC))

static const bearer_schedule_conf_t conf = {3600 * SEC, 60 * SEC, 86400 * SEC};
static const bearer_schedule_t good = {11, 12, 13, 14, 15, 0};
static const bearer_schedule_t later = {21, 22, 23, 24, 25, 0};
static const bearer_schedule_t never;

static bearer_board_id_t id_of(int n)
{
    bearer_board_id_t id;

    memset(id.bytes, 0xa0 + n, sizeof(id.bytes));
    memcpy(id.bytes, &n, sizeof(n));
    return id;
}

static bool same_schedule(bearer_schedule_t a, bearer_schedule_t b)
{
    return a.last_good == b.last_good && a.last_try == b.last_try
           && a.next == b.next && a.served == b.served
           && a.failures == b.failures;
}

static void expect_text(const char *row, bearer_board_t *board, int slot,
                        const bearer_board_id_t *id, const char *want,
                        apr_pool_t *pool)
{
    bearer_str_t text = {NULL, 0};
    apr_uint64_t version = 0;

    unit_expect_reason(
        row,
        bearer_board_read(board, unit_slot(slot, id), &text, &version, pool),
        "ok");
    unit_expect(row, text.len == strlen(want));
    unit_expect(row, strcmp(text.data, want) == 0);
    unit_expect(row, version == bearer_board_version(board, unit_number(slot)));
}

static void expect_no_text(const char *row, bearer_board_t *board, int slot,
                           const bearer_board_id_t *id, const char *slug,
                           apr_pool_t *pool)
{
    bearer_str_t text = {"untouched", 9};
    apr_uint64_t version = 77;

    unit_expect_reason(
        row,
        bearer_board_read(board, unit_slot(slot, id), &text, &version, pool),
        slug);
    unit_expect(row, text.len == 9 && version == 77);
}

static void post(bearer_board_t *board, int slot, const bearer_board_id_t *id,
                 const char *text)
{
    assert_int_equal(
        bearer_board_post(board, unit_slot(slot, id), unit_str(text), &good),
        BEARER_OK);
}

/* --- the block ------------------------------------------------------------ */

static void board_attaches_to_what_was_formatted(void **state)
{
    bearer_board_t *board = world_board(3, *state);
    bearer_board_id_t id = id_of(1);

    assert_int_equal(bearer_board_slots(board), 3);
    assert_int_equal(bearer_lease_holder(bearer_board_lease(board)), 0);
    assert_int_equal(bearer_board_version(board, unit_number(0)), 0);
    assert_int_equal(bearer_board_asked(board, unit_number(0)), 0);
    assert_true(
        same_schedule(bearer_board_schedule(board, unit_slot(0, &id)), never));
    expect_no_text("empty", board, 0, &id, "keys_unavailable", *state);
    assert_true(bearer_board_size(0) > 0);
    assert_true(bearer_board_size(-1) == bearer_board_size(0));
    assert_int_equal(bearer_board_slots(world_board(0, *state)), 0);
}

static void board_refuses_what_is_no_board(void **state)
{
    apr_size_t size = bearer_board_size(2);
    unsigned char *block = apr_pcalloc(*state, size + 8);
    bearer_board_t *board = NULL;
    apr_size_t i;

    unit_expect_reason("zeros",
                       bearer_board_attach(block, size, &board, *state),
                       "board_broken");
    bearer_board_format(block, size - 1, 2);
    unit_expect_reason("formatted in too little",
                       bearer_board_attach(block, size, &board, *state),
                       "board_broken");
    bearer_board_format(block, size, -1);
    unit_expect_reason("formatted for less than none",
                       bearer_board_attach(block, size, &board, *state),
                       "board_broken");
    bearer_board_format(block, size, 2);
    unit_expect_reason("cut",
                       bearer_board_attach(block, size - 1, &board, *state),
                       "board_broken");
    unit_expect_reason("a few bytes",
                       bearer_board_attach(block, 10, &board, *state),
                       "board_broken");
    unit_expect_reason("none", bearer_board_attach(NULL, size, &board, *state),
                       "board_broken");
    unit_expect_reason("crooked",
                       bearer_board_attach(block + 1, size, &board, *state),
                       "board_broken");
    /* magic, layout, slots, slot size */
    for (i = 0; i < 24; i++) {
        block[i] ^= 0x80;
        unit_expect_reason(apr_psprintf(*state, "byte %d", (int)i),
                           bearer_board_attach(block, size, &board, *state),
                           "board_broken");
        block[i] ^= 0x80;
    }
    assert_null(board);
    unit_expect_reason("whole",
                       bearer_board_attach(block, size, &board, *state), "ok");
}

/* --- documents ------------------------------------------------------------ */

static void board_gives_back_what_was_posted(void **state)
{
    bearer_board_t *board = world_board(2, *state);
    bearer_board_id_t id = id_of(1);
    int slot = unit_claim(board, &id, 1);
    apr_uint64_t before = 0;
    int i;

    expect_no_text("nothing yet", board, slot, &id, "keys_unavailable", *state);
    for (i = 0; i < 20; i++) {
        /* every length modulo the word, and none */
        char *text = apr_psprintf(*state, "%.*s", i, "01234567890123456789");

        post(board, slot, &id, text);
        expect_text(text, board, slot, &id, text, *state);
        assert_true(bearer_board_version(board, unit_number(slot)) > before);
        before = bearer_board_version(board, unit_number(slot));
    }
    assert_true(same_schedule(
        bearer_board_schedule(board, unit_slot(slot, &id)), good));
    bearer_board_note(board, unit_slot(slot, &id), &later);
    assert_true(same_schedule(
        bearer_board_schedule(board, unit_slot(slot, &id)), later));
    assert_true(bearer_board_version(board, unit_number(slot)) == before);
}

static void board_holds_the_largest_document(void **state)
{
    bearer_board_t *board = world_board(2, *state);
    bearer_board_id_t id = id_of(1), other = id_of(2);
    int slot = unit_claim(board, &id, 1);
    int beside = unit_claim(board, &other, 1);
    char *text = apr_palloc(*state, BEARER_LIMIT_DOCUMENT + 2);
    bearer_str_t large = {text, BEARER_LIMIT_DOCUMENT + 1};

    memset(text, 'x', BEARER_LIMIT_DOCUMENT + 1);
    text[BEARER_LIMIT_DOCUMENT + 1] = '\0';
    post(board, beside, &other, "beside");
    unit_expect_reason(
        "too large",
        bearer_board_post(board, unit_slot(slot, &id), large, &good),
        "jwks_size");
    expect_no_text("too large", board, slot, &id, "keys_unavailable", *state);
    assert_true(same_schedule(
        bearer_board_schedule(board, unit_slot(slot, &id)), never));
    text[BEARER_LIMIT_DOCUMENT] = '\0';
    post(board, slot, &id, text);
    post(board, slot, &id, text);
    expect_text("largest", board, slot, &id, text, *state);
    expect_text("beside", board, beside, &other, "beside", *state);
}

static void board_knows_foreign_hands(void **state)
{
    static const int slots[] = {-1, 0, 1, 2, 3, INT_MAX, INT_MIN};
    bearer_board_t *board = world_board(3, *state);
    bearer_board_id_t id = id_of(1), foreign = id_of(2);
    bearer_board_id_t nobody;
    int slot = unit_claim(board, &id, 1);
    size_t i;

    memset(nobody.bytes, 0, sizeof(nobody.bytes));
    post(board, slot, &id, "mine");
    for (i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        const char *row = apr_psprintf(*state, "slot %d", slots[i]);
        const bearer_board_id_t *who = slots[i] == slot ? &foreign : &nobody;

        unit_expect_reason(row,
                           bearer_board_post(board, unit_slot(slots[i], who),
                                             unit_str("x"), &later),
                           "board_broken");
        bearer_board_note(board, unit_slot(slots[i], who), &later);
        expect_no_text(row, board, slots[i], who, "keys_unavailable", *state);
        unit_expect(row, same_schedule(bearer_board_schedule(
                                           board, unit_slot(slots[i], who)),
                                       never));
        if (slots[i] == slot)
            continue;
        unit_expect(row,
                    bearer_board_version(board, unit_number(slots[i])) == 0);
        if (slots[i] >= 0 && slots[i] < 3)
            continue;
        unit_expect(row,
                    !bearer_board_ask(board, unit_number(slots[i]), &conf, T));
        unit_expect(row, bearer_board_asked(board, unit_number(slots[i])) == 0);
    }
    expect_text("still", board, slot, &id, "mine", *state);
    assert_true(same_schedule(
        bearer_board_schedule(board, unit_slot(slot, &id)), good));
}

/* --- slots ---------------------------------------------------------------- */

static void board_keeps_and_hands_on_slots(void **state)
{
    /* who claims in which epoch, which slot is expected, and whether the
     * document that its owner posted earlier is still there */
    static const struct {
        const char *name;
        int who;
        apr_uint32_t epoch;
        int want;
        bool kept;
    } steps[] = {
        {"first", 1, 1, 0, false},
        {"second", 2, 1, 1, false},
        {"first again", 1, 1, 0, true},
        {"a restart keeps", 1, 2, 0, true},
        {"never used goes before unused", 3, 2, 2, false},
        {"all used, the unused goes", 4, 2, 1, false},
        {"full", 5, 2, -1, false},
        {"full for its old owner too", 2, 2, -1, false},
        {"an older configuration takes nothing", 2, 1, -1, false},
        {"nor a document", 4, 1, 1, true},
        {"next epoch keeps", 3, 3, 2, true},
        {"the first of two unused for as long", 6, 3, 0, false},
        {"then the other", 7, 3, 1, false},
        {"full again", 8, 3, -1, false},
        {"keeps after a jump", 6, 10, 0, true},
        {"and another", 3, 11, 2, true},
        {"the longest unused first", 8, 12, 1, false},
        {"then the next", 9, 12, 0, false},
        {"then the last", 10, 12, 2, false},
    };
    bearer_board_t *board = world_board(3, *state);
    apr_uint64_t versions[3] = {0, 0, 0};
    size_t i;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        const char *row = steps[i].name;
        bearer_board_id_t id = id_of(steps[i].who);
        const char *text = apr_psprintf(*state, "keys of %d", steps[i].who);
        int slot = unit_claim(board, &id, steps[i].epoch);

        unit_expect(row, slot == steps[i].want);
        if (slot < 0)
            continue;
        if (steps[i].kept) {
            expect_text(row, board, slot, &id, text, *state);
            unit_expect(row, same_schedule(bearer_board_schedule(
                                               board, unit_slot(slot, &id)),
                                           good));
            unit_expect(row, bearer_board_asked(board, unit_number(slot)) == T);
        }
        else {
            unit_expect(row,
                        bearer_board_version(board, unit_number(slot)) == 0);
            unit_expect(row, bearer_board_asked(board, unit_number(slot)) == 0);
            unit_expect(row, same_schedule(bearer_board_schedule(
                                               board, unit_slot(slot, &id)),
                                           never));
            expect_no_text(row, board, slot, &id, "keys_unavailable", *state);
            post(board, slot, &id, text);
            unit_expect(row,
                        bearer_board_ask(board, unit_number(slot), &conf, T));
            /* no version comes twice, or a keyring would keep foreign keys */
            unit_expect(row, bearer_board_version(board, unit_number(slot))
                                 > versions[slot]);
        }
        versions[slot] = bearer_board_version(board, unit_number(slot));
    }
}

static void board_shuts_out_the_former_owner(void **state)
{
    bearer_board_t *board = world_board(1, *state);
    bearer_board_id_t old = id_of(1), new = id_of(2);

    assert_int_equal(unit_claim(board, &old, 1), 0);
    post(board, 0, &old, "old");
    assert_int_equal(unit_claim(board, &new, 2), 0);
    expect_no_text("old reads", board, 0, &old, "keys_unavailable", *state);
    unit_expect_reason(
        "old posts",
        bearer_board_post(board, unit_slot(0, &old), unit_str("old"), &good),
        "board_broken");
    bearer_board_note(board, unit_slot(0, &old), &good);
    assert_true(
        same_schedule(bearer_board_schedule(board, unit_slot(0, &new)), never));
    expect_no_text("new reads", board, 0, &new, "keys_unavailable", *state);
    post(board, 0, &new, "new");
    expect_text("new", board, 0, &new, "new", *state);
    expect_no_text("old again", board, 0, &old, "keys_unavailable", *state);
}

/* A fetcher that is cut off, or late, while its slot is given away may leave
 * its document to the new owner. */
static void board_gives_no_keys_to_another(void **state)
{
    apr_size_t size = bearer_board_size(1);
    unsigned char *block = apr_palloc(*state, size);
    bearer_board_t *board = world_board_in(block, 1, *state);
    bearer_board_id_t id = id_of(1), other = id_of(2);
    unsigned char *at = block + bearer_board_size(0);

    assert_int_equal(unit_claim(board, &id, 1), 0);
    post(board, 0, &id, "mine");
    /* the slot's id comes first, the document's stays */
    assert_memory_equal(at, id.bytes, sizeof(id.bytes));
    memcpy(at, other.bytes, sizeof(other.bytes));
    expect_no_text("other", board, 0, &other, "keys_unavailable", *state);
    expect_no_text("mine", board, 0, &id, "keys_unavailable", *state);
    post(board, 0, &other, "theirs");
    expect_text("theirs", board, 0, &other, "theirs", *state);
}

static void board_copies_to_another(void **state)
{
    bearer_board_t *from = world_board(5, *state);
    bearer_board_t *to = world_board(7, *state);
    bearer_board_id_t with = id_of(1), without = id_of(2), other = id_of(9);
    int i;

    assert_int_equal(unit_claim(from, &with, 4), 0);
    assert_int_equal(unit_claim(from, &without, 3), 1);
    for (i = 0; i < 5; i++)
        post(from, 0, &with, apr_psprintf(*state, "text %d", i));
    bearer_board_note(from, unit_slot(1, &without), &later);
    assert_true(bearer_board_ask(from, unit_number(1), &conf, T));
    assert_true(bearer_lease_take(bearer_board_lease(from), 4, 100, T, NULL));

    bearer_board_copy(from, to);
    expect_text("copy", to, 0, &with, "text 4", *state);
    assert_int_equal(bearer_board_version(to, unit_number(0)),
                     bearer_board_version(from, unit_number(0)));
    assert_true(
        same_schedule(bearer_board_schedule(to, unit_slot(0, &with)), good));
    expect_no_text("no document", to, 1, &without, "keys_unavailable", *state);
    assert_true(same_schedule(bearer_board_schedule(to, unit_slot(1, &without)),
                              later));
    assert_int_equal(bearer_board_asked(to, unit_number(1)), T);
    assert_int_equal(bearer_lease_holder(bearer_board_lease(to)), 0);

    /* claims and posts go on as if nothing had happened */
    for (i = 2; i < 7; i++) {
        bearer_board_id_t more = id_of(i + 1);

        assert_int_equal(unit_claim(to, &more, 3), i);
    }
    assert_int_equal(unit_claim(to, &other, 3), -1);
    assert_int_equal(unit_claim(to, &with, 4), 0);
    post(to, 0, &with, "text 5");
    expect_text("posted", to, 0, &with, "text 5", *state);
    expect_text("the old one", from, 0, &with, "text 4", *state);
}

static void board_copies_the_count_of_versions(void **state)
{
    bearer_board_t *from = world_board(1, *state);
    bearer_board_t *to = world_board(1, *state);
    bearer_board_id_t id = id_of(1), other = id_of(2);
    int i;

    assert_int_equal(unit_claim(from, &id, 1), 0);
    for (i = 0; i < 5; i++)
        post(from, 0, &id, "text");
    bearer_board_copy(from, to);
    assert_int_equal(unit_claim(to, &other, 2), 0);
    post(to, 0, &other, "other");
    assert_true(bearer_board_version(to, unit_number(0))
                > bearer_board_version(from, unit_number(0)));
}

static void board_counts_round(void **state)
{
    apr_size_t size = bearer_board_size(1);
    unsigned char *block = apr_palloc(*state, size);
    bearer_board_t *board = world_board_in(block, 1, *state);
    bearer_board_id_t id = id_of(1);

    assert_int_equal(unit_claim(board, &id, 1), 0);
    post(board, 0, &id, "first");
    /* the counters of a slot follow its id */
    memset(block + bearer_board_size(0) + 32, 0xff, 16);
    post(board, 0, &id, "last");
    expect_text("last", board, 0, &id, "last", *state);
    post(board, 0, &id, "and on");
    expect_text("and on", board, 0, &id, "and on", *state);
}

static void board_copies_no_broken_document(void **state)
{
    apr_size_t size = bearer_board_size(1);
    char *block = apr_palloc(*state, size);
    bearer_board_t *from = world_board_in(block, 1, *state);
    bearer_board_t *to = world_board(1, *state);
    bearer_board_id_t id = id_of(1);
    char *at;

    assert_int_equal(unit_claim(from, &id, 1), 0);
    post(from, 0, &id, "to be broken");
    for (at = block; memcmp(at, "to be br", 8) != 0; at++)
        assert_true(at < block + size - 8);
    at[0] = 'T';
    expect_no_text("broken", from, 0, &id, "board_broken", *state);
    bearer_board_copy(from, to);
    expect_no_text("copy", to, 0, &id, "keys_unavailable", *state);
    assert_int_equal(unit_claim(to, &id, 1), 0);
    /* due at once */
    assert_true(
        same_schedule(bearer_board_schedule(to, unit_slot(0, &id)), never));
    /* and the next post mends it */
    post(from, 0, &id, "mended");
    expect_text("mended", from, 0, &id, "mended", *state);
}

/* --- rubbish -------------------------------------------------------------- */

/* everything a stranger's process may do with a board it does not trust */
static void use_all(bearer_board_t *board, const bearer_board_id_t *id,
                    apr_pool_t *pool)
{
    bearer_str_t text = {NULL, 0};
    apr_uint64_t version;
    int slot;

    for (slot = 0; slot < bearer_board_slots(board); slot++) {
        bearer_schedule_t at =
            bearer_board_schedule(board, unit_slot(slot, id));

        (void)bearer_schedule_next(
            &at, &conf, T, bearer_board_asked(board, unit_number(slot)));
        (void)bearer_schedule_usable(&at, &conf, T);
        (void)bearer_board_version(board, unit_number(slot));
        if (bearer_board_read(board, unit_slot(slot, id), &text, &version, pool)
            == BEARER_OK)
            assert_string_equal(text.data, "the text of these keys");
        (void)bearer_board_ask(board, unit_number(slot), &conf, T);
    }
    (void)bearer_lease_take(bearer_board_lease(board), 7, 7, T, NULL);
    (void)bearer_lease_holder(bearer_board_lease(board));
    bearer_lease_resign(bearer_board_lease(board), 7);
    bearer_seats_leave(
        bearer_board_seats(board),
        bearer_seats_take(bearer_board_seats(board), 5, T, T + 9), T + 9);
}

static void board_survives_random_bytes(void **state)
{
    apr_size_t size = bearer_board_size(2);
    unsigned char *block = apr_palloc(*state, size);
    apr_uint64_t rng = 0x9e3779b97f4a7c15u;
    bearer_board_id_t id = id_of(1);
    apr_pool_t *tmp;
    int round;

    assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
    for (round = 0; round < 60; round++) {
        bearer_board_t *board = NULL;
        apr_size_t i;

        for (i = 0; i + 8 <= size; i += 8) {
            apr_uint64_t word = draw(&rng, UINT64_MAX);

            memcpy(block + i, &word, 8);
        }
        unit_expect_reason("random header",
                           bearer_board_attach(block, size, &board, tmp),
                           "board_broken");
        /* a good header before random slots: the first 24 bytes are it */
        if (round % 2) {
            unsigned char *model = apr_palloc(tmp, size);

            bearer_board_format(model, size, 2);
            memcpy(block, model, 24);
            assert_int_equal(bearer_board_attach(block, size, &board, tmp),
                             BEARER_OK);
            use_all(board, &id, tmp);
            /* a claim overwrites random slots or leaves them */
            (void)unit_claim(board, &id, 0);
            (void)unit_claim(board, &id, 0xffffffffu);
            use_all(board, &id, tmp);
        }
        apr_pool_clear(tmp);
    }
}

/* Right ids, and everything around them wrong: the reads go as deep as they can. */
static void board_gives_the_text_or_none(void **state)
{
    apr_size_t size = bearer_board_size(1);
    unsigned char *block = apr_palloc(*state, size);
    unsigned char *whole = apr_palloc(*state, size);
    bearer_board_t *board = world_board_in(block, 1, *state);
    apr_uint64_t rng = 0x2545f4914f6cdd1du;
    bearer_board_id_t id = id_of(1);
    apr_size_t slot_at = bearer_board_size(0);
    apr_pool_t *tmp;
    int round, i, intact = 0;

    assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
    assert_int_equal(unit_claim(board, &id, 1), 0);
    post(board, 0, &id, "another text, longer than the one that is current");
    post(board, 0, &id, "the text of these keys");
    memcpy(whole, block, size);
    for (round = 0; round < 1000; round++) {
        bearer_str_t text = {NULL, 0};
        apr_uint64_t version;
        int flips = 1 + (int)draw(&rng, 4);

        /* in the slot's words, or in the words of its second document's head
         * and text, or in those of the first (version 2 lies in it) */
        for (i = 0; i < flips; i++) {
            apr_size_t part = (apr_size_t)draw(&rng, 2);
            apr_size_t at = slot_at + (part ? 32 : 128)
                            + (apr_size_t)draw(&rng, part ? 96 : 128);

            block[at] ^= (unsigned char)(1u << draw(&rng, 8));
        }
        if (bearer_board_read(board, unit_slot(0, &id), &text, &version, tmp)
            == BEARER_OK) {
            assert_string_equal(text.data, "the text of these keys");
            intact++;
        }
        use_all(board, &id, tmp);
        /* posting works on whatever is there, and then reading does */
        if (round % 4 == 0
            && bearer_board_post(board, unit_slot(0, &id),
                                 unit_str("the text of these keys"), &good)
                   == BEARER_OK)
            expect_text("posted", board, 0, &id, "the text of these keys", tmp);
        memcpy(block, whole, size);
        apr_pool_clear(tmp);
    }
    /* flips in words that do not matter leave some, or nothing was tested */
    assert_true(intact > 20 && intact < 980);
}

/* --- kids ----------------------------------------------------------------- */

static void board_keeps_kids_for_their_source(void **state)
{
    bearer_board_t *board = world_board(1, *state);
    bearer_board_id_t one = id_of(1), two = id_of(2);
    apr_uint64_t asks = bearer_board_asks(board);

    /* a slot that is nobody's, then one whose kids nobody has laid out */
    bearer_board_open_kids(board, unit_slot(0, &one));
    assert_null(bearer_board_kids(board, unit_slot(0, &one)));
    assert_int_equal(unit_claim(board, &one, 1), 0);
    assert_null(bearer_board_kids(board, unit_slot(0, &one)));
    assert_false(bearer_board_want(board, unit_slot(0, &one), unit_str("kid"),
                                   60 * SEC, T));
    bearer_board_open_kids(board, unit_slot(0, &one));
    assert_non_null(bearer_board_kids(board, unit_slot(0, &one)));
    assert_null(bearer_board_kids(board, unit_slot(0, &two)));
    assert_null(bearer_board_kids(board, unit_slot(1, &one)));
    assert_true(bearer_board_want(board, unit_slot(0, &one), unit_str("kid"),
                                  60 * SEC, T));
    assert_true(bearer_board_asks(board) == asks + 1);
    assert_false(bearer_board_want(board, unit_slot(0, &one), unit_str("kid"),
                                   60 * SEC, T));
    assert_true(bearer_board_asks(board) == asks + 1);
    /* a restart keeps them */
    assert_int_equal(unit_claim(board, &one, 2), 0);
    bearer_board_open_kids(board, unit_slot(0, &one));
    assert_false(bearer_board_want(board, unit_slot(0, &one), unit_str("kid"),
                                   60 * SEC, T));
    /* another source gets none of them */
    assert_int_equal(unit_claim(board, &two, 3), 0);
    assert_null(bearer_board_kids(board, unit_slot(0, &one)));
    bearer_board_open_kids(board, unit_slot(0, &two));
    assert_true(bearer_board_want(board, unit_slot(0, &two), unit_str("kid"),
                                  60 * SEC, T));
}

/* --- asks ----------------------------------------------------------------- */

static void board_throttles_asks(void **state)
{
    bearer_board_t *board = world_board(2, *state);
    apr_uint64_t rng = 1234567;
    apr_time_t now = T, last = 0;
    int i, asks = 0;

    for (i = 0; i < 5000; i++) {
        now += (apr_time_t)draw(&rng, 20 * SEC);
        if (bearer_board_ask(board, unit_number(1), &conf, now)) {
            assert_true(last == 0 || now - last >= conf.miss);
            last = now;
            asks++;
        }
        else
            assert_true(now - last < conf.miss);
        assert_true(bearer_board_asked(board, unit_number(1)) == last);
    }
    assert_true(asks > 500);
    assert_int_equal(bearer_board_asked(board, unit_number(0)), 0);
}

static void *APR_THREAD_FUNC ask_in_step(apr_thread_t *thread BEARER_UNUSED,
                                         void *baton)
{
    walker_t *own = baton;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        apr_time_t now = T + i * conf.miss;

        step(own);
        own->got[i] +=
            bearer_board_ask(own->shared, unit_number(0), &conf, now);
        /* the clock goes on and is not the same for all */
        own->got[i] += bearer_board_ask(own->shared, unit_number(0), &conf,
                                        now + own->number);
        step(own);
    }
    return NULL;
}

static void board_lets_one_of_many_threads_ask(void **state)
{
    walker_t *walkers = walk(world_board(1, *state), ask_in_step, *state);
    int i, k;

    for (i = 0; i < ROUNDS; i++) {
        int sum = 0;

        for (k = 0; k < THREADS; k++)
            sum += walkers[k].got[i];
        unit_expect(apr_psprintf(*state, "round %d", i), sum == 1);
    }
}

/* --- a writer and its readers --------------------------------------------- */

#define TEXTS 7

/* A text tells its number and has its number in every byte, so a mix of two is
 * no text. Lengths go from a few bytes to all there is room for. */
static apr_size_t text_length(apr_uint64_t n)
{
    static const apr_size_t lengths[TEXTS] = {
        16, 17, 5000, 40, BEARER_LIMIT_DOCUMENT, 1023, 60001};

    return lengths[n % TEXTS];
}

static bearer_str_t write_text(char *buffer, apr_uint64_t n)
{
    bearer_str_t text = {buffer, text_length(n)};

    memset(buffer, 'a' + (int)(n % 26), text.len);
    (void)apr_snprintf(buffer, 16, "%015" APR_UINT64_T_FMT, n);
    buffer[15] = ':';
    return text;
}

/* the text's number, or 0 if it is not whole */
static apr_uint64_t read_text(bearer_str_t text)
{
    apr_uint64_t n;
    apr_size_t i;

    if (text.len < 16 || text.data[15] != ':' || text.data[text.len] != '\0')
        return 0;
    n = (apr_uint64_t)apr_atoi64(text.data);
    if (text.len != text_length(n))
        return 0;
    for (i = 16; i < text.len; i++) {
        if (text.data[i] != 'a' + (int)(n % 26))
            return 0;
    }
    return n;
}

/** What readers have met, in memory that all of them see. */
typedef struct tally_t {
    atomic_uint stop, reads, bad;
} tally_t;

/** One reader of a board, thread or process. */
typedef struct reader_t {
    bearer_board_t *board;
    tally_t *tally;
    bearer_board_id_t id;
    apr_uint64_t before; /* the number met last */
} reader_t;

/* reads once: whatever it meets is whole and not older than what it met before;
 * texts are posted in order of their numbers */
static bool read_whole(reader_t *own, apr_pool_t *tmp)
{
    bearer_str_t text = {NULL, 0};
    apr_uint64_t version = 0, n;

    if (bearer_board_read(own->board, unit_slot(0, &own->id), &text, &version,
                          tmp)
        != BEARER_OK)
        return false;
    n = read_text(text);
    if (n == 0 || n < own->before)
        return false;
    own->before = n;
    return bearer_board_schedule(own->board, unit_slot(0, &own->id)).last_good
           != 0;
}

static void read_until_stopped(reader_t *own, apr_pool_t *pool)
{
    apr_pool_t *tmp;

    if (apr_pool_create(&tmp, pool) != APR_SUCCESS)
        return;
    while (!atomic_load(&own->tally->stop)) {
        if (!read_whole(own, tmp))
            atomic_fetch_add(&own->tally->bad, 1);
        atomic_fetch_add(&own->tally->reads, 1);
        apr_pool_clear(tmp);
    }
    apr_pool_destroy(tmp);
}

static void *APR_THREAD_FUNC read_thread(apr_thread_t *thread, void *baton)
{
    read_until_stopped(baton, apr_thread_pool_get(thread));
    return NULL;
}

static void board_is_read_whole_beside_a_writer(void **state)
{
    enum { READERS = 3, POSTS = 4000 / FEWER };
    bearer_board_t *board = world_board(1, *state);
    bearer_board_id_t id = id_of(1);
    reader_t readers[READERS];
    apr_thread_t *threads[READERS];
    char *buffer = apr_palloc(*state, BEARER_LIMIT_DOCUMENT);
    tally_t tally = {0, 0, 0};
    apr_status_t rv;
    int i;

    assert_int_equal(unit_claim(board, &id, 1), 0);
    assert_int_equal(bearer_board_post(board, unit_slot(0, &id),
                                       write_text(buffer, 1), &good),
                     BEARER_OK);
    for (i = 0; i < READERS; i++) {
        readers[i] = (reader_t){board, &tally, id, 0};
        assert_int_equal(apr_thread_create(&threads[i], NULL, read_thread,
                                           &readers[i], *state),
                         APR_SUCCESS);
    }
    for (i = 2; i < POSTS; i++) {
        assert_int_equal(bearer_board_post(board, unit_slot(0, &id),
                                           write_text(buffer, (apr_uint64_t)i),
                                           &good),
                         BEARER_OK);
        if (i % 16 == 0)
            apr_thread_yield();
    }
    while (atomic_load(&tally.reads) < READERS)
        apr_thread_yield();
    atomic_store(&tally.stop, 1);
    for (i = 0; i < READERS; i++)
        (void)apr_thread_join(&rv, threads[i]);
    assert_int_equal(tally.bad, 0);
    assert_true(read_whole(&readers[0], *state));
    assert_int_equal(readers[0].before, POSTS - 1);
}

/** Who a slot is given to, while its former owner goes on. */
static void *APR_THREAD_FUNC
post_until_stopped(apr_thread_t *thread BEARER_UNUSED, void *baton)
{
    reader_t *own = baton;

    while (!atomic_load(&own->tally->stop)) {
        if (bearer_board_post(own->board, unit_slot(0, &own->id),
                              unit_str("former"), &good)
            == BEARER_OK)
            atomic_fetch_add(&own->tally->reads, 1);
        bearer_board_note(own->board, unit_slot(0, &own->id), &good);
    }
    return NULL;
}

/* Nobody's keys become another's while a slot changes hands under a post. */
static void board_hands_over_under_a_post(void **state)
{
    enum { HANDS = 3000 / FEWER };
    bearer_board_t *board = world_board(1, *state);
    bearer_board_id_t former = id_of(1), id = former;
    tally_t tally = {0, 0, 0};
    reader_t own = {board, &tally, former, 0};
    apr_thread_t *thread;
    apr_status_t rv;
    apr_pool_t *tmp;
    int i;

    assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
    assert_int_equal(unit_claim(board, &former, 1), 0);
    assert_int_equal(
        apr_thread_create(&thread, NULL, post_until_stopped, &own, *state),
        APR_SUCCESS);
    for (i = 0; i < HANDS; i++) {
        bearer_str_t text = {NULL, 0};
        apr_uint64_t version;
        bearer_reason_t why;

        id = id_of(i % 2 ? 1 : 2 + i);
        assert_int_equal(unit_claim(board, &id, 2 + (apr_uint32_t)i), 0);
        why = bearer_board_read(board, unit_slot(0, &id), &text, &version, tmp);
        if (i % 2 == 0)
            assert_int_equal(why, BEARER_KEYS_UNAVAILABLE);
        else if (why == BEARER_OK)
            assert_string_equal(text.data, "former");
        else
            assert_int_equal(why, BEARER_KEYS_UNAVAILABLE);
        apr_pool_clear(tmp);
        if (i % 8 == 0)
            apr_thread_yield();
    }
    id = id_of(2 + HANDS);
    assert_int_equal(unit_claim(board, &id, 2 + HANDS), 0);
    atomic_store(&tally.stop, 1);
    (void)apr_thread_join(&rv, thread);
    /* the new owner is due at once, whatever the former one noted late */
    assert_true(
        same_schedule(bearer_board_schedule(board, unit_slot(0, &id)), never));
    post(board, 0, &id, "mine");
    expect_text("mine", board, 0, &id, "mine", *state);
}

/* --- processes that are killed -------------------------------------------- */

/* posts without end; the texts are made beforehand, so that much of the time is
 * spent posting */
static void write_until_killed(bearer_board_t *board,
                               const bearer_board_id_t *id, apr_uint64_t n,
                               pid_t parent)
{
    static char buffers[2][BEARER_LIMIT_DOCUMENT];
    bearer_str_t texts[2];
    int i;

    texts[0] = write_text(buffers[0], n);
    texts[1] = write_text(buffers[1], n + TEXTS);
    /* no orphan, should the test end early */
    for (i = 0; getppid() == parent; i = 1 - i) {
        if (bearer_board_post(board, unit_slot(0, id), texts[i], &good))
            _exit(1);
        bearer_board_note(board, unit_slot(0, id), &later);
        /* otherwise slower readers would always be overtaken */
        apr_sleep(20);
    }
    _exit(1);
}

static pid_t fork_writer(bearer_board_t *board, const bearer_board_id_t *id,
                         apr_uint64_t n)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        write_until_killed(board, id, n, parent);
    return pid;
}

static pid_t fork_reader(reader_t *own, apr_pool_t *pool)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        /* the numbers go up and down by one here */
        for (;;) {
            own->before = 0;
            if (!read_whole(own, pool))
                atomic_fetch_add(&own->tally->bad, 1);
            atomic_fetch_add(&own->tally->reads, 1);
            apr_pool_clear(pool);
            if (atomic_load(&own->tally->stop) || getppid() != parent)
                _exit(0);
        }
    }
    return pid;
}

static void end_process(pid_t pid, int signal_or_0)
{
    int status;

    if (signal_or_0)
        assert_int_equal(kill(pid, signal_or_0), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(signal_or_0 ? WIFSIGNALED(status) : WIFEXITED(status));
}

static void *share(apr_size_t size)
{
    void *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(block, MAP_FAILED);
    return block;
}

static void board_survives_killed_writers(void **state)
{
    enum { KILLS = 200 / FEWER };
    apr_size_t size = bearer_board_size(1);
    void *block = share(size);
    tally_t *tally = share(sizeof(*tally));
    bearer_board_t *board = world_board_in(block, 1, *state);
    reader_t own = {board, tally, id_of(1), 0};
    apr_uint64_t rng = 6364136223846793005u;
    char *buffer = apr_palloc(*state, BEARER_LIMIT_DOCUMENT);
    apr_pool_t *tmp;
    pid_t reader;
    int i;

    assert_int_equal(apr_pool_create(&tmp, *state), APR_SUCCESS);
    assert_int_equal(unit_claim(board, &own.id, 1), 0);
    assert_int_equal(bearer_board_post(board, unit_slot(0, &own.id),
                                       write_text(buffer, 1), &good),
                     BEARER_OK);
    reader = fork_reader(&own, tmp);
    for (i = 0; i < KILLS; i++) {
        /* every other one of full length, to be hit in the middle */
        apr_uint64_t n =
            i % 2 ? 4 + TEXTS * draw(&rng, 100) : 1 + draw(&rng, 700);
        pid_t writer = fork_writer(board, &own.id, n);

        apr_sleep((apr_interval_time_t)draw(&rng, 2500));
        end_process(writer, SIGKILL);
        own.before = 0;
        unit_expect(apr_psprintf(*state, "kill %d", i), read_whole(&own, tmp));
        apr_pool_clear(tmp);
        if (i % 4)
            continue;
        /* a new writer takes over */
        own.before = 0;
        assert_int_equal(bearer_board_post(board, unit_slot(0, &own.id),
                                           write_text(buffer, n), &good),
                         BEARER_OK);
        assert_true(read_whole(&own, tmp));
        assert_int_equal(own.before, n);
        apr_pool_clear(tmp);
    }
    atomic_store(&tally->stop, 1);
    end_process(reader, 0);
    assert_int_equal(tally->bad, 0);
    assert_true(tally->reads > 0);
    munmap(tally, sizeof(*tally));
    munmap(block, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(board_attaches_to_what_was_formatted),
        unit_row(board_refuses_what_is_no_board),
        unit_row(board_gives_back_what_was_posted),
        unit_row(board_holds_the_largest_document),
        unit_row(board_knows_foreign_hands),
        unit_row(board_keeps_and_hands_on_slots),
        unit_row(board_shuts_out_the_former_owner),
        unit_row(board_gives_no_keys_to_another),
        unit_row(board_copies_to_another),
        unit_row(board_copies_the_count_of_versions),
        unit_row(board_counts_round),
        unit_row(board_copies_no_broken_document),
        unit_row(board_survives_random_bytes),
        unit_row(board_gives_the_text_or_none),
        unit_row(board_keeps_kids_for_their_source),
        unit_row(board_throttles_asks),
        unit_row(board_lets_one_of_many_threads_ask),
        unit_row(board_is_read_whole_beside_a_writer),
        unit_row(board_hands_over_under_a_post),
        unit_row(board_survives_killed_writers),
    };

    return unit_run(tests);
}
