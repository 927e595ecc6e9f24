/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <apr_thread_proc.h>

#include "bearer/gate/gate.h"

#include "mint.h"
#include "slots.h"
#include "world.h"

#define SECRET   WORLD_SECRET
#define SECOND   apr_time_from_sec(1)
#define LOOK     apr_time_from_msec(10)
#define LOOKS(s) ((s)*100) /* how often it looks in so many seconds */
#define TIMEOUT  5
#define BY_I     WORLD_BY_I "}"
#define BY_S     WORLD_BY_S "}"

typedef struct world_t world_t;

/* a process with one place, a board, and a clock that only pauses move */
struct world_t {
    apr_pool_t *pool;
    bearer_now_t now;
    int pauses, clocks, nested_pauses;
    void (*on_pause)(world_t *world);
    void (*on_clock)(world_t *world);
    bearer_board_t *board;
    bearer_keyring_t *ring;
    bearer_gate_conf_t conf;
    bearer_gate_t *gate, *other; /* and another process's */
    bearer_source_t source;
    world_place_t place;
    bearer_verdict_t verdict, nested;
};

static apr_time_t read_clock(void *baton)
{
    world_t *world = baton;

    world->clocks++;
    if (world->on_clock)
        world->on_clock(world);
    return world->now.tick;
}

static void pause_clock(void *baton, apr_interval_time_t time)
{
    world_t *world = baton;

    assert_int_equal(time, LOOK);
    world->now.tick += time;
    world->pauses++;
    if (world->pauses > LOOKS(60))
        fail_msg("a request waits for ever");
    if (world->on_pause)
        world->on_pause(world);
}

static void make_board(world_t *world)
{
    world->board = world_board(1, world->pool);
    memset(world->source.slot.id.bytes, 7, sizeof(world->source.slot.id.bytes));
    assert_true(bearer_board_claim(world->board, &world->source.slot, 1));
    assert_int_equal(world->source.slot.number, 0);
    assert_int_equal(
        bearer_keyring_create(&world->ring, world->board, world->pool),
        APR_SUCCESS);
}

static world_t *create(apr_pool_t *pool)
{
    world_t *world = apr_pcalloc(pool, sizeof(*world));

    world->pool = pool;
    world->now.wall = NOW;
    world->now.tick = 1000000 * SECOND;
    world->source.kind = BEARER_SOURCE_URL;
    world->source.timeout = TIMEOUT * SECOND;
    world->source.schedule = world_hourly;
    make_board(world);
    world_make_place(&world->place, &world->source, pool);
    world->conf.prove.board = world->board;
    world->conf.prove.ring = world->ring;
    world->conf.prove.waiters_here = 4;
    world->conf.prove.waiters_total = 4;
    world->conf.prove.tick = read_clock;
    world->conf.prove.pause = pause_clock;
    world->conf.prove.baton = world;
    world->gate = bearer_gate_create(&world->conf, pool);
    world->other = bearer_gate_create(&world->conf, pool);
    return world;
}

/* --- what a fetcher does ---------------------------------------------------- */

static bearer_schedule_t schedule_of(world_t *world)
{
    return bearer_board_schedule(world->board, &world->source.slot);
}

static apr_time_t asked(world_t *world)
{
    return bearer_board_asked(world->board, &world->source.slot);
}

/* a good answer with these keys; NULL: the same as before (304) */
static void answer(world_t *world, const char *keys)
{
    bearer_schedule_t state = schedule_of(world);

    bearer_schedule_begin(&state, asked(world));
    bearer_schedule_succeed(&state, &world->source.schedule, world->now.tick,
                            3600, 0.5);
    if (!keys) {
        bearer_board_note(world->board, &world->source.slot, &state);
        return;
    }
    unit_expect_reason("post",
                       bearer_board_post(world->board, &world->source.slot,
                                         mint_set(keys, world->pool), &state),
                       "ok");
}

static void note_failure(world_t *world)
{
    bearer_schedule_t state = schedule_of(world);

    bearer_schedule_begin(&state, asked(world));
    bearer_schedule_fail(&state, &world->source.schedule, world->now.tick, 0.5);
    bearer_board_note(world->board, &world->source.slot, &state);
}

static void answer_one(world_t *world)
{
    answer(world, mint_key(1, "one", world->pool));
}

static void answer_both(world_t *world)
{
    answer(world, apr_pstrcat(world->pool, mint_key(1, "one", world->pool), ",",
                              mint_key(2, "two", world->pool), NULL));
}

static void both_at_third_look(world_t *world)
{
    if (world->pauses == 3)
        answer_both(world);
}

static void both_after_two_seconds(world_t *world)
{
    if (world->pauses == LOOKS(2))
        answer_both(world);
}

static void same_at_third_look(world_t *world)
{
    if (world->pauses == 3)
        answer(world, NULL);
}

static void failure_at_third_look(world_t *world)
{
    if (world->pauses == 3)
        note_failure(world);
}

/* --- what a client does ----------------------------------------------------- */

static const char *token_of(world_t *world, const char *kid, unsigned char seed,
                            const char *claims)
{
    return mint_token(
        apr_pstrcat(world->pool, "{'alg':'EdDSA','kid':'", kid, "'}", NULL),
        claims, seed, world->pool);
}

static void admit(world_t *world, bearer_gate_t *gate, const char *token,
                  bearer_verdict_t *verdict)
{
    bearer_presented_t presented = {.token = unit_str(token),
                                    .scheme = "Bearer",
                                    .method = "GET",
                                    .target = "/"};

    bearer_policy_freeze(&world->place.policy, world->pool);
    bearer_gate_admit(gate, &presented, &world->place.policy, world->now,
                      verdict, world->pool);
}

