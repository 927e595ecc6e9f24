/* SPDX-License-Identifier: Apache-2.0 */
/* Files that tests write; who makes one removes it. */
#ifndef FILES_H
#define FILES_H

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "tests/unit/unit.h"

/* an empty file of its own */
static inline const char *files_temporary(apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, "/tmp/test_bearer.XXXXXX");
    apr_file_t *file;

    assert_int_equal(
        apr_file_mktemp(&file, path,
                        APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL,
                        pool),
        APR_SUCCESS);
    assert_int_equal(apr_file_close(file), APR_SUCCESS);
    return path;
}

static inline void files_put(const char *path, const char *text,
                             apr_pool_t *pool)
{
    apr_file_t *file;

    assert_int_equal(
        apr_file_open(&file, path,
                      APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                      APR_FPROT_OS_DEFAULT, pool),
        APR_SUCCESS);
    assert_int_equal(apr_file_write_full(file, text, strlen(text), NULL),
                     APR_SUCCESS);
    assert_int_equal(apr_file_close(file), APR_SUCCESS);
}

#endif
