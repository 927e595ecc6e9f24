/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/authbearer.h"

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

int tool_config(tool_t *tool, const char *const *words)
{
    tool_httpd_t httpd;
    bool found;
    int status;

    if (!tool_httpd_start(tool, "DUMP_BEARER", words, false, &httpd))
        return TOOL_UNDECIDED;
    found = copy(httpd.proc.out);
    if (!tool_httpd_wait(&httpd, &status))
        return TOOL_UNDECIDED;
    if (!status && !found)
        return tool_complain("this configuration does not load "
                             "auth_bearer_module, so it has no places");
    return status;
}
