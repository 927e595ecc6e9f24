-- SPDX-License-Identifier: Apache-2.0
-- Requests for one path with the Authorization values of a file in turn; the
-- result as one line of JSON.
local requests = {}
local at = 0

function init(args)
    local path, file = args[1], args[2]
    if file == "-" then
        requests[1] = wrk.format("GET", path)
        return
    end
    for line in io.lines(file) do
        if line ~= "" then
            requests[#requests + 1] = wrk.format(
                "GET", path, { ["Authorization"] = line, ["Host"] = "127.0.0.1" })
        end
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "micros": %d, "errors": %d, "reads": %d, "p50": %d, "p99": %d}\n',
        summary.requests, summary.duration,
        e.connect + e.read + e.write + e.status + e.timeout,
        e.read,
        latency:percentile(50), latency:percentile(99)))
end
