/* SPDX-License-Identifier: Apache-2.0 */
/* Replays files through a fuzz target without libFuzzer, with any compiler:
 *
 *     fuzz_<unit> <file or folder>...
 *
 * Ends with an error if there was nothing to replay. */
#include "fuzz.h"

#include <apr_file_info.h>
#include <apr_file_io.h>

static int replay_file(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    uint8_t *data;
    apr_size_t len;

    if (apr_file_open(&file, path, APR_READ | APR_BINARY, 0, pool)
        || apr_file_info_get(&info, APR_FINFO_SIZE, file))
        return -1;
    len = (apr_size_t)info.size;
    /* a block of exactly this size, so that valgrind sees reads beyond it */
    data = malloc(len ? len : 1);
    if (!data || (len && apr_file_read_full(file, data, len, &len))) {
        free(data);
        return -1;
    }
    (void)LLVMFuzzerTestOneInput(data, len);
    free(data);
    (void)apr_file_close(file);
    return 1;
}

/* how many inputs a folder or a file gave, -1 for one that cannot be read */
static int replay(const char *path, apr_pool_t *parent)
{
    apr_pool_t *pool;
    apr_dir_t *folder;
    apr_finfo_t entry;
    int count = 0;

    if (apr_pool_create(&pool, parent))
        return -1;
    if (apr_dir_open(&folder, path, pool)) {
        count = replay_file(path, pool);
        apr_pool_destroy(pool);
        return count;
    }
    while (count >= 0
           && apr_dir_read(&entry, APR_FINFO_NAME, folder) == APR_SUCCESS) {
        if (entry.name[0] == '.')
            continue;
        count =
            replay_file(apr_pstrcat(pool, path, "/", entry.name, NULL), pool)
                    < 0
                ? -1
                : count + 1;
    }
    apr_pool_destroy(pool);
    return count;
}

/* how many inputs all arguments gave; 0 if one of them gave none */
static int replay_all(int count, char **paths, apr_pool_t *pool)
{
    int total = 0;
    int i;

    for (i = 0; i < count; i++) {
        int more = replay(paths[i], pool);

        if (more <= 0) {
            (void)fprintf(stderr, "%s: nothing to replay\n", paths[i]);
            return 0;
        }
        total += more;
    }
    return total;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool = fuzz_pool();
    int total = replay_all(argc - 1, argv + 1, pool);

    printf("%d inputs\n", total);
    apr_pool_destroy(pool);
    apr_terminate();
    return total ? 0 : 1;
}
