/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/process/log.h"

int mab_log_level(bearer_level_t level)
{
    static const int levels[] = {
        [BEARER_LEVEL_ERROR] = APLOG_ERR,
        [BEARER_LEVEL_WARNING] = APLOG_WARNING,
        [BEARER_LEVEL_NOTICE] = APLOG_NOTICE,
        [BEARER_LEVEL_INFO] = APLOG_INFO,
        [BEARER_LEVEL_DEBUG] = APLOG_DEBUG,
    };

    return levels[level];
}

static void sink(bearer_level_t level, const char *id, const char *text,
                 void *baton)
{
    server_rec *s = baton;

    ap_log_error(APLOG_MARK, mab_log_level(level), 0, s, "%s%s%s", id,
                 *id ? ": " : "", text);
}

void mab_log_install(server_rec *s)
{
    bearer_log_install(sink, s);
}
