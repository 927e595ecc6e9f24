/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_file_io.h>

#include "bearer/keys/keystore.h"
#include "bearer/text/json.h"

#define ISSUER "https://issuer.example/realm"
#define STALE  86400

/* RFC 7517 A.1 */
#define KEY(kid)                                                               \
    "{\"kty\":\"EC\",\"kid\":\"" kid "\",\"crv\":\"P-256\","                   \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                   \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}"
#define KEYS(kid) "\"keys\":[" KEY(kid) "]"
#define SET(kid)  "{" KEYS(kid) "}"
#define NAMED     "\"issuer\":\"" ISSUER "\""
#define GOOD      "{" NAMED ",\"fetched\":1799999900," KEYS("a") "}"

#define HEX                                                                    \
    "00010203040506070809"                                                     \
    "0a0b0c0d0e0f101112131415161718191a1b1c1d1e"                               \
    "ff"

#define WRITTEN_MAC                                                            \
    "1dd4c2e925fa2fde3b7bfa630044c697"                                         \
    "a6a8df43a50f9c7e7ad010dc52466a32"

static const unsigned char signer[BEARER_KEYSTORE_SIGNER] = {1, 2, 3};

/* a store in a directory of its own, and one source */
typedef struct world_t {
    bearer_keystore_t store;
    bearer_board_id_t id;
    bearer_keystore_wanted_t wanted;
    bearer_keystore_found_t found;
    bearer_note_t note;
    const char *path;
    apr_pool_t *pool;
} world_t;

static apr_status_t remove_directory(void *path)
{
    return rmdir(path) ? errno : APR_SUCCESS;
}

/* the file of the store, once the tests are done with it */
static apr_status_t remove_file(void *path)
{
    (void)unlink(path);
    return APR_SUCCESS;
}

static world_t *create(apr_pool_t *pool)
{
    world_t *w = apr_pcalloc(pool, sizeof(*w));
    char *directory = apr_pstrdup(pool, "/tmp/bearer-keystore-XXXXXX");
    unsigned char i;

    assert_non_null(mkdtemp(directory));
    apr_pool_cleanup_register(pool, directory, remove_directory,
                              apr_pool_cleanup_null);
    for (i = 0; i < 31; i++)
        w->id.bytes[i] = i;
    w->id.bytes[31] = 0xff;
    w->store.directory = directory;
    w->store.owner = geteuid();
    w->store.key = signer;
    w->wanted.id = &w->id;
    w->wanted.issuer = ISSUER;
    w->wanted.now = NOW;
    w->wanted.stale = STALE;
    w->path = bearer_keystore_path(&w->store, &w->id, pool);
    apr_pool_cleanup_register(pool, w->path, remove_file,
                              apr_pool_cleanup_null);
    w->pool = pool;
    return w;
}

static void put_as_is(const world_t *w, const char *text, mode_t mode)
{
    apr_file_t *file;

    (void)unlink(w->path);
    assert_int_equal(apr_file_open(&file, w->path,
                                   APR_FOPEN_WRITE | APR_FOPEN_CREATE,
                                   APR_FPROT_OS_DEFAULT, w->pool),
                     APR_SUCCESS);
    assert_int_equal(apr_file_write_full(file, text, strlen(text), NULL),
                     APR_SUCCESS);
    assert_int_equal(apr_file_close(file), APR_SUCCESS);
    assert_int_equal(chmod(w->path, mode), 0);
}

/* what looks like a document is signed */
static void put(const world_t *w, const char *text, mode_t mode)
{
    if (text[0] == '{')
        text = bearer_keystore_sign(&w->store, &w->id, unit_str(text), w->pool)
                   .data;
    put_as_is(w, text, mode);
}

static const char *content(const world_t *w)
{
    char *text = apr_pcalloc(w->pool, 4096);
    int fd = open(w->path, O_RDONLY);

    assert_true(fd >= 0);
    assert_true(read(fd, text, 4095) >= 0);
    assert_int_equal(close(fd), 0);
    return text;
}

