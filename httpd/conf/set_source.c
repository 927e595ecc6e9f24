/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_source.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "httpd/conf/targets.h"

#define SOURCE_WORDS "header[:Name[:scheme]], cookie:<name>, query[:name]"

static const char *parse_source(cmd_parms *cmd, const char *word,
                                mab_source_t *source)
{
    char *copy = apr_pstrdup(cmd->pool, word);
    char *name = strchr(copy, ':');
    char *scheme = NULL;

    if (name)
        *name++ = '\0';
    if (name && strcasecmp(copy, "header") == 0)
        scheme = strchr(name, ':');
    if (scheme)
        *scheme++ = '\0';
    if ((name && !bearer_str_is_token(bearer_str(name)))
        || (scheme && !bearer_str_is_token(bearer_str(scheme))))
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" has an unusable name", word),
            "allowed are letters, digits and most punctuation, but no blanks, "
            "colons or quotes");
    source->name = name;
    source->scheme = scheme;
    source->line = mab_words_describe(cmd);
    if (strcasecmp(copy, "header") == 0) {
        if (name && !mab_targets_allow_source(name))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "\"%s\" already means something else",
                             word),
                "allowed is Authorization, or a header of your own (X-Token); "
                "for a cookie: cookie:<name>");
        source->where = MAB_HEADER;
        source->name = name ? name : "Authorization";
        if (!name || strcasecmp(name, "Authorization") == 0)
            source->scheme = scheme ? scheme : "Bearer";
        return NULL;
    }
    if (strcasecmp(copy, "cookie") == 0 && name) {
        source->where = MAB_COOKIE;
        return NULL;
    }
    if (strcasecmp(copy, "query") == 0) {
        source->where = MAB_QUERY;
        source->name = name ? name : "access_token";
        return NULL;
    }
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "\"%s\" is not a source", word),
        "allowed is " SOURCE_WORDS);
}

/* header names in any case; a scheme does not make it another header */
static bool is_same_header(const mab_source_t *a, const mab_source_t *b)
{
    return a->where == MAB_HEADER && b->where == MAB_HEADER
           && strcasecmp(a->name, b->name) == 0;
}

/* the same one twice would mean two tokens in each request */
static const char *check_source_once(cmd_parms *cmd,
                                     const apr_array_header_t *sources,
                                     int which)
{
    const mab_source_t *all = (const mab_source_t *)sources->elts;
    int i;

    for (i = 0; i < which; i++) {
        if (mab_conf_same_source(&all[i], &all[which]))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "%s is given twice", all[which].name),
                "name each source once");
        if (is_same_header(&all[i], &all[which]))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool,
                             "%s is one header, and a token in it would be "
                             "found twice",
                             all[which].name),
                "name each header once, with the one scheme that clients send "
                "(header:Authorization:Token)");
    }
    return NULL;
}

static const char *set_source(cmd_parms *cmd, void *record, int count,
                              char *const words[])
{
    mab_place_t *place = record;
    apr_array_header_t *sources =
        apr_array_make(cmd->pool, count + 1, sizeof(mab_source_t));
    const char *error = NULL;
    int i;

    for (i = 0; i < count && !error; i++)
        error = parse_source(cmd, words[i], apr_array_push(sources));
    for (i = 0; i < count && !error; i++)
        error = check_source_once(cmd, sources, i);
    for (i = 0; i < count && !error; i++)
        mab_conf_note_source(&APR_ARRAY_IDX(sources, i, mab_source_t),
                             cmd->server);
    place->sources = mab_words_list(sources, cmd->pool);
    return error;
}

const mab_setter_t mab_set_source = {set_source, MAB_OF_PLACE,
                                     "no source is named",
                                     "allowed is " SOURCE_WORDS, NULL};

/* --- what becomes of it ---------------------------------------------------------- */

static const mab_options_t forward_options = {mab_conf_place_fields,
                                              MAB_ON_FORWARD, NULL};

const mab_setter_t mab_set_source_forward = {
    NULL, MAB_OF_PLACE, "a word is missing",
    "allowed is On or Off, foreign=On|Off", &forward_options};

static const mab_options_t optional_options = {mab_conf_place_fields,
                                               MAB_ON_OPTIONAL, NULL};

const mab_setter_t mab_set_source_optional = {NULL, MAB_OF_PLACE, NULL, NULL,
                                              &optional_options};
