/* SPDX-License-Identifier: Apache-2.0 */
/* A board whose memory was overwritten: the input is a list of patches (where,
 * what) or, after an odd first byte, the whole board. A reader gets the text that
 * was posted, or is told that there is none. */
#include "fuzz.h"

#include "bearer/keys/board.h"
#include "tests/unit/slots.h"

#define SLOTS 2

static const bearer_schedule_conf_t conf = {3600000000, 60000000, 86400000000};

static bool is_alive(apr_uint32_t pid)
{
    return pid & 1;
}

static void use(bearer_board_t *board, const bearer_board_id_t *id,
                bearer_str_t posted, bool ours, apr_pool_t *pool)
{
    bearer_schedule_t schedule = {1, 2, 3, 4, 5, 0};
    apr_uint64_t version;
    bearer_str_t text;
    int slot;

    for (slot = -1; slot <= SLOTS; slot++) {
        if (bearer_board_read(board, unit_slot(slot, id), &text, &version, pool)
            == BEARER_OK)
            fuzz_check(!ours || fuzz_same(text, posted));
        (void)bearer_board_schedule(board, unit_slot(slot, id));
        (void)bearer_board_version(board, unit_number(slot));
        (void)bearer_board_ask(board, unit_number(slot), &conf, 1000);
        (void)bearer_board_asked(board, unit_number(slot));
        bearer_board_note(board, unit_slot(slot, id), &schedule);
        if (bearer_board_post(board, unit_slot(slot, id), posted, &schedule)
            == BEARER_OK)
            fuzz_check(bearer_board_read(board, unit_slot(slot, id), &text,
                                         &version, pool)
                           == BEARER_OK
                       && fuzz_same(text, posted));
    }
    (void)bearer_lease_take(bearer_board_lease(board), 7, 42, 1000, is_alive);
    (void)bearer_lease_holder(bearer_board_lease(board));
    (void)bearer_lease_holds(bearer_board_lease(board), 1);
    bearer_lease_resign(bearer_board_lease(board), 42);
    slot = bearer_seats_take(bearer_board_seats(board), 4, 1000, 2000);
    fuzz_check(slot >= -1 && slot < 4);
    if (slot >= 0)
        bearer_seats_leave(bearer_board_seats(board), slot, 2000);
    slot = unit_claim(board, id, 7);
    fuzz_check(slot >= -1 && slot < SLOTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bearer_str_t posted = BEARER_LIT("{\"keys\":[]} and more");
    static const bearer_board_id_t id = {{1, 2, 3}};
    static char *block;
    apr_pool_t *pool = fuzz_pool();
    apr_size_t room = bearer_board_size(SLOTS);
    bearer_schedule_t schedule = {1, 2, 3, 4, 5, 0};
    bearer_board_t *board = NULL;
    bool whole = size && (data[0] & 1);
    size_t i;

    if (!block)
        block = malloc(room);
    fuzz_check(block);
    bearer_board_format(block, room, SLOTS);
    fuzz_check(bearer_board_attach(block, room, &board, pool) == BEARER_OK);
    fuzz_check(unit_claim(board, &id, 7) == 0);
    fuzz_check(bearer_board_post(board, unit_slot(0, &id), posted, &schedule)
               == BEARER_OK);
    if (whole)
        memcpy(block, data, size < room ? size : room);
    /* most of a board is room for documents: its first 8 KiB say where */
    for (i = 1; !whole && i + 2 < size; i += 3)
        block[(data[i] << 5 | data[i + 1] >> 3) % room] ^= (char)data[i + 2];
    if (bearer_board_attach(block, room, &board, pool) == BEARER_OK)
        use(board, &id, posted, true, pool);
    apr_pool_destroy(pool);
    return 0;
}