/* the names in the directory except . and .. */
static int files_in(const world_t *w)
{
    apr_finfo_t info;
    apr_dir_t *dir;
    int count = 0;

    assert_int_equal(apr_dir_open(&dir, w->store.directory, w->pool),
                     APR_SUCCESS);
    while (!apr_dir_read(&info, APR_FINFO_NAME, dir))
        count += info.name[0] != '.';
    assert_int_equal(apr_dir_close(dir), APR_SUCCESS);
    return count;
}

static apr_status_t write_keys(const world_t *w, const char *issuer,
                               const char *keys, apr_int64_t fetched)
{
    return bearer_keystore_write(&w->store, &w->id, issuer, unit_str(keys),
                                 fetched, w->pool);
}

/* on a refusal, what was found before must stay */
static bearer_reason_t read_keys(world_t *w)
{
    static const bearer_keystore_found_t nothing = {NULL, -7};
    bearer_reason_t why;

    w->found = nothing;
    w->note.text[0] = '\0';
    why = bearer_keystore_read(&w->store, &w->wanted, &w->found, &w->note,
                               w->pool);
    if (why) {
        assert_null(w->found.keys);
        assert_int_equal(w->found.age, -7);
    }
    return why;
}

/* --- writing ---------------------------------------------------------------- */

static void keystore_names_a_file_by_the_hex_of_the_source(void **state)
{
    world_t *w = create(*state);

    assert_string_equal(w->path, apr_pstrcat(w->pool, w->store.directory,
                                             "/" HEX ".jwks", NULL));
}

static void keystore_writes_issuer_time_and_keys(void **state)
{
    world_t *w = create(*state);
    struct stat info;

    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), APR_SUCCESS);
    /* made with Python's hmac module */
    assert_string_equal(content(w), "{\"mac\":\"" WRITTEN_MAC "\"," NAMED
                                    ",\"fetched\":1800000000," KEYS("a") "}\n");
    assert_int_equal(lstat(w->path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(files_in(w), 1);
}

static void keystore_reads_what_it_wrote(void **state)
{
    world_t *w = create(*state);

    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW - 100), APR_SUCCESS);
    unit_expect_reason("once", read_keys(w), "ok");
    assert_int_equal(w->found.age, 100);
    assert_string_equal(bearer_jwks_render(w->found.keys, w->pool).data,
                        SET("a"));
    assert_int_equal(write_keys(w, ISSUER, SET("b"), NOW - 1), APR_SUCCESS);
    unit_expect_reason("again", read_keys(w), "ok");
    assert_int_equal(w->found.age, 1);
    assert_string_equal(bearer_jwks_render(w->found.keys, w->pool).data,
                        SET("b"));
    assert_int_equal(files_in(w), 1);
}

/* an issuer's name cannot forge the members after it */
static void keystore_quotes_the_issuer(void **state)
{
    static const char odd[] = "a\",\"keys\":[],\"b\":\"\\\n\xc3\xa9";
    world_t *w = create(*state);

    assert_int_equal(write_keys(w, odd, SET("a"), NOW), APR_SUCCESS);
    unit_expect_reason("the other", read_keys(w), "keystore_form");
    w->wanted.issuer = odd;
    unit_expect_reason("the odd", read_keys(w), "ok");
    assert_int_equal(w->found.keys->count, 1);
}

static void keystore_refuses_to_write_an_issuer_that_is_not_utf8(void **state)
{
    world_t *w = create(*state);

    assert_int_equal(write_keys(w, "https://\xff", SET("a"), NOW), APR_EINVAL);
    assert_int_equal(files_in(w), 0);
}

