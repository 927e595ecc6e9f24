/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_errno.h>

/* whoever can write it can sign tokens (planted keys) */
const bearer_file_rules_t bearer_file_keys = {.least = 1,
                                              .most = BEARER_LIMIT_KEY_FILE,
                                              .shut = S_IWOTH,
                                              .access = BEARER_FILE_WRITABLE};

/* so can whoever can read it (forged tokens) */
const bearer_file_rules_t bearer_file_secret = {.least = 1,
                                                .most = BEARER_LIMIT_SECRET,
                                                .shut = S_IROTH | S_IWOTH,
                                                .access = BEARER_FILE_OPEN};

static bearer_reason_t fail(int error, bearer_note_t *note)
{
    char text[80];

    bearer_note_set(note, "%s", apr_strerror(error, text, sizeof(text)));
    return BEARER_FILE_READ;
}

static bearer_reason_t check_kind(const bearer_file_rules_t *rules,
                                  const struct stat *info, bearer_note_t *note)
{
    if (S_ISREG(info->st_mode) || (rules->pipe && !S_ISDIR(info->st_mode)))
        return BEARER_OK;
    bearer_note_set(note, "not a regular file");
    return rules->kind ? rules->kind : BEARER_FILE_READ;
}

/* Whether anybody else can have written it, or read it, or linked somebody else's
 * file here (planted keys). */
static bearer_reason_t check_access(const bearer_file_rules_t *rules,
                                    const struct stat *info,
                                    bearer_note_t *note)
{
    if (rules->owned && info->st_uid != rules->owners[0]
        && info->st_uid != rules->owners[1])
        bearer_note_set(note, "owner %lu", (unsigned long)info->st_uid);
    else if (info->st_mode & rules->shut)
        bearer_note_set(note, "mode %03o", (unsigned)info->st_mode & 0777);
    else if (rules->single && info->st_nlink != 1)
        bearer_note_set(note, "%lu names", (unsigned long)info->st_nlink);
    else
        return BEARER_OK;
    return rules->access;
}

static bearer_reason_t check_size(const bearer_file_rules_t *rules,
                                  apr_off_t size, bearer_note_t *note)
{
    if (size >= (apr_off_t)rules->least && size <= (apr_off_t)rules->most)
        return BEARER_OK;
    bearer_note_set(note, "%" APR_OFF_T_FMT " bytes", size);
    return rules->size ? rules->size : BEARER_FILE_SIZE;
}

/* to the end, or as far as there is room */
static bearer_reason_t read_bytes(int fd, apr_size_t room, bearer_str_t *out,
                                  bearer_note_t *note, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, room + 1);
    apr_size_t len = 0;

    while (len < room) {
        ssize_t got = read(fd, text + len, room - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(errno, note);
        if (!got)
            break;
        len += (apr_size_t)got;
    }
    text[len] = '\0';
    out->data = text;
    out->len = len;
    return BEARER_OK;
}

static bearer_reason_t read_open(int fd, const bearer_file_rules_t *rules,
                                 bearer_str_t *out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    bearer_str_t text = {NULL, 0};
    bearer_reason_t why;
    struct stat info;
    bool known; /* its size */

    /* the open file is judged, not its name, which may soon mean another
     * file */
    if (fstat(fd, &info))
        return fail(errno, note);
    known = S_ISREG(info.st_mode);
    why = check_kind(rules, &info, note);
    if (!why)
        why = check_access(rules, &info, note);
    if (!why && known)
        why = check_size(rules, (apr_off_t)info.st_size, note);
    if (!why)
        why = read_bytes(fd, known ? (apr_size_t)info.st_size : rules->most + 1,
                         &text, note, pool);
    if (!why && !known)
        why = check_size(rules, (apr_off_t)text.len, note);
    if (!why)
        *out = text;
    return why;
}

bearer_reason_t bearer_file_read(const char *path,
                                 const bearer_file_rules_t *rules,
                                 bearer_str_t *out, bearer_note_t *note,
                                 apr_pool_t *pool)
{
    /* O_NONBLOCK: opening a FIFO would wait for ever */
    int flags = O_RDONLY | O_NOCTTY | O_CLOEXEC | (rules->pipe ? 0 : O_NONBLOCK)
                | (rules->owned ? O_NOFOLLOW : 0);
    bearer_reason_t why;
    int fd;

    do {
        fd = open(path, flags);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return errno == ENOENT && rules->missing ? rules->missing
                                                 : fail(errno, note);
    why = read_open(fd, rules, out, note, pool);
    (void)close(fd);
    return why;
}
