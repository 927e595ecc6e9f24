/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include "bearer/text/url.h"

/* --- options: NULL, or what is allowed -------------------------------------------- */

const char *tool_access_set_ca(tool_t *tool, const char *value)
{
    tool->source.ca = value;
    return value[*value == '+'] ? NULL
                                : "a file, or +file: beside the system's";
}

const char *tool_access_set_proxy(tool_t *tool, const char *value)
{
    bearer_url_proxies_t *proxies = &tool->source.proxies;
    bearer_url_t url;

    proxies->https = proxies->http = NULL;
    if (strcmp(value, "none") == 0)
        return NULL;
    if (bearer_url_parse_proxy(value, &url, NULL, tool->pool))
        return "http://host:port, without user and password, or none";
    proxies->https = proxies->http = value;
    return NULL;
}

const char *tool_access_set_address(tool_t *tool, const char *value)
{
    bearer_url_t url;

    if (bearer_url_parse_address(value, &url, NULL, tool->pool))
        return "host:port";
    tool->source.address = value;
    return NULL;
}

/* "file:" may stand before it, as in the directives */
static const char *set_file(const char *value, const char **out)
{
    *out = strncmp(value, "file:", 5) == 0 ? value + 5 : value;
    return **out ? NULL : "a file";
}

const char *tool_access_set_token(tool_t *tool, const char *value)
{
    return set_file(value, &tool->source.credentials.token);
}

const char *tool_access_set_header(tool_t *tool, const char *value)
{
    return set_file(value, &tool->source.credentials.header);
}

const char *tool_access_set_cert(tool_t *tool, const char *value)
{
    return set_file(value, &tool->source.credentials.cert);
}

const char *tool_access_set_key(tool_t *tool, const char *value)
{
    return set_file(value, &tool->source.credentials.key);
}

/* --- all of them together ------------------------------------------------------------ */

bool tool_access_check(const tool_t *tool)
{
    const bearer_source_t *source = &tool->source;
    const bearer_credentials_t *files = &source->credentials;

    if (!files->cert != !files->key) {
        (void)tool_complain("--cert and --key belong together; they may be one "
                            "file");
        return false;
    }
    if (!bearer_source_is_fetched(source)
        && (source->address || bearer_credentials_are_given(files))) {
        (void)tool_complain("--address, --token, --header, --cert and --key "
                            "have no effect with a file; they are for fetching "
                            "keys");
        return false;
    }
    return true;
}