static void keystore_replaces_a_link_and_not_its_target(void **state)
{
    world_t *w = create(*state);
    const char *target = apr_pstrcat(w->pool, w->path, ".target", NULL);
    world_t other = *w;
    struct stat info;

    apr_pool_cleanup_register(w->pool, target, remove_file,
                              apr_pool_cleanup_null);
    other.path = target;
    put(&other, "mine", 0600);
    assert_int_equal(symlink(target, w->path), 0);
    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), APR_SUCCESS);
    assert_int_equal(lstat(w->path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
    assert_string_equal(content(&other), "mine");
}

/* what a killed process of the same number left, or what somebody put there */
static void keystore_does_not_write_through_what_lies_in_its_way(void **state)
{
    world_t *w = create(*state);
    const char *target = apr_pstrcat(w->pool, w->path, ".target", NULL);
    const char *fresh = apr_psprintf(w->pool, "%s/" HEX ".%ld.tmp",
                                     w->store.directory, (long)getpid());
    world_t other = *w;

    apr_pool_cleanup_register(w->pool, target, remove_file,
                              apr_pool_cleanup_null);
    other.path = target;
    put(&other, "mine", 0600);
    assert_int_equal(symlink(target, fresh), 0);
    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), APR_SUCCESS);
    unit_expect_reason("written", read_keys(w), "ok");
    assert_string_equal(content(&other), "mine");
    assert_int_equal(files_in(w), 2);

    /* a directory cannot be unlinked: nothing is written at all */
    assert_int_equal(mkdir(fresh, 0700), 0);
    assert_int_not_equal(write_keys(w, ISSUER, SET("b"), NOW), APR_SUCCESS);
    assert_int_equal(rmdir(fresh), 0);
    unit_expect_reason("as before", read_keys(w), "ok");
    assert_non_null(strstr(content(w), "\"kid\":\"a\""));
}

static void keystore_says_what_the_system_says(void **state)
{
    world_t *w = create(*state);
    const char *directory = w->store.directory;

    w->store.directory = apr_pstrcat(w->pool, directory, "/none", NULL);
    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), ENOENT);
    put(w, "a file", 0600);
    w->store.directory = w->path;
    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), ENOTDIR);
}

static void keystore_leaves_nothing_when_the_rename_fails(void **state)
{
    world_t *w = create(*state);

    assert_int_equal(mkdir(w->path, 0700), 0);
    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), EISDIR);
    assert_int_equal(files_in(w), 1);
    assert_int_equal(rmdir(w->path), 0);
}

/* a limit on file sizes plays a full disk: the write ends in the middle */
static void keystore_keeps_the_old_file_when_the_disk_is_full(void **state)
{
    world_t *w = create(*state);
    struct rlimit before, small;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    apr_status_t rv;

    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), APR_SUCCESS);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rv = write_keys(w, ISSUER, SET("b"), NOW);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(rv, EFBIG);
    assert_int_equal(files_in(w), 1);
    unit_expect_reason("the old one", read_keys(w), "ok");
    assert_non_null(strstr(content(w), "\"kid\":\"a\""));
}

/* a process that writes for ever, until it is killed; never returns */
static void write_for_ever(const world_t *w)
{
    for (;;) {
        (void)write_keys(w, ISSUER, SET("a"), NOW);
        (void)write_keys(w, ISSUER, SET("bbbbbbbb"), NOW);
    }
}

static void keystore_is_whole_beside_a_writer_that_is_killed(void **state)
{
    world_t *w = create(*state);
    const char *left;
    pid_t pid;
    int round, i;

    assert_int_equal(write_keys(w, ISSUER, SET("a"), NOW), APR_SUCCESS);
    for (round = 0; round < 10; round++) {
        pid = fork();
        assert_true(pid >= 0);
        if (!pid)
            write_for_ever(w);
        for (i = 0; i < 20; i++)
            unit_expect_reason("beside", read_keys(w), "ok");
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        unit_expect_reason("after", read_keys(w), "ok");
        left = apr_psprintf(w->pool, "%s/" HEX ".%ld.tmp", w->store.directory,
                            (long)pid);
        (void)unlink(left);
    }
    assert_int_equal(files_in(w), 1);
}

/* --- reading ----------------------------------------------------------------- */

