/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/setter.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "httpd/conf/doubt.h"

/* Every directive of a place is let through here, those of .htaccess files too.
 * AllowOverrideList lets any directive of a directory into such a file; what only the
 * server's configuration may say is noted for good, in memory that the request takes
 * with it (use after free). */
static const char *check_file(const cmd_parms *cmd)
{
    if (!mab_words_in_htaccess(cmd) || (cmd->cmd->req_override & OR_ALL))
        return NULL;
    return apr_pstrcat(cmd->pool, cmd->cmd->name,
                       " is not allowed in .htaccess files; put it into the "
                       "server's configuration",
                       NULL);
}

/* "<Limit GET> AuthBearerOptional On" would hold for all methods */
static void note_limit(cmd_parms *cmd)
{
    const ap_directive_t *parent = cmd->directive->parent;
    bool group = parent && strncasecmp(parent->directive, "<Require", 8) == 0;

    if (!ap_check_cmd_context(cmd, NOT_IN_LIMIT))
        return;
    APR_ARRAY_PUSH(mab_conf_registry()->limited, const char *) = apr_pstrcat(
        cmd->pool, mab_words_describe(cmd), ": it would apply ",
        group ? "whatever the Require lines say"
              : "to all methods, not only to those of <Limit> or <LimitExcept>",
        "; put it outside, and only Require lines inside", NULL);
}

/* What stands in an alias holds while its provider is asked, and for nothing that we
 * do: the administrator must not think that it does. */
static const char *check_alias(cmd_parms *cmd)
{
    const ap_directive_t *parent = cmd->directive->parent;

    for (; parent; parent = parent->parent) {
        if (strcasecmp(parent->directive, "<AuthzProviderAlias") == 0
            || strcasecmp(parent->directive, "<AuthnProviderAlias") == 0)
            return apr_pstrcat(
                cmd->pool, cmd->cmd->name, " has no effect in ",
                parent->directive,
                ">; put it outside, into the section whose lines "
                "name the alias",
                NULL);
    }
    return NULL;
}

/* <Location “/api”> is no path at all: nothing would be protected */
static const char *check_sections(cmd_parms *cmd)
{
    const ap_directive_t *parent = cmd->directive->parent;

    for (; parent; parent = parent->parent) {
        if (mab_doubt_is_curly(parent->args))
            return mab_doubt_curly(cmd,
                                   apr_pstrcat(cmd->pool, parent->directive,
                                               " ", parent->args, NULL));
    }
    return NULL;
}

const char *mab_setter_check_context(cmd_parms *cmd)
{
    const char *error = check_file(cmd);

    if (error || mab_words_in_htaccess(cmd))
        return error;
    error = check_sections(cmd);
    if (error)
        return error;
    note_limit(cmd);
    return check_alias(cmd);
}

mab_setting_t *mab_setter_register(cmd_parms *cmd, mab_place_t *place)
{
    apr_array_header_t *settings = mab_conf_registry()->settings;
    mab_setting_t *setting;
    int i;

    if (mab_words_in_htaccess(cmd)) {
        place->htaccess = true;
        return NULL;
    }
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
    setting->first = cmd->directive;
    setting->server_level = cmd->path == NULL;
    return setting;
}

static void *find_record(cmd_parms *cmd, const mab_setter_t *setter,
                         void *place)
{
    mab_setting_t *setting;

    switch (setter->scope) {
    case MAB_OF_SERVER:
        return ap_get_module_config(cmd->server->module_config,
                                    &auth_bearer_module);
    case MAB_OF_ALL:
        return mab_conf_registry();
    case MAB_OF_PLACE:
        break;
    }
    setting = mab_setter_register(cmd, place);
    if (setting && !setting->line) {
        setting->line = cmd->directive;
        setting->line_where = mab_words_describe(cmd);
    }
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

/* name= of a resource is shown to people */
static bool is_curly(const char *word)
{
    const char *equals = strchr(word, '=');

    return mab_doubt_is_curly(word)
           || (equals && mab_doubt_is_curly(equals + 1)
               && !bearer_str_opens_nocase(word, "name="));
}

/* of an empty variable, or copied from a page with fine typography; before all */
static const char *check_words(const cmd_parms *cmd, int count,
                               char *const words[])
{
    int i;

    for (i = 0; i < count; i++) {
        if (!*words[i])
            return mab_words_empty(cmd);
        if (is_curly(words[i]))
            return mab_doubt_curly(cmd, words[i]);
    }
    return NULL;
}

static const char *run(cmd_parms *cmd, void *record, int count,
                       char *const words[])
{
    const mab_setter_t *setter = cmd->info;
    const char *error = NULL;

    if (setter->scope == MAB_OF_ALL)
        error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    if (!error)
        error = mab_setter_check_context(cmd);
    if (error)
        return error;
    if (!count)
        return mab_words_wrong(cmd, setter->missing,
                               setter->allowed ? setter->allowed
                                               : mab_words_option_names(
                                                   setter->options, cmd->pool));
    if (count > BEARER_LIMIT_WORDS)
        return mab_words_too_many(cmd);
    error = check_words(cmd, count, words);
    if (error)
        return error;
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
