/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_kept.h"

#include <string.h>

/* --- AuthBearerCache ------------------------------------------------------------- */

static const mab_options_t cache_options = {mab_conf_all_fields, MAB_ON_CACHE,
                                            NULL};

static const char *set_cache(cmd_parms *cmd, void *record, int count,
                             char *const words[])
{
    mab_registry_t *all = record;
    const char *error;

    if (strcasecmp(words[0], "off") == 0) {
        if (count > 1)
            return mab_words_wrong(cmd, "off is given together with options",
                                   "allowed is off alone, or <entries> "
                                   "[ttl=<time>]");
        all->cache_entries = 0;
        return NULL;
    }
    error = mab_words_set_number(cmd, all, mab_words_whole(&cache_options),
                                 words[0]);
    return error ? error
                 : mab_words_set_options(cmd, &cache_options, all, words + 1,
                                         count - 1);
}

const mab_setter_t mab_set_kept_cache = {
    set_cache, MAB_OF_ALL, "a word is missing",
    "allowed is <entries> [ttl=<time>], or off", NULL};

/* --- AuthBearerKeyStore ---------------------------------------------------------- */

static const char *set_keystore(cmd_parms *cmd, void *record,
                                int count BEARER_UNUSED, char *const words[])
{
    mab_registry_t *all = record;

    all->store_where = mab_words_describe(cmd);
    all->store.directory = ap_server_root_relative(cmd->pool, words[0]);
    return all->store.directory
               ? NULL
               : mab_words_wrong(
                   cmd, "the path is unusable",
                   "name a directory, absolute or below ServerRoot");
}

const mab_setter_t mab_set_kept_keystore = {set_keystore, MAB_OF_ALL, NULL,
                                            NULL, NULL};
