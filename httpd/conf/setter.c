/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/setter.h"

#include <string.h>

#include "bearer/base/limits.h"

mab_setting_t *mab_setter_register(cmd_parms *cmd, mab_place_t *place)
{
    apr_array_header_t *settings = mab_conf_registry()->settings;
    mab_setting_t *setting;
    int i;

    if (mab_words_in_htaccess(cmd)) {
        place->htaccess = true;
        return NULL;
    }
    if (ap_check_cmd_context(cmd, NOT_IN_LIMIT))
        APR_ARRAY_PUSH(mab_conf_registry()->limited, const char *) =
            mab_words_describe(cmd);
    for (i = 0; place->registered && i < settings->nelts; i++) {
        setting = &APR_ARRAY_IDX(settings, i, mab_setting_t);
        if (setting->place == place)
            return setting;
    }
    place->registered = true;
    setting = apr_array_push(settings);
    memset(setting, 0, sizeof(*setting));
    setting->place = place;
    setting->s = cmd->server;
    setting->where = mab_words_describe(cmd);
    setting->server_level = cmd->path == NULL;
    return setting;
}

static void *find_record(cmd_parms *cmd, const mab_setter_t *setter,
                         void *place)
{
    switch (setter->scope) {
    case MAB_OF_SERVER:
        return ap_get_module_config(cmd->server->module_config,
                                    &auth_bearer_module);
    case MAB_OF_ALL:
        return mab_conf_registry();
    case MAB_OF_PLACE:
        break;
    }
    (void)mab_setter_register(cmd, place);
    return place;
}

/* a directive of numbers only: its first word may be one without a name */
static const char *set_numbers(cmd_parms *cmd, const mab_options_t *options,
                               void *record, int count, char *const words[])
{
    const mab_field_t *whole = mab_words_whole(options);
    const char *error = NULL;
    int used = 0;

    if (whole && !strchr(words[0], '='))
        error = mab_words_set_number(cmd, record, whole, words[used++]);
    return error ? error
                 : mab_words_set_options(cmd, options, record, words + used,
                                         count - used);
}

/* of an empty variable, before all */
static bool has_empty(int count, char *const words[])
{
    int i;

    for (i = 0; i < count; i++) {
        if (!*words[i])
            return true;
    }
    return false;
}

static const char *run(cmd_parms *cmd, void *record, int count,
                       char *const words[])
{
    const mab_setter_t *setter = cmd->info;
    const char *error = NULL;

    if (setter->scope == MAB_OF_ALL)
        error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    if (error)
        return error;
    if (!count)
        return mab_words_wrong(cmd, setter->missing,
                               setter->allowed ? setter->allowed
                                               : mab_words_option_names(
                                                   setter->options, cmd->pool));
    if (count > BEARER_LIMIT_WORDS)
        return mab_words_too_many(cmd);
    if (has_empty(count, words))
        return mab_words_empty(cmd);
    record = find_record(cmd, setter, record);
    return setter->set
               ? setter->set(cmd, record, count, words)
               : set_numbers(cmd, setter->options, record, count, words);
}

const char *mab_setter_run(cmd_parms *cmd, void *record, const char *args)
{
    const apr_array_header_t *words = mab_words_cut(cmd->pool, args);

    return run(cmd, record, words->nelts, (char *const *)words->elts);
}

const char *mab_setter_run_one(cmd_parms *cmd, void *record, const char *word)
{
    char *const words[] = {(char *)word, NULL};

    return run(cmd, record, 1, words);
}
