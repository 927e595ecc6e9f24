/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/report/stats.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <apr_tables.h>

#define MAGIC UINT64_C(0x6265617273746174) /* "bearstat" */
/* Two lines of 64 bytes: processors fetch the neighbour too. */
#define LINE      128

#define WORDS     (sizeof(bearer_counts_t) / 8)
#define AT(field) (offsetof(bearer_counts_t, field) / 8)
/* from here on, numbers of this moment */
#define GAUGES AT(cache_entries)

/** One process's part; all of it is its own cache lines. */
typedef struct process_t {
    _Alignas(LINE) bearer_word_t pid; /* 0: free */
    bearer_word_t since;
    bearer_word_t counts[WORDS]; /* a bearer_counts_t */
    bearer_word_t before[WORDS]; /* the same when this process came */
} process_t;

typedef struct header_t {
    _Alignas(LINE) uint64_t magic;
    uint64_t layout;
    uint64_t size;
    uint32_t processes;
    uint32_t results;
} header_t;

/* A lock inside an atomic would be a lock of one process only. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics without locks");
_Static_assert(sizeof(bearer_word_t) == 8, "bare atomics");
_Static_assert(sizeof(bearer_counts_t) % 8 == 0, "whole words");
_Static_assert(sizeof(apr_uint64_t) == sizeof(uint64_t), "one word each");
_Static_assert(sizeof(process_t) % LINE == 0, "no false sharing");
_Static_assert(sizeof(header_t) == LINE, "header layout");

/* shape is what attach found good; the block is not asked again */
struct bearer_stats_t {
    bearer_stats_shape_t shape;
    bearer_round_t *results;
    process_t *processes; /* one more than shape says: the others */
    process_t *own;
};

/* --- the block -------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, const char *text)
{
    do {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    } while (*text++);
    return hash;
}

/* What the numbers mean: a graceful restart may bring another version of this
 * library to the same memory, and its reasons have other places. FNV-1a. */
static uint64_t layout(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ sizeof(process_t)
                    ^ (uint64_t)sizeof(bearer_round_t) << 32;
    int i;

    for (i = 0; i < BEARER_REASON_COUNT; i++)
        hash = mix(hash, bearer_error_find((bearer_reason_t)i)->slug);
    for (i = 0; bearer_alg_row(i); i++)
        hash = mix(hash, bearer_alg_row(i)->name);
    for (i = 0; bearer_counts_row(i); i++)
        hash = mix(hash + bearer_counts_row(i)->offset,
                   bearer_counts_row(i)->name);
    return hash;
}

/* the memory that APR gives begins behind a header of its own */
static void *align(void *block)
{
    return (void *)(((uintptr_t)block + LINE - 1) & ~(uintptr_t)(LINE - 1));
}

/* whole lines, so that the processes begin on one */
static apr_size_t results_size(bearer_stats_shape_t shape)
{
    return ((apr_size_t)shape.results * sizeof(bearer_round_t) + LINE - 1)
           & ~(apr_size_t)(LINE - 1);
}

apr_size_t bearer_stats_size(bearer_stats_shape_t shape)
{
    return LINE + sizeof(header_t) + results_size(shape)
           + ((apr_size_t)shape.processes + 1) * sizeof(process_t);
}

void bearer_stats_format(void *block, bearer_stats_shape_t shape)
{
    header_t *header = align(block);

    header->magic = MAGIC;
    header->layout = layout();
    header->size = bearer_stats_size(shape);
    header->processes = (uint32_t)shape.processes;
    header->results = (uint32_t)shape.results;
}

static bool is_ours(const header_t *header, apr_size_t size)
{
    bearer_stats_shape_t shape;

    if (header->magic != MAGIC || header->layout != layout()
        || header->processes > 65536 || header->results > 65536)
        return false;
    shape.processes = (int)header->processes;
    shape.results = (int)header->results;
    return header->size == bearer_stats_size(shape) && header->size <= size;
}

bearer_reason_t bearer_stats_attach(void *block, apr_size_t size,
                                    bearer_stats_t **out, apr_pool_t *pool)
{
    header_t *header = align(block);
    bearer_stats_t *stats;

    if (size < LINE + sizeof(header_t) || !is_ours(header, size))
        return BEARER_BOARD_BROKEN;
    stats = apr_pcalloc(pool, sizeof(*stats));
    stats->shape.processes = (int)header->processes;
    stats->shape.results = (int)header->results;
    stats->results = (bearer_round_t *)(header + 1);
    stats->processes =
        (process_t *)((char *)(header + 1) + results_size(stats->shape));
    stats->own = &stats->processes[stats->shape.processes];
    *out = stats;
    return BEARER_OK;
}

