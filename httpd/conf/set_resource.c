/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_resource.h"

#include <apr_strings.h>

#include "bearer/base/str.h"
#include "bearer/text/url.h"

static const char *set_resource_scopes(cmd_parms *cmd, void *record,
                                       const char *value)
{
    ((bearer_resource_t *)record)->scopes = value;
    /* RFC 6749 3.3: scope-token */
    for (; *value; value++) {
        if (!bearer_str_is_plain(*value))
            return mab_words_wrong(cmd, "scopes= has unusable characters",
                                   "allowed are words of printable ASCII "
                                   "without quotes and backslashes");
    }
    return NULL;
}

static const char *set_resource_name(cmd_parms *cmd BEARER_UNUSED, void *record,
                                     const char *value)
{
    ((bearer_resource_t *)record)->name = value;
    return NULL;
}

static const char *set_resource_docs(cmd_parms *cmd, void *record,
                                     const char *value)
{
    bearer_note_t note = {""};
    bearer_url_t url;

    ((bearer_resource_t *)record)->docs = value;
    if (bearer_url_parse(value, true, &url, &note, cmd->temp_pool))
        return mab_words_wrong(cmd, "docs= is not a URL", "an https URL");
    return NULL;
}

static const char *set_resource(cmd_parms *cmd, void *record, int count,
                                char *const words[])
{
    static const mab_option_t others[] = {{"scopes", set_resource_scopes},
                                          {"name", set_resource_name},
                                          {"docs", set_resource_docs},
                                          {NULL, NULL}};
    static const mab_options_t options = {mab_conf_place_fields,
                                          MAB_ON_RESOURCE, others};
    mab_place_t *place = record;
    bearer_resource_t *resource = apr_pcalloc(cmd->pool, sizeof(*resource));
    bearer_note_t note = {""};

    if (place->resource)
        return mab_words_wrong(cmd, "this section has one already",
                               "write one line with all options; a second "
                               "resource has a section of its own");
    if (bearer_resource_parse(words[0], resource, &note, cmd->pool))
        return mab_words_wrong(
            cmd,
            apr_pstrcat(cmd->pool, "\"", words[0], "\" is not a resource",
                        *note.text ? ": " : "",
                        mab_words_plain(note.text, cmd->pool), NULL),
            "allowed is an https URL without query and "
            "fragment");
    resource->where = mab_words_describe(cmd);
    place->resource = resource;
    return mab_words_set_options(cmd, &options, resource, words + 1, count - 1);
}

const mab_setter_t mab_set_resource = {
    set_resource, MAB_OF_PLACE, "no resource is given",
    "give the https URL that clients name when they ask for a token", NULL};
