/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_user.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "httpd/conf/doubt.h"

/* "claim('sub')" and "sub" are texts here: all tokens would be one user
 * (impersonation) */
static const char *check_constant(const cmd_parms *cmd, const char *text)
{
    const char *what;

    /* a variable, or what a regular expression of a section has found */
    if (strstr(text, "%{") || strchr(text, '$'))
        return NULL;
    what = apr_psprintf(cmd->pool,
                        "expr=%s has no claim in it, so that all tokens would "
                        "be the same user",
                        text);
    if (strpbrk(text, "()'\" "))
        return mab_words_wrong(cmd, what,
                               "write a claim as %{claim:sub}, and a function "
                               "of it as %{tolower:%{claim:sub}}");
    return mab_words_wrong(
        cmd, what,
        apr_psprintf(cmd->pool, "write \"expr=%%{claim:%s}\"", text));
}

static const char *set_expression(cmd_parms *cmd, mab_user_t *user, int count,
                                  const char *text)
{
    const char *error = NULL;

    if (count > 1)
        return mab_words_wrong(cmd, "expr= is given together with other words",
                               "quote the expression: \"expr=%{claim:email}\"");
    text += strlen("expr=");
    if (!*text)
        return mab_words_wrong(cmd,
                               "expr= is empty (is a variable of the "
                               "configuration not set?)",
                               "allowed is expr=<expression>");
    user->expr =
        ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
    /* of a claim in it, which says what is allowed */
    if (error && strstr(error, "; allowed is"))
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", error, NULL);
    if (error)
        return mab_words_wrong(cmd, error, "allowed is expr=<expression>");
    mab_doubt_user(cmd, text);
    return check_constant(cmd, text);
}

/* as a later word, it would be the name of a claim that no token has */
static bool has_expression(int count, char *const words[])
{
    int i;

    for (i = 0; i < count; i++) {
        if (bearer_str_opens_nocase(words[i], "expr="))
            return true;
    }
    return false;
}

static const char *set_user(cmd_parms *cmd, void *record, int count,
                            char *const words[])
{
    mab_user_t *user = apr_pcalloc(cmd->pool, sizeof(*user));
    const bearer_path_t **paths =
        apr_pcalloc(cmd->pool, sizeof(*paths) * (apr_size_t)count);
    const char *error = NULL;
    int i;

    ((mab_place_t *)record)->user = user;
    user->paths.items = paths;
    if (has_expression(count, words))
        return set_expression(cmd, user, count, words[0]);
    for (i = 0; i < count && !error; i++)
        error = mab_words_path(cmd, words[i], &paths[i]);
    for (i = 0; i < count && !error; i++)
        mab_doubt_path(cmd, words[i]);
    user->paths.count = count;
    return error;
}

const mab_setter_t mab_set_user = {set_user, MAB_OF_PLACE, "no claim is named",
                                   "allowed is <claim>..., or "
                                   "expr=<expression>",
                                   NULL};
