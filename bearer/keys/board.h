/* SPDX-License-Identifier: Apache-2.0 */
/*
 * board - documents posted by one writer, read whole by many processes.
 *
 * Owns:     the layout of the shared segment: slots, documents, asks, the fetcher's lease.
 * Does not: map memory, lock, parse documents, or decide when to fetch.
 * Memory:   works on the block it is given and allocates nothing but handles and copies; offsets only, no pointers in the block
 * Threads:  many readers; posts to one board are serialised by the caller; asks and leases are lock-free
 */
#ifndef BEARER_BOARD_H
#define BEARER_BOARD_H

#include "bearer/base/error.h"
#include "bearer/keys/schedule.h"

/**
 * A process's handle on a board. The block itself:
 *
 *   +--------+------------------+------------------+----
 *   | header | slot 0           | slot 1           | ...
 *   +--------+------------------+------------------+----
 *             | words | doc A | doc B |
 *
 * The header has magic, layout version, sizes and the fetcher's lease. The words
 * of a slot are atomics: which document is current (a counter whose last bit
 * chooses A or B; 0: none yet), the last ask, and the numbers of the schedule.
 * A document is identity, version, length, checksum and bytes. The writer
 * fills the document that is not current and then moves the counter; a reader
 * copies the current one, checks identity, version, length and checksum, and
 * begins again if the counter moved meanwhile, since its copy may be torn. A writer cut off
 * anywhere leaves the current document whole; random bytes in the block are
 * refused, never followed.
 */
typedef struct bearer_board_t bearer_board_t;

/** Who a slot is for: the digest of everything that identifies a key source. */
typedef struct bearer_board_id_t {
    unsigned char bytes[32];
} bearer_board_id_t;

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

/**
 * The slot of a source in this epoch (a configuration's number, rising): the
 * one that already is its own (its document survives a restart), else one never
 * used, else the one unused for the most epochs, emptied. Caller serialises
 * (post_config).
 *
 * @return the slot, or -1 if all slots are in use in this epoch
 */
int bearer_board_claim(bearer_board_t *board, const bearer_board_id_t *id,
                       apr_uint32_t epoch);

/** Copies all claimed slots with documents and schedules from one board to a
 * freshly formatted one with at least as many slots. Caller serialises. */
void bearer_board_copy(const bearer_board_t *from, bearer_board_t *to);

/**
 * Posts a document (a filtered key set) with its schedule. Caller serialises
 * with all other posts to this board, in all processes.
 *
 * @param id  must be the slot's identity, or nothing happens (a fetcher of an
 *            older configuration whose slot was given away)
 * @return BEARER_OK, BEARER_JWKS_SIZE if text is over BEARER_LIMIT_DOCUMENT,
 *         BEARER_BOARD_BROKEN if the slot is not that source's
 */
bearer_reason_t bearer_board_post(
    bearer_board_t *board, int slot, const bearer_board_id_t *id,
    bearer_str_t text, const bearer_schedule_t *schedule) BEARER_MUST_USE;

/** Stores the schedule alone (after a failure, or a 304). Caller serialises as
 * for posts. Foreign id: nothing happens. */
void bearer_board_note(bearer_board_t *board, int slot,
                       const bearer_board_id_t *id,
                       const bearer_schedule_t *schedule);

/** The slot's schedule; all zero if the slot is not that source's. Each number
 * is read whole, but they may be of two moments. */
bearer_schedule_t bearer_board_schedule(const bearer_board_t *board, int slot,
                                        const bearer_board_id_t *id);

/** The document counter: differs whenever the document does; 0: none. */
apr_uint64_t bearer_board_version(const bearer_board_t *board, int slot);

/**
 * Copies the current document.
 *
 * @param text    in the pool, NUL behind it
 * @param version the counter that belongs to the text
 * @return BEARER_OK, BEARER_KEYS_UNAVAILABLE if there is none for this id,
 *         BEARER_BOARD_BROKEN if what is there fails its checks
 */
bearer_reason_t bearer_board_read(const bearer_board_t *board, int slot,
                                  const bearer_board_id_t *id,
                                  bearer_str_t *text, apr_uint64_t *version,
                                  apr_pool_t *pool) BEARER_MUST_USE;

/**
 * Asks the fetcher for new keys, for all processes together at most once in
 * conf->miss (key set flooding by random kids).
 *
 * @return true if this call made the ask
 */
bool bearer_board_ask(bearer_board_t *board, int slot,
                      const bearer_schedule_conf_t *conf, apr_time_t now);

/** The tick of the last ask, 0: none. */
apr_time_t bearer_board_asked(const bearer_board_t *board, int slot);

/** The lease is lost after so long without renewal. */
#define BEARER_BOARD_LEASE apr_time_from_sec(3)

/**
 * Takes or renews the fetcher's lease: at most one process of the newest epoch
 * holds it. A holder of an older epoch, or one that has not renewed it within
 * BEARER_BOARD_LEASE, or whose process is known to be gone, loses it.
 *
 * @param pid   never 0
 * @param alive tells whether a process is there; may be NULL (assume yes)
 * @return the lease's generation while this process is the fetcher, never 0: the
 *         same as long as it renews, another each time it is taken, also by
 *         who had it before; 0: it is another's
 */
apr_uint32_t bearer_board_lead(bearer_board_t *board, apr_uint32_t epoch,
                               apr_uint32_t pid, apr_time_t now,
                               bool (*alive)(apr_uint32_t pid));

/** Whether the lease still is of this generation: nobody has taken it since, and
 * nobody gave it back. 0 never is. */
bool bearer_board_leads(const bearer_board_t *board, apr_uint32_t generation);

/** The process that holds the lease, 0: none (for status pages and tests). */
apr_uint32_t bearer_board_leader(const bearer_board_t *board);

/** Gives the lease back (a child that ends orderly). */
void bearer_board_resign(bearer_board_t *board, apr_uint32_t pid);

/** Most waiters a board can count. */
#define BEARER_BOARD_WAITERS 1024

/**
 * Takes one of at most limit places for waiting requests of all processes, until
 * tick until; a place whose time has passed is free again, so a killed process
 * leaks nothing.
 *
 * @return the place's number, or -1 if all are taken
 */
int bearer_board_wait(bearer_board_t *board, int limit, apr_time_t now,
                      apr_time_t until);

/** Gives a place back before its time; until as given to bearer_board_wait. */
void bearer_board_wait_end(bearer_board_t *board, int place, apr_time_t until);

#endif
