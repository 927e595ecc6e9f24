/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_claim.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/limits.h"
#include "bearer/base/str.h"
#include "httpd/conf/doubt.h"
#include "httpd/conf/targets.h"

static const char *check_variable(cmd_parms *cmd, const char *name)
{
    if (!mab_targets_allow_variable(name))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "env:%s is not a target for a claim", name),
            "allowed are names of A-Z, 0-9 and _ that mean nothing to the "
            "server, the loader or an interpreter (not HTTP_*, REMOTE_*, "
            "PATH, LD_* and the like); CLAIM_... is always allowed");
    /* whoever may write one must not choose the variables of programs that others
     * have installed */
    if (mab_words_in_htaccess(cmd) && !mab_targets_allow_in_htaccess(name))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "env:%s is not allowed in .htaccess", name),
            "allowed there is env:CLAIM_..., env:OIDC_CLAIM_... or "
            "env:OAUTH2_CLAIM_...");
    return NULL;
}

static const char *check_header(cmd_parms *cmd, const char *name)
{
    if (mab_words_in_htaccess(cmd))
        return mab_words_wrong(cmd, "header: is not allowed in .htaccess",
                               "allowed there is env:<NAME>");
    if (!bearer_str_is_token(bearer_str(name))
        || !mab_targets_allow_header(name))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "header:%s is not a target for a claim",
                         name),
            "allowed are headers that have no meaning of their own in HTTP "
            "(not Host, Authorization, Cookie, Connection, Content-*, "
            "Accept-*, If-*, X-Forwarded-For, Destination and the like)");
    return NULL;
}

static const char *parse_target(cmd_parms *cmd, const char *word,
                                mab_export_t *export)
{
    if (strncmp(word, "env:", 4) == 0) {
        export->target = word + 4;
        return check_variable(cmd, export->target);
    }
    if (strncmp(word, "header:", 7) == 0) {
        export->header = true;
        export->target = word + 7;
        return check_header(cmd, export->target);
    }
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "\"%s\" is not a target", word),
        "allowed is env:<NAME> or header:<Name>");
}

static const char *parse_form(cmd_parms *cmd, const char *word,
                              mab_export_t *export)
{
    if (strcasecmp(word, "json") == 0)
        export->form = BEARER_FORM_JSON;
    else if (strcasecmp(word, "base64url") == 0)
        export->form = BEARER_FORM_BASE64URL;
    else if (bearer_str_opens_nocase(word, "join:") && word[5]) {
        export->form = BEARER_FORM_JOIN;
        export->join = word + 5;
    }
    else
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not a form", word),
            "allowed is json, join:<separator> or base64url");
    return NULL;
}

static const char *check_unused_target(cmd_parms *cmd,
                                       const mab_list_t *exports,
                                       const mab_export_t *export)
{
    int i;

    /* each line is compared with all before it (quadratic work for who may
     * write .htaccess files) */
    if (exports && exports->count >= BEARER_LIMIT_EXPORTS)
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "more than %d claims are exported here",
                         BEARER_LIMIT_EXPORTS),
            "export all of them as one (AuthBearerClaim * env:<NAME>)");
    for (i = 0; exports && i < exports->count; i++) {
        const mab_export_t *other = (const mab_export_t *)exports->items + i;

        if (other->header == export->header
            && mab_targets_alike(other->target, export->target))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "two claims go to %s", export->target),
                "each target takes one claim (in header names, - and _ and all "
                "other signs are the same)");
    }
    return NULL;
}

static const char wrong_number[] = "wrong number of words";
static const char claim_words[] = "allowed is <claim-path>|* "
                                  "env:<NAME>|header:<Name> "
                                  "[json|join:<separator>|base64url], or none";

static const char *set_claim(cmd_parms *cmd, void *record, int count,
                             char *const words[])
{
    mab_place_t *place = record;
    mab_export_t export = {NULL, NULL, false, BEARER_FORM_PLAIN, NULL};
    const char *error = NULL;

    if (count == 1 && strcasecmp(words[0], "none") == 0) {
        place->exports =
            mab_words_list(apr_array_make(cmd->pool, 1, 1), cmd->pool);
        return NULL;
    }
    if (count < 2 || count > 3)
        return mab_words_wrong(cmd, wrong_number, claim_words);
    if (strcmp(words[0], "*") != 0)
        error = mab_words_path(cmd, words[0], &export.path);
    if (!error)
        error = parse_target(cmd, words[1], &export);
    if (!error && count == 3)
        error = parse_form(cmd, words[2], &export);
    if (!error)
        error = check_unused_target(cmd, place->exports, &export);
    if (!error)
        mab_doubt_path(cmd, words[0]);
    if (!error)
        mab_words_append(&place->exports, &export, sizeof(export), cmd->pool);
    if (!error && export.header) {
        mab_words_append(&place->targets, &export.target, sizeof(export.target),
                         cmd->pool);
        mab_conf_note_header(export.target);
    }
    return error;
}

const mab_setter_t mab_set_claim = {set_claim, MAB_OF_PLACE, wrong_number,
                                    claim_words, NULL};