static const struct document_t {
    const char *name;
    const char *text;
    const char *want;
    const char *note; /* a piece of it */
} documents[] = {
    {"good", GOOD, "ok", ""},
    {"unknown members",
     "{\"x\":{}," NAMED ",\"fetched\":1800000000," KEYS("a") "}", "ok", ""},
    {"a broken key beside a good one",
     "{" NAMED ",\"fetched\":1800000000,"
     "\"keys\":[{\"kty\":\"EC\"}," KEY("a") "]}",
     "ok", ""},
    {"as old as allowed", "{" NAMED ",\"fetched\":1799913601," KEYS("a") "}",
     "ok", ""},
    {"too old by nothing", "{" NAMED ",\"fetched\":1799913600," KEYS("a") "}",
     "keystore_age", "86400 s ago"},
    {"from 1970", "{" NAMED ",\"fetched\":0," KEYS("a") "}", "keystore_age",
     "1800000000 s ago"},
    {"a minute ahead", "{" NAMED ",\"fetched\":1800000060," KEYS("a") "}", "ok",
     ""},
    {"more ahead", "{" NAMED ",\"fetched\":1800000061," KEYS("a") "}",
     "keystore_age", "-61 s ago"},
    {"far ahead", "{" NAMED ",\"fetched\":1e14," KEYS("a") "}", "keystore_age",
     ""},
    {"a time out of range", "{" NAMED ",\"fetched\":1e300," KEYS("a") "}",
     "keystore_form", "fetched"},
    {"the largest integer",
     "{" NAMED ",\"fetched\":-9223372036854775808," KEYS("a") "}",
     "keystore_form", "fetched"},
    {"a time in words", "{" NAMED ",\"fetched\":\"1800000000\"," KEYS("a") "}",
     "keystore_form", "fetched"},
    {"no time", "{" NAMED "," KEYS("a") "}", "keystore_form", "fetched"},
    {"no issuer", "{\"fetched\":1800000000," KEYS("a") "}", "keystore_form",
     "issuer is missing or not a string"},
    {"an issuer that is no string",
     "{\"issuer\":[\"" ISSUER "\"],"
     "\"fetched\":1800000000," KEYS("a") "}",
     "keystore_form", "issuer is missing or not a string"},
    {"a longer issuer",
     "{\"issuer\":\"" ISSUER "/\",\"fetched\":1800000000," KEYS("a") "}",
     "keystore_form", ISSUER "/"},
    {"a shorter issuer",
     "{\"issuer\":\"https://issuer.example/real\","
     "\"fetched\":1800000000," KEYS("a") "}",
     "keystore_form", "real"},
    {"another case",
     "{\"issuer\":\"https://issuer.example/Realm\","
     "\"fetched\":1800000000," KEYS("a") "}",
     "keystore_form", "Realm"},
    {"issuer twice",
     "{" NAMED "," NAMED ",\"fetched\":1800000000," KEYS("a") "}",
     "json_duplicate", ""},
    {"no keys", "{" NAMED ",\"fetched\":1800000000}", "jwks_form", ""},
    {"a secret",
     "{" NAMED ",\"fetched\":1800000000,\"keys\":"
     "[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
     "jwks_empty", ""},
    {"not JSON", "{root:x:0:0", "json_syntax", ""},
    {"not signed", "root:x:0:0", "keystore_mac", "not signed"},
    {"a mac of its own", "{\"mac\":\"\"," NAMED "," KEYS("a") "}",
     "json_duplicate", ""},
    {"cut off", "{" NAMED ",\"fetched\":1800000000,\"keys\":[" KEY("a"),
     "json_syntax", ""},
    {"something after it", GOOD "x", "json_syntax", ""},
    {"nested deep",
     "{" NAMED ",\"fetched\":1800000000,\"keys\":"
     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
     "]}",
     "json_depth", ""},
    {"empty", "", "file_size", "0 bytes"},
};

static void keystore_believes_a_file_as_little_as_an_issuer(void **state)
{
    world_t *w = create(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        const char *name = documents[i].name;

        put(w, documents[i].text, 0600);
        unit_expect_reason(name, read_keys(w), documents[i].want);
        unit_expect(name, strstr(w->note.text, documents[i].note));
        if (strcmp(documents[i].want, "ok"))
            continue;
        unit_expect(name, w->found.keys->count == 1);
        unit_expect(name, w->found.age >= 0 && w->found.age < STALE);
    }
}

/* what the issuer has withdrawn is not good again after a restart */
static void keystore_knows_that_keys_are_gone(void **state)
{
    world_t *w = create(*state);

    put(w, "{" NAMED ",\"fetched\":1800000000,\"keys\":[]}", 0600);
    unit_expect_reason("gone", read_keys(w), "ok");
    assert_int_equal(w->found.keys->count, 0);
}