/* sends a token and counts the looks of this request */
static void offer(world_t *world, const char *token, const char *want,
                  int pauses)
{
    world->pauses = 0;
    admit(world, world->gate, token, &world->verdict);
    unit_expect_reason(want, world->verdict.why, want);
    if (world->pauses != pauses)
        fail_msg("%s: looked %d times, not %d", want, world->pauses, pauses);
    unit_expect(want, !world->verdict.why == !!world->verdict.proof.claims);
    unit_expect(want, world->verdict.proof.depends == 0);
}

static void offer_one(world_t *world, const char *want, int pauses)
{
    offer(world, token_of(world, "one", 1, BY_I), want, pauses);
}

static void offer_two(world_t *world, const char *want, int pauses)
{
    offer(world, token_of(world, "two", 2, BY_I), want, pauses);
}

static void pass(world_t *world, apr_time_t time)
{
    world->now.tick += time;
    world->now.wall += apr_time_sec(time);
}

/* --- keys on the board ------------------------------------------------------ */

static void gate_admits_by_keys_at_hand(void **state)
{
    world_t *world = create(*state);
    bearer_verdict_t *verdict = &world->verdict;

    answer_one(world);
    offer_one(world, "ok", 0);
    assert_ptr_equal(verdict->proof.issuer, &world->place.keys);
    assert_string_equal(verdict->subject.data, "alice");
    assert_string_equal(verdict->note.text, "");
    assert_non_null(verdict->proof.key.alg);
    assert_int_equal(asked(world), 0);
    assert_int_equal(bearer_keyring_alive(world->ring), 1);
}

static void gate_fills_a_verdict_as_far_as_it_got(void **state)
{
    world_t *world = create(*state);
    bearer_verdict_t *verdict = &world->verdict;

    answer_one(world);
    memset(verdict, 0xff, sizeof(*verdict));
    offer(world, "x", "jws_parts", 0);
    assert_null(verdict->proof.key.alg);
    assert_null(verdict->proof.issuer);
    assert_null(verdict->subject.data);
    memset(verdict, 0xff, sizeof(*verdict));
    offer(world, token_of(world, "one", 1, "{'iss':'https://x'}"),
          "iss_unknown", 0);
    assert_non_null(verdict->proof.key.alg);
    assert_null(verdict->proof.issuer);
    assert_string_equal(
        verdict->note.text,
        "trusted here: https://i, https://s; the token's iss is https://x");
    memset(verdict, 0xff, sizeof(*verdict));
    offer(world,
          token_of(world, "one", 1, "{'iss':'https://i','exp':1799999990}"),
          "expired", 0);
    assert_ptr_equal(verdict->proof.issuer, &world->place.keys);
    assert_null(verdict->proof.claims);
    assert_string_equal(verdict->note.text, "exp 10 s ago");
}

static void other_at_third_look(world_t *world)
{
    if (world->pauses == 3)
        answer(world, mint_key(2, "one", world->pool));
}

/* an issuer that was set up anew may have another key under the same kid */
static void gate_asks_about_a_known_kid_that_did_not_sign(void **state)
{
    world_t *world = create(*state);
    apr_time_t began = world->now.tick;

    answer_one(world);
    world->on_pause = other_at_third_look;
    offer(world, token_of(world, "one", 2, BY_I), "ok", 3);
    assert_int_equal(asked(world), began);
    offer_one(world, "sig_wrong", 0);
}

/* whoever writes a known kid over a signature of his own gets what random kids get:
 * one fetch in "miss" for all of them together (key set flooding) */
static void gate_asks_once_in_a_miss_for_all_strangers(void **state)
{
    world_t *world = create(*state);
    apr_time_t began = world->now.tick;
    int i;

    answer_one(world);
    world->on_pause = same_at_third_look;
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", 3);
    assert_int_equal(asked(world), began);
    world->now.tick = began + 2 * SECOND;
    for (i = 0; i < 5; i++) {
        offer(world, token_of(world, "one", 3, BY_I), "sig_wrong", 0);
        offer_two(world, "key_unknown", 0);
    }
    world->now.tick = began + 60 * SECOND - 1;
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", 0);
    assert_int_equal(asked(world), began);
    assert_int_equal(bearer_board_asks(world->board), 1);
    /* a good token never waits for them */
    offer_one(world, "ok", 0);
}

/* a key that is there and did not sign is a judgement, whatever the issuer does: only
 * what nobody can judge is put off */
static void gate_refuses_a_wrong_signature_without_the_issuer(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", LOOKS(TIMEOUT));
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", 0);
    note_failure(world);
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", 0);
}

/* a length that its algorithm never has, and an expired but good token */
static void gate_never_asks_about_what_no_key_can_mend(void **state)
{
    world_t *world = create(*state);
    const char *token =
        mint_token("{'alg':'Ed25519','kid':'one'}", BY_I, 1, *state);

    answer_one(world);
    offer(world, token, "ok", 0);
    offer(world, apr_pstrcat(*state, token, "AA", NULL), "sig_length", 0);
    world->now.wall = 1900000000;
    offer_one(world, "expired", 0);
    assert_int_equal(asked(world), 0);
}

/* a token without a good form, a known issuer or an allowed algorithm costs
 * nothing */
static void gate_never_asks_before_the_issuer_is_known(void **state)
{
    world_t *world = create(*state);

    offer(world, token_of(world, "two", 2, "{'iss':'https://x'}"),
          "iss_unknown", 0);
    offer(world, mint_secret_token("{'alg':'HS256'}", BY_I, SECRET, *state),
          "alg_forbidden", 0);
    assert_int_equal(asked(world), 0);
}

/* a token that has expired is not why a thread waits: but its signature is
 * judged first, since a stranger's claims are not worth a reason */
static void gate_judges_claims_after_the_wait(void **state)
{
    world_t *world = create(*state);
    const char *claims = "{'iss':'https://i','aud':'api','exp':1900000000,"
                         "'sub':'alice','nbf':1800000001}";

    answer_one(world);
    offer(world, token_of(world, "one", 1, claims), "not_yet", 0);
    pass(world, SECOND);
    offer(world, token_of(world, "one", 1, claims), "ok", 0);
}

