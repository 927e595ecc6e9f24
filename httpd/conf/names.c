/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/names.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/utf8.h"

/* as UTF-8: word processors and chats make them of " and ' */
static const char *const typographic[] = {
    "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9a", "\xe2\x80\x9b",
    "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x9f",
    "\xc2\xab",     "\xc2\xbb",     "\xe2\x80\xb9", "\xe2\x80\xba"};

static bool has_typographic(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof(typographic) / sizeof(typographic[0]); i++) {
        if (strstr(text, typographic[i]))
            return true;
    }
    return false;
}

/* the mistake in a text that no issuer puts into a token; NULL: there is none */
static const char *find_flaw(bearer_str_t text)
{
    if (bearer_str_has_control(text))
        return "has a control character";
    if (strpbrk(text.data, " \""))
        return "has a blank or a quote";
    if (has_typographic(text.data))
        return "has typographic quotes, which are part of the name here";
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

const char *mab_names_complete(const cmd_parms *cmd,
                               const mab_issuer_line_t *line)
{
    const char *iss = line->source.issuer;

    if (line->source.kind != BEARER_SOURCE_DISCOVERY
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
