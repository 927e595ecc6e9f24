/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/check_files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <http_config.h>
#include <unixd.h>

#include "bearer/keys/locate.h"
#include "bearer/keys/secret.h"
#include "httpd/conf/words.h"

static void set_fault(mab_check_files_fault_t *fault, bearer_reason_t why,
                      const char *advice)
{
    fault->why = why;
    fault->advice = advice;
}

/* --- what children can read ------------------------------------------------------ */

/* who children run as; NULL: as who starts httpd */
static const char *child_user(apr_pool_t *pool)
{
    const char *name = ap_unixd_config.user_name;
    const struct passwd *entry;

    if (geteuid() != 0 || !ap_find_linked_module("mod_unixd.c"))
        return NULL;
    if (!name || name[0] != '#')
        return name;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no threads yet */
    entry = getpwuid(ap_unixd_config.user_id);
    return entry ? apr_pstrdup(pool, entry->pw_name) : NULL;
}

/* In a process of its own: becomes a child's user, opens the file, ends with what
 * the system said. Where it cannot become that, children cannot either, and
 * httpd will say so. */
static void open_as_child(const char *path, const char *user)
{
    const char *root = ap_unixd_config.chroot_dir;
    int fd;

    if (root && (chdir(root) || chroot(root)))
        _exit(0);
    if (setgid(ap_unixd_config.group_id)
        || initgroups(user, ap_unixd_config.group_id)
        || setuid(ap_unixd_config.user_id))
        _exit(0);
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    _exit(fd < 0 ? errno : 0);
}

/* What hinders children to read a file that root has read; 0: nothing. Only the
 * system knows all that counts: groups, lists of access, directories on the
 * way. */
static int try_as_child(const char *path, const char *user)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        open_as_child(path, user);
    if (pid < 0)
        return 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return 0;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

/* what to do about it */
static const char *how_to_open(const char *path, apr_pool_t *pool)
{
    char *group = NULL;

    if (ap_unixd_config.chroot_dir)
        return apr_psprintf(pool,
                            "children live in ChrootDir %s: put a copy there, "
                            "under the same path",
                            ap_unixd_config.chroot_dir);
    if (apr_gid_name_get(&group, ap_unixd_config.group_id, pool))
        group =
            apr_psprintf(pool, "%lu", (unsigned long)ap_unixd_config.group_id);
    return apr_psprintf(pool,
                        "let that user read the file, and search the "
                        "directories that lead to it: chgrp %s %s; chmod 640 "
                        "%s",
                        group, path, path);
}

/* children read it again when it changes; if they cannot, a key that is taken
 * out of it goes on serving (a withdrawn key) */
static void check_readable(const char *path, mab_check_files_fault_t *fault,
                           apr_pool_t *pool)
{
    const char *user = child_user(pool);
    char text[80];
    int rv;

    if (!user)
        return;
    rv = try_as_child(path, user);
    if (!rv)
        return;
    bearer_note_set(&fault->note, "%s: as %s, the user of httpd's children: %s",
                    path, user, apr_strerror(rv, text, sizeof(text)));
    set_fault(fault, BEARER_FILE_READ, how_to_open(path, pool));
    fault->passing = true;
}

/* --- who can write ----------------------------------------------------------------- */

/* A file that nobody else may write can be replaced by whoever may write its folder,
 * unless that is sticky; NULL: nobody. */
static const char *folder_for_all(const char *path, apr_pool_t *pool)
{
    char *folder = apr_pstrdup(pool, path);
    char *end = strrchr(folder, '/');
    apr_finfo_t info;

    if (!end)
        return NULL;
    end[end == folder] = '\0';
    if (apr_stat(&info, folder, APR_FINFO_PROT, pool) != APR_SUCCESS
        || !(info.protection & APR_FPROT_WWRITE)
        || (info.protection & APR_FPROT_WSTICKY))
        return NULL;
    return folder;
}

/* whether the folder of a file stops the start; power: what who can replace the file
 * can do */
static bool is_folder_open(const char *path, const char *power,
                           mab_check_files_fault_t *fault, apr_pool_t *pool)
{
    const char *folder = folder_for_all(path, pool);

    if (!folder)
        return false;
    bearer_note_set(&fault->note, "%s, through its folder", path);
    set_fault(fault, BEARER_FILE_WRITABLE,
              apr_psprintf(pool, "whoever can replace it can %s: chmod o-w %s",
                           power, folder));
    return true;
}

/* --- keys ---------------------------------------------------------------------------- */

/* what to do about a file that was read, but is not one of keys */
static const char *how_to_mend(bearer_reason_t why, const char *path,
                               apr_pool_t *pool)
{
    static const struct {
        bearer_reason_t why;
        const char *format;
    } advice[] = {
        {BEARER_FILE_WRITABLE,
         "whoever can write it can sign tokens: chmod o-w %s"},
        {BEARER_JWK_PRIVATE,
         "give the public half only: the key in %s without its private members "
         "(d, p, q, dp, dq, qi)"},
        {BEARER_JWK_OCT_PUBLISHED,
         "%s holds a shared secret: write it, as bare bytes, to a file that "
         "only root can read, and name that by secret=file:<path>"},
        {BEARER_OK, "%s must be a JWK set, a PEM public key or a certificate"},
    };
    int i = 0;

    while (advice[i].why && advice[i].why != why)
        i++;
    return apr_psprintf(pool, advice[i].format, path);
}