static void keystore_is_silent_about_a_file_that_is_not_there(void **state)
{
    world_t *w = create(*state);

    unit_expect_reason("none", read_keys(w), "keys_unavailable");
    w->store.directory = "/no/such/directory";
    unit_expect_reason("no directory", read_keys(w), "keys_unavailable");
}

static void keystore_refuses_a_file_that_others_may_write(void **state)
{
    static const struct {
        const char *name;
        mode_t mode;
        const char *want;
    } cases[] = {
        {"the owner alone", 0600, "ok"},
        {"readable for all", 0644, "ok"},
        {"the group writes", 0620, "keystore_owner"},
        {"all write", 0602, "keystore_owner"},
        {"everything", 0777, "keystore_owner"},
    };
    world_t *w = create(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put(w, GOOD, cases[i].mode);
        unit_expect_reason(cases[i].name, read_keys(w), cases[i].want);
    }
    assert_string_equal(w->note.text, "mode 777");
}

static void keystore_refuses_a_strangers_file(void **state)
{
    world_t *w = create(*state);
    bool root = geteuid() == 0;

    put(w, GOOD, 0600);
    /* only root can give a file to a stranger; otherwise we are the stranger */
    if (root)
        assert_int_equal(chown(w->path, 4242, (gid_t)-1), 0);
    w->store.owner = root ? 4243 : geteuid() + 1;
    unit_expect_reason("a stranger's", read_keys(w), "keystore_owner");
    assert_non_null(strstr(w->note.text, "owner "));
    w->store.owner = root ? 4242 : geteuid();
    unit_expect_reason("the server's", read_keys(w), "ok");
    if (!root)
        return;
    assert_int_equal(chown(w->path, 0, (gid_t)-1), 0);
    unit_expect_reason("root's", read_keys(w), "ok");
}

static void keystore_follows_no_link(void **state)
{
    world_t *w = create(*state);
    const char *target = apr_pstrcat(w->pool, w->path, ".target", NULL);

    put(w, GOOD, 0600);
    assert_int_equal(rename(w->path, target), 0);
    assert_int_equal(symlink(target, w->path), 0);
    unit_expect_reason("a link", read_keys(w), "file_read");
    assert_int_equal(unlink(target), 0);
    unit_expect_reason("a link to nothing", read_keys(w), "file_read");
}

static void keystore_does_not_hang_on_a_fifo_or_a_directory(void **state)
{
    world_t *w = create(*state);

    assert_int_equal(mkfifo(w->path, 0600), 0);
    unit_expect_reason("a FIFO", read_keys(w), "file_read");
    assert_string_equal(w->note.text, "not a regular file");
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(mkdir(w->path, 0700), 0);
    unit_expect_reason("a directory", read_keys(w), "file_read");
    assert_string_equal(w->note.text, "not a regular file");
    assert_int_equal(rmdir(w->path), 0);
}

static void keystore_bounds_what_it_reads(void **state)
{
    world_t *w = create(*state);

    put(w, GOOD, 0600);
    assert_int_equal(truncate(w->path, BEARER_LIMIT_KEY_FILE), 0);
    unit_expect_reason("the largest", read_keys(w), "keystore_mac");
    assert_int_equal(truncate(w->path, BEARER_LIMIT_KEY_FILE + 1), 0);
    unit_expect_reason("one more", read_keys(w), "file_size");
}

/* --- the key that signs ------------------------------------------------------ */

/* planted keys: somebody who may write to the directory has everything except the
 * key */