/* the clock is looked at once, and a wait counts: a token that expires meanwhile is
 * late, and one that was not good yet may be */
static void gate_a_wait_moves_the_time(void **state)
{
    static const struct {
        const char *claims, *want;
    } cases[] = {
        {"{'iss':'https://i','aud':'api','sub':'alice','exp':1800000003}",
         "ok"},
        {"{'iss':'https://i','aud':'api','sub':'alice','exp':1800000002}",
         "expired"},
        {"{'iss':'https://i','aud':'api','sub':'alice','exp':1900000000,"
         "'nbf':1800000002}",
         "ok"},
        {"{'iss':'https://i','aud':'api','sub':'alice','exp':1900000000,"
         "'nbf':1800000003}",
         "not_yet"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *world = create(*state);

        world->on_pause = both_after_two_seconds;
        offer(world, token_of(world, "two", 2, cases[i].claims), cases[i].want,
              LOOKS(2));
    }
}

/* --- no keys ---------------------------------------------------------------- */

static void gate_waits_for_the_first_keys(void **state)
{
    world_t *world = create(*state);

    world->on_pause = both_at_third_look;
    offer_one(world, "ok", 3);
    /* the first round comes unasked, so an ask is left for a new kid */
    assert_int_equal(asked(world), 0);
    assert_string_equal(world->verdict.note.text, "");
}

static void gate_gives_up_at_the_timeout(void **state)
{
    world_t *world = create(*state);
    apr_time_t began = world->now.tick;

    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT));
    assert_int_equal(asked(world), 0);
    assert_int_equal(world->now.tick, began + TIMEOUT * SECOND);
    assert_string_equal(world->verdict.note.text, "issuer https://i");
    assert_ptr_equal(world->verdict.proof.issuer, &world->place.keys);
    /* the first round did not come: now it is asked for */
    began = world->now.tick;
    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT));
    assert_int_equal(asked(world), began);
    /* a fetcher that hangs: nobody waits for that ask again */
    offer_one(world, "keys_unavailable", 0);
    pass(world, 54 * SECOND);
    offer_one(world, "keys_unavailable", 0);
    assert_int_equal(asked(world), began);
    pass(world, SECOND);
    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT));
    assert_int_equal(asked(world), began + 60 * SECOND);
}

static void gate_waits_for_the_rest_of_an_asks_time(void **state)
{
    world_t *world = create(*state);

    assert_true(bearer_board_ask(world->board, unit_number(0),
                                 &world->source.schedule, world->now.tick));
    pass(world, 3 * SECOND);
    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT - 3));
}

static void gate_stops_waiting_when_the_fetcher_failed(void **state)
{
    world_t *world = create(*state);

    world->on_pause = failure_at_third_look;
    offer_one(world, "keys_unavailable", 3);
    world->on_pause = NULL;
    /* one ask, then nothing until miss has passed */
    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT));
    offer_one(world, "keys_unavailable", 0);
}

/* the writer is between its two stores: document, then schedule */
static void gate_waits_for_the_schedule_of_first_keys(void **state)
{
    world_t *world = create(*state);
    bearer_schedule_t never = {0};

    assert_int_equal(
        bearer_board_post(world->board, unit_slot(0, &world->source.slot.id),
                          mint_set(mint_key(1, "one", *state), *state), &never),
        BEARER_OK);
    world->on_pause = same_at_third_look;
    offer_one(world, "ok", 3);
}

static void gate_has_no_keys_in_a_slot_given_away(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    offer_one(world, "ok", 0);
    world->source.slot.id.bytes[0] = 8;
    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT));
    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT));
    offer_one(world, "keys_unavailable", 0);
}

/* --- unknown kids ----------------------------------------------------------- */

static void gate_waits_for_a_new_kid(void **state)
{
    world_t *world = create(*state);
    apr_time_t began = world->now.tick;

    answer_one(world);
    pass(world, 100 * SECOND);
    world->on_pause = both_at_third_look;
    offer_two(world, "ok", 3);
    assert_int_equal(asked(world), began + 100 * SECOND);
    /* the old set went with its last reader */
    assert_int_equal(bearer_keyring_alive(world->ring), 1);
    offer_two(world, "ok", 0);
}

static void gate_asks_once_in_a_miss(void **state)
{
    world_t *world = create(*state);
    apr_time_t began = world->now.tick;

    answer_one(world);
    world->on_pause = same_at_third_look;
    offer_two(world, "key_unknown", 3);
    assert_int_equal(asked(world), began);
    assert_string_equal(world->verdict.note.text, "kid two, alg EdDSA");
    offer_two(world, "key_unknown", 0);
    offer(world, token_of(world, "three", 3, BY_I), "key_unknown", 0);
    world->now.tick = began + 60 * SECOND - 1;
    offer_two(world, "key_unknown", 0);
    assert_int_equal(asked(world), began);
    world->now.tick = began + 60 * SECOND;
    world->on_pause = both_at_third_look;
    offer_two(world, "ok", 3);
    assert_int_equal(asked(world), began + 60 * SECOND);
}

static void gate_gives_up_on_a_new_kid(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    /* silent: nobody can say whether it has such a key */
    offer_two(world, "keys_unavailable", LOOKS(TIMEOUT));
    assert_string_equal(world->verdict.note.text,
                        "newer keys are needed, and there is no answer yet: "
                        "kid two, alg EdDSA");
    offer_two(world, "keys_unavailable", 0);
    /* those with known keys never notice */
    offer_one(world, "ok", 0);
    assert_int_equal(bearer_board_asks(world->board), 1);
    /* it answers after all */
    answer(world, NULL);
    offer_two(world, "key_unknown", 0);
}

/* strangers' random kids are 503 while the issuer fails, and buy no more fetches than
 * when it does not */
