/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/base/log.h"

#include <stdarg.h>

#include <apr_strings.h>

#include "bearer/base/str.h"

static bearer_log_sink_t installed;
static void *installed_baton;

void bearer_log_install(bearer_log_sink_t sink, void *baton)
{
    installed = sink;
    installed_baton = baton;
}

void bearer_log_write(bearer_level_t level, const char *id, const char *format,
                      ...)
{
    char text[1024];
    va_list args;
    char *c;

    if (!installed)
        return;
    va_start(args, format);
    (void)apr_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* log injection: one message is one line, whatever is in a document */
    for (c = text; *c; c++) {
        if (bearer_str_is_control(*c))
            *c = '?';
    }
    installed(level, id, text, installed_baton);
}
