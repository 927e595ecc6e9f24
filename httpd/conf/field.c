/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/field.h"

const mab_directive_name_t mab_field_directives[] = {
#define MAB_DIRECTIVE(id, name, label) {name, label},
#include "httpd/conf/field.def"
};

void mab_field_unset(void *record, const mab_field_t *fields)
{
    for (; mab_field_is(fields); fields++) {
        if (fields->kind != MAB_POINTER)
            *mab_field_number(record, fields) = MAB_UNSET;
    }
}

/* at the target it is an apr_int64_t, an enum or a set of bits, or a bool */
void mab_field_put(void *made, const mab_field_t *field, apr_int64_t number)
{
    const apr_uint32_t narrow = (apr_uint32_t)number;
    const bool flag = number == 1;
    void *at = (char *)made + field->goes;

    if (field->size == sizeof(number))
        memcpy(at, &number, sizeof(number));
    else if (field->size == sizeof(narrow))
        memcpy(at, &narrow, sizeof(narrow));
    else if (field->size == sizeof(flag))
        memcpy(at, &flag, sizeof(flag));
}

apr_int64_t mab_field_got(const void *made, const mab_field_t *field)
{
    const void *at = (const char *)made + field->goes;
    apr_int64_t number = 0;
    apr_uint32_t narrow = 0;
    bool flag = false;

    if (field->size == sizeof(number))
        memcpy(&number, at, sizeof(number));
    else if (field->size == sizeof(narrow))
        memcpy(&narrow, at, sizeof(narrow));
    else if (field->size == sizeof(flag))
        memcpy(&flag, at, sizeof(flag));
    return number + narrow + flag;
}