static void gate_cannot_judge_while_the_issuer_fails(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    note_failure(world);
    world->on_pause = failure_at_third_look;
    offer_two(world, "keys_unavailable", 3);
    offer(world, token_of(world, "three", 3, BY_I), "keys_unavailable", 0);
    offer(world, mint_token("{'alg':'EdDSA'}", BY_I, 2, *state),
          "keys_unavailable", 0);
    assert_int_equal(bearer_board_asks(world->board), 1);
    offer_one(world, "ok", 0);
    answer(world, NULL);
    offer_two(world, "key_unknown", 0);
    offer(world, mint_token("{'alg':'EdDSA'}", BY_I, 2, *state), "sig_wrong",
          0);
}

/* an issuer that took its keys back: what it has said is a judgement */
static void gate_has_no_good_key_when_all_are_withdrawn(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    offer_one(world, "ok", 0);
    answer(world, "");
    world->on_pause = same_at_third_look;
    offer_one(world, "key_unknown", 3);
    offer_one(world, "key_unknown", 0);
    offer(world, mint_token("{'alg':'EdDSA'}", BY_I, 1, *state), "key_unfit",
          0);
    /* and may have new ones */
    pass(world, 100 * SECOND);
    world->on_pause = both_at_third_look;
    offer_one(world, "ok", 3);
}

static void gate_stops_waiting_when_a_failure_was_noted(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    world->on_pause = failure_at_third_look;
    offer_two(world, "keys_unavailable", 3);
    offer_one(world, "ok", 0);
}

/* a round that began before the ask brings other keys, then the asked-for one */
static void one_then_both(world_t *world)
{
    bearer_schedule_t state = schedule_of(world);

    if (world->pauses == 2)
        assert_int_equal(
            bearer_board_post(
                world->board, unit_slot(0, &world->source.slot.id),
                mint_set(mint_key(3, "three", world->pool), world->pool),
                &state),
            BEARER_OK);
    if (world->pauses == 4)
        answer_both(world);
}

static void gate_waits_on_when_other_keys_came(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    world->on_pause = one_then_both;
    offer_two(world, "ok", 4);
}

static void gate_waits_when_no_kid_is_named(void **state)
{
    world_t *world = create(*state);

    answer(world, mint_key(1, NULL, *state));
    world->on_pause = both_at_third_look;
    offer(world, mint_token("{'alg':'EdDSA'}", BY_I, 2, *state), "ok", 3);
}

/* what the first try said must not be shown with another reason */
static void gate_forgets_the_first_try(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    world->on_pause = both_at_third_look;
    offer(world,
          token_of(world, "two", 2,
                   "{'iss':'https://i','aud':'x','exp':1900000000}"),
          "aud_wrong", 3);
    assert_string_equal(world->verdict.note.text,
                        "wanted api; the token's aud is x");
}

static void both_at_third_clock(world_t *world)
{
    if (world->clocks == 3)
        answer_both(world);
}

/* a request that may not wait also profits from what has just come */
static void gate_tries_once_more_without_a_wait(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    world->conf.prove.waiters_here = 0;
    world->gate = bearer_gate_create(&world->conf, *state);
    world->clocks = 0;
    world->on_clock = both_at_third_clock;
    offer_two(world, "ok", 0);
    assert_true(world->clocks >= 3);
}

/* --- seats to wait in ------------------------------------------------------- */

/* a second request, in the middle of the first one's wait */
static void nest(world_t *world, bearer_gate_t *gate)
{
    int pauses = world->pauses;

    admit(world, gate, token_of(world, "two", 2, BY_I), &world->nested);
    /* without a seat, it does not know what the fetch would bring */
    unit_expect_reason("nested", world->nested.why, "keys_unavailable");
    /* the first one's wait is counted without the second's */
    world->nested_pauses = world->pauses - pauses;
    world->pauses = pauses;
}

static void nest_here(world_t *world)
{
    if (world->pauses != 1)
        return;
    world->on_pause = NULL;
    nest(world, world->gate);
    answer(world, NULL);
}

static void nest_in_another_process(world_t *world)
{
    if (world->pauses != 1)
        return;
    world->on_pause = NULL;
    nest(world, world->other);
    answer(world, NULL);
}

static void gate_waiting_is_bounded(void **state)
{
    static const struct {
        const char *name;
        int here, total;
        void (*nest)(world_t *world);
        bool first, second;
    } cases[] = {
        {"room for two", 2, 2, nest_here, true, true},
        {"room for one here", 1, 2, nest_here, true, false},
        {"room for one of all", 2, 1, nest_here, true, false},
        {"no room here", 0, 2, nest_here, false, false},
        {"no room at all", 2, 0, nest_here, false, false},
        {"each process has room", 1, 2, nest_in_another_process, true, true},
        {"only one process has", 1, 1, nest_in_another_process, true, false},
    };
    apr_size_t i;
    int round;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        world_t *world = create(*state);

        answer_one(world);
        world->conf.prove.waiters_here = cases[i].here;
        world->conf.prove.waiters_total = cases[i].total;
        world->gate = bearer_gate_create(&world->conf, *state);
        world->other = bearer_gate_create(&world->conf, *state);
        /* the seats are given back: a second round is like the first */
        for (round = 0; round < 2; round++) {
            world->on_pause = cases[i].nest;
            world->pauses = 0;
            admit(world, world->gate, token_of(world, "two", 2, BY_I),
                  &world->verdict);
            unit_expect_reason(cases[i].name, world->verdict.why,
                               cases[i].first ? "key_unknown"
                                              : "keys_unavailable");
            unit_expect(cases[i].name, !world->pauses == !cases[i].first);
            if (cases[i].first)
                unit_expect(cases[i].name,
                            !world->nested_pauses == !cases[i].second);
            pass(world, 100 * SECOND);
        }
    }
}

/* --- stale keys ------------------------------------------------------------- */

