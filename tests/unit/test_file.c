/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bearer/base/file.h"
#include "bearer/base/str.h"

#define MOST 100

typedef struct world_t {
    const char *folder, *path, *other;
    bearer_file_rules_t rules;
    bearer_str_t text;
    bearer_note_t note;
    apr_pool_t *pool;
} world_t;

static apr_status_t clean(void *data)
{
    world_t *w = data;

    (void)unlink(w->path);
    (void)unlink(w->other);
    (void)rmdir(w->path);
    return rmdir(w->folder);
}

static world_t *create(apr_pool_t *pool)
{
    world_t *w = apr_pcalloc(pool, sizeof(*w));
    char *folder = apr_pstrdup(pool, "/tmp/test_file.XXXXXX");

    assert_non_null(mkdtemp(folder));
    w->pool = pool;
    w->folder = folder;
    w->path = apr_pstrcat(pool, folder, "/file", NULL);
    w->other = apr_pstrcat(pool, folder, "/other", NULL);
    w->rules.least = 1;
    w->rules.most = MOST;
    w->rules.shut = S_IWOTH;
    w->rules.access = BEARER_FILE_WRITABLE;
    apr_pool_cleanup_register(pool, w, clean, apr_pool_cleanup_null);
    return w;
}

static void put(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static bearer_reason_t take(world_t *w, const char *path)
{
    w->note.text[0] = '\0';
    w->text.data = NULL;
    return bearer_file_read(path, &w->rules, &w->text, &w->note, w->pool);
}

static const char *spaces(apr_size_t len, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, len + 1);

    memset(text, ' ', len);
    text[len] = '\0';
    return text;
}

/* --- sizes and modes --------------------------------------------------------------- */

static void file_sizes_are_bounded(void **state)
{
    world_t *w = create(*state);
    const struct {
        const char *text, *want, *note;
    } rows[] = {
        {"", "file_size", "0 bytes"},
        {"x", "ok", ""},
        {spaces(MOST, *state), "ok", ""},
        {spaces(MOST + 1, *state), "file_size", "101 bytes"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put(w->path, rows[i].text, 0600);
        unit_expect_reason(rows[i].note, take(w, w->path), rows[i].want);
        assert_string_equal(w->note.text, rows[i].note);
        if (!strcmp(rows[i].want, "ok")) {
            assert_true(bearer_str_is(w->text, rows[i].text));
            assert_int_equal(w->text.data[w->text.len], '\0');
        }
        else
            assert_null(w->text.data);
    }
    w->rules.least = 0;
    put(w->path, "", 0600);
    unit_expect_reason("nothing", take(w, w->path), "ok");
    assert_non_null(w->text.data);
}

static void file_modes_are_shut(void **state)
{
    static const struct {
        mode_t mode, shut;
        const char *want, *note;
    } rows[] = {
        {0600, S_IWOTH, "ok", ""},
        {0664, S_IWOTH, "ok", ""},
        {0602, S_IWOTH, "file_writable", "mode 602"},
        {0644, S_IROTH | S_IWOTH, "file_writable", "mode 644"},
        {0640, S_IROTH | S_IWOTH, "ok", ""},
        {0640, S_IRWXG | S_IRWXO, "file_writable", "mode 640"},
        {0777, 0, "ok", ""},
    };
    world_t *w = create(*state);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put(w->path, "x", rows[i].mode);
        w->rules.shut = rows[i].shut;
        unit_expect_reason(apr_psprintf(*state, "row %d", (int)i),
                           take(w, w->path), rows[i].want);
        assert_string_equal(w->note.text, rows[i].note);
    }
}

static void file_rules_of_keys_and_secrets(void **state)
{
    static const struct {
        mode_t mode;
        const char *keys, *secret;
    } rows[] = {
        {0600, "ok", "ok"},        {0644, "ok", "file_open"},
        {0604, "ok", "file_open"}, {0602, "file_writable", "file_open"},
        {0660, "ok", "ok"},
    };
    world_t *w = create(*state);
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *row = apr_psprintf(*state, "%o", (int)rows[i].mode);

        put(w->path, "x", rows[i].mode);
        w->rules = bearer_file_keys;
        unit_expect_reason(row, take(w, w->path), rows[i].keys);
        w->rules = bearer_file_secret;
        unit_expect_reason(row, take(w, w->path), rows[i].secret);
    }
    put(w->path, spaces(BEARER_LIMIT_SECRET, *state), 0600);
    unit_expect_reason("as long as may be", take(w, w->path), "ok");
    put(w->path, spaces(BEARER_LIMIT_SECRET + 1, *state), 0600);
    unit_expect_reason("longer", take(w, w->path), "file_size");
}

/* --- whose it is -------------------------------------------------------------------- */

static void file_owners_are_known(void **state)
{
    world_t *w = create(*state);
    char own[40];

    put(w->path, "x", 0600);
    w->rules.owned = true;
    w->rules.owners[0] = geteuid() + 1;
    w->rules.owners[1] = geteuid();
    unit_expect_reason("the second", take(w, w->path), "ok");
    w->rules.owners[0] = geteuid();
    w->rules.owners[1] = geteuid() + 1;
    unit_expect_reason("the first", take(w, w->path), "ok");
    w->rules.owners[0] = geteuid() + 1;
    unit_expect_reason("neither", take(w, w->path), "file_writable");
    apr_snprintf(own, sizeof(own), "owner %lu", (unsigned long)geteuid());
    assert_string_equal(w->note.text, own);
}

