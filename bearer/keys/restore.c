/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/restore.h"

#include "bearer/keys/journal.h"

/* posts what was found, unless somebody was faster; false: somebody was */
static bool post_stored(const bearer_source_t *source,
                        const bearer_refresh_env_t *env,
                        const bearer_keystore_found_t *found,
                        bearer_reason_t *why, apr_pool_t *tmp)
{
    apr_time_t now = env->now(env->baton).tick;
    apr_time_t fetched = now - apr_time_from_sec(found->age);
    bearer_str_t text = bearer_jwks_render(found->keys, tmp);
    bearer_schedule_t state;
    bool empty;

    if (!text.data) {
        *why = BEARER_NO_MEMORY;
        return true;
    }
    /* if ticks began later than that, there is no number for it, and 0 means
     * never */
    if (fetched <= 0) {
        *why = BEARER_KEYSTORE_AGE;
        return true;
    }
    if (env->lock)
        env->lock(env->baton);
    empty = !bearer_board_version(env->board, &source->slot);
    if (empty) {
        state = bearer_board_schedule(env->board, &source->slot);
        state.last_good = fetched;
        state.last_try = fetched;
        state.next = now;
        *why = bearer_board_post(env->board, &source->slot, text, &state);
    }
    if (env->unlock)
        env->unlock(env->baton);
    return empty;
}

bool bearer_restore_keys(const bearer_source_t *source,
                         const bearer_refresh_env_t *env, apr_pool_t *tmp)
{
    bearer_keystore_wanted_t wanted = {
        .id = &source->slot.id,
        .issuer = source->issuer,
        .stale = apr_time_sec(source->schedule.stale),
    };
    bearer_keystore_found_t found;
    bearer_outcome_t told = {0};

    if (!env->store || !bearer_source_is_fetched(source)
        || bearer_board_version(env->board, &source->slot))
        return false;
    wanted.now = env->now(env->baton).wall;
    told.tried = bearer_keystore_path(env->store, &source->slot.id, tmp);
    told.why =
        bearer_keystore_read(env->store, &wanted, &found, &told.note, tmp);
    if (told.why == BEARER_KEYS_UNAVAILABLE)
        return false;
    if (!told.why && !post_stored(source, env, &found, &told.why, tmp))
        return false;
    bearer_journal_restored(source, &found, &told, tmp);
    return !told.why;
}