static void gate_refuses_stale_keys(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    pass(world, world->source.schedule.stale);
    offer_one(world, "ok", 0);
    world->now.tick++;
    offer_one(world, "keys_unavailable", LOOKS(TIMEOUT));
    assert_string_equal(world->verdict.note.text, "issuer https://i");
    offer_one(world, "keys_unavailable", 0);
}

static void gate_stale_keys_are_good_again_when_confirmed(void **state)
{
    world_t *world = create(*state);

    answer_one(world);
    pass(world, world->source.schedule.stale + SECOND);
    world->on_pause = same_at_third_look;
    offer_one(world, "ok", 3);
}

static void gate_a_clock_that_is_set_does_not_matter(void **state)
{
    world_t *world = create(*state);
    const char *claims = "{'iss':'https://i','aud':'api','sub':'alice',"
                         "'exp':1900000000}";

    answer_one(world);
    /* within what an exp may lie ahead */
    world->now.wall = 1700000000;
    offer(world, token_of(world, "one", 1, claims), "ok", 0);
    world->now.wall = 1899999999;
    offer(world, token_of(world, "one", 1, claims), "ok", 0);
}

/* each look at a file that is as it was confirms it; one that cannot be read any
 * more is as silent as an issuer that is away */
static void gate_files_that_cannot_be_read_go_stale(void **state)
{
    world_t *world = create(*state);

    world->source.kind = BEARER_SOURCE_FILE;
    answer_one(world);
    pass(world, world->source.schedule.stale);
    note_failure(world);
    offer_one(world, "ok", 0);
    pass(world, SECOND);
    world->on_pause = failure_at_third_look;
    offer_one(world, "keys_unavailable", 3);
    answer_one(world);
    offer_one(world, "ok", 0);
}

static void gate_a_file_that_was_never_read_has_no_keys(void **state)
{
    world_t *world = create(*state);

    world->source.kind = BEARER_SOURCE_FILE;
    note_failure(world);
    pass(world, 100 * SECOND);
    world->on_pause = failure_at_third_look;
    offer_one(world, "keys_unavailable", 3);
}

/* --- threads ----------------------------------------------------------------- */

#define THREADS 6
#define ROUNDS  8

static apr_time_t real_clock(void *baton BEARER_UNUSED)
{
    return apr_time_now();
}

static void real_pause(void *baton BEARER_UNUSED,
                       apr_interval_time_t time BEARER_UNUSED)
{
    apr_sleep(1000);
}

/* one request of a thread */
typedef struct request_t {
    world_t *world;
    const char *token;
    bearer_reason_t why;
} request_t;

static void *APR_THREAD_FUNC serve(apr_thread_t *thread, void *baton)
{
    request_t *request = baton;
    bearer_presented_t presented = {.token = unit_str(request->token)};
    bearer_now_t now = {NOW, real_clock(NULL)};
    bearer_verdict_t verdict;

    bearer_gate_admit(request->world->gate, &presented,
                      &request->world->place.policy, now, &verdict,
                      apr_thread_pool_get(thread));
    request->why = verdict.why;
    return NULL;
}

/* many keys, since reading them is what takes the time here */
static void answer_many(world_t *world, int round)
{
    const char *keys = mint_key(1, apr_itoa(world->pool, round), world->pool);
    int i;

    for (i = 0; i < 100; i++)
        keys = apr_psprintf(world->pool,
                            "%s,{'kty':'RSA','e':'AQAB','n':'" FIX_RSA_N
                            "','kid':'%d.%d'}",
                            keys, round, i);
    answer(world, keys);
}

static void serve_round(world_t *world, int round)
{
    const char *token = token_of(world, apr_itoa(world->pool, round), 1, BY_I);
    request_t requests[THREADS];
    apr_thread_t *threads[THREADS];
    apr_time_t before = asked(world);
    apr_status_t rv;
    int i;

    for (i = 0; i < THREADS; i++) {
        requests[i].world = world;
        requests[i].token = token;
        assert_int_equal(apr_thread_create(&threads[i], NULL, serve,
                                           &requests[i], world->pool),
                         APR_SUCCESS);
    }
    while (asked(world) == before)
        apr_sleep(1000);
    apr_sleep(10000);
    world->now.tick = real_clock(NULL);
    answer_many(world, round);
    for (i = 0; i < THREADS; i++) {
        assert_int_equal(apr_thread_join(&rv, threads[i]), APR_SUCCESS);
        unit_expect_reason("a thread", requests[i].why, "ok");
    }
}

/* one thread reads the new keys; the others, given the old ones meanwhile, do
 * not refuse a good token for that */
static void gate_all_waiting_threads_get_the_new_keys(void **state)
{
    world_t *world = create(*state);
    int round;

    world->conf.prove.waiters_here = THREADS;
    world->conf.prove.waiters_total = THREADS;
    world->conf.prove.tick = real_clock;
    world->conf.prove.pause = real_pause;
    world->gate = bearer_gate_create(&world->conf, *state);
    world->source.timeout = 60 * SECOND;
    world->source.schedule.miss = 0;
    world->now.tick = real_clock(NULL);
    answer(world, mint_key(1, "other", *state));
    for (round = 0; round < ROUNDS; round++) {
        serve_round(world, round);
    }
}

/* --- secrets ---------------------------------------------------------------- */

static void gate_secrets_need_no_board(void **state)
{
    world_t *world = create(*state);

    world->conf.prove.board = NULL;
    world->conf.prove.ring = NULL;
    world->gate = bearer_gate_create(&world->conf, *state);
    offer(world, mint_secret_token("{'alg':'HS256'}", BY_S, SECRET, *state),
          "ok", 0);
    assert_ptr_equal(world->verdict.proof.issuer, &world->place.secret);
    offer(world, mint_secret_token("{'alg':'HS256'}", BY_S, "x" SECRET, *state),
          "sig_wrong", 0);
    /* a kid that nobody knows is no reason to wait for a secret */
    offer(world,
          mint_secret_token("{'alg':'HS256','kid':'x'}", BY_S, SECRET, *state),
          "ok", 0);
    offer(world,
          mint_secret_token("{'alg':'HS256','kid':'x'}", BY_S, "x" SECRET,
                            *state),
          "sig_wrong", 0);
    assert_int_equal(asked(world), 0);
}

