/* SPDX-License-Identifier: Apache-2.0 */
/* A slot of the board from a number and an identity, as tests have them. */
#ifndef SLOTS_H
#define SLOTS_H

#include "bearer/keys/board.h"

#define unit_slot(at, whose)                                                   \
    (&(bearer_board_slot_t){.id = *(whose), .number = (at)})

/* of nobody: for code that looks only at the number */
#define unit_number(at) (&(bearer_board_slot_t){.number = (at)})

/* the number that a claim gave, or -1 */
static inline int unit_claim(bearer_board_t *board, const bearer_board_id_t *id,
                             apr_uint32_t epoch)
{
    bearer_board_slot_t slot = {.id = *id, .number = 77};
    bool claimed = bearer_board_claim(board, &slot, epoch);

    return claimed == (slot.number >= 0) ? slot.number : -77;
}

#endif
