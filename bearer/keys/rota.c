/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/rota.h"

static bool has_moved(bearer_rota_moved_t a, bearer_rota_moved_t b)
{
    return a.asks != b.asks || a.ended != b.ended
           || a.generation != b.generation;
}

int bearer_rota_beat(bearer_rota_t *rota, bearer_rota_moved_t moved, int count,
                     apr_time_t now, bearer_rota_look_fn look, void *baton)
{
    int i;

    if (now < rota->next && !has_moved(moved, rota->moved))
        return 0;
    rota->moved = moved;
    rota->next = now + BEARER_ROTA_LONGEST;
    for (i = 0; i < count; i++) {
        apr_time_t next = look(i, baton);

        if (next < rota->next)
            rota->next = next;
    }
    return count;
}
