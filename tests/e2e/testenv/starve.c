/* SPDX-License-Identifier: Apache-2.0 */
/*
 * starve - a library to preload: what a process asks for is not there.
 *
 * A file in the folder MAB_STARVE turns each lack on, and off when it is gone:
 *
 *   random   no random bytes, from no source
 *   shared   no shared memory of so many bytes or more as the file says
 *   threads  no new threads
 *   memory   no memory for APR's pools, unless the file holds the process's
 *            number; "memory-large", no blocks over 64 KiB
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int open_switch(const char *name)
{
    const char *folder = getenv("MAB_STARVE");
    char path[512];

    if (!folder)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
}

/* the number in the file of what is lacking; -1: it is not */
static long lacking(const char *name)
{
    int error = errno;
    int fd = open_switch(name);
    char text[32] = "";

    if (fd >= 0) {
        if (read(fd, text, sizeof(text) - 1) < 0)
            text[0] = '\0';
        (void)close(fd);
    }
    errno = error;
    return fd < 0 ? -1 : strtol(text, NULL, 10);
}

static int lacks(const char *name)
{
    return lacking(name) >= 0;
}

static int lacks_shared(size_t size)
{
    long least = lacking("shared");

    return least >= 0 && size >= (size_t)least;
}

static int lacks_memory(size_t size)
{
    long lucky = lacking("memory");

    if (lucky < 0 && size > 65536)
        lucky = lacking("memory-large");
    return lucky >= 0 && lucky != (long)getpid();
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* --- random bytes --------------------------------------------------------- */

ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
    if (lacks("random")) {
        errno = ENOSYS;
        return -1;
    }
    return syscall(SYS_getrandom, bytes, size, flags);
}

int getentropy(void *bytes, size_t size)
{
    return getrandom(bytes, size, 0) == (ssize_t)size ? 0 : -1;
}

/* OpenSSL's way */
long syscall(long number, ...)
{
    static long (*original)(long, ...);
    long a[6];
    va_list args;
    int i;

    va_start(args, number);
    for (i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (!original)
        *(void **)&original = next("syscall");
    if (number == SYS_getrandom && lacks("random")) {
        errno = ENOSYS;
        return -1;
    }
    return original(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int is_refused(const char *path)
{
    return path
           && (!strcmp(path, "/dev/urandom") || !strcmp(path, "/dev/random")
               || !strcmp(path, "/dev/hwrng") || !strcmp(path, "/dev/srandom"))
           && lacks("random");
}

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    if (flags & (O_CREAT | O_TMPFILE)) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    if (is_refused(path)) {
        errno = ENOENT;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    static FILE *(*original)(const char *, const char *);

    if (is_refused(path)) {
        errno = ENOENT;
        return NULL;
    }
    if (!original)
        *(void **)&original = next("fopen");
    return original(path, mode);
}

/* --- threads -------------------------------------------------------------- */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*run)(void *), void *argument)
{
    static int (*original)(pthread_t *, const pthread_attr_t *,
                           void *(*)(void *), void *);

    if (lacks("threads"))
        return EAGAIN;
    if (!original)
        *(void **)&original = next("pthread_create");
    return original(thread, attributes, run, argument);
}

/* --- memory --------------------------------------------------------------- */

/* libc and sanitizers have ways of their own: this is APR's */
void *mmap(void *at, size_t size, int protection, int flags, int fd,
           off_t offset)
{
    if ((flags & MAP_SHARED) ? lacks_shared(size) : lacks_memory(size)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}
