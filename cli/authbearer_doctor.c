/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor.h"

#include <apr_file_io.h>
#include <apr_strings.h>

/* more than any configuration shows */
#define MOST (8 * 1024 * 1024)

/* a file to its end; what is too long is cut */
static const char *read_all(apr_file_t *file, apr_pool_t *pool)
{
    apr_size_t room = 65536, len = 0, got;
    char *text = apr_palloc(pool, room), *larger;

    for (;;) {
        got = room - len - 1;
        if (apr_file_read(file, text + len, &got) != APR_SUCCESS)
            break;
        len += got;
        if (room - len > 1)
            continue;
        if (room >= MOST)
            break;
        larger = apr_palloc(pool, 2 * room);
        memcpy(larger, text, len);
        text = larger;
        room *= 2;
    }
    text[len] = '\0';
    return text;
}

/* runs httpd, and keeps what it says; false: it could not be run */
static bool ask_httpd(const tool_t *tool, const char *const *words,
                      doctor_model_t *model, const char **output)
{
    tool_httpd_t httpd;
    apr_off_t start = 0;
    int status;

    if (!tool_httpd_start(tool, "DUMP_BEARER_JSON", words, true, &httpd))
        return false;
    *output = read_all(httpd.proc.out, tool->pool);
    /* it may have more to say than is read: it shall not wait for us */
    (void)apr_file_close(httpd.proc.out);
    if (!tool_httpd_wait(&httpd, &status))
        return false;
    model->starts = status == 0;
    (void)apr_file_seek(httpd.errors, APR_SET, &start);
    doctor_model_hear(model, read_all(httpd.errors, tool->pool));
    return true;
}

static void look_at_all(doctor_model_t *model, bool fetch)
{
    int i;

    for (i = 0; i < model->sources->nelts; i++)
        doctor_look(&APR_ARRAY_IDX(model->sources, i, doctor_source_t), fetch,
                    model->pool);
}

int tool_doctor(tool_t *tool, const char *const *words)
{
    doctor_model_t *model = doctor_model_create(tool->pool);
    const char *output, *problem;

    model->now = tool->now.wall;
    if (!ask_httpd(tool, words, model, &output))
        return DOCTOR_UNSEEN;
    problem = model->starts ? doctor_model_read(model, output) : NULL;
    if (problem) {
        (void)tool_complain("%s", problem);
        return DOCTOR_UNSEEN;
    }
    if (!model->starts && !model->said->nelts) {
        (void)tool_complain("httpd ended with an error, and did not say why");
        return DOCTOR_UNSEEN;
    }
    look_at_all(model, !tool->no_fetch);
    doctor_check(model);
    if (tool->json)
        doctor_print_json(model);
    else
        doctor_print_text(model);
    return (int)doctor_find_worst(model, DOCTOR_HTTPD, -1);
}
