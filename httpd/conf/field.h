/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field - the table of settings: what one row says, and reading fields by it.
 *
 * Owns:     the rows (field.def), and numbers and pointers of any record by them.
 * Does not: know the records (conf), or merge and freeze them (place).
 * Memory:   none
 * Threads:  any; writing is for the time when the configuration is read
 */
#ifndef MAB_FIELD_H
#define MAB_FIELD_H

#include <string.h>

#include "bearer/base/base.h"
#include "httpd/mab.h"

/** A number that no directive has set. */
#define MAB_UNSET APR_INT64_MIN

/** The directives of the table, by which a row says whose it is. */
typedef enum mab_directive_t {
#define MAB_DIRECTIVE(id, name, label) MAB_ON_##id,
#include "httpd/conf/field.def"
    MAB_DIRECTIVES
} mab_directive_t;

/** What kind of value a field holds; each kind has one reader and one text. */
typedef enum mab_kind_t {
    MAB_SECONDS, /**< 30, 30s, 5m, 1h, 2d, "off" where least is 0 */
    MAB_LIMIT,   /**< the same, and 0 is no limit */
    MAB_AMOUNT,  /**< 4096, 256k, 1m: bytes, or what else is counted */
    MAB_FLAG,    /**< On, Off */
    MAB_WORD,    /**< one of a list; the value is its index */
    MAB_ALGS,    /**< a bearer_algset_t */
    MAB_POINTER  /**< no number: a list or another thing; NULL: not set */
} mab_kind_t;

/** The stricter of two demands. */
typedef apr_int64_t (*mab_stricter_t)(apr_int64_t a, apr_int64_t b);

/** One setting of a record (field.def): where it is, and what is done with it. */
typedef struct mab_field_t {
    const char *name; /**< the option's, or of the directive's first word */
    mab_kind_t kind;
    apr_size_t offset; /**< in the record: of an apr_int64_t, or a pointer */
    apr_int64_t least, greatest, initial;
    const char *const *words; /**< MAB_WORD: NULL-terminated */
    mab_directive_t of;
    bool option; /**< of its directive, which reads it as of the kind */
    bool whole;  /**< the directive's first word */
    mab_stricter_t stricter; /**< numbers that .htaccess can only tighten */
    bool add;    /**< what .htaccess files list is added to what sections do */
    bool both;   /**< inner and outer places' lists are one */
    bool judged; /**< a verdict is not reused where it differs */
    apr_size_t goes;  /**< offset in what is made of it: a place's policy … */
    apr_size_t size;  /**< … and size there; 0: nothing */
    apr_size_t count; /**< lists: where the number of items goes */
} mab_field_t;

/** A directive's name, and the label of its line in the dump, or NULL. */
typedef struct mab_directive_name_t {
    const char *name, *label;
} mab_directive_name_t;

extern const mab_directive_name_t mab_field_directives[MAB_DIRECTIVES];

/** Whether it is a row; false at the end of a table. */
static inline bool mab_field_is(const mab_field_t *field)
{
    return field->offset != (apr_size_t)-1;
}

/** A number as it is set in a record. */
static inline apr_int64_t *mab_field_number(const void *record,
                                            const mab_field_t *field)
{
    return (apr_int64_t *)((char *)record + field->offset);
}

/** The same, or the default where it is not set. */
static inline apr_int64_t mab_field_resolve(const void *record,
                                            const mab_field_t *field)
{
    apr_int64_t number = *mab_field_number(record, field);

    return number == MAB_UNSET ? field->initial : number;
}

/** A pointer in a record: to different types, each of which belongs to one
 * field. */
static inline const void *mab_field_pointer(const void *record,
                                            const mab_field_t *field)
{
    const void *pointer;

    memcpy(&pointer, (const char *)record + field->offset, sizeof(pointer));
    return pointer;
}

static inline void mab_field_set_pointer(void *record, const mab_field_t *field,
                                         const void *pointer)
{
    memcpy((char *)record + field->offset, &pointer, sizeof(pointer));
}

/** Makes all numbers of a record unset. */
void mab_field_unset(void *record, const mab_field_t *fields);

/** Stores a number at its target, in the size that it has there. */
void mab_field_put(void *made, const mab_field_t *field, apr_int64_t number);

/** The number that was stored there. */
apr_int64_t mab_field_got(const void *made, const mab_field_t *field);

#endif
