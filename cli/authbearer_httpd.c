/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <unistd.h>

#include <apr_env.h>
#include <apr_file_io.h>
#include <apr_strings.h>

/* the httpd that this was built for, as the build found it */
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

/* Debian's apache2 needs the variables that its control program sets, so that comes
 * first */
static const char *find_httpd(apr_pool_t *pool)
{
    const char *control = apr_pstrcat(pool, AUTHBEARER_HTTPD, "ctl", NULL);

    if (can_run(control))
        return control;
    if (can_run(AUTHBEARER_HTTPD))
        return AUTHBEARER_HTTPD;
    return search(pool);
}

/* a file without a name */
static apr_status_t make_file(apr_file_t **file, apr_pool_t *pool)
{
    const char *folder;
    apr_status_t rv = apr_temp_dir_get(&folder, pool);
    char *name;

    if (rv)
        return rv;
    name = apr_pstrcat(pool, folder, "/authbearer-XXXXXX", NULL);
    rv = apr_file_mktemp(file, name, 0, pool);
    return rv ? rv : apr_file_remove(name, pool);
}

static apr_status_t start(const char *const *args, bool hear,
                          tool_httpd_t *httpd, apr_pool_t *pool)
{
    apr_procattr_t *attr;
    apr_status_t rv = apr_procattr_create(&attr, pool);

    if (!rv)
        rv =
            apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE);
    /* not another pipe: whoever reads one waits for the other */
    if (!rv && hear)
        rv = make_file(&httpd->errors, pool);
    if (!rv && hear)
        rv = apr_procattr_child_err_set(attr, httpd->errors, NULL);
    if (!rv)
        rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM_ENV);
    if (!rv)
        rv = apr_procattr_error_check_set(attr, 1);
    if (!rv)
        rv = apr_proc_create(&httpd->proc, args[0], args, NULL, attr, pool);
    return rv;
}

bool tool_httpd_start(const tool_t *tool, const char *define,
                      const char *const *words, bool hear, tool_httpd_t *httpd)
{
    apr_array_header_t *args = apr_array_make(tool->pool, 8, sizeof(char *));
    const char *path = tool->httpd ? tool->httpd : find_httpd(tool->pool);
    apr_status_t rv;
    char text[80];

    memset(httpd, 0, sizeof(*httpd));
    if (!path) {
        (void)tool_complain("no httpd was found; name one with --httpd");
        return false;
    }
    APR_ARRAY_PUSH(args, const char *) = path;
    APR_ARRAY_PUSH(args, const char *) = "-t";
    APR_ARRAY_PUSH(args, const char *) = "-D";
    APR_ARRAY_PUSH(args, const char *) = define;
    for (; *words; words++)
        APR_ARRAY_PUSH(args, const char *) = *words;
    APR_ARRAY_PUSH(args, const char *) = NULL;
    rv = start((const char *const *)args->elts, hear, httpd, tool->pool);
    if (rv)
        (void)tool_complain("httpd cannot be run: %s; name it with --httpd",
                            apr_strerror(rv, text, sizeof(text)));
    return !rv;
}

bool tool_httpd_wait(tool_httpd_t *httpd, int *status)
{
    apr_exit_why_e why;

    (void)apr_proc_wait(&httpd->proc, status, &why, APR_WAIT);
    if (APR_PROC_CHECK_EXIT(why))
        return true;
    (void)tool_complain("httpd was ended by signal %d", *status);
    return false;
}
