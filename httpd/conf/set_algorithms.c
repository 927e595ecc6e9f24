/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_algorithms.h"

#include <apr_strings.h>

#include "bearer/base/str.h"

const char *mab_set_algorithms_add(cmd_parms *cmd, const char *name,
                                   bearer_algset_t *algs)
{
    bearer_str_t text = bearer_str(name);
    const bearer_alg_t *alg = bearer_alg_find(text);

    if (!alg)
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" is not a supported algorithm",
                         name),
            apr_pstrcat(cmd->pool, "allowed are: ",
                        bearer_alg_names(bearer_alg_public | bearer_alg_secret,
                                         cmd->pool),
                        "; unsigned tokens (none) never are", NULL));
    if (*algs & alg->bit)
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "%s is given twice", name),
            "name each algorithm once");
    *algs |= alg->bit;
    return NULL;
}

static const char *set_algorithms(cmd_parms *cmd, void *record, int count,
                                  char *const words[])
{
    mab_place_t *place = record;
    bearer_algset_t algs = 0;
    const char *error = NULL;
    int i;

    for (i = 0; i < count && !error; i++)
        error = mab_set_algorithms_add(cmd, words[i], &algs);
    place->algs = algs;
    return error;
}

const mab_setter_t mab_set_algorithms = {set_algorithms, MAB_OF_PLACE,
                                         "no algorithm is named",
                                         "allowed is one or more of RS256, "
                                         "ES256 and so on",
                                         NULL};
