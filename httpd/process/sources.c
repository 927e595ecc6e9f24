/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/sources.h"

#include "bearer/keys/locate.h"
#include "bearer/keys/restore.h"
#include "httpd/conf/conf.h"
#include "httpd/process/clock.h"
#include "httpd/process/segment.h"

/* --- which there are ---------------------------------------------------------------- */

static bool is_known(const apr_array_header_t *sources,
                     const bearer_source_t *source)
{
    int i;

    for (i = 0; i < sources->nelts; i++) {
        if (bearer_source_is_same(APR_ARRAY_IDX(sources, i, bearer_source_t *),
                                  source))
            return true;
    }
    return false;
}

/* lines that mean the same source share one slot */
mab_sources_t mab_sources_collect(apr_pool_t *pconf)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    apr_array_header_t *sources =
        apr_array_make(pconf, lines->nelts + 1, sizeof(bearer_source_t *));
    mab_sources_t out;
    int i;

    for (i = 0; i < lines->nelts; i++) {
        bearer_source_t *source =
            &APR_ARRAY_IDX(lines, i, mab_issuer_line_t *)->source;

        if (source->kind != BEARER_SOURCE_SECRET && !is_known(sources, source))
            APR_ARRAY_PUSH(sources, bearer_source_t *) = source;
    }
    out.all = (bearer_source_t *const *)sources->elts;
    out.count = sources->nelts;
    return out;
}

/* every line gets its slot, even if it shares it */
bool mab_sources_claim(bearer_board_t *board, apr_uint32_t epoch)
{
    const apr_array_header_t *lines = mab_conf_registry()->issuers;
    int i;

    for (i = 0; i < lines->nelts; i++) {
        bearer_source_t *source =
            &APR_ARRAY_IDX(lines, i, mab_issuer_line_t *)->source;

        if (source->kind == BEARER_SOURCE_SECRET)
            continue;
        if (!bearer_board_claim(board, &source->slot, epoch))
            return false;
        if (source->kind == BEARER_SOURCE_PER_KID)
            bearer_board_open_kids(board, &source->slot);
    }
    return true;
}

/* --- key files ----------------------------------------------------------------------- */

static bearer_reason_t post_file(const bearer_source_t *source,
                                 bearer_board_t *board, bearer_note_t *note,
                                 apr_pool_t *ptemp)
{
    bearer_schedule_t state = bearer_board_schedule(board, &source->slot);
    bearer_locate_found_t found;
    bearer_reason_t why;

    why = bearer_locate_file(source, false, &found, note, ptemp);
    if (why)
        return why;
    bearer_schedule_succeed(&state, &source->schedule, mab_clock_now(NULL).tick,
                            0, 0.5);
    return bearer_board_post(board, &source->slot, found.document, &state);
}

/* At a restart, the keys that the file had before: who would not restart keeps them
 * just as long (AuthBearerFetch stale=). */
static bool serves_on(const bearer_source_t *source, bearer_board_t *board)
{
    bearer_schedule_t state = bearer_board_schedule(board, &source->slot);

    return bearer_board_version(board, &source->slot)
           && bearer_source_is_usable(source, &state, mab_clock_now(NULL).tick);
}

bool mab_sources_post(mab_sources_t sources, bearer_board_t *board,
                      server_rec *s, apr_pool_t *ptemp)
{
    bearer_reason_t why;
    bool good = true;
    int i;

    for (i = 0; i < sources.count; i++) {
        bearer_note_t note = {""};

        if (sources.all[i]->kind != BEARER_SOURCE_FILE)
            continue;
        mab_segment_lock(NULL);
        why = post_file(sources.all[i], board, &note, ptemp);
        mab_segment_unlock(NULL);
        if (!why)
            continue;
        /* the checks have said what is wrong with the file */
        if (serves_on(sources.all[i], board))
            continue;
        good = false;
        ap_log_error(
            APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, s,
            "AuthBearerIssuer %s: %s; the file is %s", sources.all[i]->issuer,
            bearer_error_text(why, &note, ptemp), sources.all[i]->location);
    }
    return good;
}

/* --- the key store --------------------------------------------------------------------- */

/* As root, before children are made, which inherit the key: they sign what they
 * write and cannot read the file. */
static const bearer_keystore_t *open_store(server_rec *s, apr_pool_t *pconf)
{
    mab_registry_t *all = mab_conf_registry();
    bearer_keystore_t *store = &all->store;
    bearer_note_t note = {""};
    bearer_reason_t why;
    apr_status_t rv;

    if (!store->directory)
        return NULL;
    rv = bearer_keystore_unlock(store, &why, &note, pconf);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s,
                     "MAB0207: %s: keys are neither stored nor read: "
                     "%s/store.key, which signs them, cannot be made; let the "
                     "user who starts httpd write to that directory, and "
                     "remove anything there under that name",
                     all->store_where, store->directory);
        return NULL;
    }
    if (why)
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "MAB0206: %s: keys stored earlier are not used: %s; a "
                     "new %s/store.key was made; find out who changed the old "
                     "one",
                     all->store_where, bearer_error_text(why, &note, pconf),
                     store->directory);
    return store;
}

const bearer_keystore_t *mab_sources_restore(mab_sources_t sources,
                                             bearer_board_t *board,
                                             server_rec *s, apr_pool_t *pconf,
                                             apr_pool_t *ptemp)
{
    bearer_refresh_env_t env = {.board = board,
                                .lock = mab_segment_lock,
                                .unlock = mab_segment_unlock,
                                .now = mab_clock_now,
                                .store = open_store(s, pconf)};
    int i;

    for (i = 0; i < sources.count; i++)
        (void)bearer_restore_keys(sources.all[i], &env, ptemp);
    return env.store;
}