/* alg= that no key of the file fits would refuse every token */
static void check_algs(const mab_issuer_line_t *line, const bearer_jwks_t *keys,
                       mab_check_files_fault_t *fault, apr_pool_t *pool)
{
    bearer_algset_t algs = bearer_jwks_algs(keys);

    if (!line->issuer.algs || (line->issuer.algs & algs))
        return;
    bearer_note_set(&fault->note, "%s of alg= for the %s key in %s",
                    bearer_alg_names(line->issuer.algs, pool),
                    bearer_alg_kty_name(keys->keys[0]->kty),
                    line->source.location);
    set_fault(fault, BEARER_POLICY_ALG,
              apr_psprintf(pool,
                           "what is in that file can verify %s: write one of "
                           "these, or leave alg= out",
                           bearer_alg_names(algs, pool)));
}

void mab_check_files_keys(const mab_issuer_line_t *line,
                          mab_check_files_fault_t *fault, apr_pool_t *pool)
{
    const char *path = line->source.location;
    bearer_locate_found_t found;
    bearer_reason_t why;

    if (is_folder_open(path, "sign tokens", fault, pool))
        return;
    why = bearer_locate_file(&line->source, false, &found, &fault->note, pool);
    if (why) {
        set_fault(fault, why, how_to_mend(why, path, pool));
        fault->passing = true;
        return;
    }
    check_readable(path, fault, pool);
    if (!fault->why)
        check_algs(line, found.keys, fault, pool);
}

/* --- who we are ------------------------------------------------------------------------ */

void mab_check_files_credentials(const bearer_credentials_t *files,
                                 mab_check_files_fault_t *fault,
                                 apr_pool_t *pool)
{
    const char *const paths[] = {files->token, files->header, files->cert,
                                 files->key};
    bearer_credentials_read_t read;
    apr_size_t i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (paths[i]
            && is_folder_open(paths[i], "decide what is sent", fault, pool))
            return;
    }
    if (bearer_credentials_read(files, false, &read, &fault->note, pool)) {
        fault->passing = true;
        set_fault(fault, BEARER_FETCH_CREDENTIALS,
                  "token=, header=, cert= and key= name files that httpd's "
                  "children read at each fetch: keep them from others (chmod "
                  "640)");
        return;
    }
    for (i = 0; i < sizeof(paths) / sizeof(paths[0]) && !fault->why; i++) {
        if (paths[i])
            check_readable(paths[i], fault, pool);
    }
}

void mab_check_files_secret(mab_issuer_line_t *line,
                            mab_check_files_fault_t *fault, apr_pool_t *pconf,
                            apr_pool_t *ptemp)
{
    const char *advice =
        "secret=file: names a file that only the administrator can read, with "
        "at least 32 bytes for HS256, 48 for HS384, 64 for HS512";
    const char *path = line->source.location;
    const bearer_jwks_t *keys = NULL;
    bearer_algset_t unfit;
    bearer_note_t note = {""};
    bearer_reason_t why;

    if (is_folder_open(path, "sign tokens", fault, ptemp))
        return;
    why = bearer_secret_read(path, false, &keys, &note, pconf);
    bearer_note_set(&fault->note, "%s%s%s", path, *note.text ? ": " : "",
                    mab_words_plain(note.text, ptemp));
    unfit = why ? 0 : line->issuer.algs & ~keys->keys[0]->algs;
    if (unfit) {
        bearer_note_set(&fault->note, "%s%s%s",
                        unfit & bearer_alg_public ? "" : path,
                        unfit & bearer_alg_public ? "" : " for ",
                        bearer_alg_names(unfit, ptemp));
        why = BEARER_JWK_OCT_SHORT;
    }
    if (unfit & bearer_alg_public) {
        bearer_note_set(&fault->note, "%s of alg= for a shared secret",
                        bearer_alg_names(unfit & bearer_alg_public, ptemp));
        why = BEARER_POLICY_ALG;
        advice = "with secret=, alg= may name HS256, HS384 and HS512; the "
                 "other algorithms need a public key: keys=file:<path>";
    }
    if (why)
        set_fault(fault, why, advice);
    else
        line->issuer.secret = keys;
}

/* --- the key store --------------------------------------------------------------------- */

const char *mab_check_files_store(const bearer_keystore_t *store,
                                  apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t rv;
    char text[80];

    rv = apr_stat(&info, store->directory,
                  APR_FINFO_TYPE | APR_FINFO_PROT | APR_FINFO_USER, pool);
    if (rv != APR_SUCCESS)
        return apr_pstrdup(pool, apr_strerror(rv, text, sizeof(text)));
    if (info.filetype != APR_DIR)
        return "not a directory";
    /* also with a sticky bit: whoever puts a file there first stays */
    if (info.protection & APR_FPROT_WWRITE)
        return "everybody may write there";
    if (info.user != 0 && info.user != store->owner)
        return "it belongs to somebody else";
    return NULL;
}