bearer_stats_shape_t bearer_stats_shape(const bearer_stats_t *stats)
{
    return stats->shape;
}

/* --- processes -------------------------------------------------------------- */

static process_t *others_of(const bearer_stats_t *stats)
{
    return &stats->processes[stats->shape.processes];
}

/* the place behind this one that was ever taken, at last the others, then NULL.
 * Places are taken in order; memory that nobody wrote to is not even read, as
 * that would make the system provide it. */
static process_t *next_process(const bearer_stats_t *stats, process_t *process)
{
    if (process == others_of(stats))
        return NULL;
    process = process ? process + 1 : stats->processes;
    if (process < others_of(stats)
        && (bearer_word_load(&process->pid)
            || bearer_word_load(&process->since)))
        return process;
    return others_of(stats);
}

void bearer_stats_copy(const bearer_stats_t *from, bearer_stats_t *to)
{
    process_t *process;
    apr_size_t k;
    int i;

    for (process = next_process(from, NULL); process;
         process = next_process(from, process)) {
        for (k = 0; k < GAUGES; k++)
            bearer_word_add(&others_of(to)->counts[k],
                            bearer_word_load(&process->counts[k]));
    }
    for (i = 0; i < from->shape.results && i < to->shape.results; i++)
        bearer_round_copy(&from->results[i], &to->results[i]);
}

/* --- places ----------------------------------------------------------------- */

static bool take(process_t *process, apr_uint32_t pid,
                 bool (*alive)(apr_uint32_t pid))
{
    uint64_t holder = bearer_word_load(&process->pid);

    if (holder && holder != pid && alive((apr_uint32_t)holder))
        return false;
    return atomic_compare_exchange_strong(&process->pid, &holder, pid);
}

bool bearer_stats_claim(bearer_stats_t *stats, apr_uint32_t pid, apr_time_t now,
                        bool (*alive)(apr_uint32_t pid))
{
    process_t *process;
    apr_size_t k;
    int i;

    for (i = 0; i < stats->shape.processes; i++) {
        process = &stats->processes[i];
        if (!take(process, pid, alive))
            continue;
        for (k = 0; k < WORDS; k++) {
            if (k >= GAUGES)
                bearer_word_store(&process->counts[k], 0);
            bearer_word_store(&process->before[k],
                              bearer_word_load(&process->counts[k]));
        }
        bearer_word_store(&process->since, (uint64_t)now);
        stats->own = process;
        return true;
    }
    stats->own = others_of(stats);
    return false;
}

void bearer_stats_release(bearer_stats_t *stats)
{
    process_t *own = stats->own;
    apr_size_t k;

    if (own == others_of(stats))
        return;
    stats->own = others_of(stats);
    for (k = GAUGES; k < WORDS; k++)
        bearer_word_store(&own->counts[k], 0);
    atomic_store(&own->pid, 0);
}

/* --- counting ---------------------------------------------------------------- */

/* threads of one process share its place, so these are additions, not stores */
static void count(bearer_stats_t *stats, apr_size_t at, uint64_t value)
{
    bearer_word_add(&stats->own->counts[at], value);
}

void bearer_stats_verdict(bearer_stats_t *stats, bearer_reason_t why)
{
    if (stats && (unsigned)why < BEARER_REASON_COUNT)
        count(stats, AT(verdicts) + (apr_size_t)why, 1);
}

/* at: the first word of a bearer_counts_latency_t */
static void count_latency(bearer_stats_t *stats, apr_size_t at,
                          apr_time_t micros)
{
    uint64_t took = micros > 0 ? (uint64_t)micros : 0;
    apr_size_t bucket = 0;

    while (bucket < BEARER_COUNTS_BUCKETS - 1 && took > (uint64_t)1 << bucket)
        bucket++;
    count(stats, at + bucket, 1);
    count(stats, at + BEARER_COUNTS_BUCKETS, took);
}

void bearer_stats_verify(bearer_stats_t *stats, const bearer_alg_t *alg,
                         apr_time_t micros)
{
    apr_size_t row = 0;

    if (!stats || !alg)
        return;
    while (row < BEARER_COUNTS_ALGS && !(alg->bit >> row & 1))
        row++;
    if (row < BEARER_COUNTS_ALGS)
        count_latency(stats,
                      AT(verify) + row * (sizeof(bearer_counts_latency_t) / 8),
                      micros);
}

