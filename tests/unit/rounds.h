/* SPDX-License-Identifier: Apache-2.0 */
/* What a round came to, as tests have it. */
#ifndef ROUNDS_H
#define ROUNDS_H

#include "bearer/keys/outcome.h"

#define unit_round(reason, code)                                               \
    (&(bearer_outcome_t){.why = (reason), .status = (code)})

/* with particulars */
#define unit_round_of(reason, code, words)                                     \
    (&(bearer_outcome_t){.why = (reason), .status = (code), .note = {words}})

#endif
