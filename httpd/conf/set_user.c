/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_user.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

static const char *set_user(cmd_parms *cmd, void *record, int count,
                            char *const words[])
{
    mab_place_t *place = record;
    apr_array_header_t *paths =
        apr_array_make(cmd->pool, count + 1, sizeof(bearer_path_t *));
    const char *error = NULL;
    int i;

    place->user_expr = NULL;
    if (bearer_str_opens_nocase(words[0], "expr=")) {
        if (count > 1)
            return mab_words_wrong(
                cmd, "expr= is given together with other words",
                "quote the expression: \"expr=%{claim:email}\"");
        place->user_expr = ap_expr_parse_cmd(
            cmd, words[0] + 5, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
        if (error)
            return mab_words_wrong(cmd, error, "allowed is expr=<expression>");
    }
    for (i = 0; i < count && !error && !place->user_expr; i++)
        error = mab_words_path(cmd, words[i], apr_array_push(paths));
    place->user = mab_words_list(paths, cmd->pool);
    return error;
}

const mab_setter_t mab_set_user = {set_user, MAB_OF_PLACE, "no claim is named",
                                   "allowed is <claim>..., or "
                                   "expr=<expression>",
                                   NULL};
