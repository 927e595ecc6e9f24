/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

#include <unistd.h>

#include <apr_env.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

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

/* starts httpd with its output on a pipe */
static apr_status_t start(const char *const *args, apr_proc_t *proc,
                          apr_pool_t *pool)
{
    apr_procattr_t *attr;
    apr_status_t rv = apr_procattr_create(&attr, pool);

    if (!rv)
        rv =
            apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE);
    if (!rv)
        rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM_ENV);
    if (!rv)
        rv = apr_procattr_error_check_set(attr, 1);
    if (!rv)
        rv = apr_proc_create(proc, args[0], args, NULL, attr, pool);
    return rv;
}

/* passes on what httpd prints; whether the module's heading was there */
static bool copy(apr_file_t *from)
{
    static const char heading[] = "Places with AuthType Bearer:";
    bool found = false;
    char line[1024];

    while (apr_file_gets(line, sizeof(line), from) == APR_SUCCESS) {
        found = found || !strncmp(line, heading, sizeof(heading) - 1);
        fputs(line, stdout);
    }
    return found;
}

static int run(const char *const *args, apr_pool_t *pool)
{
    apr_proc_t proc;
    apr_exit_why_e why;
    apr_status_t rv = start(args, &proc, pool);
    char text[80];
    bool found;
    int status;

    if (rv)
        return tool_complain("httpd cannot be run: %s; name it with --httpd",
                             apr_strerror(rv, text, sizeof(text)));
    found = copy(proc.out);
    (void)apr_proc_wait(&proc, &status, &why, APR_WAIT);
    if (!APR_PROC_CHECK_EXIT(why))
        return tool_complain("httpd was ended by signal %d", status);
    if (!status && !found)
        return tool_complain("this configuration does not load "
                             "auth_bearer_module, so it has no places");
    return status;
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
    return run((const char *const *)args->elts, tool->pool);
}