/* --- what was proven before --------------------------------------------------- */

/* a gate with a cache, and one good token that has passed it */
static world_t *create_with_cache(apr_pool_t *pool, const char **token)
{
    bearer_tokcache_conf_t conf = {.entries = 64,
                                   .bytes = 1048576,
                                   .ttl = 300 * SECOND,
                                   .seed = {1, 2, 3}};
    world_t *world = create(pool);

    assert_int_equal(bearer_tokcache_create(&world->conf.cache, &conf, pool),
                     APR_SUCCESS);
    world->gate = bearer_gate_create(&world->conf, pool);
    answer_one(world);
    *token = token_of(world, "one", 1, BY_I);
    offer(world, *token, "ok", 0);
    assert_false(world->verdict.recalled);
    return world;
}

/* what is recalled has not been parsed again */
static void offer_recalled(world_t *world, const char *token, const char *want)
{
    offer(world, token, want, 0);
    assert_true(world->verdict.recalled);
    assert_non_null(world->verdict.proof.issuer);
}

static void offer_whole(world_t *world, const char *token, const char *want)
{
    offer(world, token, want, 0);
    assert_false(world->verdict.recalled);
}

static void gate_recalls_what_was_proven(void **state)
{
    const char *token;
    world_t *world = create_with_cache(*state, &token);

    offer_recalled(world, token, "ok");
    assert_ptr_equal(world->verdict.proof.issuer, &world->place.keys);
    assert_string_equal(world->verdict.subject.data, "alice");
    assert_string_equal(world->verdict.note.text, "");
    assert_int_equal(bearer_tokcache_stats(world->conf.cache).hits, 1);
    /* one character more or less is another token */
    world->on_pause = same_at_third_look;
    offer(world, apr_pstrcat(*state, token, "AA", NULL), "sig_length", 3);
    offer(world, apr_pstrndup(*state, token, strlen(token) - 6), "sig_length",
          0);
}

/* cache poisoning: a place that asks for less must not open one that asks for
 * more */
static void gate_judges_place_and_time_again(void **state)
{
    static const bearer_str_t others[] = {BEARER_LIT("other")};
    static const char *const names[] = {"jti"};
    const char *token;
    world_t *world = create_with_cache(*state, &token);
    bearer_policy_t policy = world->place.policy;

    world->place.policy.audiences = others;
    offer_recalled(world, token, "aud_wrong");
    world->place.policy = policy;
    world->place.policy.required = names;
    world->place.policy.required_count = 1;
    offer_recalled(world, token, "claim_missing");
    world->place.policy = policy;
    world->place.policy.max_age = 60;
    offer_recalled(world, token, "iat_missing");
    world->place.policy = policy;
    world->now.wall = 1900000000;
    offer_recalled(world, token, "expired");
    world->now.wall = NOW;
    offer_recalled(world, token, "ok");
}

/* what the header says is judged the whole way, for the reason */
static void gate_judges_the_header_again(void **state)
{
    const char *token;
    world_t *world = create_with_cache(*state, &token);
    bearer_policy_t policy = world->place.policy;

    world->place.policy.typ = BEARER_TYP_AT_JWT;
    offer_whole(world, token, "typ_wrong");
    world->place.policy = policy;
    world->place.keys.algs = bearer_alg_find(unit_str("ES256"))->bit;
    offer(world, token, "alg_forbidden", 0);
    world->place.keys.algs = 0;
    world->place.policy.issuer_count = 0;
    offer(world, token, "alg_forbidden", 0);
    world->place.policy = policy;
    offer_recalled(world, token, "ok");
}

static void gate_recalls_for_the_same_keys_only(void **state)
{
    const char *token;
    world_t *world = create_with_cache(*state, &token);
    bearer_issuer_t twin = world->place.keys;
    bearer_source_t other = world->source;

    /* another line of the configuration that means the same source */
    world->place.issuers[0] = &twin;
    offer_recalled(world, token, "ok");
    assert_ptr_equal(world->verdict.proof.issuer, &twin);
    /* the same issuer with keys from elsewhere: another virtual host */
    other.slot.id.bytes[5] ^= 1;
    twin.source = &other;
    offer(world, token, "keys_unavailable", LOOKS(TIMEOUT));
    /* the same issuer with a shared secret */
    twin.source = NULL;
    twin.secret = world->place.secret.secret;
    offer(world, token, "alg_forbidden", 0);
}

static void gate_forgets_with_the_key(void **state)
{
    const char *token;
    world_t *world = create_with_cache(*state, &token);

    /* the key is still there, but the set is another: proven again */
    answer_both(world);
    offer_whole(world, token, "ok");
    offer_recalled(world, token, "ok");
    /* confirmed and unchanged */
    answer(world, NULL);
    offer_recalled(world, token, "ok");
    answer(world, mint_key(2, "two", *state));
    world->on_pause = same_at_third_look;
    offer(world, token, "key_unknown", 3);
}

static void gate_recalls_nothing_by_stale_keys(void **state)
{
    const char *token;
    world_t *world = create_with_cache(*state, &token);

    pass(world, 290 * SECOND);
    offer_recalled(world, token, "ok");
    pass(world, 11 * SECOND);
    /* ttl */
    offer_whole(world, token, "ok");
    world->source.schedule.stale = 10 * SECOND;
    offer(world, token, "keys_unavailable", LOOKS(TIMEOUT));
}

