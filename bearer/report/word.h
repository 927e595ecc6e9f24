/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word - a number in shared memory that any process may read and change.
 *
 * Owns:     how it is read, set and added to: whole, but in no order with others.
 * Does not: order several words: whoever needs that writes it out (round).
 * Memory:   works on the word it is given
 * Threads:  any
 */
#ifndef BEARER_WORD_H
#define BEARER_WORD_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t bearer_word_t;

static inline uint64_t bearer_word_load(const bearer_word_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static inline void bearer_word_store(bearer_word_t *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

static inline void bearer_word_add(bearer_word_t *word, uint64_t value)
{
    atomic_fetch_add_explicit(word, value, memory_order_relaxed);
}

#endif
