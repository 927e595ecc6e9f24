/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_check.h"

static const char *set_required(cmd_parms *cmd, void *record, const char *value)
{
    mab_place_t *place = record;
    apr_array_header_t *texts =
        apr_array_make(cmd->temp_pool, 4, sizeof(bearer_str_t));
    apr_array_header_t *names =
        apr_array_make(cmd->pool, 4, sizeof(const char *));
    const char *error = mab_words_cut_commas(cmd, value, texts);
    int i;

    for (i = 0; i < texts->nelts; i++)
        APR_ARRAY_PUSH(names, const char *) =
            APR_ARRAY_IDX(texts, i, bearer_str_t).data;
    place->required = mab_words_list(names, cmd->pool);
    return error;
}

static const mab_option_t others[] = {{"require", set_required}, {NULL, NULL}};
static const mab_options_t options = {mab_conf_place_fields, MAB_ON_CHECK,
                                      others};

const mab_setter_t mab_set_check = {NULL, MAB_OF_PLACE, "no option is given",
                                    NULL, &options};
