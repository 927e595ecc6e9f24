/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_watched.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "httpd/conf/doubt.h"
#include "httpd/conf/section.h"

/* which sections say themselves that everybody gets in is seen when all is read; of a
 * .htaccess file only what comes after the AuthType, where most people write Require
 * lines, can be found */
static const mab_asked_t *find_asked(const cmd_parms *cmd)
{
    const mab_registry_t *all = mab_conf_registry();
    mab_asked_t *asked;

    if (mab_words_in_htaccess(cmd))
        return mab_section_any_grants(cmd->directive, cmd->temp_pool)
                   ? &all->files_that_grant
                   : &all->files_that_do_not;
    asked = apr_pcalloc(cmd->pool, sizeof(*asked));
    asked->told = apr_pcalloc(cmd->pool, sizeof(*asked->told));
    return asked;
}

/* what it comes to, only a request shows */
static bool is_expression(const char *type)
{
    return strstr(type, "%{") || strchr(type, '$');
}

/* httpd hands a directive to every module that names it; mod_authn_core acts on
 * it, and we learn which places must have an issuer and an audience */
const char *mab_set_watched_type(cmd_parms *cmd, void *record, const char *type)
{
    mab_place_t *place = record;
    mab_setting_t *setting;
    const char *error = NULL;

    if (mab_doubt_is_curly(type))
        return mab_doubt_curly(cmd, type);
    place->bearer = strcasecmp(type, "Bearer") == 0;
    /* where other types may stand is none of our business */
    if (place->bearer)
        error = mab_setter_check_context(cmd);
    if (error)
        return error;
    place->where = mab_words_place(cmd);
    place->asked =
        place->bearer || is_expression(type) ? find_asked(cmd) : NULL;
    setting = mab_setter_register(cmd, place);
    if (!setting)
        return NULL;
    setting->auth_type = cmd->directive;
    setting->type_varies = is_expression(type);
    setting->type_where =
        apr_pstrcat(cmd->pool, mab_words_describe(cmd), " is ", type, NULL);
    setting->bearer_where = place->bearer ? setting->type_where : NULL;
    return NULL;
}

/* SetHandler: only watched, too. The administrator says who sees the status page;
 * whoever may write a .htaccess file must not put it anywhere else, nor where an inner
 * section has another handler. */
const char *mab_set_watched_handler(cmd_parms *cmd, void *record,
                                    const char *handler)
{
    mab_place_t *place = record;

    if (mab_words_in_htaccess(cmd))
        return NULL;
    place->status = strcmp(handler, MAB_STATUS_HANDLER) == 0;
    if (!place->status)
        return NULL;
    (void)mab_setter_register(cmd, place);
    return mab_setter_check_context(cmd);
}

/* only watched, like the others: the realm of challenges */
const char *mab_set_watched_name(cmd_parms *cmd, void *record BEARER_UNUSED,
                                 const char *name BEARER_UNUSED)
{
    mab_server_t *server =
        ap_get_module_config(cmd->server->module_config, &auth_bearer_module);

    server->named = cmd->server;
    return NULL;
}
