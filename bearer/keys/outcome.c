/* SPDX-License-Identifier: Apache-2.0 */
#include "bearer/keys/outcome.h"

bool bearer_outcome_is_network(bearer_reason_t why)
{
    static const bearer_reason_t network[] = {
        BEARER_FETCH_RESOLVE, BEARER_FETCH_CONNECT,    BEARER_FETCH_TLS,
        BEARER_FETCH_PROXY,   BEARER_FETCH_TIMEOUT,    BEARER_FETCH_IO,
        BEARER_FETCH_STOPPED, BEARER_FETCH_CREDENTIALS};
    apr_size_t i;

    for (i = 0; i < sizeof(network) / sizeof(network[0]); i++) {
        if (network[i] == why)
            return true;
    }
    return false;
}

/* How much a failure says. A wrong document was written by the issuer; a 404 on
 * one of three addresses is a guess that missed. */
static int weight(const bearer_outcome_t *outcome)
{
    if (outcome->why == BEARER_OK)
        return 0;
    if (outcome->why == BEARER_HTTP_STATUS)
        return outcome->status == 404 ? 1 : 2;
    if (outcome->why == BEARER_JSON_SYNTAX)
        return 3;
    if (outcome->why == BEARER_FETCH_STOPPED)
        return 6;
    return bearer_outcome_is_network(outcome->why) ? 4 : 5;
}

void bearer_outcome_keep(bearer_outcome_t *told, const bearer_outcome_t *other)
{
    if (weight(other) > weight(told))
        *told = *other;
}