void bearer_stats_admit(bearer_stats_t *stats, apr_time_t micros)
{
    if (stats)
        count_latency(stats, AT(admit), micros);
}

void bearer_stats_wait(bearer_stats_t *stats, apr_time_t micros)
{
    if (!stats)
        return;
    if (micros < 0) {
        count(stats, AT(waits_refused), 1);
        return;
    }
    count(stats, AT(waits), 1);
    count(stats, AT(wait_micros), (uint64_t)micros);
}

/* the cache counts from 0 in each process, the place went on from before */
static void set_total(process_t *own, apr_size_t at, uint64_t value)
{
    bearer_word_store(&own->counts[at],
                      bearer_word_load(&own->before[at]) + value);
}

void bearer_stats_cache(bearer_stats_t *stats,
                        const bearer_stats_cache_t *cache)
{
    process_t *own = stats ? stats->own : NULL;

    /* several processes would overwrite each other's */
    if (!own || own == others_of(stats))
        return;
    set_total(own, AT(cache_hits), cache->hits);
    set_total(own, AT(cache_misses), cache->misses);
    set_total(own, AT(cache_stores), cache->stores);
    set_total(own, AT(cache_evictions), cache->evictions);
    bearer_word_store(&own->counts[AT(cache_entries)],
                      (uint64_t)cache->entries);
    bearer_word_store(&own->counts[AT(cache_bytes)], cache->bytes);
}

/* --- results ----------------------------------------------------------------- */

static bearer_round_t *result_at(const bearer_stats_t *stats,
                                 const bearer_board_slot_t *slot)
{
    if (!stats || slot->number < 0 || slot->number >= stats->shape.results)
        return NULL;
    return &stats->results[slot->number];
}

void bearer_stats_note(bearer_stats_t *stats, const bearer_board_slot_t *slot,
                       const bearer_outcome_t *outcome, apr_time_t now)
{
    bearer_round_t *round = result_at(stats, slot);

    if (round)
        bearer_round_note(round, &slot->id, outcome, now);
}

bearer_round_result_t bearer_stats_result(const bearer_stats_t *stats,
                                          const bearer_board_slot_t *slot)
{
    static const bearer_round_result_t none;
    const bearer_round_t *round = result_at(stats, slot);

    return round ? bearer_round_read(round, &slot->id) : none;
}

/* --- looking ----------------------------------------------------------------- */

/** The numbers as words; the struct has nothing else. */
typedef union view_t {
    bearer_counts_t counts;
    uint64_t words[WORDS];
} view_t;

/* what stood there before is taken off; while a place changes hands that may be
 * more than what stands there now */
static void read_process(const process_t *process, view_t *own)
{
    apr_size_t k;

    for (k = 0; k < WORDS; k++) {
        uint64_t before = bearer_word_load(&process->before[k]);
        uint64_t value = bearer_word_load(&process->counts[k]);

        own->words[k] = value > before ? value - before : 0;
    }
}

static void add_process(const process_t *process, bool there, view_t *sum)
{
    apr_size_t k;

    for (k = 0; k < (there ? WORDS : GAUGES); k++)
        sum->words[k] += bearer_word_load(&process->counts[k]);
}

const bearer_stats_snapshot_t *bearer_stats_snapshot(
    const bearer_stats_t *stats, bool (*alive)(apr_uint32_t pid),
    apr_pool_t *pool)
{
    bearer_stats_snapshot_t *out = apr_pcalloc(pool, sizeof(*out));
    apr_array_header_t *found =
        apr_array_make(pool, 8, sizeof(bearer_stats_process_t));
    view_t *sum = apr_pcalloc(pool, sizeof(*sum));
    view_t *own = apr_palloc(pool, sizeof(*own));
    process_t *process;

    for (process = next_process(stats, NULL); process;
         process = next_process(stats, process)) {
        apr_uint32_t pid = (apr_uint32_t)bearer_word_load(&process->pid);
        bool there = pid && alive(pid);
        bearer_stats_process_t *entry;

        add_process(process, there, sum);
        if (!there && process != others_of(stats))
            continue;
        read_process(process, own);
        entry = apr_array_push(found);
        entry->pid = pid;
        entry->since = (apr_time_t)bearer_word_load(&process->since);
        entry->counts = own->counts;
    }
    out->sum = sum->counts;
    out->processes = (const bearer_stats_process_t *)found->elts;
    out->process_count = found->nelts;
    return out;
}