static void gate_remembers_nothing_refused(void **state)
{
    const char *late = "{'iss':'https://i','aud':'api','exp':1900000000,"
                       "'sub':'alice','nbf':1800000100}";
    const char *token;
    world_t *world = create_with_cache(*state, &token);

    late = token_of(world, "one", 1, late);
    offer_whole(world, late, "not_yet");
    offer_whole(world, late, "not_yet");
    world->on_pause = same_at_third_look;
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", 3);
    assert_int_equal(bearer_tokcache_stats(world->conf.cache).entries, 1);
    pass(world, 100 * SECOND);
    offer_whole(world, late, "ok");
    offer_recalled(world, late, "ok");
}

static void gate_recalls_by_secrets(void **state)
{
    const char *token;
    world_t *world = create_with_cache(*state, &token);
    bearer_issuer_t twin = world->place.secret;

    token = mint_secret_token("{'alg':'HS256'}", BY_S, SECRET, *state);
    offer_whole(world, token, "ok");
    offer_recalled(world, token, "ok");
    /* another line of the configuration, with a secret of its own */
    twin.secret = bearer_jwks_create(twin.secret->keys[0], *state);
    world->place.issuers[1] = &twin;
    offer_whole(world, token, "ok");
}

static void gate_counts(void **state)
{
    bearer_stats_shape_t shape = {1, 1};
    apr_size_t size = bearer_stats_size(shape);
    void *block = apr_pcalloc(*state, size);
    const bearer_alg_t *eddsa = bearer_alg_find(unit_str("EdDSA"));
    const bearer_stats_snapshot_t *seen;
    const char *token;
    world_t *world = create_with_cache(*state, &token);
    int row = 0;

    bearer_stats_format(block, shape);
    assert_int_equal(
        bearer_stats_attach(block, size, &world->conf.prove.stats, *state),
        BEARER_OK);
    world->gate = bearer_gate_create(&world->conf, *state);
    while (bearer_alg_row(row) != eddsa)
        row++;
    offer_recalled(world, token, "ok");
    world->on_pause = same_at_third_look;
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", 3);
    pass(world, 60 * SECOND);
    world->on_pause = both_at_third_look;
    offer_two(world, "ok", 3);
    seen = bearer_stats_snapshot(world->conf.prove.stats, NULL, *state);
    assert_int_equal(bearer_counts_all(&seen->sum.admit), 3);
    /* one wrong, one good; none was computed for a key that was not there */
    assert_int_equal(bearer_counts_all(&seen->sum.verify[row]), 2);
    assert_int_equal(seen->sum.waits, 2);
    assert_int_equal(seen->sum.wait_micros, 6 * LOOK);
}

/* --- an address for each kid ------------------------------------------------ */

static bearer_kids_t *kids_of(world_t *world)
{
    return bearer_board_kids(world->board, &world->source.slot);
}

static bearer_kids_counts_t count_kids(world_t *world)
{
    bearer_kids_conf_t conf = bearer_source_kids(&world->source);

    return bearer_kids_count(kids_of(world), &conf, world->now.tick);
}

static world_t *create_per_kid(apr_pool_t *pool)
{
    world_t *world = create(pool);

    world->source.kind = BEARER_SOURCE_PER_KID;
    bearer_board_open_kids(world->board, &world->source.slot);
    return world;
}

/* the fetcher: keys come first, then whoever waits is told */
static void settle(world_t *world, const char *kid, bool missing)
{
    bearer_kidasks_settle(&kids_of(world)->asks, kid,
                          world->source.schedule.miss, world->now.tick,
                          missing);
}

static void two_at_third_look(world_t *world)
{
    if (world->pauses != 3)
        return;
    answer_both(world);
    settle(world, "two", false);
}

static void no_two_at_third_look(world_t *world)
{
    if (world->pauses == 3)
        settle(world, "two", true);
}

static void two_fails_at_third_look(world_t *world)
{
    bearer_kids_conf_t conf = bearer_source_kids(&world->source);

    if (world->pauses == 3)
        bearer_kids_fail(kids_of(world), "two", &conf, world->now.tick,
                         world->now.tick + SECOND);
}

static void gate_waits_for_the_key_of_a_kid(void **state)
{
    world_t *world = create_per_kid(*state);

    /* the very first, and one more */
    world->on_pause = two_at_third_look;
    offer_two(world, "ok", 3);
    world->on_pause = NULL;
    offer_one(world, "ok", 0);
    offer_two(world, "ok", 0);
    assert_int_equal(count_kids(world).asked, 1);
    assert_int_equal(asked(world), 0);
    /* a wrong signature by a known kid's key asks nobody */
    offer(world, token_of(world, "one", 2, BY_I), "sig_wrong", 0);
    assert_int_equal(count_kids(world).asked, 1);
}

static void gate_notes_that_a_kid_is_used(void **state)
{
    world_t *world = create_per_kid(*state);
    bearer_kids_conf_t conf = bearer_source_kids(&world->source);
    bearer_kids_job_t job;

    answer_both(world);
    bearer_kids_keep(kids_of(world), "one", world->now.tick, world->now.tick);
    bearer_kids_keep(kids_of(world), "two", world->now.tick, world->now.tick);
    offer_one(world, "ok", 0);
    offer(world, token_of(world, "two", 1, BY_I), "sig_wrong", 0);
    /* a token that is not signed with it is no use of a key */
    bearer_kids_choose(kids_of(world), &conf, world->now.tick, true, &job);
    assert_int_equal(job.work, BEARER_KIDS_DROP);
    assert_string_equal(job.kid, "two");
    bearer_kids_drop(kids_of(world), "two");
    bearer_kids_choose(kids_of(world), &conf, world->now.tick, true, &job);
    assert_int_equal(job.work, BEARER_KIDS_CONFIRM);
}

