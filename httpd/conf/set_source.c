/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_source.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "httpd/conf/targets.h"

#define SOURCE_WORDS                                                           \
    "header[:Name[:scheme]], basic[:<user>], websocket, cookie:<name>, "       \
    "query[:name]"

/* --- the words ------------------------------------------------------------------- */

static const char *wrong_name(cmd_parms *cmd, const char *word)
{
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "\"%s\" has an unusable name", word),
        "allowed are letters, digits and most punctuation, but no blanks, "
        "colons or quotes");
}

static const char *wrong_source(cmd_parms *cmd, const char *word)
{
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "\"%s\" is not a source", word),
        "allowed is " SOURCE_WORDS);
}

static bool is_name(const char *name)
{
    return bearer_str_is_token(bearer_str(name));
}

/* name: what follows the first colon, or NULL */
static const char *read_header(cmd_parms *cmd, const char *word,
                               const char *name, mab_source_t *source)
{
    const char *scheme = name ? strchr(name, ':') : NULL;

    if (scheme) {
        name = apr_pstrmemdup(cmd->pool, name, (apr_size_t)(scheme - name));
        scheme++;
    }
    if ((name && !is_name(name)) || (scheme && !is_name(scheme)))
        return wrong_name(cmd, word);
    if (name && !mab_targets_allow_source(name))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "\"%s\" already means something else",
                         word),
            "allowed is Authorization, or a header of your own (X-Token); "
            "for a cookie: cookie:<name>");
    source->where = MAB_HEADER;
    source->name = name ? name : "Authorization";
    source->scheme = scheme;
    if (!scheme && strcasecmp(source->name, "Authorization") == 0)
        source->scheme = "Bearer";
    return NULL;
}

static const char *read_cookie(cmd_parms *cmd, const char *word,
                               const char *name, mab_source_t *source)
{
    if (!name)
        return wrong_source(cmd, word);
    source->where = MAB_COOKIE;
    source->name = name;
    return is_name(name) ? NULL : wrong_name(cmd, word);
}

static const char *read_query(cmd_parms *cmd, const char *word,
                              const char *name, mab_source_t *source)
{
    source->where = MAB_QUERY;
    source->name = name ? name : "access_token";
    return is_name(source->name) ? NULL : wrong_name(cmd, word);
}

/* RFC 7617 2: a user's name has no colon and no control characters */
static const char *read_basic(cmd_parms *cmd, const char *word,
                              const char *name, mab_source_t *source)
{
    source->where = MAB_BASIC;
    source->name = "Authorization";
    source->scheme = "Basic";
    source->user = name;
    if (!name
        || (*name && !strchr(name, ':')
            && !bearer_str_has_control(bearer_str(name))))
        return NULL;
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "\"%s\" has no usable user name", word),
        "allowed is basic (the name that clients send is the token's user), "
        "basic:<user> (this name, which has no colon) and basic:* (any name)");
}

static const char *read_websocket(cmd_parms *cmd, const char *word,
                                  const char *name, mab_source_t *source)
{
    source->where = MAB_WEBSOCKET;
    source->name = MAB_PROTOCOL_HEADER;
    if (!name)
        return NULL;
    return mab_words_wrong(
        cmd, apr_psprintf(cmd->pool, "\"%s\" has a name", word),
        "write websocket alone: its token is always in the subprotocol " MAB_PROTOCOL_NAME
        ".<token in base64url>");
}

static const struct {
    const char *word;
    const char *(*read)(cmd_parms *cmd, const char *word, const char *name,
                        mab_source_t *source);
} kinds[] = {
    {"header", read_header},       {"cookie", read_cookie},
    {"query", read_query},         {"basic", read_basic},
    {"websocket", read_websocket},
};

static const char *parse_source(cmd_parms *cmd, const char *word,
                                mab_source_t *source)
{
    char *copy = apr_pstrdup(cmd->pool, word);
    char *name = strchr(copy, ':');
    size_t i;

    if (name)
        *name++ = '\0';
    memset(source, 0, sizeof(*source));
    source->line = mab_words_describe(cmd);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcasecmp(copy, kinds[i].word) == 0)
            return kinds[i].read(cmd, word, name, source);
    }
    return wrong_source(cmd, word);
}

/* --- the list -------------------------------------------------------------------- */

/* header names in any case; a scheme does not make it another header. Basic and
 * another scheme are told apart by the scheme. */
static bool is_same_header(const mab_source_t *a, const mab_source_t *b)
{
    const char *one = mab_conf_source_header(a);
    const char *other = mab_conf_source_header(b);

    if (!one || !other || strcasecmp(one, other) != 0)
        return false;
    return a->where == b->where
           || strcasecmp(a->scheme ? a->scheme : "Basic",
                         b->scheme ? b->scheme : "Basic")
                  == 0;
}

/* how messages call it */
static const char *word_of(const mab_source_t *source)
{
    if (source->where == MAB_BASIC)
        return "basic";
    return source->where == MAB_WEBSOCKET ? "websocket" : source->name;
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
            return mab_words_wrong(cmd,
                                   apr_psprintf(cmd->pool, "%s is given twice",
                                                word_of(&all[which])),
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
