/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_audience.h"

#include <string.h>

#include "httpd/conf/doubt.h"

static const char *set_audience(cmd_parms *cmd, void *record, int count,
                                char *const words[])
{
    mab_place_t *place = record;
    apr_array_header_t *texts =
        apr_array_make(cmd->pool, count + 1, sizeof(bearer_str_t));
    const char *error = NULL;
    int i;

    for (i = 0; i < count && !error; i++) {
        if (strcasecmp(words[i], "any") == 0 && count > 1)
            return mab_words_wrong(cmd,
                                   "\"any\" is given together with other "
                                   "values",
                                   "allowed is \"any\" alone, or a list of "
                                   "values");
        error = mab_words_add_text(cmd, texts, words[i]);
        if (!error && strchr(words[i], ','))
            error = mab_doubt_comma(cmd, words[i]);
    }
    if (!error && strcasecmp(words[0], "any") == 0) {
        if (mab_words_in_htaccess(cmd))
            return mab_words_wrong(cmd, "\"any\" is not allowed in .htaccess",
                                   "allowed there is one or more values");
        apr_array_clear(texts);
    }
    place->audiences = mab_words_list(texts, cmd->pool);
    return error;
}

const mab_setter_t mab_set_audience = {set_audience, MAB_OF_PLACE,
                                       "no audience is named",
                                       "allowed is one or more values, or "
                                       "\"any\"",
                                       NULL};
