/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nomem - memory that runs out when a test says so.
 *
 * Owns:     the allocator of jansson, OpenSSL and cjose, and, where no sanitizer
 *           replaces it, malloc itself; what is allocated and not freed.
 * Does not: know what is tried (test_nomem).
 * Memory:   counts only
 * Threads:  one is refused memory, others are only counted
 */
#ifndef BEARER_TESTS_NOMEM_H
#define BEARER_TESTS_NOMEM_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cjose/cjose.h>
#include <jansson.h>
#include <openssl/crypto.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)              \
    || !defined(__GLIBC__)
#define NOMEM_MALLOC 0
#else
#define NOMEM_MALLOC 1
#endif

/** Which allocation is refused: this one, or this one and all after it. */
typedef struct nomem_t {
    long at; /**< 0: none */
    bool all;
    long seen;    /**< allocations since nomem_begin */
    bool refused; /**< one at least */
} nomem_t;

static _Thread_local nomem_t nomem;
/* allocated and not freed */
static atomic_long nomem_live;

/** From now on the at-th allocation of this thread fails. */
static inline void nomem_begin(long at, bool all)
{
    nomem_t fresh = {at, all, 0, false};

    nomem = fresh;
}

/** Memory is back. @return whether any was refused since nomem_begin */
static inline bool nomem_end(void)
{
    nomem.at = 0;
    return nomem.refused;
}

/** Whether what is allocated from now on is kept until the end, by pools that
 * LeakSanitizer does not see. */
static inline void nomem_keep(bool keep)
{
#if defined(__SANITIZE_ADDRESS__)
    if (keep)
        __lsan_disable();
    else
        __lsan_enable();
#else
    (void)keep;
#endif
}

/** What LeakSanitizer finds now; 0 where there is none. */
static inline int nomem_leaks(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return __lsan_do_recoverable_leak_check();
#else
    return 0;
#endif
}

static inline bool nomem_refuses(void)
{
    if (!nomem.at)
        return false;
    nomem.seen++;
    if (nomem.seen != nomem.at && !(nomem.all && nomem.seen > nomem.at))
        return false;
    nomem.refused = true;
    errno = ENOMEM;
    return true;
}

/* what was allocated since nomem_watch and not freed */
#define NOMEM_WATCHED 512
static _Thread_local void *nomem_watched[NOMEM_WATCHED];
static _Thread_local int nomem_watched_count = -1; /* -1: nobody looks */

static inline void nomem_watch(void)
{
    nomem_watched_count = 0;
}

/** What becomes of what is watched. */
typedef enum nomem_watched_t {
    NOMEM_KEPT,     /**< somebody has it */
    NOMEM_LOST,     /**< nobody will ever free it, and it is not our mistake */
    NOMEM_FORGIVEN, /**< some of it may be lost */
} nomem_watched_t;

static inline void nomem_unwatch(nomem_watched_t what)
{
    int count = nomem_watched_count;
    int i;

    nomem_watched_count = -1;
    for (i = 0; what != NOMEM_KEPT && i < count; i++) {
        if (what == NOMEM_LOST)
            atomic_fetch_sub(&nomem_live, 1);
#if defined(__SANITIZE_ADDRESS__)
        __lsan_ignore_object(nomem_watched[i]);
#endif
    }
}

static inline void *nomem_counted(void *block)
{
    if (!block)
        return NULL;
    atomic_fetch_add(&nomem_live, 1);
    if (nomem_watched_count >= 0 && nomem_watched_count < NOMEM_WATCHED)
        nomem_watched[nomem_watched_count++] = block;
    return block;
}

static inline void nomem_uncounted(const void *block)
{
    int i;

    if (!block)
        return;
    atomic_fetch_sub(&nomem_live, 1);
    for (i = nomem_watched_count - 1; i >= 0; i--) {
        if (nomem_watched[i] == block) {
            nomem_watched[i] = nomem_watched[--nomem_watched_count];
            break;
        }
    }
}

#if NOMEM_MALLOC

/* glibc's own names for the functions that are replaced here, for all libraries */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

void *malloc(size_t size)
{
    return nomem_refuses() ? NULL : nomem_counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return nomem_refuses() ? NULL : nomem_counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size)
{
    if (nomem_refuses())
        return NULL;
    nomem_uncounted(block);
    return nomem_counted(__libc_realloc(block, size));
}

void free(void *block)
{
    nomem_uncounted(block);
    __libc_free(block);
}

/* APR's pools come from here */
void *mmap(void *at, size_t size, int protection, int flags, int fd,
           off_t offset)
{
    if (nomem_refuses())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

static inline bool nomem_install(void)
{
    return true;
}

#else

static inline void *nomem_alloc(size_t size)
{
    return nomem_refuses() ? NULL : nomem_counted(malloc(size));
}

static inline void *nomem_realloc(void *block, size_t size)
{
    if (nomem_refuses())
        return NULL;
    nomem_uncounted(block);
    return nomem_counted(realloc(block, size));
}

static inline void nomem_free(void *block)
{
    nomem_uncounted(block);
    free(block);
}

/** Before any of the libraries has allocated. @return whether all three took it */
static inline bool nomem_install(void)
{
    CRYPTO_malloc_fn crypto = NULL;
    json_malloc_t json = NULL;

    /* sets those of jansson and OpenSSL, too */
    cjose_set_alloc_funcs(nomem_alloc, nomem_realloc, nomem_free);
    CRYPTO_get_mem_functions(&crypto, NULL, NULL);
    json_get_alloc_funcs(&json, NULL);
    return crypto == cjose_get_alloc3() && json == nomem_alloc;
}

#endif

#endif