/* 401 only if the issuer said so, and 503 for all that it did not say */
static void gate_believes_the_issuer_that_a_kid_is_missing(void **state)
{
    world_t *world = create_per_kid(*state);

    answer_one(world);
    world->on_pause = no_two_at_third_look;
    offer_two(world, "key_unknown", 3);
    offer_two(world, "key_unknown", 0);
    assert_int_equal(count_kids(world).asked, 1);
    pass(world, 60 * SECOND);
    world->on_pause = two_fails_at_third_look;
    offer_two(world, "keys_unavailable", 3);
    offer_two(world, "keys_unavailable", 0);
    pass(world, 60 * SECOND);
    /* nobody answers at all: one wait, then none */
    world->on_pause = NULL;
    offer_two(world, "keys_unavailable", LOOKS(TIMEOUT));
    offer_two(world, "keys_unavailable", 0);
    /* without any key, the same */
    world = create_per_kid(*state);
    world->on_pause = no_two_at_third_look;
    offer_two(world, "key_unknown", 3);
    offer_two(world, "key_unknown", 0);
}

/* a flood of kids: those beyond the budget are not judged, and nobody waits for them */
static void gate_asks_for_few_kids(void **state)
{
    world_t *world = create_per_kid(*state);
    int i;

    answer_one(world);
    for (i = 0; i < BEARER_LIMIT_KIDS_WANTED; i++) {
        const char *kid = apr_psprintf(*state, "stranger-%d", i);

        offer(world, token_of(world, kid, 2, BY_I), "keys_unavailable",
              LOOKS(TIMEOUT));
    }
    offer_two(world, "keys_unavailable", 0);
    assert_int_equal(count_kids(world).asked, BEARER_LIMIT_KIDS_WANTED);
    /* what is known is served all the same */
    offer_one(world, "ok", 0);
    /* the first of the strangers' places is free again */
    pass(world, (60 - BEARER_LIMIT_KIDS_WANTED * TIMEOUT) * SECOND);
    world->on_pause = two_at_third_look;
    offer_two(world, "ok", 3);
}

/* path traversal, SSRF: what would leave its place in the address is not asked for */
static void gate_refuses_kids_that_are_no_name(void **state)
{
    static const char *const kids[] = {
        "../one",
        "a/b",
        "..",
        ".",
        "",
        "a?b",
        "a#b",
        "a\\\\b",
        "a%2fb",
        "a b",
        "@host",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"};
    world_t *world = create_per_kid(*state);
    apr_size_t i;

    answer_one(world);
    for (i = 0; i < sizeof(kids) / sizeof(kids[0]); i++)
        offer(world, token_of(world, kids[i], 1, BY_I), "header_kid", 0);
    /* and no kid: not even if a key of this source would fit */
    offer(world, mint_token("{'alg':'EdDSA'}", BY_I, 1, *state), "header_kid",
          0);
    assert_int_equal(count_kids(world).asked, 0);
    assert_int_equal(bearer_board_asks(world->board), 0);
}

/* the slot is another's by now: nothing is asked for there */
static void gate_asks_for_no_kid_in_a_slot_given_away(void **state)
{
    world_t *world = create_per_kid(*state);

    world->source.slot.id.bytes[0] ^= 1;
    offer_two(world, "keys_unavailable", 0);
    assert_int_equal(bearer_board_asks(world->board), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(gate_admits_by_keys_at_hand),
        unit_row(gate_fills_a_verdict_as_far_as_it_got),
        unit_row(gate_asks_about_a_known_kid_that_did_not_sign),
        unit_row(gate_asks_once_in_a_miss_for_all_strangers),
        unit_row(gate_refuses_a_wrong_signature_without_the_issuer),
        unit_row(gate_never_asks_about_what_no_key_can_mend),
        unit_row(gate_never_asks_before_the_issuer_is_known),
        unit_row(gate_judges_claims_after_the_wait),
        unit_row(gate_a_wait_moves_the_time),
        unit_row(gate_waits_for_the_first_keys),
        unit_row(gate_gives_up_at_the_timeout),
        unit_row(gate_waits_for_the_rest_of_an_asks_time),
        unit_row(gate_stops_waiting_when_the_fetcher_failed),
        unit_row(gate_waits_for_the_schedule_of_first_keys),
        unit_row(gate_has_no_keys_in_a_slot_given_away),
        unit_row(gate_waits_for_a_new_kid),
        unit_row(gate_asks_once_in_a_miss),
        unit_row(gate_gives_up_on_a_new_kid),
        unit_row(gate_cannot_judge_while_the_issuer_fails),
        unit_row(gate_has_no_good_key_when_all_are_withdrawn),
        unit_row(gate_stops_waiting_when_a_failure_was_noted),
        unit_row(gate_waits_on_when_other_keys_came),
        unit_row(gate_waits_when_no_kid_is_named),
        unit_row(gate_forgets_the_first_try),
        unit_row(gate_tries_once_more_without_a_wait),
        unit_row(gate_waiting_is_bounded),
        unit_row(gate_refuses_stale_keys),
        unit_row(gate_stale_keys_are_good_again_when_confirmed),
        unit_row(gate_a_clock_that_is_set_does_not_matter),
        unit_row(gate_files_that_cannot_be_read_go_stale),
        unit_row(gate_a_file_that_was_never_read_has_no_keys),
        unit_row(gate_all_waiting_threads_get_the_new_keys),
        unit_row(gate_secrets_need_no_board),
        unit_row(gate_recalls_what_was_proven),
        unit_row(gate_judges_place_and_time_again),
        unit_row(gate_judges_the_header_again),
        unit_row(gate_recalls_for_the_same_keys_only),
        unit_row(gate_forgets_with_the_key),
        unit_row(gate_recalls_nothing_by_stale_keys),
        unit_row(gate_remembers_nothing_refused),
        unit_row(gate_recalls_by_secrets),
        unit_row(gate_counts),
        unit_row(gate_waits_for_the_key_of_a_kid),
        unit_row(gate_notes_that_a_kid_is_used),
        unit_row(gate_believes_the_issuer_that_a_kid_is_missing),
        unit_row(gate_asks_for_few_kids),
        unit_row(gate_refuses_kids_that_are_no_name),
        unit_row(gate_asks_for_no_kid_in_a_slot_given_away),
    };

    return unit_run(tests);
}
