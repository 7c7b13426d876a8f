-- Cycles through the requests of MATCH_REQUESTS (a Lua file), and prints what came of it as one line of JSON.
local spec = dofile(os.getenv("MATCH_REQUESTS"))
local prepared, at = {}, 0

function init()
  for i, body in ipairs(spec.bodies) do
    prepared[i] = wrk.format(spec.method or "POST", spec.path, spec.headers, body)
  end
end

function request()
  at = at % #prepared + 1
  return prepared[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\n{"requests":%d,"seconds":%.3f,"errors":%d,"p50":%.2f,"p99":%.2f}\n', summary.requests,
    summary.duration / 1e6, e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
