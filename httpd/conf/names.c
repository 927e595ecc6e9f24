/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/names.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/template.h"
#include "bearer/text/utf8.h"

/* the mistake in a text that no issuer puts into a token; NULL: there is none */
static const char *find_flaw(bearer_str_t text)
{
    if (bearer_str_has_control(text))
        return "has a control character";
    if (strpbrk(text.data, " \""))
        return "has a blank or a quote";
    if (!bearer_utf8_check(text) || bearer_utf8_has_invisible_end(text))
        return "has bytes that are not visible UTF-8";
    return NULL;
}

const char *mab_names_check(const cmd_parms *cmd, const char *iss)
{
    const char *flaw = find_flaw(bearer_str(iss));

    if (!*iss)
        return mab_words_empty(cmd);
    if (!flaw)
        return NULL;
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "\"%s\" %s", iss, flaw),
        "write the issuer exactly as tokens carry it in \"iss\", in plain "
        "quotes or none, and each option as a word of its own");
}

/* --- tenants --------------------------------------------------------------------- */

/* told apart from a line without tid= by its address */
static const bearer_str_t any_tenant[1];

const char *mab_names_set_tenants(cmd_parms *cmd, void *record,
                                  const char *value)
{
    mab_issuer_line_t *line = record;
    apr_array_header_t *texts =
        apr_array_make(cmd->pool, 4, sizeof(bearer_str_t));
    const char *error;
    int i;

    line->issuer.tenants = any_tenant;
    if (strcasecmp(value, "any") == 0)
        return NULL;
    error = mab_words_cut_commas(cmd, value, texts);
    for (i = 0; i < texts->nelts && !error; i++) {
        bearer_str_t one = APR_ARRAY_IDX(texts, i, bearer_str_t);

        if (!bearer_template_is_value(one) || bearer_str_is_nocase(one, "any"))
            error = mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "tid=: \"%s\" is no tenant", one.data),
                "allowed is tid=any, or the tenants as tokens carry them in "
                "\"tid\": letters, digits, hyphens and underscores");
    }
    line->issuer.tenants = (const bearer_str_t *)texts->elts;
    line->issuer.tenant_count = texts->nelts;
    return error;
}

static const char *check_template(const cmd_parms *cmd, mab_issuer_line_t *line)
{
    const char *iss = line->source.issuer;

    if (!bearer_template_check(bearer_str(iss)))
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" has braces", iss),
            "the only placeholder that an issuer's name may have is {tid}, "
            "once: the claim \"tid\" fills it");
    if (!line->issuer.tenants)
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" does not say which tenants", iss),
            "give tid=<tenant>,<tenant>, or tid=any for every tenant that the "
            "issuer has");
    if (line->source.kind == BEARER_SOURCE_DISCOVERY && !line->source.location)
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool,
                         "\"%s\" is no address, so there is no metadata that "
                         "tells where its keys are",
                         iss),
            "give metadata=<https-url>, for Entra ID "
            "metadata=https://login.microsoftonline.com/organizations/v2.0, or "
            "keys=<https-url>");
    line->issuer.named = BEARER_NAMED_BY_TENANT;
    return NULL;
}

/* --- what a name needs -------------------------------------------------------------- */

const char *mab_names_complete(const cmd_parms *cmd, mab_issuer_line_t *line)
{
    const char *iss = line->source.issuer;

    if (bearer_template_is_meant(iss))
        return check_template(cmd, line);
    if (line->issuer.tenants)
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "tid= has no place in \"%s\"", iss),
            "write {tid} where tokens have the tenant in \"iss\": "
            "https://login.microsoftonline.com/{tid}/v2.0");
    if (line->source.kind != BEARER_SOURCE_DISCOVERY || line->source.location
        || bearer_str_opens_nocase(iss, "https://")
        || bearer_str_opens_nocase(iss, "http://"))
        return NULL;
    return mab_words_wrong(
        cmd,
        apr_psprintf(cmd->pool,
                     "\"%s\" is not an https URL, so there is no metadata that "
                     "tells where its keys are",
                     iss),
        "give keys=<https-url>, keys=file:<path> or secret=file:<path>, or "
        "the issuer's https URL, exactly as tokens carry it in \"iss\"");
}
