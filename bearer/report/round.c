/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/report/round.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

_Static_assert(sizeof(bearer_round_t) == 320, "whole cache lines");
_Static_assert(sizeof(bearer_note_t) == 8 * BEARER_ROUND_WORDS, "whole words");

/* The words of a note are many loads and stores: turn tells a reader whether all of
 * what it read is of one round. A release for each word, an acquire for each: who read
 * one of a later round sees that round's turn, too. */
static void begin_turn(bearer_round_t *round)
{
    /* that of a process that ended in between is odd already */
    bearer_word_store(&round->turn, bearer_word_load(&round->turn) | 1);
}

static void end_turn(bearer_round_t *round)
{
    atomic_store_explicit(&round->turn, bearer_word_load(&round->turn) + 1,
                          memory_order_release);
}

static void write_note(bearer_round_t *round, const bearer_note_t *note)
{
    uint64_t word;
    apr_size_t k;

    for (k = 0; k < BEARER_ROUND_WORDS; k++) {
        memcpy(&word, note->text + 8 * k, 8);
        atomic_store_explicit(&round->note[k], word, memory_order_release);
    }
}

static void read_note(const bearer_round_t *round, bearer_note_t *note)
{
    uint64_t word;
    apr_size_t k;

    for (k = 0; k < BEARER_ROUND_WORDS; k++) {
        word = atomic_load_explicit(&round->note[k], memory_order_acquire);
        memcpy(note->text + 8 * k, &word, 8);
    }
}

/* All processes may write to the block: nothing is shown but what bearer_note_set
 * could have written (a child that was taken over, text for the page). */
static bool is_note(const bearer_note_t *note)
{
    apr_size_t i;

    for (i = 0; i < sizeof(note->text) && note->text[i]; i++) {
        if (!bearer_str_is_plain(note->text[i]) && note->text[i] != '\\')
            return false;
    }
    return i < sizeof(note->text);
}

static uint64_t owner_of(const bearer_board_id_t *id)
{
    uint64_t owner;

    memcpy(&owner, id->bytes, sizeof(owner));
    return owner;
}

void bearer_round_note(bearer_round_t *round, const bearer_board_id_t *id,
                       const bearer_outcome_t *outcome, apr_time_t now)
{
    bearer_note_t note = {""};

    (void)apr_cpystrn(note.text, outcome->note.text, sizeof(note.text));
    begin_turn(round);
    if (bearer_word_load(&round->owner) != owner_of(id)) {
        bearer_word_store(&round->good, 0);
        bearer_word_store(&round->failed, 0);
        bearer_word_store(&round->owner, owner_of(id));
    }
    atomic_store_explicit(&round->what,
                          (uint64_t)outcome->why
                              | (uint64_t)(uint32_t)outcome->status << 32,
                          memory_order_release);
    bearer_word_store(&round->tick, (uint64_t)now);
    write_note(round, &note);
    end_turn(round);
    bearer_word_add(outcome->why ? &round->failed : &round->good, 1);
}

/* false: a round was being noted meanwhile */
static bool read_all(const bearer_round_t *round, bearer_round_result_t *out)
{
    uint64_t what,
        turn = atomic_load_explicit(&round->turn, memory_order_acquire);

    what = atomic_load_explicit(&round->what, memory_order_acquire);
    out->tick = (apr_time_t)bearer_word_load(&round->tick);
    out->why = (bearer_reason_t)(what & 0xffffffff);
    out->status = (int)(what >> 32);
    out->good = bearer_word_load(&round->good);
    out->failed = bearer_word_load(&round->failed);
    read_note(round, &out->note);
    return !(turn & 1) && turn == bearer_word_load(&round->turn);
}

/* noting takes less than a microsecond: once more is enough */
static bool read_whole(const bearer_round_t *round, bearer_round_result_t *out)
{
    int i;

    for (i = 0; i < 2; i++) {
        if (read_all(round, out))
            return true;
    }
    return false;
}

bearer_round_result_t bearer_round_read(const bearer_round_t *round,
                                        const bearer_board_id_t *id)
{
    static const bearer_round_result_t none;
    bearer_round_result_t out = none;
    bool whole;

    whole = read_whole(round, &out);
    /* afterwards: whoever read what another source came to, sees its owner, too */
    if (bearer_word_load(&round->owner) != owner_of(id))
        return none;
    if (!whole || !is_note(&out.note))
        out.note.text[0] = '\0';
    return out;
}

void bearer_round_copy(const bearer_round_t *from, bearer_round_t *to)
{
    bearer_round_result_t seen;

    if (!read_whole(from, &seen))
        memset(&seen.note, 0, sizeof(seen.note));
    begin_turn(to);
    bearer_word_store(&to->owner, bearer_word_load(&from->owner));
    bearer_word_store(&to->tick, bearer_word_load(&from->tick));
    bearer_word_store(&to->what, bearer_word_load(&from->what));
    bearer_word_store(&to->good, bearer_word_load(&from->good));
    bearer_word_store(&to->failed, bearer_word_load(&from->failed));
    write_note(to, &seen.note);
    end_turn(to);
}
