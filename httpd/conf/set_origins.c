/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_origins.h"

#include <string.h>

#include <apr_strings.h>

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

static const char *set_origins(cmd_parms *cmd, void *record, int count,
                               char *const words[])
{
    mab_place_t *place = record;
    apr_array_header_t *list =
        apr_array_make(cmd->pool, count + 1, sizeof(char *));
    int i;

    for (i = 0; i < count; i++) {
        bool off = strcasecmp(words[i], "off") == 0;

        if (!is_origin(words[i])
            && (count > 1 || (!off && strcmp(words[i], "*") != 0)))
            return mab_words_wrong(
                cmd,
                apr_psprintf(cmd->pool, "\"%s\" is not an origin", words[i]),
                allowed);
        if (!off)
            APR_ARRAY_PUSH(list, const char *) = words[i];
    }
    place->origins = mab_words_list(list, cmd->pool);
    return NULL;
}

const mab_setter_t mab_set_origins = {set_origins, MAB_OF_PLACE,
                                      "no origin is named", allowed, NULL};
