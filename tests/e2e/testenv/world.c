/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world - what one httpd under test believes of names and of time. Preloaded into
 * it, so that the httpd, APR and module that are tested stay as they are.
 *
 * MAB_WORLD names a folder. Its files are read with each call: a test changes
 * them while httpd runs.
 *
 *   hosts    "NAME ADDRESS...", a line each: what a name resolves to, in this
 *            order. Without an address the resolver is silent until one comes
 *   lookups  written: "PID NAME" when a name of hosts is looked up
 *   ahead    by how many seconds CLOCK_BOOTTIME is ahead, which the age of keys
 *            is counted by; the time of day stays
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* how long a silent resolver is silent at most; nothing is to stay for ever */
#define PATIENCE_MS 120000
#define LOOK_MS     50

typedef int resolve_fn(const char *, const char *, const struct addrinfo *,
                       struct addrinfo **);

static int open_file(const char *name, int flags)
{
    const char *folder = getenv("MAB_WORLD");
    char path[4096];

    if (!folder
        || snprintf(path, sizeof(path), "%s/%s", folder, name)
               >= (int)sizeof(path))
        return -1;
    return open(path, flags | O_CLOEXEC);
}

static void read_file(const char *name, char *buf, size_t size)
{
    int fd = open_file(name, O_RDONLY);
    ssize_t len = fd < 0 ? 0 : read(fd, buf, size - 1);

    buf[len > 0 ? len : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

/* --- names --------------------------------------------------------------- */

/* the addresses of a name as words in text, or NULL: not a name of hosts */
static char *find_host(const char *name, char *text)
{
    char *save = NULL, *line;
    size_t len = strlen(name);

    for (line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (!strncmp(line, name, len) && (!line[len] || line[len] == ' '))
            return line + len;
    }
    return NULL;
}

static void note_lookup(const char *name)
{
    int fd = open_file("lookups", O_WRONLY | O_APPEND);
    char line[512];
    int len =
        snprintf(line, sizeof(line), "%ld %.400s\n", (long)getpid(), name);

    if (fd < 0)
        return;
    if (write(fd, line, (size_t)len) != len)
        abort();
    close(fd);
}

/* glibc frees a list of results one by one, whoever has joined them */
static int resolve_all(resolve_fn *resolve, char *words, const char *service,
                       const struct addrinfo *hints, struct addrinfo **out)
{
    struct addrinfo **end = out;
    char *save = NULL, *word;

    *out = NULL;
    for (word = strtok_r(words, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        int failed = resolve(word, service, hints, end);

        if (failed)
            return failed;
        while (*end)
            end = &(*end)->ai_next;
    }
    return *out ? 0 : EAI_NONAME;
}

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    resolve_fn *resolve = (resolve_fn *)dlsym(RTLD_NEXT, "getaddrinfo");
    char text[4096];
    char *words;
    int waited;

    read_file("hosts", text, sizeof(text));
    words = name ? find_host(name, text) : NULL;
    if (!words)
        return resolve(name, service, hints, out);
    note_lookup(name);
    for (waited = 0; words && !words[strspn(words, " ")]; waited += LOOK_MS) {
        if (waited >= PATIENCE_MS)
            return EAI_AGAIN;
        usleep(LOOK_MS * 1000);
        read_file("hosts", text, sizeof(text));
        words = find_host(name, text);
    }
    return words ? resolve_all(resolve, words, service, hints, out)
                 : EAI_NONAME;
}

/* --- time ---------------------------------------------------------------- */

int clock_gettime(clockid_t which, struct timespec *out)
{
    char text[32];

    if (syscall(SYS_clock_gettime, which, out) != 0)
        return -1;
    if (which == CLOCK_BOOTTIME) {
        read_file("ahead", text, sizeof(text));
        out->tv_sec += strtol(text, NULL, 10);
    }
    return 0;
}
