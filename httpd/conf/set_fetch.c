/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_fetch.h"

#include <string.h>

#include <apr_strings.h>

#include "bearer/text/url.h"

/* A variable of httpd's environment, the small spelling first; NULL: not set or
 * empty. HTTP_PROXY is not looked at, as it can be a client's header
 * ("httpoxy") wherever an environment is made from a request. */
static const char *variable(const char *name, const char *spelled_large)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): there are no threads yet */
    const char *value = getenv(name);

    if ((!value || !*value) && spelled_large)
        value = getenv(spelled_large);
    /* NOLINTEND(concurrency-mt-unsafe) */
    return value && *value ? value : NULL;
}

/* the proxy in a variable; "host:port" is common there */
static const char *proxy_in(cmd_parms *cmd, const char *name,
                            const char *spelled_large, const char **proxy)
{
    const char *value = variable(name, spelled_large);
    bearer_url_t url;

    if (!value)
        return NULL;
    *proxy = strstr(value, "://")
                 ? apr_pstrdup(cmd->pool, value)
                 : apr_pstrcat(cmd->pool, "http://", value, NULL);
    /* not shown: there may be a password in it */
    if (bearer_url_parse_proxy(*proxy, &url, NULL, cmd->temp_pool))
        return mab_words_wrong(
            cmd,
            apr_psprintf(cmd->pool, "the environment's %s is not a proxy",
                         name),
            "allowed is http://host:port, without user and password");
    return NULL;
}

const char *mab_set_fetch_proxy(cmd_parms *cmd, void *record, const char *value)
{
    bearer_url_proxies_t *proxies = apr_pcalloc(cmd->pool, sizeof(*proxies));
    mab_server_t *server = record;
    const char *error;
    bearer_url_t url;

    server->proxies = proxies;
    if (strcmp(value, "none") == 0)
        return NULL;
    if (strcmp(value, "env") == 0) {
        proxies->except =
            apr_pstrdup(cmd->pool, variable("no_proxy", "NO_PROXY"));
        error = proxy_in(cmd, "https_proxy", "HTTPS_PROXY", &proxies->https);
        return error ? error
                     : proxy_in(cmd, "http_proxy", NULL, &proxies->http);
    }
    if (bearer_url_parse_proxy(value, &url, NULL, cmd->temp_pool))
        return mab_words_wrong(
            cmd, apr_psprintf(cmd->pool, "\"%s\" is not a proxy", value),
            "allowed is http://host:port, env, or none");
    proxies->https = proxies->http = value;
    return NULL;
}

const char *mab_set_fetch_ca(cmd_parms *cmd, void *record, const char *value)
{
    mab_server_t *server = record;
    bool beside = *value == '+';
    const char *path = value[beside]
                           ? ap_server_root_relative(cmd->pool, value + beside)
                           : NULL;

    if (!path)
        return mab_words_wrong(
            cmd, "ca= has an unusable path",
            "name a PEM file with CA certificates, which are trusted instead of "
            "the system's: ca=<file>, or beside them: ca=+<file>");
    server->ca = beside ? apr_pstrcat(cmd->pool, "+", path, NULL) : path;
    return NULL;
}

static const mab_option_t others[] = {
    {"proxy", mab_set_fetch_proxy}, {"ca", mab_set_fetch_ca}, {NULL, NULL}};
static const mab_options_t options = {mab_conf_server_fields, MAB_ON_FETCH,
                                      others};

static const char *set_fetch(cmd_parms *cmd, void *record, int count,
                             char *const words[])
{
    ((mab_server_t *)record)->where = mab_words_describe(cmd);
    return mab_words_set_options(cmd, &options, record, words, count);
}

const mab_setter_t mab_set_fetch = {set_fetch, MAB_OF_SERVER,
                                    "no option is given", NULL, &options};
