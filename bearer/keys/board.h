/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board - documents posted by one writer, read whole by many processes.
 *
 * Owns:     the layout of the shared segment: slots, documents, asks; room for lease, seats and kids.
 * Does not: map memory, lock, parse documents, or decide when to fetch.
 * Memory:   works on the block it is given and allocates nothing but handles and copies; only offsets in the block, no pointers
 * Threads:  many readers; posts to one board are serialised by the caller; asks are lock-free
 */
#ifndef BEARER_BOARD_H
#define BEARER_BOARD_H

#include "bearer/base/error.h"
#include "bearer/keys/document.h"
#include "bearer/keys/kids.h"
#include "bearer/keys/lease.h"
#include "bearer/keys/schedule.h"
#include "bearer/keys/seats.h"

/**
 * A process's handle on a board. The block itself:
 *
 *   +--------+------------------+------------------+----
 *   | header | slot 0           | slot 1           | ...
 *   +--------+------------------+------------------+----
 *             | words | doc A | doc B |
 *
 * The header has magic, layout version, sizes, the fetcher's lease and the seats
 * of waiting requests. The words of a slot are atomic: whose it is, which of its
 * documents is current (bearer/keys/document.h), the last ask, and the numbers of
 * the schedule. A writer cut off anywhere leaves the current document whole;
 * random bytes in the block are refused, never followed.
 */
typedef struct bearer_board_t bearer_board_t;

/** Who a slot is for: the digest of everything that identifies a key source. */
typedef struct bearer_board_id_t {
    unsigned char bytes[32];
} bearer_board_id_t;

/** A source's slot: its identity, and where on the board that lies. They travel
 * together, since a slot's number alone may be another source's by now. */
typedef struct bearer_board_slot_t {
    bearer_board_id_t id;
    int number; /**< set by bearer_board_claim */
} bearer_board_slot_t;

/** Bytes needed for so many slots. */
apr_size_t bearer_board_size(int slots);

/** Lays out an empty board in a block (aligned for any type, zeroed or not) of
 * at least bearer_board_size(slots). */
void bearer_board_format(void *block, apr_size_t size, int slots);

/**
 * Looks at a board that is already there.
 *
 * @return BEARER_OK, BEARER_BOARD_BROKEN if magic, version or sizes are wrong
 */
bearer_reason_t bearer_board_attach(void *block, apr_size_t size,
                                    bearer_board_t **out,
                                    apr_pool_t *pool) BEARER_MUST_USE;

/** How many slots it has. */
int bearer_board_slots(const bearer_board_t *board);

/** The fetcher's lease on this board. */
bearer_lease_t *bearer_board_lease(const bearer_board_t *board);

/** The seats of requests that wait for keys of this board. */
bearer_seats_t *bearer_board_seats(const bearer_board_t *board);

/**
 * Finds the slot of a source in this epoch (a configuration's number, rising): the
 * one that already is its own (its document survives a restart), else one never
 * used, else the one unused for the most epochs, emptied. Caller serialises
 * (post_config).
 *
 * @param slot the id says whose it is to be; the number is set
 * @return false if all slots are in use in this epoch; the number is -1 then
 */
bool bearer_board_claim(bearer_board_t *board, bearer_board_slot_t *slot,
                        apr_uint32_t epoch);

/** Copies all claimed slots with documents and schedules from one board to a
 * freshly formatted one with at least as many slots. Caller serialises. */
void bearer_board_copy(const bearer_board_t *from, bearer_board_t *to);

/**
 * Posts a document (a filtered key set) with its schedule. Caller serialises
 * with all other posts to this board, in all processes.
 *
 * @param slot must still be its source's, or nothing happens (a fetcher of an older
 *             configuration, whose slot was given away)
 * @return BEARER_OK, BEARER_JWKS_SIZE if text is over BEARER_LIMIT_DOCUMENT,
 *         BEARER_BOARD_BROKEN if the slot is not that source's
 */
bearer_reason_t bearer_board_post(
    bearer_board_t *board, const bearer_board_slot_t *slot, bearer_str_t text,
    const bearer_schedule_t *schedule) BEARER_MUST_USE;

/** Stores the schedule alone (after a failure, or a 304). Caller serialises as
 * for posts. Another's slot: nothing happens. */
void bearer_board_note(bearer_board_t *board, const bearer_board_slot_t *slot,
                       const bearer_schedule_t *schedule);

/** The slot's schedule; all zero if the slot is not that source's. Each number is
 * read whole, but they may be of different moments. */
bearer_schedule_t bearer_board_schedule(const bearer_board_t *board,
                                        const bearer_board_slot_t *slot);

/** The document counter: differs whenever the document does; 0: none.
 * bearer_board_read looks whose slot it is by now. */
apr_uint64_t bearer_board_version(const bearer_board_t *board,
                                  const bearer_board_slot_t *slot);

/**
 * Copies the current document.
 *
 * @param text    in the pool, NUL-terminated
 * @param version the counter that belongs to the text
 * @return BEARER_OK, BEARER_KEYS_UNAVAILABLE if there is none of this source,
 *         BEARER_BOARD_BROKEN if what is there fails its checks
 */
bearer_reason_t bearer_board_read(const bearer_board_t *board,
                                  const bearer_board_slot_t *slot,
                                  bearer_str_t *text, apr_uint64_t *version,
                                  apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Asks the fetcher for new keys, for all processes together at most once in
 * conf->miss (key set flooding by random kids).
 *
 * @return true if this call made the ask
 */
bool bearer_board_ask(bearer_board_t *board, const bearer_board_slot_t *slot,
                      const bearer_schedule_conf_t *conf, apr_time_t now);

/** The tick of the last ask, 0: none. */
apr_time_t bearer_board_asked(const bearer_board_t *board,
                              const bearer_board_slot_t *slot);

/**
 * Makes room for the kids of a source that has an address for each, which forgets what
 * was there of others. After bearer_board_claim; caller serialises (post_config).
 */
void bearer_board_open_kids(bearer_board_t *board,
                            const bearer_board_slot_t *slot);

/** The kids of this source; NULL if there are none, or the slot is not that source's. */
bearer_kids_t *bearer_board_kids(const bearer_board_t *board,
                                 const bearer_board_slot_t *slot);

/** Asks the fetcher for the key of a kid, within the budget of
 * bearer_kidasks_make.
 *
 * @return true if this call made the ask */
bool bearer_board_want(bearer_board_t *board, const bearer_board_slot_t *slot,
                       bearer_str_t kid, apr_time_t miss, apr_time_t now);

/** How many asks were made on all slots: one word that moves with each, for code
 * that would otherwise look at all of them. */
apr_uint64_t bearer_board_asks(const bearer_board_t *board);

#endif