static void keystore_believes_only_what_it_signed(void **state)
{
    static const unsigned char other[BEARER_KEYSTORE_SIGNER] = {1, 2, 4};
    world_t *w = create(*state);
    const char *good;
    char *text;
    size_t i;

    put_as_is(w, GOOD, 0600);
    unit_expect_reason("not signed", read_keys(w), "keystore_mac");
    put(w, GOOD, 0600);
    good = content(w);
    unit_expect_reason("signed", read_keys(w), "ok");
    for (i = 0; i < strlen(good); i++) {
        text = apr_pstrdup(w->pool, good);
        text[i] ^= 1;
        put_as_is(w, text, 0600);
        unit_expect_reason("a bit", read_keys(w), "keystore_mac");
        text[i] = '\0';
        put_as_is(w, text, 0600);
        unit_expect_reason("cut", read_keys(w),
                           i ? "keystore_mac" : "file_size");
    }
    put_as_is(w, apr_pstrcat(w->pool, good, "x", NULL), 0600);
    unit_expect_reason("longer", read_keys(w), "keystore_mac");
    put_as_is(w, good, 0600);
    w->store.key = other;
    unit_expect_reason("with another key", read_keys(w), "keystore_mac");
    w->store.key = signer;
    unit_expect_reason("once more", read_keys(w), "ok");
}

static void keystore_signs_for_one_source(void **state)
{
    world_t *w = create(*state);
    bearer_board_id_t other = w->id;
    bearer_str_t text;

    other.bytes[0] ^= 1;
    text = bearer_keystore_sign(&w->store, &other, unit_str(GOOD), w->pool);
    put_as_is(w, text.data, 0600);
    unit_expect_reason("another's", read_keys(w), "keystore_mac");
}

static void keystore_without_a_key_neither_writes_nor_reads(void **state)
{
    world_t *w = create(*state);

    put(w, GOOD, 0600);
    w->store.key = NULL;
    unit_expect_reason("read", read_keys(w), "keystore_mac");
    assert_int_equal(write_keys(w, ISSUER, SET("b"), NOW), APR_EINVAL);
    assert_null(
        bearer_keystore_sign(&w->store, &w->id, unit_str(GOOD), w->pool).data);
}

/* the file of the key instead of the source's */
static world_t *create_locked(apr_pool_t *pool)
{
    world_t *w = create(pool);

    w->path = apr_pstrcat(pool, w->store.directory, "/store.key", NULL);
    apr_pool_cleanup_register(pool, w->path, remove_file,
                              apr_pool_cleanup_null);
    w->store.key = NULL;
    return w;
}

static const char *unlocked(world_t *w)
{
    bearer_reason_t why = BEARER_NO_MEMORY;

    w->note.text[0] = '\0';
    assert_int_equal(bearer_keystore_unlock(&w->store, &why, &w->note, w->pool),
                     APR_SUCCESS);
    assert_non_null(w->store.key);
    return bearer_error_find(why)->slug;
}

