-- SPDX-License-Identifier: Apache-2.0
-- Requests of a file that is written anew all the time; each answer is compared
-- with what the file says of its request. Arguments: the file, how many answers,
-- the file of what is seen.
--
-- A line of the file: kind, status, reason, label, when to stop sending it (0:
-- never), path and token, with tabs between them. The first line is the file's
-- number. The server sends kind and label back in X-Soak, with the reason of a
-- refusal behind: so it is known which request an answer belongs to.
local file, goal, out
local requests, untils, at, generation, second = {}, {}, 0, -1, 0
local wanted = {}

-- wrk hands globals over to done()
answered, counts, wrongs, wrong_of = 0, {}, 0, {}

local function load()
    local source = io.open(file)
    local number = tonumber(source:read("*l"))
    if number ~= generation then
        requests, untils, generation = {}, {}, number
        for line in source:lines() do
            local kind, status, reason, label, over, path, token = line:match(
                "^" .. ("([^\t]*)\t"):rep(6) .. "([^\t]*)$")
            wanted[kind] = status .. "|" .. reason
            requests[#requests + 1] = wrk.format("GET", path, {
                ["Host"] = "127.0.0.1", ["X-Soak"] = kind .. "|" .. label,
                ["Authorization"] = "Bearer " .. token })
            untils[#requests] = over == "0" and math.huge or tonumber(over)
        end
    end
    source:close()
end

local function tell()
    out:write(string.format(
        '{"kind": "progress", "answered": %d, "wrong": %d, "generation": %d}\n',
        answered, wrongs, generation))
    out:flush()
end

function init(args)
    file, goal, out = args[1], tonumber(args[2]), io.open(args[3], "a")
    load()
end

function request()
    local now = os.time()
    if now ~= second then
        second = now
        load()
        tell()
    end
    repeat
        at = at % #requests + 1
    until second < untils[at]
    return requests[at]
end

function response(status, headers)
    local kind, label, reason = (headers["X-Soak"] or ""):match(
        "^([^|]*)|([^|]*)|(.*)$")
    kind = kind or "nobody knows"
    answered = answered + 1
    counts[kind] = (counts[kind] or 0) + 1
    local got = status .. "|" .. (reason or "?")
    -- while its issuer fails, nobody can say that a key is not the issuer's
    if got == "503|keys_unavailable" and wanted[kind] == "401|key_unknown" then
        got = wanted[kind]
    end
    if got ~= wanted[kind] then
        wrongs = wrongs + 1
        wrong_of[kind] = (wrong_of[kind] or 0) + 1
        -- enough to see what is wrong
        if wrongs <= 200 then
            out:write(string.format('{"kind": "wrong", "at": "%s", "token": "%s",'
                .. ' "key": "%s", "status": %d, "reason": "%s"}\n',
                os.date("%H:%M:%S"), kind, label or "", status, reason or ""))
        end
    end
    if answered == goal then
        tell()
        wrk.thread:stop()   -- the process waits for a signal
    end
end

local threads = {}

function setup(thread)
    threads[#threads + 1] = thread
end

function done(summary)
    local log = io.open(os.getenv("SOAK_OUT"), "a")
    local e = summary.errors
    local wrong = threads[1]:get("wrong_of")
    for kind, count in pairs(threads[1]:get("counts")) do
        log:write(string.format(
            '{"kind": "count", "token": "%s", "answers": %d, "wrong": %d}\n',
            kind, count, wrong[kind] or 0))
    end
    log:write(string.format('{"kind": "load", "answered": %d, "wrong": %d, '
        .. '"seconds": %.3f, "lost": %d, "refused": %d, "timeouts": %d}\n',
        threads[1]:get("answered"), threads[1]:get("wrongs"),
        summary.duration / 1e6, e.read + e.write, e.connect, e.timeout))
    log:close()
end