static void file_links_are_followed_where_they_may(void **state)
{
    world_t *w = create(*state);

    put(w->other, "x", 0600);
    assert_int_equal(symlink(w->other, w->path), 0);
    unit_expect_reason("a link", take(w, w->path), "ok");
    w->rules.owned = true;
    w->rules.owners[0] = w->rules.owners[1] = geteuid();
    unit_expect_reason("a link where owners count", take(w, w->path),
                       "file_read");
    assert_true(w->note.text[0]);
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(link(w->other, w->path), 0);
    unit_expect_reason("two names", take(w, w->path), "ok");
    w->rules.single = true;
    unit_expect_reason("two names too many", take(w, w->path), "file_writable");
    assert_string_equal(w->note.text, "2 names");
}

/* --- what is no file ------------------------------------------------------------------ */

static void make_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(close(fd), 0);
}

static void file_is_a_regular_file(void **state)
{
    static const struct {
        const char *row;
        void (*make)(const char *path);
    } rows[] = {
        {"FIFO", make_fifo}, {"folder", make_folder}, {"socket", make_socket}};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_t *w = create(*state);

        rows[i].make(w->path);
        unit_expect_reason(rows[i].row, take(w, w->path), "file_read");
        assert_true(w->note.text[0]);
        assert_null(w->text.data);
        w->rules.kind = BEARER_KEYSTORE_KEY;
        if (rows[i].make != make_socket)
            unit_expect_reason(rows[i].row, take(w, w->path), "keystore_key");
        /* a folder is no pipe */
        w->rules.pipe = true;
        if (rows[i].make == make_folder)
            unit_expect_reason(rows[i].row, take(w, w->path), "keystore_key");
    }
    {
        world_t *w = create(*state);

        unit_expect_reason("device", take(w, "/dev/zero"), "file_read");
        assert_string_equal(w->note.text, "not a regular file");
    }
}

static void file_that_is_missing_has_a_reason(void **state)
{
    world_t *w = create(*state);

    unit_expect_reason("missing", take(w, w->path), "file_read");
    assert_string_equal(w->note.text, "No such file or directory");
    w->rules.missing = BEARER_KEYS_UNAVAILABLE;
    unit_expect_reason("none known", take(w, w->path), "keys_unavailable");
    assert_string_equal(w->note.text, "");
    put(w->other, "x", 0600);
    unit_expect_reason("below a file",
                       take(w, apr_pstrcat(*state, w->other, "/file", NULL)),
                       "file_read");
    if (geteuid() == 0)
        return;
    put(w->path, "x", 0200);
    unit_expect_reason("not for us", take(w, w->path), "file_read");
    assert_string_equal(w->note.text, "Permission denied");
}

/* --- pipes ------------------------------------------------------------------------------ */

typedef struct writer_t {
    const char *path, *text;
    pthread_t reader;
} writer_t;

static void ignore(int signal BEARER_UNUSED)
{
}

/* in pieces, and with signals between: what is read is all of it */
static void *write_slowly(void *baton)
{
    writer_t *writer = baton;
    const char *at = writer->text;
    int fd;

    apr_sleep(5000);
    (void)pthread_kill(writer->reader, SIGUSR1);
    fd = open(writer->path, O_WRONLY | O_CLOEXEC);
    for (; fd >= 0 && *at; at++) {
        if (write(fd, at, 1) != 1)
            break;
        (void)pthread_kill(writer->reader, SIGUSR1);
        apr_sleep(1000);
    }
    (void)close(fd);
    return NULL;
}

static bearer_reason_t take_from(world_t *w, const char *text)
{
    writer_t writer = {w->path, text, pthread_self()};
    bearer_reason_t why;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, write_slowly, &writer), 0);
    why = take(w, w->path);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return why;
}

static void file_may_be_a_pipe_where_somebody_waits(void **state)
{
    struct sigaction without_restart = {.sa_handler = ignore}, before;
    world_t *w = create(*state);

    assert_int_equal(sigaction(SIGUSR1, &without_restart, &before), 0);
    (void)signal(SIGPIPE, SIG_IGN);
    make_fifo(w->path);
    w->rules.pipe = true;
    unit_expect_reason("a pipe", take_from(w, "0123456789"), "ok");
    assert_true(bearer_str_is(w->text, "0123456789"));
    unit_expect_reason("an empty pipe", take_from(w, ""), "file_size");
    w->rules.most = 5;
    unit_expect_reason("full", take_from(w, "01234"), "ok");
    unit_expect_reason("too much", take_from(w, "012345"), "file_size");
    assert_string_equal(w->note.text, "6 bytes");
    assert_int_equal(chmod(w->path, 0622), 0);
    unit_expect_reason("for all", take_from(w, ""), "file_writable");
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

static int open_files(void)
{
    int fd = dup(0);

    (void)close(fd);
    return fd;
}

static void file_descriptors_are_closed(void **state)
{
    int before = open_files();

    file_sizes_are_bounded(state);
    file_modes_are_shut(state);
    file_is_a_regular_file(state);
    assert_int_equal(open_files(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(file_sizes_are_bounded),
        unit_row(file_modes_are_shut),
        unit_row(file_rules_of_keys_and_secrets),
        unit_row(file_owners_are_known),
        unit_row(file_links_are_followed_where_they_may),
        unit_row(file_is_a_regular_file),
        unit_row(file_that_is_missing_has_a_reason),
        unit_row(file_may_be_a_pipe_where_somebody_waits),
        unit_row(file_descriptors_are_closed),
    };

    return unit_run(tests);
}