static void keystore_makes_a_key_once(void **state)
{
    world_t *w = create_locked(*state);
    const unsigned char *first;
    struct stat info;
    const char *text;

    assert_string_equal(unlocked(w), "ok");
    first = w->store.key;
    text = content(w);
    assert_int_equal(lstat(w->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_string_equal(unlocked(w), "ok");
    assert_memory_equal(w->store.key, first, BEARER_KEYSTORE_SIGNER);
    assert_string_equal(content(w), text);
    /* a different one is different */
    assert_int_equal(unlink(w->path), 0);
    assert_string_equal(unlocked(w), "ok");
    assert_memory_not_equal(w->store.key, first, BEARER_KEYSTORE_SIGNER);
    assert_int_equal(files_in(w), 1);
}

#define KEY_LINE "mod_auth_bearer key store 1\n"
#define HEX_64                                                                 \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void keystore_takes_no_key_but_its_own(void **state)
{
    static const struct {
        const char *name, *text;
        mode_t mode;
        const char *want, *note;
    } cases[] = {
        {"as it should be", KEY_LINE HEX_64 "\n", 0600, "ok", ""},
        {"not to write", KEY_LINE HEX_64 "\n", 0400, "ok", ""},
        {"empty", "", 0600, "keystore_key", "0 bytes"},
        {"short", KEY_LINE HEX_64, 0600, "keystore_key", "92 bytes"},
        {"long", KEY_LINE HEX_64 "\n\n", 0600, "keystore_key", "94 bytes"},
        {"another end", KEY_LINE HEX_64 "x", 0600, "keystore_key", "text"},
        {"another beginning", "Mod_auth_bearer key store 1\n" HEX_64 "\n", 0600,
         "keystore_key", "text"},
        {"upper case",
         KEY_LINE "A123456789abcdef0123456789abcdef"
                  "0123456789abcdef0123456789abcdef\n",
         0600, "keystore_key", "text"},
        {"others read", KEY_LINE HEX_64 "\n", 0604, "keystore_key", "mode 604"},
        {"the group reads", KEY_LINE HEX_64 "\n", 0640, "keystore_key",
         "mode 640"},
    };
    world_t *w = create_locked(*state);
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put_as_is(w, cases[i].text, cases[i].mode);
        unit_expect(cases[i].name, !strcmp(unlocked(w), cases[i].want));
        unit_expect(cases[i].name, strstr(w->note.text, cases[i].note));
        unit_expect(cases[i].name,
                    !memcmp(w->store.key, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8)
                        == !strcmp(cases[i].want, "ok"));
        unit_expect(cases[i].name, !strcmp(unlocked(w), "ok"));
    }
}

static void keystore_takes_no_key_that_others_may_have_put_there(void **state)
{
    world_t *w = create_locked(*state);
    const char *target = apr_pstrcat(w->pool, w->path, ".target", NULL);

    apr_pool_cleanup_register(w->pool, target, remove_file,
                              apr_pool_cleanup_null);
    put_as_is(w, KEY_LINE HEX_64 "\n", 0600);
    assert_int_equal(link(w->path, target), 0);
    assert_string_equal(unlocked(w), "keystore_key");
    assert_string_equal(w->note.text, "2 names");
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(symlink(target, w->path), 0);
    assert_string_equal(unlocked(w), "file_read");
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(mkfifo(w->path, 0600), 0);
    assert_string_equal(unlocked(w), "keystore_key");
    if (geteuid() != 0)
        return;
    put_as_is(w, KEY_LINE HEX_64 "\n", 0600);
    assert_int_equal(chown(w->path, 4242, (gid_t)-1), 0);
    assert_string_equal(unlocked(w), "keystore_key");
    assert_string_equal(w->note.text, "owner 4242");
    assert_string_equal(unlocked(w), "ok");
}

static void keystore_has_no_key_where_none_can_be_made(void **state)
{
    world_t *w = create_locked(*state);
    bearer_reason_t why;

    assert_int_equal(mkdir(w->path, 0700), 0);
    w->store.key = signer;
    assert_int_not_equal(
        bearer_keystore_unlock(&w->store, &why, &w->note, w->pool),
        APR_SUCCESS);
    assert_null(w->store.key);
    assert_int_equal(rmdir(w->path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_row(keystore_names_a_file_by_the_hex_of_the_source),
        unit_row(keystore_writes_issuer_time_and_keys),
        unit_row(keystore_reads_what_it_wrote),
        unit_row(keystore_quotes_the_issuer),
        unit_row(keystore_refuses_to_write_an_issuer_that_is_not_utf8),
        unit_row(keystore_replaces_a_link_and_not_its_target),
        unit_row(keystore_does_not_write_through_what_lies_in_its_way),
        unit_row(keystore_says_what_the_system_says),
        unit_row(keystore_leaves_nothing_when_the_rename_fails),
        unit_row(keystore_keeps_the_old_file_when_the_disk_is_full),
        unit_row(keystore_is_whole_beside_a_writer_that_is_killed),
        unit_row(keystore_believes_a_file_as_little_as_an_issuer),
        unit_row(keystore_knows_that_keys_are_gone),
        unit_row(keystore_is_silent_about_a_file_that_is_not_there),
        unit_row(keystore_refuses_a_file_that_others_may_write),
        unit_row(keystore_refuses_a_strangers_file),
        unit_row(keystore_follows_no_link),
        unit_row(keystore_does_not_hang_on_a_fifo_or_a_directory),
        unit_row(keystore_bounds_what_it_reads),
        unit_row(keystore_believes_only_what_it_signed),
        unit_row(keystore_signs_for_one_source),
        unit_row(keystore_without_a_key_neither_writes_nor_reads),
        unit_row(keystore_makes_a_key_once),
        unit_row(keystore_takes_no_key_but_its_own),
        unit_row(keystore_takes_no_key_that_others_may_have_put_there),
        unit_row(keystore_has_no_key_where_none_can_be_made),
    };

    return unit_run(tests);
}
