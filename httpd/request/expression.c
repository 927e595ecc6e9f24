/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/request/expression.h"

#include <string.h>

#include <ap_expr.h>
#include <apr_strings.h>

#include "bearer/base/str.h"
#include "httpd/conf/words.h"
#include "httpd/request/judge.h"

/* what the configuration names was read at start (data) */
static const bearer_path_t *path_of(request_rec *r, const void *data,
                                    const char *text)
{
    const bearer_path_t *path;

    if (data)
        return data;
    return bearer_path_parse(text, &path, NULL, r->pool) ? NULL : path;
}

/* what can be part of somebody's name; a path that is none leads to nothing, for
 * each token: all would be the same user */
static bool names_something(const bearer_claims_t *claims,
                            const bearer_path_t *path)
{
    const bearer_value_t *value =
        path ? bearer_path_find(path, claims->all) : NULL;

    return bearer_value_text(value).len || bearer_value_is_number(value);
}

static const char *claim(ap_expr_eval_ctx_t *ctx, const void *data,
                         const char *arg)
{
    const bearer_claims_t *claims = mab_judge_claims(ctx->r);
    const bearer_path_t *path = path_of(ctx->r, data, arg);
    bearer_str_t text = {NULL, 0};

    if (!claims)
        return "";
    if (!names_something(claims, path))
        mab_record_find(ctx->r)->nameless = true;
    if (!path)
        return "";
    /* "RequestHeader set X expr=%{claim:x}" goes to a back end as it is: a line
     * break would begin another header (injection), a blank be cut off */
    if (bearer_claims_export(claims, path, BEARER_FORM_PLAIN, NULL, &text,
                             ctx->r->pool)) {
        mab_record_find(ctx->r)->withheld = true;
        return "";
    }
    return text.data ? text.data : "";
}

static apr_array_header_t *claims_list(ap_expr_eval_ctx_t *ctx,
                                       const void *data, const char *arg)
{
    const bearer_claims_t *claims = mab_judge_claims(ctx->r);
    const bearer_path_t *path = path_of(ctx->r, data, arg);
    apr_array_header_t *list = apr_array_make(ctx->r->pool, 4, sizeof(char *));
    const char *const *texts;

    if (!claims || !path)
        return list;
    for (texts = bearer_claims_list(claims, path, ctx->r->pool); *texts;
         texts++) {
        bearer_str_t text = bearer_str(*texts);

        if (!bearer_claims_flaw(text))
            APR_ARRAY_PUSH(list, const char *) = *texts;
    }
    return list;
}

/* Finds the function. A path that stands in the configuration is read now: one that
 * is none would be "" at each request, and "claim('role.') != 'guest'" true. */
static int look_up(ap_expr_lookup_parms *parms)
{
    const bearer_path_t *path = NULL;

    if (parms->type == AP_EXPR_FUNC_STRING
        && strcasecmp(parms->name, "claim") == 0)
        *parms->func = claim;
    else if (parms->type == AP_EXPR_FUNC_LIST
             && strcasecmp(parms->name, "claims") == 0)
        *parms->func = claims_list;
    else
        return DECLINED;
    if (parms->arg)
        *parms->err = mab_words_parse_path(parms->arg, &path, parms->pool);
    *parms->data = path;
    return path || !parms->arg ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

void mab_expression_register(void)
{
    ap_hook_expr_lookup(look_up, NULL, NULL, APR_HOOK_MIDDLE);
}
