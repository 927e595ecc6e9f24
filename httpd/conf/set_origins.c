/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_origins.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/text/names.h"
#include "httpd/conf/doubt.h"

/* an origin is scheme://host[:port] and nothing else (RFC 6454 6.2) */
static bool is_origin(const char *text)
{
    const char *host = NULL;

    if (strncmp(text, "https://", 8) == 0)
        host = text + 8;
    if (strncmp(text, "http://", 7) == 0)
        host = text + 7;
    return host && *host && !strpbrk(host, "/?#@ *");
}

static const char allowed[] =
    "allowed is one or more origins (https://app.example.com), * or off";

/* --- options ------------------------------------------------------------------- */

/* "a,b": names, and not "*", which means every header to a browser, except for
 * requests with cookies, where it means nothing */
static const char *check_names(cmd_parms *cmd, const char *option,
                               const char *value, const char *advice)
{
    if (bearer_names_check(value) && !strchr(value, '*'))
        return NULL;
    return mab_words_wrong(cmd,
                           apr_psprintf(cmd->pool,
                                        "%s= has \"%s\", which is no list of "
                                        "names of headers",
                                        option, value),
                           advice);
}

static const char *set_headers(cmd_parms *cmd, void *record, const char *value)
{
    mab_origins_t *origins = record;

    origins->requested = strcasecmp(value, "requested") == 0;
    if (origins->requested)
        return NULL;
    origins->headers = value;
    return check_names(cmd, "headers", value,
                       "allowed is headers=<name>,<name>, or "
                       "headers=requested for whatever a script asks for");
}

static const char *set_expose(cmd_parms *cmd, void *record, const char *value)
{
    ((mab_origins_t *)record)->expose = value;
    return check_names(cmd, "expose", value, "allowed is expose=<name>,<name>");
}

static const char *set_credentials(cmd_parms *cmd, void *record,
                                   const char *value)
{
    bool on = strcasecmp(value, "on") == 0;

    ((mab_origins_t *)record)->credentials = on;
    if (on || strcasecmp(value, "off") == 0)
        return NULL;
    return mab_words_wrong(
        cmd,
        apr_psprintf(cmd->pool, "\"%s\" is not a valid value for credentials",
                     value),
        "allowed is On or Off");
}

static const char *set_options(cmd_parms *cmd, mab_origins_t *origins,
                               char *const words[], int count)
{
    static const mab_option_t others[] = {{"headers", set_headers},
                                          {"expose", set_expose},
                                          {"credentials", set_credentials},
                                          {NULL, NULL}};
    static const mab_options_t options = {mab_conf_place_fields, MAB_ON_ORIGINS,
                                          others};
    const char *const *list = origins->list.items;
    const char *error =
        mab_words_set_options(cmd, &options, origins, words, count);

    if (error)
        return error;
    if (count && !origins->list.count)
        return mab_words_wrong(cmd, "off has no options",
                               "write off alone, or name origins");
    /* every page that somebody visits would act with that person's cookies */
    if (origins->credentials && strcmp(list[0], "*") == 0)
        return mab_words_wrong(cmd,
                               "credentials=On with * would let every site act "
                               "with the cookies of its visitors",
                               "name the origins that may");
    return NULL;
}

/* --- origins ------------------------------------------------------------------- */

static const char *set_origins(cmd_parms *cmd, void *record, int count,
                               char *const words[])
{
    mab_place_t *place = record;
    mab_origins_t *origins = apr_pcalloc(cmd->pool, sizeof(*origins));
    apr_array_header_t *list =
        apr_array_make(cmd->pool, count + 1, sizeof(char *));
    int named = 0, i;

    /* no origin has a "=": options follow */
    while (named < count && !strchr(words[named], '='))
        named++;
    if (!named)
        return mab_words_wrong(cmd, "no origin is named", allowed);
    for (i = 0; i < named; i++) {
        bool off = strcasecmp(words[i], "off") == 0;

        if (!is_origin(words[i])
            && (named > 1 || (!off && strcmp(words[i], "*") != 0)))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "\"%s\" is not an origin", words[i]),
                allowed);
        if (strncmp(words[i], "http", 4) == 0)
            mab_doubt_origin(cmd, words[i]);
        if (!off)
            APR_ARRAY_PUSH(list, const char *) = words[i];
    }
    origins->list = *mab_words_list(list, cmd->pool);
    place->origins = origins;
    return set_options(cmd, origins, words + named, count - named);
}

const mab_setter_t mab_set_origins = {set_origins, MAB_OF_PLACE,
                                      "no origin is named", allowed, NULL};
