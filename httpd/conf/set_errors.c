/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/conf/set_errors.h"

static const mab_options_t options = {mab_conf_place_fields, MAB_ON_ERRORS,
                                      NULL};

const mab_setter_t mab_set_errors = {
    NULL, MAB_OF_PLACE, "a word is missing",
    "allowed is json or off, detail=On|Off, unavailable=503|401", &options};
