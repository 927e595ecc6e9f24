/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/authbearer.h"

#include <errno.h>
#include <unistd.h>

#include <apr_env.h>
#include <apr_strings.h>

/* the httpd that this was built for; the build says */
#ifndef AUTHBEARER_HTTPD
#define AUTHBEARER_HTTPD ""
#endif

static bool can_run(const char *path)
{
    return *path && access(path, X_OK) == 0;
}

/* the first of these names in a folder of PATH, or NULL */
static const char *search(apr_pool_t *pool)
{
    static const char *const names[] = {"apachectl", "apache2ctl", "httpd",
                                        "apache2"};
    char *path, *folder, *last;
    size_t i;

    if (apr_env_get(&path, "PATH", pool) != APR_SUCCESS)
        return NULL;
    path = apr_pstrdup(pool, path);
    for (folder = apr_strtok(path, ":", &last); folder;
         folder = apr_strtok(NULL, ":", &last)) {
        for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            const char *file = apr_pstrcat(pool, folder, "/", names[i], NULL);

            if (can_run(file))
                return file;
        }
    }
    return NULL;
}

/* Debian's apache2 needs the variables that its control program sets, so that
 * goes first */
static const char *find_httpd(apr_pool_t *pool)
{
    const char *control = apr_pstrcat(pool, AUTHBEARER_HTTPD, "ctl", NULL);

    if (can_run(control))
        return control;
    if (can_run(AUTHBEARER_HTTPD))
        return AUTHBEARER_HTTPD;
    return search(pool);
}

int tool_config(tool_t *tool, const char *const *words)
{
    apr_array_header_t *args = apr_array_make(tool->pool, 8, sizeof(char *));
    const char *httpd = tool->httpd ? tool->httpd : find_httpd(tool->pool);

    if (!httpd)
        return tool_complain("no httpd was found; name one with --httpd");
    APR_ARRAY_PUSH(args, const char *) = httpd;
    APR_ARRAY_PUSH(args, const char *) = "-t";
    APR_ARRAY_PUSH(args, const char *) = "-D";
    APR_ARRAY_PUSH(args, const char *) = "DUMP_BEARER";
    for (; *words; words++)
        APR_ARRAY_PUSH(args, const char *) = *words;
    APR_ARRAY_PUSH(args, const char *) = NULL;
    execv(httpd, (char *const *)args->elts);
    return tool_complain("httpd cannot be run: %s; name it with --httpd",
                         strerror(errno));
}
