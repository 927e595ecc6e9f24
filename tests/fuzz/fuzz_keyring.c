/* SPDX-License-Identifier: Apache-2.0 */
/* A ring over a board that is overwritten, as in fuzz_board, and then a document
 * from the input. A set that is taken has keys in it, and is one of those
 * posted. */
#include "fuzz.h"

#include "bearer/keys/keyring.h"
#include "tests/unit/slots.h"

#define KEY                                                                    \
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"good\",\"x\":"  \
    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"

static void take(bearer_keyring_t *ring, const bearer_board_id_t *id)
{
    bearer_keyring_set_t *set = NULL;
    int slot;

    for (slot = 0; slot < 2; slot++) {
        if (bearer_keyring_take(ring, unit_slot(slot, id), &set))
            continue;
        fuzz_check(bearer_keyring_keys(set)->count > 0);
        fuzz_check(bearer_keyring_version(set));
        bearer_keyring_give(set);
    }
    fuzz_check(bearer_keyring_alive(ring) <= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const bearer_str_t good = BEARER_LIT(KEY);
    static const bearer_board_id_t id = {{1, 2, 3}};
    static char *block;
    apr_pool_t *pool = fuzz_pool();
    apr_size_t room = bearer_board_size(2);
    bearer_schedule_t schedule = {1, 2, 3, 4, 5, 0};
    bearer_board_t *board = NULL;
    bearer_keyring_t *ring = NULL;
    bearer_str_t text = fuzz_text(data, size);
    size_t i, patches = size ? data[0] % 16u * 3 : 0;

    if (!block)
        block = malloc(room);
    fuzz_check(block);
    bearer_board_format(block, room, 2);
    fuzz_check(bearer_board_attach(block, room, &board, pool) == BEARER_OK);
    fuzz_check(unit_claim(board, &id, 7) == 0);
    fuzz_check(bearer_board_post(board, unit_slot(0, &id), good, &schedule)
               == BEARER_OK);
    fuzz_check(bearer_keyring_create(&ring, board, pool) == APR_SUCCESS);
    if (size && (data[0] & 16))
        take(ring, &id);
    for (i = 1; i + 2 < size && i < patches; i += 3)
        block[(data[i] << 5 | data[i + 1] >> 3) % room] ^= (char)data[i + 2];
    take(ring, &id);
    if (i < size) {
        text.data += i;
        text.len -= i;
        (void)!bearer_board_post(board, unit_slot(0, &id), text, &schedule);
        take(ring, &id);
    }
    apr_pool_destroy(pool);
    return 0;
}
