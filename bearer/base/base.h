/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base - the words every unit speaks: a text with a length.
 *
 * Owns:     bearer_str_t and the attribute macros.
 * Does not: hold functions; there is nothing here to link.
 * Memory:   a bearer_str_t never owns what it points at.
 * Threads:  any
 */
#ifndef BEARER_BASE_H
#define BEARER_BASE_H

#include <stdbool.h>

#include <apr.h>
#include <apr_pools.h>
#include <apr_time.h>

/** The result of this function must not be ignored. */
#define BEARER_MUST_USE __attribute__((warn_unused_result))
/** Arguments are checked like printf's; positions are counted from 1. */
#define BEARER_PRINTF(format_at, args_at)                                      \
    __attribute__((format(printf, format_at, args_at)))
/** A parameter that a fixed signature requires and this function ignores. */
#define BEARER_UNUSED __attribute__((unused))

/** Initialiser of a bearer_str_t from a string literal. */
#define BEARER_LIT(text)                                                       \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

/**
 * Bytes with a length: not terminated, may contain NUL unless its maker says
 * otherwise. data is NULL for "absent", which is not the same as empty.
 */
typedef struct bearer_str_t {
    const char *data;
    apr_size_t len;
} bearer_str_t;

#endif
