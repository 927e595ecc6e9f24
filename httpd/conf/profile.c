/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/profile.h"

#include <string.h>

#include <apr_strings.h>

/* --- the table --------------------------------------------------------------- */

static const mab_profile_t profiles[] = {{NULL, NULL, NULL}};

static const char *names(apr_pool_t *pool)
{
    const mab_profile_t *one;
    const char *list = "";

    for (one = profiles; one->name; one++)
        list = apr_pstrcat(pool, list, *list ? ", " : "", one->name, NULL);
    return *list ? list : "nothing";
}

const char *mab_profile_find(cmd_parms *cmd, const char *name,
                             const mab_profile_t **out)
{
    const mab_profile_t *one = profiles;

    while (one->name && strcmp(one->name, name) != 0)
        one++;
    if (!one->name)
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "there is no profile \"%s\"", name),
            apr_pstrcat(cmd->pool, "allowed is profile= with one of: ",
                        names(cmd->pool), NULL));
    *out = one;
    return NULL;
}

const char *mab_profile_apply(cmd_parms *cmd, mab_issuer_line_t *line)
{
    const char *error;

    if (!line->profile)
        return NULL;
    error = line->profile->fill(cmd, line);
    if (!error && !line->issuer.profile)
        line->issuer.profile = apr_pstrcat(cmd->pool, line->profile->name, ": ",
                                           line->profile->means, NULL);
    return error;
}
